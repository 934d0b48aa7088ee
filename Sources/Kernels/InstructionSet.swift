import Basics
import Foundation
import MicrokernelInterface
import Microkernels

// Not there where the package was described on another architecture, or without the symbolic links to their sources.
#if canImport(MicrokernelsAVX2)
  import MicrokernelsAVX2
  import MicrokernelsAVX512
#endif

/// The instruction sets that the microkernels are built for, narrowest first.
public enum InstructionSet: String, CaseIterable, Sendable {
  /// SSE2 on x86-64, NEON on arm64: what every processor of the architecture has.
  case portable
  /// AVX2 and FMA (x86-64-v3).
  case avx2
  /// AVX-512 F, BW, CD, DQ and VL (x86-64-v4).
  case avx512

  /// Those that this program was built for and this machine can run, narrowest first.
  public static let available: [InstructionSet] = {
    var features = processorFeatures()
    #if EMULATES_AVX512
      features.formUnion(avx512Features)
    #endif
    return allCases.filter { $0.isBuilt && $0.isSubset(of: features) }
  }()

  private var isBuilt: Bool {
    #if canImport(MicrokernelsAVX2)
      true
    #else
      self == .portable
    #endif
  }

  /// The environment variable that pins one instruction set.
  public static let variable = "SECU_ISA"

  /// The instruction set to use: the one that the environment pins, else the widest available.
  ///
  /// - Throws: `SeCuError` of kind `.usage` if the pinned one is unknown or not among those available.
  public static func chosen(environment: [String: String] = ProcessInfo.processInfo.environment) throws
    -> InstructionSet
  {
    try chosen(environment: environment, available: available)
  }

  /// `chosen` on a machine that can run `available`, narrowest first.
  package static func chosen(environment: [String: String], available: [InstructionSet]) throws -> InstructionSet {
    guard let name = environment[variable], !name.isEmpty else { return available.last ?? .portable }
    let choice = InstructionSet(rawValue: name.lowercased())
    guard let choice, available.contains(choice) else {
      let names = available.map(\.rawValue)
      let problem =
        choice == nil
        ? "'\(name)' is not an instruction set"
        : "'\(name)' is not there: this machine lacks it, or the program was built without it"
      let nearest = choice == nil ? nearestName(to: name, in: names) : nil
      throw SeCuError(
        .usage, problem, at: variable,
        remedy: nearest.map { "Did you mean '\($0)'?" }
          ?? "Set it to one of \(names.joined(separator: ", ")), or leave it unset")
    }
    return choice
  }

  /// The microkernels built for this instruction set.
  package var microkernels: any MicrokernelTable.Type {
    #if canImport(MicrokernelsAVX2)
      switch self {
      case .portable: Microkernels.EntryPoints.self
      case .avx2: MicrokernelsAVX2.EntryPoints.self
      case .avx512: MicrokernelsAVX512.EntryPoints.self
      }
    #else
      Microkernels.EntryPoints.self
    #endif
  }

  private static let avx2Features: Set = ["abm", "avx", "avx2", "fma", "bmi1", "bmi2", "f16c", "movbe"]
  private static let avx512Features: Set = ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]

  /// Whether `features`, under the names of Linux's /proc/cpuinfo, are all that the compiler may assume.
  package func isSubset(of features: Set<String>) -> Bool {
    switch self {
    case .portable: true
    case .avx2: features.isSuperset(of: Self.avx2Features)
    case .avx512: features.isSuperset(of: Self.avx2Features.union(Self.avx512Features))
    }
  }
}
