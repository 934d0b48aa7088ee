import Basics
import Foundation
import Kernels
import TestSupport
import Testing

@testable import Benchmarks

@Suite struct ComparisonTests {
  private static var benchmark: Benchmark { .matrixProduct(m: 2, n: 3, k: 4) }
  private static let now = Provenance(machine: "M", system: "S", compiler: "C", commit: "abc", date: "D")

  private static func result(_ median: Double, _ interval: ClosedRange<Double>) -> BenchmarkResult {
    BenchmarkResult(
      benchmark: benchmark,
      timing: TimingSummary(
        median: median, minimum: median, medianLow: interval.lowerBound, medianHigh: interval.upperBound,
        firstQuartile: median, thirdQuartile: median, samples: 9, callsPerSample: 1, outliers: 0),
      setting: BenchmarkResult.Setting(threads: 2, isa: "avx2", peaks: nil, provenance: now))
  }

  private func comparison(_ lines: String) throws -> Comparison {
    let file = URL.temporary()
    defer { file.remove() }
    try Data(lines.utf8).write(to: file)
    return try Comparison(contentsOf: file.path)
  }

  private static let old = #"""
    {"case": "gemm", "m": 2, "n": 3, "k": 4, "threads": 1, "isa": "avx2", "median_s": 7}
    {"case": "gemm", "m": 2, "n": 3, "k": 4, "threads": 2, "isa": "avx2", "median_s": 10, "median_low_s": 9.5, "median_high_s": 10.5, "machine": "N"}

    """#

  private static let verdicts: [(Double, ClosedRange<Double>, Comparison.Verdict, Bool)] = [
    (10.2, 10...10.4, .same, false),
    // Twice as slow, but not surely.
    (20, 10.4...30, .same, false),
    // Surely slower, by less than the tolerance and by more.
    (10.45, 10.51...10.52, .slower, false),
    (11, 10.6...11.4, .slower, true),
    (9, 8...9.4, .faster, false),
    (9, 8...9.6, .same, false),
  ]

  @Test(arguments: verdicts)
  func `a change counts beyond the noise`(
    median: Double, interval: ClosedRange<Double>, verdict: Comparison.Verdict, exceeds: Bool
  ) throws {
    let row = try comparison(Self.old).row(Self.result(median, interval))
    #expect(row.old?.median == 10)
    #expect(row.verdict == verdict)
    #expect(row.exceeds(5) == exceeds)
  }

  @Test func `few samples tell nothing`() throws {
    let old = Self.old.replacing("\"median_low_s\"", with: "\"samples\": 5, \"median_low_s\"")
    for (line, samples) in [(old, 9), (Self.old, 5)] {
      var slow = Self.result(20, 20...20)
      slow.timing.samples = samples
      let row = try comparison(line).row(slow)
      #expect(row.verdict == .unknown && row.range == nil)
      #expect(!row.exceeds(5))
    }
  }

  @Test func `a case is slower only if its fastest sample is, too`() throws {
    var slow = Self.result(11, 10.6...11.4)
    slow.timing.minimum = 10.4
    let row = try comparison(Self.old).row(slow)
    #expect(row.verdict == .slower)
    #expect(!row.exceeds(5))
  }

  @Test func `what is too slow is measured again up to three times`() throws {
    let comparison = try comparison(Self.old), first = try comparison.row(Self.result(20, 20...20))
    func judged(_ medians: [Double?]) throws -> (median: Double, count: Int) {
      var count = 0
      let row = try comparison.judged(first, tolerance: 5) {
        count += 1
        return medians[count - 1].map { Self.result($0, $0...$0) }
      }
      return (row.result.median, count)
    }
    // The fastest counts, or the first that is fast enough.
    #expect(try judged([30, 18, 19, 1]) == (18, 3))
    #expect(try judged([30, 10, 1]) == (10, 2))
    #expect(try judged([18, nil]) == (18, 2))
    var calls = 0
    _ = try comparison.judged(try comparison.row(Self.result(10, 10...10)), tolerance: 5) {
      calls += 1
      return nil
    }
    #expect(calls == 0)
  }

  private static var planned: [Comparison.Planned] { [(benchmark, result(1, 1...1).setting)] }

  @Test func `what can't be compared is known before anything is measured`() throws {
    try comparison(Self.old).check(Self.planned, tolerance: 5)
    let other = #expect(throws: SeCuError.self) {
      try comparison(Self.old.replacing("avx2", with: "avx512")).check(Self.planned, tolerance: nil)
    }
    #expect(other?.kind == .badData && other?.problem.hasPrefix("holds none of these cases") == true)
    let few = Self.old.replacing("\"median_low_s\"", with: "\"samples\": 5, \"median_low_s\"")
    try comparison(few).check(Self.planned, tolerance: nil)
    let error = #expect(throws: SeCuError.self) { try comparison(few).check(Self.planned, tolerance: 5) }
    #expect(error?.problem.hasPrefix("was measured too few times") == true)
    // One case that can be judged is enough.
    let other9 = #"{"case": "gemm", "m": 9, "n": 3, "k": 4, "threads": 2, "isa": "avx2", "median_s": 7}"# + "\n"
    let nine = (Benchmark.matrixProduct(m: 9, n: 3, k: 4), Self.result(1, 1...1).setting)
    try comparison(few + other9).check(Self.planned + [nine], tolerance: 5)
  }

  @Test func `cases that are not measured any more are told`() throws {
    let line = #"{"case": "gemm", "name": "gemm/9x9x9", "threads": 2, "isa": "avx2", "median_s": 1}"# + "\n"
    let absurd = #"{"case": "norm", "threads": 1e300, "isa": "avx2", "median_s": 1}"# + "\n"
    let comparison = try comparison(Self.old + line + line + absurd)
    #expect(
      try comparison.missing(from: Self.planned) { _ in true } == [
        "gemm (avx2, 1 thread)", "gemm/9x9x9 (avx2, 2 threads)", "norm (avx2)",
      ])
    let missing = try comparison.missing(from: Self.planned) { $0.contains("gemm") }
    #expect(missing == ["gemm/9x9x9 (avx2, 2 threads)"])
    let row = try comparison.row(Self.result(10, 10...10))
    #expect(
      comparison.summary([row], tolerance: 5, missing: missing) == """
        None of 1 case slower by more than 5.0 % and the noise
        Not measured now: 1 case of \(comparison.name), gemm/9x9x9 (avx2, 2 threads)

