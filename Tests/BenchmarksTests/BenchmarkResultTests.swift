import Foundation
import Kernels
import Testing

@testable import Benchmarks

@Suite struct BenchmarkResultTests {
  private let peaks = MachinePeaks(
    oneCoreFlops: 100e9, allThreadsFlops: 200e9, copyBandwidth: 20e9, copyBytes: 64 << 20)

  private func result(
    _ benchmark: Benchmark, median: Double, peaks: MachinePeaks?, peakMegabytes: Double? = nil
  ) -> BenchmarkResult {
    BenchmarkResult(
      benchmark: benchmark, median: median, minimum: median / 2, threads: 2, isa: "avx2", peaks: peaks,
      peakMegabytes: peakMegabytes)
  }

  @Test func `a matrix product's line`() throws {
    let result = result(.matrixProduct(m: 64, n: 32, k: 128), median: 0x1p-18, peaks: peaks)
    #expect(abs(result.rate - 524_288 * 0x1p18) < 1)
    #expect(
      try result.jsonLine() == """
        {"case": "gemm", "m": 64, "n": 32, "k": 128, "threads": 2, "isa": "avx2", "median_s": 3.8147e-06, \
        "min_s": 1.9073e-06, "gflops": 137.44, "percent_of_peak": 68.719}
        """)
  }

  @Test func `each family's fields`() throws {
    let shape = ConvolutionShape(
      batch: 4, height: 8, width: 8, inputChannels: 3, outputChannels: 5, kernel: 3, stride: 2, padding: 1)
    let cases: [(Benchmark, [String])] = [
      (
        .convolution(.inputGradient, shape),
        ["pass", "batch", "cin", "cout", "size", "kernel", "stride"] + ["gflops", "percent_of_peak"]
      ),
      (
        .normalization(.forward, batch: 4, channels: 3, size: 8),
        ["pass", "batch", "c", "size"] + ["gbs", "percent_of_bandwidth"]
      ),
      (.softmax(rows: 2, columns: 3), ["operation", "rows", "columns"] + ["gbs", "percent_of_bandwidth"]),
      (
        try #require(Benchmark.steps(batch: 4).first),
        ["network", "size", "batch", "heads"] + ["images_per_s", "peak_mb"]
      ),
    ]
    for (benchmark, own) in cases {
      let line = try result(benchmark, median: 0.25, peaks: peaks, peakMegabytes: benchmark.measuresMemory ? 64 : nil)
        .jsonLine()
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect(Set(object.keys) == Set(["case", "threads", "isa", "median_s", "min_s"] + own))
      #expect(object["case"] as? String == benchmark.family)
      #expect(object["median_s"] as? Double == 0.25)
      #expect(object["min_s"] as? Double == 0.125)
      #expect(!line.contains("\n"))
    }
  }

  @Test func `rates and percentages by the kind of work`() {
    func benchmark(_ work: Benchmark.Work) -> Benchmark {
      Benchmark("a/b", [:], work: work) { _ in Benchmark.Prepared(result: FloatBuffer(1), run: {}) }
    }
    #expect(result(benchmark(.flops(25_000_000_000)), median: 0.25, peaks: peaks).percent == 50)
    #expect(result(benchmark(.bytes(1_000_000_000)), median: 0.25, peaks: peaks).percent == 20)
    #expect(result(benchmark(.images(128)), median: 0.25, peaks: peaks).rate == 512)
    #expect(result(benchmark(.images(128)), median: 0.25, peaks: peaks).percent == nil)
    #expect(result(benchmark(.flops(1)), median: 0.25, peaks: nil).percent == nil)
  }

  @Test func `without peaks there are no percentages`() throws {
    let line = try result(.matrixProduct(m: 1, n: 1, k: 1), median: 1, peaks: nil).jsonLine()
    #expect(!line.contains("percent"))
    #expect(line.hasSuffix(#""min_s": 0.5, "gflops": 2e-09}"#))
  }

  @Test func `the table's columns are aligned`() {
    let benchmarks = [Benchmark.matrixProduct(m: 1, n: 10, k: 10_000), .softmax(rows: 100, columns: 1000)]
    let table = Table(benchmarks)
    let product = table.line(result(benchmarks[0], median: 12.5e-6, peaks: peaks))
    let softmax = table.line(result(benchmarks[1], median: 2.5e-3, peaks: peaks))
    #expect(product == "gemm/1x10x10000          12.50 µs    6.250 µs     16.0 GFLOP/s     8.0 %\n")
    #expect(softmax == "loss/softmax/100x1000    2.500 ms    1.250 ms        0.32 GB/s     1.6 %\n")
    #expect(table.titles.hasPrefix("case                       median"))
  }

  @Test(arguments: [
    (0.0, "0.000 µs"), (9.9994e-6, "9.999 µs"), (9.9996e-6, "10.00 µs"), (99.996e-6, "100.0 µs"),
    (0.999_96e-3, "1.000 ms"), (0.123_45, "123.5 ms"), (0.999_96, "1.000 s"), (75.5, "75.50 s"),
  ])
  func `times`(seconds: Double, text: String) {
    #expect(Table.time(seconds) == text)
  }

  @Test(arguments: [(0.004, "0.00"), (9.99, "9.99"), (9.996, "10.0"), (999.94, "999.9"), (999.96, "1000")])
  func `numbers`(value: Double, text: String) {
    #expect(Table.number(value) == text)
  }
}
