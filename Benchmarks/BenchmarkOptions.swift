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
        let nearest = nearestName(to: option, in: Self.options.keys.sorted())
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

  /// The options that make no sense together, or without one another.
  private func checkCombination(_ given: Set<String>, profiles: Bool) throws {
    if asksHelp { return }
    func forbid(_ option: String, with other: String) throws {
      guard given.isSuperset(of: [option, other]) else { return }
      throw SeCuError(
        .usage, "can't be given together with '\(other)'", at: option, remedy: "Give one of them")
    }
    try forbid("--repeats", with: "--seconds")
    try forbid("--repeats", with: "--precision")
    try forbid("--roofline", with: "--no-peaks")
    try checkRoofline()
    if given.contains("--fail-on"), case .repeats(let count) = budget, count < Timing.fewestSamples {
      throw SeCuError(
        .usage, "can't tell a change from noise by \(count) samples", at: "--fail-on",
        remedy: "Use '--repeats \(Timing.fewestSamples)' or more")
    }
    if given.contains("--fail-on"), comparison == nil {
      throw SeCuError(
        .usage, "needs a file to compare with", at: "--fail-on", remedy: "Add '--compare FILE'")
    }
    guard profiles || profiledNetwork != nil else { return }
    let names = StepNetwork.all.map(\.name).joined(separator: ", ")
    guard profiles else {
      throw SeCuError(
        .usage, "belongs to 'profile'", at: "--network", remedy: "Write 'Benchmarks profile --network NAME'")
    }
    guard profiledNetwork != nil else {
      throw SeCuError(
        .usage, "expected a network", at: "profile", remedy: "Add '--network NAME', which is one of \(names)")
    }
    if let filter = filters.first {
      throw SeCuError(.usage, "takes no filter, found '\(filter)'", at: "profile", remedy: "Leave it out")
    }
    let foreign = [
      "--skip", "--compare", "--fail-on", "--roofline", "--precision", "--cold", "--list", "--explain",
    ]
    if let option = foreign.first(where: given.contains) {
      throw SeCuError(.usage, "has no meaning for 'profile'", at: option, remedy: "Leave it out")
    }
    if threads.count > 1 || (instructionSets?.count ?? 1) > 1 {
      throw SeCuError(
        .usage, "takes one number of threads and one instruction set", at: "profile",
        remedy: "Run it once for each")
    }
  }

  /// The picture is a file that is none of the others.
  private func checkRoofline() throws {
    guard let roofline else { return }
    guard roofline != "-" else {
      throw SeCuError(.usage, "is drawn in a file, not on standard output", at: "--roofline", remedy: "Name a file")
    }
    for (option, file) in [("--json", json), ("--compare", comparison)] {
      guard let file, URL(filePath: file).standardizedFileURL == URL(filePath: roofline).standardizedFileURL else {
        continue
      }
      throw SeCuError(.usage, "names the same file as '\(option)'", at: "--roofline", remedy: "Name another one")
    }
  }

  /// The options and their values' placeholders, empty for those that take none.
  private static let options = [
    "--threads": "N,…", "--isa": "NAME,…", "--skip": "PART,…", "--batch": "N", "--json": "FILE", "--compare": "FILE",
    "--fail-on": "P%", "--roofline": "FILE.svg", "--seconds": "S", "--precision": "P%", "--repeats": "N",
    "--network": "NAME", "--cold": "", "--no-peaks": "", "--list": "", "--explain": "", "--help": "",
  ]

  private mutating func set(flag: String) {
    switch flag {
    case "--no-peaks": measuresPeaks = false
    case "--list": lists = true
    case "--explain": explains = true
    case "--cold": isCold = true
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

  /// The options that make another process of this program measure `name` alone, with its JSON line on standard output.
  func arguments(forOnly name: String, threads: Int, isa: String) -> [String] {
    let repetition =
      switch budget {
      case .seconds(let seconds): ["--seconds", "\(seconds)", "--precision", "\(precision)"]
      case .repeats(let repeats): ["--repeats", "\(repeats)"]
      }
    return [name, "--threads", "\(threads)", "--isa", isa, "--batch", "\(batch)", "--json", "-", "--no-peaks"]
      + (isCold ? ["--cold"] : []) + repetition
  }

  /// The cases whose name contains a filter and nothing that is skipped; one whose whole name is a filter is what that filter means,
  /// alone.
  ///
  /// - Throws: `SeCuError` (`.usage`) if a filter fits no case, or nothing is left.
  func selected(from cases: [Benchmark]) throws -> [Benchmark] {
    let names = cases.map(\.name)
    var chosen = Set(filters.isEmpty ? names : [])
    for filter in filters {
      let matches = names.contains(filter) ? [filter] : names.filter { $0.contains(filter) }
      guard !matches.isEmpty else {
        guard filter != "profile" else {
          throw SeCuError(
            .usage, "has to come first", at: filter, remedy: "Write 'Benchmarks profile --network NAME'")
        }
        let nearest = nearestName(to: filter, in: ["profile"] + cases.map(\.family) + names)
        if filter.hasPrefix("decode") {
          throw SeCuError(
            .usage, "found no JPEG files to decode", at: filter,
            remedy: "Name a folder of some in the environment variable \(Benchmark.decodedFolder)")
        }
        throw SeCuError(
          .usage, "no case has '\(filter)' in its name",
          remedy: nearest.map { "Did you mean '\($0)'?" } ?? "See the names with '--list'")
      }
      chosen.formUnion(matches)
    }
    let selected = cases.filter { benchmark in
      chosen.contains(benchmark.name) && !skipped.contains { benchmark.name.contains($0) }
    }
    guard !selected.isEmpty else {
      throw SeCuError(.usage, "skips every case", at: "--skip", remedy: "See the names with '--list'")
    }
    return selected
  }

  static let help = """
    OVERVIEW: Measures this project's kernels, losses and training steps.

    USAGE: swift run -c release Benchmarks [FILTER ...] [options]
           swift run -c release Benchmarks profile --network NAME [options]

    Runs the cases whose name contains a FILTER (all without one), such as
    gemm, conv, conv/fwd, norm, loss, step or gemm/1024x1024x1024.
    'profile' runs training steps of a network and shows where their time goes,
    layer by layer: \(StepNetwork.all.map(\.name).joined(separator: ", ")).

    WHAT IS MEASURED:
      --skip PART,…      Leave out cases whose name contains a PART
      --batch N          Images in a batch, 2 to 4096 (default: 128; large
                         networks take fewer)
      --threads N,…      Threads, 1 to 1024; several make a sweep (default: all
                         processors)
      --isa NAME,…       portable, avx2, avx512; several make a sweep, 'all' is
                         all that this machine has (default: the widest)
      --cold             Empty the caches before each call
      --list             Print the names of the cases
      --explain          Print which algorithm each case takes, and why

    FOR HOW LONG:
      --precision P%     Until the median is known to ± P %, by its 95 % interval
                         (default: 1)
      --seconds S        But for S seconds at most, and at least 7 samples
                         (default: 1)
      --repeats N        Exactly N samples instead
      --no-peaks         Don't measure the machine first: no percentages

    RESULTS:
      --json FILE        Write a JSON line for each case, after each case; '-' is
                         standard output, the table then goes to standard error
      --roofline F.svg   Draw the cases under the machine's roofline
      --compare FILE     Compare with the JSON lines of an earlier run
      --fail-on P%       Exit with 1 if a case is slower than there by more than
                         P % and by more than the noise, twice in a row
      -h, --help         Print this

    ENVIRONMENT:
      SECU_ISA           The instruction set to measure, unless '--isa' is given
      SECU_CONVOLUTION   direct, product or winograd: the algorithm of all
                         convolutions that it fits (default: the planner's)
      SECU_JPEGS         A folder of JPEG files: the cases 'decode'

    EXIT CODES: 0; 1 slower than --fail-on allows; 64 usage; 65 bad data; 66 no
    such file; 70 a case failed; 73 cannot create; 74 I/O.

    """
}
