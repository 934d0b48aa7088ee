import Foundation
import Testing

/// The order of the house: arrows point down, and nothing comes from outside.
@Suite struct ImportTests {
  /// What each target may import, from the bottom to the top: those before it that it names here, and the toolchain's.
  static let allowed: [(target: String, folder: String, imports: Set<String>)] = [
    ("Basics", "Sources/Basics", []),
    ("Interchange", "Sources/Interchange", ["Basics"]),
    ("MicrokernelInterface", "Sources/MicrokernelInterface", []),
    ("Microkernels", "Sources/Microkernels", ["MicrokernelInterface"]),
    ("MicrokernelsAVX2", "Sources/MicrokernelsAVX2", ["MicrokernelInterface"]),
    ("MicrokernelsAVX512", "Sources/MicrokernelsAVX512", ["MicrokernelInterface"]),
    (
      "Kernels", "Sources/Kernels",
      ["Basics", "MicrokernelInterface", "Microkernels", "MicrokernelsAVX2", "MicrokernelsAVX512"]
    ),
    ("Imaging", "Sources/Imaging", ["Basics", "MicrokernelInterface", "Kernels"]),
    ("Datasets", "Datasets", ["Basics", "Interchange", "Imaging"]),
    ("Networks", "Sources/Networks", ["Basics", "Interchange", "Kernels"]),
    ("Clustering", "Sources/Clustering", ["Basics", "Kernels"]),
    (
      "Training", "Sources/Training",
      ["Basics", "Interchange", "Imaging", "Datasets", "Kernels", "Networks", "Clustering"]
    ),
    (
      "SeCu", "Sources/SeCu",
      ["Basics", "Interchange", "Imaging", "Datasets", "Kernels", "Networks", "Clustering", "Training"]
    ),
    (
      "Program", "Sources/Program",
      ["Basics", "Interchange", "Imaging", "Datasets", "Kernels", "Networks", "Clustering", "Training"]
    ),
    (
      "Benchmarks", "Benchmarks",
      ["Basics", "Interchange", "Imaging", "Kernels", "Networks", "Clustering", "Training"]
    ),
  ]

  /// What the toolchain ships, on its various systems.
  static let toolchain: Set<String> = [
    "Swift", "Foundation", "Dispatch", "Synchronization", "RegexBuilder", "Glibc", "Musl", "Darwin", "ucrt", "WinSDK",
    "CRT", "Android",
  ]

  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  @Test func everySourceFolderIsListed() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: Self.root.appendingPathComponent("Sources").path)
    let known = Set(Self.allowed.map(\.folder))
    for folder in folders where !folder.hasPrefix(".") { #expect(known.contains("Sources/\(folder)"), "\(folder)") }
  }

  @Test(arguments: allowed.map(\.target))
  func importsPointDown(target: String) throws {
    let entry = try #require(Self.allowed.first { $0.target == target })
    let position = try #require(Self.allowed.firstIndex { $0.target == target })
    let below = Set(Self.allowed[..<position].map(\.target))
    #expect(entry.imports.isSubset(of: below), "the list itself points up")
    let folder = Self.root.appendingPathComponent(entry.folder).resolvingSymlinksInPath()
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
    #expect(!files.isEmpty)
    for file in files {
      let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
      for module in Self.imports(text) {
        #expect(
          entry.imports.contains(module) || Self.toolchain.contains(module), "\(target)/\(file) imports \(module)")
      }
    }
  }

  /// The package lets each target import what this list does.
  @Test(arguments: allowed.map(\.target))
  func packageNamesTheSame(target: String) throws {
    let manifest = try String(contentsOf: Self.root.appendingPathComponent("Package.swift"), encoding: .utf8)
    let targets = manifest.split(separator: /arget\(\s*name: "/)
    let own = try #require(targets.first { $0.hasPrefix("\(target)\"") })
    let dependencies = own.firstMatch(of: /dependencies: \[([^\]]*)\]/)?.1 ?? ""
    var names = Set(dependencies.matches(of: /"(\w+)"/).map { String($0.1) })
    if own.contains("vectorModules.map") { names.formUnion(["MicrokernelsAVX2", "MicrokernelsAVX512"]) }
    #expect(Self.allowed.first { $0.target == target }?.imports == names)
  }

  /// The package names no package, no C target and no system library.
  @Test func packageHasNoDependencies() throws {
    let manifest = try String(contentsOf: Self.root.appendingPathComponent("Package.swift"), encoding: .utf8)
    for word in [".package(", ".systemLibrary", ".binaryTarget", "linkedLibrary", "linkedFramework", ".plugin("] {
      #expect(!manifest.contains(word), "Package.swift says \(word)")
    }
  }

  private static func imports(_ text: String) -> [String] {
    text.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard let at = words.firstIndex(of: "import"), at + 1 < words.count,
        words[..<at].allSatisfy({ $0.hasPrefix("@") || ["public", "package", "internal", "private"].contains($0) })
      else { return nil }
      return String(words[at + 1].split(separator: ".")[0])
    }
  }
}
