// swift-tools-version: 6.2
import PackageDescription

/// With SECU_FUZZ in the environment the package has one target more, Tests/Fuzzing, and what it calls is built for it; with
/// SECU_FUZZ=check as always, to see whether the target compiles.
let fuzz = Context.environment["SECU_FUZZ"]
let sanitised: [SwiftSetting] =
  fuzz == nil || fuzz == "check" ? [] : [.unsafeFlags(["-sanitize=fuzzer,address", "-parse-as-library"])]

/// What computes is optimised in debug builds too, so that `swift test` is quick. What directs it is not: building it would take longer than it
/// saves.
let optimised: [SwiftSetting] = [.unsafeFlags(["-O"])] + sanitised

/// The microkernels are compiled once for each instruction set, from the same sources: the AVX folders are symbolic links
/// to Sources/Microkernels. `-Xcc -march` sets the target processor of the whole module.
///
/// A debug build compiles them as one, as a release build does with everything: file by file each load and each multiply-add would be a call, and
/// training some twenty times slower. `-num-threads` keeps an object and an index unit for each file, which SwiftPM expects. The compiler remarks
/// there that it can't do this incrementally.
///
/// With `--sanitize=thread` LLVM would expect the prefetch instruction to throw C++ exceptions, and crash; `-tsan-handle…` is for that alone.
func microkernels(_ flags: [SwiftSetting]) -> [SwiftSetting] {
  let always = ["-Ounchecked", "-Xllvm", "-tsan-handle-cxx-exceptions=0"]
  let asOne = ["-disable-batch-mode", "-whole-module-optimization", "-num-threads", "2"]
  return [.unsafeFlags(always), .unsafeFlags(asOne, .when(configuration: .debug))] + flags
}

/// With SECU_EMULATE=avx512 in the environment AVX-512's module is made of AVX2's instructions and runs where those do, slowly: its tiles and
/// vectors can then be tested on a machine that lacks it.
let emulatesAVX512 = Context.environment["SECU_EMULATE"] == "avx512"

/// This is asked of the machine that builds. SECU_PORTABLE in the environment leaves the modules out, to build for another processor than that.
#if arch(x86_64)
  let vectorModules: [Target] =
    Context.environment["SECU_PORTABLE"] != nil
    ? []
    : [
      .target(
        name: "MicrokernelsAVX2", dependencies: ["MicrokernelInterface"],
        swiftSettings: microkernels([.unsafeFlags(["-Xcc", "-march=x86-64-v3"]), .define("AVX2")])),
      .target(
        name: "MicrokernelsAVX512", dependencies: ["MicrokernelInterface"],
        swiftSettings: microkernels([
          .unsafeFlags(["-Xcc", emulatesAVX512 ? "-march=x86-64-v3" : "-march=x86-64-v4"]), .define("AVX512"),
        ])),
    ]
#else
  let vectorModules: [Target] = []
#endif

let fuzzing: [Target] =
  fuzz == nil
  ? []
  : [
    .executableTarget(
      name: "Fuzz", dependencies: ["Basics", "Imaging", "Datasets"], path: "Tests/Fuzzing", swiftSettings: sanitised,
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address"])])
  ]

/// A target may depend only on those above it in this list.
let package = Package(
  name: "SeCu",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "SeCu", targets: ["SeCu"]),
    .executable(name: "secu", targets: ["Program"]),
  ],
  targets: [
    .target(name: "Basics", swiftSettings: optimised),
    .target(name: "Interchange", dependencies: ["Basics"], swiftSettings: optimised),
    .target(name: "MicrokernelInterface", swiftSettings: optimised),
    .target(name: "Microkernels", dependencies: ["MicrokernelInterface"], swiftSettings: microkernels([])),
  ] + vectorModules + [
    .target(
      name: "Kernels",
      dependencies: ["Basics", "MicrokernelInterface", "Microkernels"]
        + vectorModules.map { .target(name: $0.name) },
      swiftSettings: optimised + (emulatesAVX512 ? [.define("EMULATES_AVX512")] : [])),
    .target(name: "Imaging", dependencies: ["Basics", "MicrokernelInterface", "Kernels"], swiftSettings: optimised),
    .target(
      name: "Datasets", dependencies: ["Basics", "Interchange", "Imaging"], path: "Datasets", exclude: ["README.md"],
      swiftSettings: optimised),
    .target(name: "Networks", dependencies: ["Basics", "Interchange", "Kernels"], swiftSettings: optimised),
    .target(name: "Clustering", dependencies: ["Basics", "Kernels"], swiftSettings: optimised),
    .target(
      name: "Training",
      dependencies: ["Basics", "Interchange", "Imaging", "Datasets", "Kernels", "Networks", "Clustering"]),
    .target(
      name: "SeCu",
      dependencies: [
        "Basics", "Interchange", "Imaging", "Datasets", "Kernels", "Networks", "Clustering", "Training",
      ]),
    // The program `secu`. Its folder is called Program, because Sources/secu and Sources/SeCu would be one and the same
    // folder on a file system that ignores case.
    .executableTarget(
      name: "Program",
      dependencies: [
        "Basics", "Interchange", "Imaging", "Datasets", "Kernels", "Networks", "Clustering", "Training",
      ]),
    .executableTarget(
      name: "Benchmarks",
      dependencies: ["Basics", "Interchange", "Kernels", "Imaging", "Networks", "Clustering", "Training"],
      path: "Benchmarks",
      exclude: ["README.md", "Peers"]),
    // What several test targets share, optimised: it runs loops of many thousand turns.
    .target(name: "TestSupport", dependencies: ["Basics"], path: "Tests/TestSupport", swiftSettings: optimised),
    .testTarget(name: "HouseTests"),
    .testTarget(name: "BasicsTests", dependencies: ["Basics", "TestSupport"]),
    .testTarget(name: "InterchangeTests", dependencies: ["Basics", "Interchange", "TestSupport"]),
    .testTarget(
      name: "ImagingTests", dependencies: ["Basics", "Interchange", "Kernels", "Imaging", "TestSupport"]),
    .testTarget(name: "DatasetsTests", dependencies: ["Basics", "Datasets", "Imaging", "TestSupport"]),
    .testTarget(
      name: "KernelsTests", dependencies: ["Basics", "MicrokernelInterface", "Kernels", "TestSupport"],
      swiftSettings: optimised),
    .testTarget(name: "NetworksTests", dependencies: ["Basics", "Kernels", "Networks"], swiftSettings: optimised),
    .testTarget(name: "ClusteringTests", dependencies: ["Basics", "Kernels", "Clustering"]),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "Basics", "Interchange", "Imaging", "Kernels", "Networks", "Clustering", "Training", "TestSupport",
      ],
      exclude: ["Golden"]),
    .testTarget(name: "SeCuTests", dependencies: ["SeCu", "TestSupport"]),
    .testTarget(name: "ProgramTests", dependencies: ["Program", "Basics", "Imaging", "Training", "TestSupport"]),
    .testTarget(
      name: "BenchmarksTests", dependencies: ["Benchmarks", "Basics", "Kernels", "Networks", "Training", "TestSupport"]),
  ] + fuzzing,
  swiftLanguageModes: [.v6]
)
