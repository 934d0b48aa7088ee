// swift-tools-version: 6.2
import PackageDescription

/// Kernels stay optimised in debug builds, so that `swift test` is quick.
let optimised: [SwiftSetting] = [.unsafeFlags(["-O"])]

/// The microkernels are compiled once for each instruction set, from the same sources: the AVX folders are symbolic links
/// to Sources/Microkernels. `-Xcc -march` sets the target processor of the whole module.
func microkernels(_ flags: [SwiftSetting]) -> [SwiftSetting] {
  [.unsafeFlags(["-Ounchecked"])] + flags
}

#if arch(x86_64)
  let vectorModules: [Target] = [
    .target(
      name: "MicrokernelsAVX2", dependencies: ["MicrokernelInterface"],
      swiftSettings: microkernels([.unsafeFlags(["-Xcc", "-march=x86-64-v3"]), .define("AVX2")])),
    .target(
      name: "MicrokernelsAVX512", dependencies: ["MicrokernelInterface"],
      swiftSettings: microkernels([.unsafeFlags(["-Xcc", "-march=x86-64-v4"]), .define("AVX512")])),
  ]
#else
  let vectorModules: [Target] = []
#endif

let package = Package(
  name: "SeCu",
  platforms: [.macOS(.v15)],
  targets: [
    .target(name: "Basics", swiftSettings: optimised),
    .target(name: "MicrokernelInterface", swiftSettings: optimised),
    .target(name: "Microkernels", dependencies: ["MicrokernelInterface"], swiftSettings: microkernels([])),
    .target(
      name: "Kernels",
      dependencies: ["Basics", "MicrokernelInterface", "Microkernels"]
        + vectorModules.map { .target(name: $0.name) },
      swiftSettings: optimised),
    .target(name: "Networks", dependencies: ["Basics", "Kernels"], swiftSettings: optimised),
    .target(name: "Clustering", dependencies: ["Basics", "Kernels"], swiftSettings: optimised),
    .executableTarget(name: "Benchmarks", dependencies: ["Kernels"], path: "Benchmarks"),
    .testTarget(name: "BasicsTests", dependencies: ["Basics"]),
    .testTarget(name: "ClusteringTests", dependencies: ["Clustering"]),
  ] + vectorModules,
  swiftLanguageModes: [.v6]
)