        """)
  }

  @Test func `cases that can't be judged are told`() throws {
    let comparison = try comparison(Self.old)
    var few = Self.result(20, 20...20)
    few.timing.samples = 5
    let rows = try [few, Self.result(10, 10...10), Self.result(20, 20...20)].map(comparison.row)
    #expect(
      comparison.summary(rows, tolerance: 5, missing: []) == """
        1 of 2 cases slower by more than 5.0 %, also when measured again
        1 case can't be judged: too few samples

        """)
    #expect(comparison.summary(rows, tolerance: nil, missing: []).isEmpty)
  }

  private static let impossible = [
    #"{"median_s": 1, "min_s": 2}"#, #"{"median_s": 5, "median_low_s": 1, "median_high_s": 2}"#,
    #"{"median_s": 1, "median_low_s": 2, "median_high_s": 3}"#, #"{"median_s": -1}"#, #"{"median_s": 0}"#,
    #"{"median_s": "1"}"#,
  ]

  @Test(arguments: impossible)
  func `impossible times are refused with the line`(line: String) {
    let error = #expect(throws: SeCuError.self) { try comparison("{\"median_s\": 1}\n\n\(line)\n") }
    #expect(error?.kind == .badData)
    #expect(error?.position == "line 3")
  }

  @Test func `empty lines are skipped, and a last line that is cut off is told`() throws {
    let whole = try comparison("\n" + Self.old + "\n  \n")
    #expect(!whole.isCutOff && whole.cases.count == 2)
    // The last newline may be missing.
    #expect(try !comparison(Self.old.trimmingCharacters(in: .newlines)).isCutOff)
    let cut = try comparison(Self.old + "{\"case\": \"ge")
    #expect(cut.isCutOff && cut.cases.count == 2)
    let text = cut.text([try cut.row(Self.result(12, 11...13))], tolerance: nil, now: Self.now)
    #expect(text.contains("  The last line of \(cut.name) is cut off, and left out\n"))
  }

  @Test func `peaks that differ are pointed out`() throws {
    let old = Self.old.replacing("\"threads\": 2", with: "\"peak_gflops\": 100, \"copy_gbs\": 20, \"threads\": 2")
    func differences(_ flops: Double, copy: Double = 20.5e9) throws -> [String] {
      let peaks = MachinePeaks(oneCoreFlops: 1, allThreadsFlops: flops, copyBandwidth: copy, copyBytes: 1)
      return try comparison(old).differences(
        from: Self.now, [BenchmarkResult.Setting(threads: 2, isa: "avx2", peaks: peaks)])
    }
    #expect(try differences(104e9) == ["machine: N, now M"])
    #expect(
      try differences(50e9) == ["machine: N, now M", "FMA peak of avx2, 2 threads: 100.0 GFLOP/s, now 50.0 GFLOP/s"])
    #expect(
      try differences(100e9, copy: 25e9) == [
        "machine: N, now M", "copy peak of avx2, 2 threads: 20.0 GB/s, now 25.0 GB/s",
      ])
  }

  @Test func `a case that was not measured before is new`() throws {
    let row = try comparison(Self.old.replacing("\"k\": 4", with: "\"k\": 5")).row(Self.result(1, 1...1))
    #expect(row.verdict == .new)
    #expect(!row.exceeds(0))
  }

  @Test func `of several lines of a case the last counts`() throws {
    let newer = Self.old + Self.old.replacing("\"median_s\": 10", with: "\"median_s\": 10.2")
    #expect(try comparison(newer).row(Self.result(1, 1...1)).old?.median == 10.2)
  }

  @Test func `lines without an interval reach from the minimum to as far above the median`() throws {
    let line =
      #"{"case": "gemm", "m": 2, "n": 3, "k": 4, "threads": 2, "isa": "avx2", "median_s": 10, "min_s": 9}"# + "\n"
    let row = try comparison(line).row(Self.result(11.5, 11.2...12))
    #expect(row.old?.medianLow == 9)
    #expect(row.old?.medianHigh == 11)
    #expect(row.verdict == .slower)
  }

  @Test func `the table`() throws {
    let comparison = try comparison(Self.old)
    let text = comparison.text([try comparison.row(Self.result(12, 11...13))], tolerance: 5, now: Self.now)
    let lines = text.split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines[1] == "  Not the same machine: N, now M")
    #expect(
      lines[3] == "gemm/2x3x4  avx2      2           10.00 s     12.00 s    +20.0 %       +4.8 … +36.8 %  TOO SLOW")
  }

  @Test func `the table begins with the slowest, and ends with the mean of all changes`() throws {
    let comparison = try comparison(
      Self.old.replacing("\"median_s\": 10", with: "\"algorithm\": \"direct\", \"median_s\": 10"))
    func row(_ median: Double) throws -> Comparison.Row {
      var result = Self.result(median, median...median)
      result.plan = Benchmark.Plan(algorithm: "winograd", reason: "", flops: 1)
      return try comparison.row(result)
    }
    let lines = comparison.text([try row(5), try row(20), try row(20)], tolerance: nil, now: Self.now).split(
      separator: "\n")
    #expect(lines[3...5].map { $0.contains("+100.0 %") } == [true, true, false])
    #expect(lines[3...5].allSatisfy { $0.hasSuffix(", direct → winograd") })
    // ∛(½ · 2 · 2) = 1.26; the mean of the three is 1.5.
    #expect(lines.last == "Geometric mean of the times of 3 cases: +26.0 %")
  }

  @Test(arguments: ["", "{\"a\": 1}\n", "{\"median_s\": 1"])
  func `a file without times is refused`(text: String) {
    let error = #expect(throws: SeCuError.self) { try comparison(text) }
    #expect(error?.kind == .badData)
    #expect(error?.remedy == "Write the file with '--json FILE'")
  }

  @Test func `a file that is not JSON is refused with the line`() {
    let error = #expect(throws: SeCuError.self) { try comparison("{\"median_s\": 1}\nnonsense\n") }
    #expect(error?.kind == .badData)
    #expect(error?.position == "line 2")
  }
}
