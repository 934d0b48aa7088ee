import Basics
import Foundation

/// What the command line asks for.
struct BenchmarkOptions: Equatable {
  /// Parts of case names; without any, all cases run.
  var filters: [String] = []
  var threads = ProcessInfo.processInfo.activeProcessorCount
  /// Images in a batch, of the cases that have one.
  var batch = 128
  /// Where JSON lines go: a file, or `-` for standard output.
  var json: String?
  var budget = Measurement.Budget.seconds(0.5)
  /// Whether the machine's peaks are measured first.
  var measuresPeaks = true
  var lists = false
  /// Whether the algorithms of the cases are explained, rather than measured.
  var explains = false
  var asksHelp = false

  init() {}

  /// Reads the arguments after the program's name. A value follows its option as the next argument or after `=`.
  ///
  /// - Throws: `SeCuError` (`.usage`) at the option at fault.
  init(_ arguments: [String]) throws {
    var given: Set<String> = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("-") else {
        filters.append(argument)
        continue
      }
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let option = parts[0] == "-h" ? "--help" : parts[0]
      guard let placeholder = Self.options[option] else {
        let nearest = nearestName(to: option, in: Self.options.keys.sorted())
        throw SeCuError(
          .usage, "unknown option '\(option)'", remedy: nearest.map { "Did you mean '\($0)'?" })
      }
      guard given.insert(option).inserted else {
        throw SeCuError(.usage, "given twice", at: option, remedy: "Give it once")
      }
      if placeholder.isEmpty {
        guard parts.count == 1 else {
          throw SeCuError(.usage, "takes no value, found '\(parts[1])'", at: option)
        }
        set(flag: option)
      } else {
        let value = parts.count == 2 ? parts[1] : rest.popFirst()
        guard let value, !value.isEmpty, parts.count == 2 || !value.hasPrefix("--") else {
          let found = value.map { $0.isEmpty ? "an empty one" : "'\($0)'" } ?? "the end of the line"
          throw SeCuError(
            .usage, "expected a value, found \(found)", at: option, remedy: "Write '\(option) \(placeholder)'")
        }
        try set(option, to: value)
      }
    }
    if given.isSuperset(of: ["--seconds", "--repeats"]) {
      throw SeCuError(
        .usage, "can't be given together with '--seconds'", at: "--repeats", remedy: "Give one of them")
    }
  }

  /// The options and their values' placeholders, empty for those that take none.
  private static let options = [
    "--threads": "N", "--batch": "N", "--json": "FILE", "--seconds": "S", "--repeats": "N", "--no-peaks": "",
    "--list": "", "--explain": "", "--help": "",
  ]

  private mutating func set(flag: String) {
    switch flag {
    case "--no-peaks": measuresPeaks = false
    case "--list": lists = true
    case "--explain": explains = true
    default: asksHelp = true
    }
  }

  private mutating func set(_ option: String, to value: String) throws {
    switch option {
    case "--threads": threads = try Self.number(value, in: 1...1024, at: option)
    case "--batch": batch = try Self.number(value, in: 2...4096, at: option)
    case "--repeats": budget = .repeats(try Self.number(value, in: 1...1_000_000, at: option))
    case "--seconds": budget = .seconds(try Self.number(value, in: 0.001...3600, at: option))
    default: json = value
    }
  }

  private static func number<Number: LosslessStringConvertible & Comparable>(
    _ text: String, in range: ClosedRange<Number>, at option: String
  ) throws -> Number {
    guard let number = Number(text), range.contains(number) else {
      throw SeCuError(
        .usage, "expected a number from \(range.lowerBound) to \(range.upperBound), found '\(text)'", at: option)
    }
    return number
  }

  /// The options that make another process of this program measure `name` alone, with its JSON line on standard output.
  func arguments(forOnly name: String) -> [String] {
    let repetition =
      switch budget {
      case .seconds(let seconds): ["--seconds", "\(seconds)"]
      case .repeats(let repeats): ["--repeats", "\(repeats)"]
      }
    return [name, "--threads", "\(threads)", "--batch", "\(batch)", "--json", "-", "--no-peaks"] + repetition
  }

  /// The cases whose name contains a filter; one whose whole name is a filter is what that filter means, alone.
  ///
  /// - Throws: `SeCuError` (`.usage`) if a filter fits no case.
  func selected(from cases: [Benchmark]) throws -> [Benchmark] {
    if filters.isEmpty { return cases }
    var chosen: Set<String> = []
    let names = cases.map(\.name)
    for filter in filters {
      let matches = names.contains(filter) ? [filter] : names.filter { $0.contains(filter) }
      guard !matches.isEmpty else {
        let nearest = nearestName(to: filter, in: cases.map(\.family) + names)
        throw SeCuError(
          .usage, "no case has '\(filter)' in its name",
          remedy: nearest.map { "Did you mean '\($0)'?" } ?? "See the names with '--list'")
      }
      chosen.formUnion(matches)
    }
    return cases.filter { chosen.contains($0.name) }
  }

  static let help = """
    OVERVIEW: Measures this project's kernels, losses and training steps.

    USAGE: swift run -c release Benchmarks [FILTER ...] [options]

    Runs the cases whose name contains a FILTER (all without one), such as
    gemm, conv, conv/fwd, norm, loss, step or gemm/1024x1024x1024.

    OPTIONS:
      --threads N    Threads, 1 to 1024 (default: all processors)
      --batch N      Images in a batch, 2 to 4096 (default: 128)
      --seconds S    Measure each case for S seconds and at least 7 samples
                     (default: 0.5)
      --repeats N    Measure each case with exactly N samples instead
      --json FILE    Write a JSON line for each case; '-' is standard output,
                     the table then goes to standard error
      --no-peaks     Don't measure the machine first: no percentages
      --list         Print the names of the cases
      --explain      Print which algorithm each case takes, and why
      -h, --help     Print this

    ENVIRONMENT:
      SECU_ISA       portable, avx2 or avx512: the instruction set to measure
                     (default: the widest that this machine has)
      SECU_CONVOLUTION  direct or winograd: the algorithm of all convolutions
                     that it fits (default: the planner's choice)

    """
}
