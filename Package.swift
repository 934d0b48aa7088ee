// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "SeCu",
  targets: [
    .target(name: "Basics", swiftSettings: [.unsafeFlags(["-O"])]),
    .target(name: "Imaging", dependencies: ["Basics"], swiftSettings: [.unsafeFlags(["-O"])]),
    .target(
      name: "Datasets", dependencies: ["Basics", "Imaging"], path: "Datasets", exclude: ["README.md"],
      swiftSettings: [.unsafeFlags(["-O"])]),
    .testTarget(name: "BasicsTests", dependencies: ["Basics"]),
    .testTarget(name: "ImagingTests", dependencies: ["Basics", "Imaging"]),
    .testTarget(name: "DatasetsTests", dependencies: ["Basics", "Datasets", "Imaging"]),
  ],
  swiftLanguageModes: [.v6]
)
