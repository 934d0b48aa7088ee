import Basics
import Foundation
import Kernels
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
    let file = FileManager.default.temporaryDirectory.appending(path: "benchmarks-\(UUID().uuidString).jsonl")
    defer { try? FileManager.default.removeItem(at: file) }
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

  @Test func `a case that was not measured before is new`() throws {
    let row = try comparison(Self.old.replacing("\"k\": 4", with: "\"k\": 5")).row(Self.result(1, 1...1))
    #expect(row.verdict == .new)
    #expect(!row.exceeds(0))
  }

  @Test func `of several lines of a case the last counts`() throws {
    let newer = Self.old + Self.old.replacing("\"median_s\": 10", with: "\"median_s\": 12")
    #expect(try comparison(newer).row(Self.result(1, 1...1)).old?.median == 12)
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
