// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "SeCu",
  targets: [
    .target(name: "Basics", swiftSettings: [.unsafeFlags(["-O"])]),
    .testTarget(name: "BasicsTests", dependencies: ["Basics"]),
  ],
  swiftLanguageModes: [.v6]
)
