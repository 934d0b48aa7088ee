// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "SeCu",
  targets: [
    .target(name: "Basics", swiftSettings: [.unsafeFlags(["-O"])]),
    .target(name: "Clustering", dependencies: ["Basics"], swiftSettings: [.unsafeFlags(["-O"])]),
    .testTarget(name: "BasicsTests", dependencies: ["Basics"]),
    .testTarget(name: "ClusteringTests", dependencies: ["Clustering"]),
  ],
  swiftLanguageModes: [.v6]
)
