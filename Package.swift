// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "SeCu",
  products: [
    .executable(name: "secu", targets: ["Program"])
  ],
  targets: [
    .target(name: "Basics", swiftSettings: [.unsafeFlags(["-O"])]),
    .testTarget(name: "BasicsTests", dependencies: ["Basics"]),
    // The program `secu`. Its folder is called Program, because Sources/secu and Sources/SeCu would be one and the same
    // folder on a file system that ignores case.
    .executableTarget(name: "Program", dependencies: ["Basics"], swiftSettings: [.unsafeFlags(["-O"])]),
    .testTarget(name: "ProgramTests", dependencies: ["Program", "Basics"]),
  ],
  swiftLanguageModes: [.v6]
)
