import Basics
import Foundation
import Kernels
import Testing

@testable import Benchmarks

@Suite struct BenchmarkOptionsTests {
  @Test func `without arguments`() throws {
    let options = try BenchmarkOptions([])
    #expect(options == BenchmarkOptions())
    #expect(options.threads == [ProcessInfo.processInfo.activeProcessorCount])
    #expect(options.budget == .seconds(1))
    #expect(options.measuresPeaks)
  }

  @Test func `filters and options in any order, values after a space or =`() throws {
    let options = try BenchmarkOptions(
      [
        "gemm", "--threads", "3", "--json=a=b", "conv/fwd", "--batch=16", "--seconds", "0.25", "--no-peaks",
        "--ends-with-input", "--cold", "--isa=portable", "--skip", "s2,1x1", "--compare", "old", "--fail-on=5%",
        "--precision", "0.5",
      ])
    var expected = BenchmarkOptions()
    expected.filters = ["gemm", "conv/fwd"]
    expected.threads = [3]
    expected.json = "a=b"
    expected.batch = 16
    expected.budget = .seconds(0.25)
    expected.measuresPeaks = false
    expected.endsWithInput = true
    expected.isCold = true
    expected.instructionSets = [.portable]
    expected.skipped = ["s2", "1x1"]
    expected.comparison = "old"
    expected.tolerance = 5
    expected.precision = 0.5
    #expect(options == expected)
    #expect(try BenchmarkOptions(["--threads", "1,2"]).threads == [1, 2])
    #expect(try BenchmarkOptions(["--isa=all"]).instructionSets == InstructionSet.available)
    #expect(try BenchmarkOptions(["--roofline=a.svg"]).roofline == "a.svg")
    #expect(try BenchmarkOptions(["--repeats=2"]).budget == .repeats(2))
    #expect(try BenchmarkOptions(["-h"]).asksHelp)
    #expect(try BenchmarkOptions(["--list", "conv", "--skip=s2", "--batch=2"]).lists)
    #expect(try BenchmarkOptions(["--explain", "--isa=portable", "--threads=1", "--skip=s2", "--batch=2"]).explains)
    #expect(try BenchmarkOptions(["--json", "-"]).json == "-")
  }

  private static let mistakes: [([String], String)] = [
    (["--thread", "2"], "unknown option '--thread'. Did you mean '--threads'?"),
    (["-x"], "unknown option '-x'."),
    (["--version"], "unknown option '--version'."),
    (["--ends-with"], "unknown option '--ends-with'."),
    (["--list", "--json=a"], "--json: has no meaning for '--list'. Leave it out."),
    (["--list", "--explain"], "--explain: has no meaning for '--list'. Leave it out."),
    (["--explain", "--compare=a", "--fail-on=5"], "--compare: has no meaning for '--explain'. Leave it out."),
    (["--explain", "--roofline=a"], "--roofline: has no meaning for '--explain'. Leave it out."),
    (["-"], "unknown option '-'."),
    (["--threads"], "--threads: expected a value, found the end of the line. Write '--threads N,…'."),
    (["--json", "--list"], "--json: expected a value, found '--list'. Write '--json FILE'."),
    (["--json="], "--json: expected a value, found an empty one. Write '--json FILE'."),
    (["--list=1"], "--list: takes no value, found '1'. Write '--list' alone."),
    (["--batch", "2", "--batch=3"], "--batch: given twice. Give it once."),
    (["--threads", "0"], "--threads: expected a number from 1 to 1024, found '0'."),
    (["--threads", "two"], "--threads: expected a number from 1 to 1024, found 'two'."),
    (["--threads", "-2"], "--threads: expected a number from 1 to 1024, found '-2'."),
    (["--batch", "4097"], "--batch: expected a number from 2 to 4096, found '4097'."),
    (["--batch", "99999999999999999999"], "--batch: expected a number from 2 to 4096, found '99999999999999999999'."),
    (["--repeats", "0"], "--repeats: expected a number from 1 to 1000000, found '0'."),
    (["--seconds", "nan"], "--seconds: expected a number from 0.001 to 3600.0, found 'nan'."),
    (["--seconds", "inf"], "--seconds: expected a number from 0.001 to 3600.0, found 'inf'."),
    (["--repeats=1", "--seconds=1"], "--repeats: can't be given together with '--seconds'. Give one of them."),
    (["--repeats=1", "--precision=1"], "--repeats: can't be given together with '--precision'. Give one of them."),
    (["--roofline=a", "--no-peaks"], "--roofline: can't be given together with '--no-peaks'. Give one of them."),
    (
      ["--threads", "1,"],
      "--threads: expected different values with commas between them, found '1,'. Write it as '--threads N,…'."
    ),
    (
      ["--threads", "2,2"],
      "--threads: expected different values with commas between them, found '2,2'. Write it as '--threads N,…'."
    ),
    (["--fail-on", "5%"], "--fail-on: needs a file to compare with. Add '--compare FILE'."),
    (["--compare=a", "--fail-on=-1"], "--fail-on: expected a number from 0.0 to 1000.0, found '-1'."),
    (
      ["--compare=a", "--fail-on=5", "--repeats=5"],
      "--fail-on: can't tell a change from noise by 5 samples. Use '--repeats 6' or more."
    ),
    (["--json=a", "--roofline=./a"], "--roofline: names the same file as '--json'. Name another one."),
    (["--compare=a", "--json=./a"], "--json: names the same file as '--compare'. Name another one."),
    (["--compare=a", "--roofline=a"], "--roofline: names the same file as '--compare'. Name another one."),
    (["--roofline=-"], "--roofline: is drawn in a file, not on standard output. Name a file."),
    (["--isa=portable,all"], "--isa: 'all' stands alone. Write '--isa all'."),
    (["--network", "digits"], "--network: belongs to 'profile'. Write 'Benchmarks profile --network NAME'."),
    (["profile", "--network=digits", "gemm"], "profile: takes no filter, found 'gemm'. Leave it out."),
    (["profile", "--network=digits", "--cold"], "--cold: has no meaning for 'profile'. Leave it out."),
    (
      ["profile"],
      "profile: expected a network. Add '--network NAME', which is one of digits, compact, compact-wide, resnet18, "
        + "resnet18-stl, resnet50."
    ),
    (
      ["profile", "--network=digits", "--threads=1,2"],
      "profile: takes one number of threads and one instruction set. Run it once for each."
    ),
  ]

