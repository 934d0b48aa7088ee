import Basics
import Foundation
import Kernels

/// What the command line asks for.
struct BenchmarkOptions: Equatable {
  /// Parts of case names; without any, all cases run.
  var filters: [String] = []
  /// Parts of the names of cases that don't run, whatever the filters say.
  var skipped: [String] = []
  /// Each case runs with each of these numbers of threads.
  var threads = [ProcessInfo.processInfo.activeProcessorCount]
  /// Each case runs on each of these instruction sets; nil is the one that the environment pins or the widest.
  var instructionSets: [InstructionSet]?
  /// Images in a batch, of the cases that have one.
  var batch = 128
  /// Where JSON lines go: a file, or `-` for standard output.
  var json: String?
  /// JSON lines of an earlier run to compare with.
  var comparison: String?
  /// By how many percent a case may be slower than in `comparison`.
  var tolerance: Double?
  /// The file that a roofline is drawn in.
  var roofline: String?
  var budget = Measurement.Budget.seconds(1)
  /// Half the width of the median's interval at which measuring ends before the budget, in percent.
  var precision = 1.0
  /// Whether the caches are emptied before each call.
  var isCold = false
  /// Whether the machine's peaks are measured first.
  var measuresPeaks = true
  var lists = false
  /// Whether the algorithms of the cases are explained, rather than measured.
  var explains = false
  /// The network whose step is profiled, instead of measuring cases.
  var profiledNetwork: String?
  var asksHelp = false
  /// Whether the program ends when its standard input does; for a process that measures for another one, and not in the help.
  var endsWithInput = false

  init() {}

  /// Reads the arguments after the program's name. A value follows its option as the next argument or after `=`.
  ///
  /// - Throws: `SeCuError` (`.usage`) at the option at fault.
  init(_ arguments: [String]) throws {
    var given: Set<String> = []
    let profiles = arguments.first == "profile"
    var rest = profiles ? arguments.dropFirst() : arguments[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("-") else {
        filters.append(argument)
        continue
      }
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let option = parts[0] == "-h" ? "--help" : parts[0]
      guard let placeholder = Self.options[option] else {
        let nearest = nearestName(to: option, in: Self.options.keys.filter { $0 != "--ends-with-input" }.sorted())
        throw SeCuError(
          .usage, "unknown option '\(option)'", remedy: nearest.map { "Did you mean '\($0)'?" })
      }
      guard given.insert(option).inserted else {
        throw SeCuError(.usage, "given twice", at: option, remedy: "Give it once")
      }
      if placeholder.isEmpty {
        guard parts.count == 1 else {
          throw SeCuError(
            .usage, "takes no value, found '\(parts[1])'", at: option, remedy: "Write '\(option)' alone")
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
    try checkCombination(given, profiles: profiles)
  }

  /// The options and their values' placeholders, empty for those that take none.
  static let options = [
    "--threads": "N,…", "--isa": "NAME,…", "--skip": "PART,…", "--batch": "N", "--json": "FILE", "--compare": "FILE",
    "--fail-on": "P%", "--roofline": "FILE.svg", "--seconds": "S", "--precision": "P%", "--repeats": "N",
    "--network": "NAME", "--cold": "", "--no-peaks": "", "--list": "", "--explain": "", "--help": "",
    "--ends-with-input": "",
  ]

  private mutating func set(flag: String) {
    switch flag {
    case "--no-peaks": measuresPeaks = false
    case "--list": lists = true
    case "--explain": explains = true
    case "--cold": isCold = true
    case "--ends-with-input": endsWithInput = true
    default: asksHelp = true
    }
  }

  private mutating func set(_ option: String, to value: String) throws {
    switch option {
    case "--threads":
      threads = try Self.list(value, at: option).map { try Self.number($0, in: 1...1024, at: option) }
    case "--isa": instructionSets = try Self.instructionSets(value)
    case "--skip": skipped = try Self.list(value, at: option)
    case "--batch": batch = try Self.number(value, in: 2...4096, at: option)
    case "--repeats": budget = .repeats(try Self.number(value, in: 1...1_000_000, at: option))
    case "--seconds": budget = .seconds(try Self.number(value, in: 0.001...3600, at: option))
    case "--precision": precision = try Self.percent(value, in: 0...50, at: option)
    case "--fail-on": tolerance = try Self.percent(value, in: 0...1000, at: option)
    case "--compare": comparison = value
    case "--roofline": roofline = value
    case "--network": profiledNetwork = value
    default: json = value
    }
  }

  /// The parts of a list `a,b,c`, none of which may be empty or given twice.
  private static func list(_ text: String, at option: String) throws -> [String] {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard !parts.contains(""), Set(parts).count == parts.count else {
      throw SeCuError(
        .usage, "expected different values with commas between them, found '\(text)'", at: option,
        remedy: "Write it as '\(option) \(options[option] ?? "")'")
    }
    return parts
  }

  private static func instructionSets(_ text: String) throws -> [InstructionSet] {
    if text == "all" { return InstructionSet.available }
    return try list(text, at: "--isa").map { name in
      guard let set = InstructionSet(rawValue: name), InstructionSet.available.contains(set) else {
        let has = InstructionSet.available.map(\.rawValue).joined(separator: ", ")
        let isUnknown = InstructionSet(rawValue: name) == nil
        guard name != "all" else {
          throw SeCuError(.usage, "'all' stands alone", at: "--isa", remedy: "Write '--isa all'")
        }
        throw SeCuError(
          .usage, isUnknown ? "'\(name)' is not an instruction set" : "this machine has no \(name)", at: "--isa",
          remedy: "This machine has \(has); 'all' means all of them")
      }
      return set
    }
  }

  /// A number with or without a percent sign.
  private static func percent(_ text: String, in range: ClosedRange<Double>, at option: String) throws -> Double {
    try number(text.hasSuffix("%") ? String(text.dropLast()) : text, in: range, at: option)
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
}
