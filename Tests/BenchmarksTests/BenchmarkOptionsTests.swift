import Basics
import Foundation
import Testing

@testable import Benchmarks

@Suite struct BenchmarkOptionsTests {
  @Test func `without arguments`() throws {
    let options = try BenchmarkOptions([])
    #expect(options == BenchmarkOptions())
    #expect(options.threads == ProcessInfo.processInfo.activeProcessorCount)
    #expect(options.budget == .seconds(0.5))
    #expect(options.measuresPeaks)
  }

  @Test func `filters and options in any order, values after a space or =`() throws {
    let options = try BenchmarkOptions(
      [
        "gemm", "--threads", "3", "--json=a=b", "conv/fwd", "--batch=16", "--seconds", "0.25", "--no-peaks", "--list",
        "--explain",
      ])
    var expected = BenchmarkOptions()
    expected.filters = ["gemm", "conv/fwd"]
    expected.threads = 3
    expected.json = "a=b"
    expected.batch = 16
    expected.budget = .seconds(0.25)
    expected.measuresPeaks = false
    expected.lists = true
    expected.explains = true
    #expect(options == expected)
    #expect(try BenchmarkOptions(["--repeats=2"]).budget == .repeats(2))
    #expect(try BenchmarkOptions(["-h"]).asksHelp)
    #expect(try BenchmarkOptions(["--json", "-"]).json == "-")
  }

  private static let mistakes: [([String], String)] = [
    (["--thread", "2"], "unknown option '--thread'. Did you mean '--threads'?."),
    (["-x"], "unknown option '-x'."),
    (["-"], "unknown option '-'."),
    (["--threads"], "--threads: expected a value, found the end of the line. Write '--threads N'."),
    (["--json", "--list"], "--json: expected a value, found '--list'. Write '--json FILE'."),
    (["--json="], "--json: expected a value, found an empty one. Write '--json FILE'."),
    (["--list=1"], "--list: takes no value, found '1'."),
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
  ]

  @Test(arguments: mistakes)
  func `what is wrong is said`(arguments: [String], message: String) {
    let error = #expect(throws: SeCuError.self) { try BenchmarkOptions(arguments) }
    #expect(error?.kind == .usage)
    #expect(error?.description == message)
  }

  @Test func `the other process gets the same threads, batch and budget`() throws {
    for budget in [Measurement.Budget.seconds(0.1), .repeats(3)] {
      var options = BenchmarkOptions()
      options.threads = 3
      options.batch = 7
      options.budget = budget
      var expected = options
      expected.filters = ["step/compact"]
      expected.json = "-"
      expected.measuresPeaks = false
      #expect(try BenchmarkOptions(options.arguments(forOnly: "step/compact")) == expected)
    }
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
      Benchmark(name, [:], work: .flops(1)) { _ in throw SeCuError(.internal, "selecting prepares nothing") }
    }
  }
}