  @Test(arguments: mistakes)
  func `what is wrong is said`(arguments: [String], message: String) {
    let error = #expect(throws: SeCuError.self) { try BenchmarkOptions(arguments) }
    #expect(error?.kind == .usage)
    #expect(error?.description == message)
  }

  @Test func `an unknown instruction set names those that there are`() {
    let error = #expect(throws: SeCuError.self) { try BenchmarkOptions(["--isa", "mmx"]) }
    #expect(error?.problem == "'mmx' is not an instruction set")
    #expect(error?.remedy?.hasPrefix("This machine has portable") == true)
  }

  @Test func `profile takes a network`() throws {
    let options = try BenchmarkOptions(["profile", "--network", "digits", "--repeats=2", "--batch", "8"])
    #expect(options.profiledNetwork == "digits")
    #expect(options.filters.isEmpty)
    #expect(options.budget == .repeats(2))
  }

  @Test func `profile comes first`() throws {
    let options = try BenchmarkOptions(["--threads", "1", "profile"])
    let error = #expect(throws: SeCuError.self) { try options.selected(from: Self.cases) }
    #expect(error?.description == "profile: has to come first. Write 'Benchmarks profile --network NAME'.")
  }

  @Test func `the other process gets the same batch, caches and budget, and one setting`() throws {
    for budget in [Measurement.Budget.seconds(0.1), .repeats(3)] {
      var options = BenchmarkOptions()
      options.threads = [1, 3]
      options.batch = 7
      options.isCold = true
      options.budget = budget
      if case .seconds = budget { options.precision = 0.25 }
      var expected = options
      expected.filters = ["step/compact"]
      expected.threads = [3]
      expected.instructionSets = [.portable]
      expected.json = "-"
      expected.measuresPeaks = false
      expected.endsWithInput = true
      let arguments = options.arguments(forOnly: "step/compact", threads: 3, isa: "portable")
      #expect(try BenchmarkOptions(arguments) == expected)
    }
  }

  @Test func `what is skipped is left out, but not everything`() throws {
    var options = BenchmarkOptions()
    options.skipped = ["conv", "wide"]
    #expect(try options.selected(from: Self.cases).map(\.name) == ["gemm/1x2x3", "step/compact"])
    options.filters = ["conv"]
    let error = #expect(throws: SeCuError.self) { try options.selected(from: Self.cases) }
    #expect(error?.description == "--skip: skips every case. See the names with '--list'.")
  }

  private static let selections: [([String], [String])] = [
    ([], ["gemm/1x2x3", "conv/fwd/a", "conv/wgrad/a", "step/compact", "step/compact-wide"]),
    (["conv"], ["conv/fwd/a", "conv/wgrad/a"]),
    (["/fwd", "gemm"], ["gemm/1x2x3", "conv/fwd/a"]),
    (["conv", "conv/fwd"], ["conv/fwd/a", "conv/wgrad/a"]),
    (["compact"], ["step/compact", "step/compact-wide"]),
    (["step/compact"], ["step/compact"]),
  ]

  @Test(arguments: selections)
  func `filters select parts of names, and whole names alone`(filters: [String], names: [String]) throws {
    var options = BenchmarkOptions()
    options.filters = filters
    #expect(try options.selected(from: Self.cases).map(\.name) == names)
  }

  @Test func `filters mean cases that are no more, but a whole name no other`() {
    var options = BenchmarkOptions()
    let names = Self.cases.map(\.name)
    #expect(options.selects("gemm/9x9x9", among: names))
    options.filters = ["gemm", "step/compact"]
    options.skipped = ["x8"]
    #expect(options.selects("gemm/9x9x9", among: names))
    #expect(!options.selects("gemm/8x8x8", among: names))
    #expect(options.selects("step/compact", among: names))
    #expect(!options.selects("step/compact-narrow", among: names))
  }

  @Test(arguments: [("gmem", "gemm"), ("step/compcat", "step/compact")])
  func `a filter without a case names the nearest`(filter: String, nearest: String) {
    var options = BenchmarkOptions()
    options.filters = ["conv", filter]
    let error = #expect(throws: SeCuError.self) { try options.selected(from: Self.cases) }
    #expect(error?.kind == .usage)
    #expect(error?.problem == "no case has '\(filter)' in its name")
    #expect(error?.remedy == "Did you mean '\(nearest)'?")
  }

  private static var cases: [Benchmark] {
    ["gemm/1x2x3", "conv/fwd/a", "conv/wgrad/a", "step/compact", "step/compact-wide"].map { name in
      Benchmark(name, [:], work: .flops(1, bytes: 1)) { _ in throw SeCuError(.internal, "selecting prepares nothing") }
    }
  }
}
