import Basics
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
      benchmark: benchmark,
      timing: TimingSummary(
        median: median, minimum: median / 2, medianLow: 0.75 * median, medianHigh: 1.25 * median,
        firstQuartile: 0.5 * median, thirdQuartile: 1.5 * median, samples: 9, callsPerSample: 3, outliers: 1),
      setting: BenchmarkResult.Setting(threads: 2, isa: "avx2", peaks: peaks),
      plan: benchmark.plan?(Engine(instructionSet: .portable, cores: Cores(threads: 2))),
      peakMegabytes: peakMegabytes)
  }

  @Test func `a matrix product's line`() throws {
    let result = result(.matrixProduct(m: 64, n: 32, k: 128), median: 0x1p-18, peaks: peaks)
    #expect(abs(result.rate - 524_288 * 0x1p18) < 1)
    #expect(
      try result.jsonLine() == """
        {"case": "gemm", "m": 64, "n": 32, "k": 128, "threads": 2, "isa": "avx2", "cache": "hot", "algorithm": "in place", \
        "median_s": 3.8147e-06, "min_s": 1.9073e-06, "median_low_s": 2.861e-06, "median_high_s": 4.7684e-06, \
        "q1_s": 1.9073e-06, "q3_s": 5.722e-06, "samples": 9, "calls_per_sample": 3, "outliers": 1, \
        "gflops": 137.44, "percent_of_peak": 68.719, "flops": 524288, "bytes": 57344, "limit_s": 2.8672e-06, \
        "percent_of_limit": 75.162, "peak_gflops": 200, "copy_gbs": 20, "name": "gemm/64x32x128"}
        """)
  }

  @Test func `where a result comes from`() throws {
    var result = result(.matrixProduct(m: 1, n: 1, k: 1), median: 1, peaks: nil)
    let setting = BenchmarkResult.Setting(
      threads: 1, isa: "portable", isCold: true, peaks: nil,
      provenance: Provenance(machine: "M", system: "S", compiler: "C", commit: nil, date: "D", load: 0.123456))
    result = BenchmarkResult(benchmark: result.benchmark, timing: result.timing, setting: setting)
    let line = try result.jsonLine()
    #expect(line.contains(#""cache": "cold""#))
    #expect(line.hasSuffix(#""machine": "M", "system": "S", "compiler": "C", "load": 0.12346, "date": "D"}"#))
    #expect(
      try BenchmarkResult.jsonLine(of: result.benchmark, setting, failure: "broken").hasPrefix(
        #"{"case": "gemm", "m": 1, "n": 1, "k": 1, "threads": 1, "isa": "portable", "cache": "cold", "error": "broken""#
      ))
  }

  @Test func `each family's fields`() throws {
    let shape = ConvolutionShape(
      batch: 4, height: 8, width: 8, inputChannels: 3, outputChannels: 5, kernel: 3, stride: 2, padding: 1)
    let limited = ["flops", "bytes", "limit_s", "percent_of_limit"]
    let times = [
      "median_s", "min_s", "median_low_s", "median_high_s", "q1_s", "q3_s", "samples", "calls_per_sample", "outliers",
    ]
    let cases: [(Benchmark, [String])] = [
      (
        .convolution(.inputGradient, shape),
        ["pass", "batch", "cin", "cout", "size", "kernel", "stride", "algorithm"] + ["gflops", "percent_of_peak"]
          + limited
      ),
      (
        .normalization(.forward, batch: 4, channels: 3, size: 8),
        ["pass", "batch", "c", "size"] + ["gbs", "percent_of_bandwidth"] + limited
      ),
      (
        .softmax(rows: 2, columns: 3),
        ["operation", "rows", "columns"] + ["gbs", "percent_of_bandwidth"] + limited
      ),
      (
        try #require(Benchmark.steps(batch: 4).first),
        ["network", "size", "batch", "heads"] + ["images_per_s", "peak_mb"]
      ),
    ]
    for (benchmark, own) in cases {
      let line = try result(benchmark, median: 0.25, peaks: peaks, peakMegabytes: benchmark.measuresMemory ? 64 : nil)
        .jsonLine()
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect(
        Set(object.keys) == Set(["case", "name", "threads", "isa", "cache", "peak_gflops", "copy_gbs"] + times + own))
      #expect(object["case"] as? String == benchmark.family)
      #expect(object["median_s"] as? Double == 0.25)
      #expect(object["min_s"] as? Double == 0.125)
      #expect(!line.contains("\n"))
    }
  }

  @Test func `a line's FLOPs are those of the algorithm`() throws {
    let shape = ConvolutionShape(
      batch: 4, height: 16, width: 16, inputChannels: 16, outputChannels: 16, kernel: 3, stride: 1, padding: 1)
    let measured = result(.convolution(.forward, shape), median: 0.25, peaks: nil)
    let winograd = shape.flops(.forward, by: .winograd)
    #expect(winograd < shape.flops)
    #expect(try measured.jsonLine().contains(#""flops": \#(winograd),"#))
  }

  @Test func `rates and percentages by the kind of work`() {
    func benchmark(_ work: Benchmark.Work) -> Benchmark {
      Benchmark("a/b", [:], work: work) { _ in Benchmark.Prepared(result: FloatBuffer(1), run: {}) }
    }
    #expect(result(benchmark(.flops(25_000_000_000, bytes: 1)), median: 0.25, peaks: peaks).percent == 50)
    #expect(result(benchmark(.bytes(1_000_000_000)), median: 0.25, peaks: peaks).percent == 20)
    #expect(result(benchmark(.images(128)), median: 0.25, peaks: peaks).rate == 512)
    #expect(result(benchmark(.images(128)), median: 0.25, peaks: peaks).percent == nil)
    #expect(result(benchmark(.flops(1, bytes: 1)), median: 0.25, peaks: nil).percent == nil)
  }

  @Test func `without peaks there are no percentages`() throws {
    let line = try result(.matrixProduct(m: 1, n: 1, k: 1), median: 1, peaks: nil).jsonLine()
    #expect(!line.contains("percent"))
    #expect(!line.contains("limit"))
    // Those are the case's own.
    #expect(line.hasSuffix(#""outliers": 1, "gflops": 2e-09, "flops": 2, "bytes": 12, "name": "gemm/1x1x1"}"#))
  }

  @Test func `the table's columns are aligned`() {
    let product = Benchmark("gemm/1x10x10000", [:], work: .flops(200_000, bytes: 440_040)) { _ in
      Benchmark.Prepared(result: FloatBuffer(1), run: {})
    }
    let benchmarks = [product, .softmax(rows: 100, columns: 1000)]
    let table = Table(benchmarks)
    let lines = zip(benchmarks, [12.5e-6, 2.5e-3]).map { table.line(result($0, median: $1, peaks: peaks)) }
    let expected = [
      "case                   isa       threads      median        ±      IQR     minimum        "
        + "     rate   of peak  of limit  remarks",
      "gemm/1x10x10000        avx2      2          12.50 µs   25.0 %  100.0 %    6.250 µs     16."
        + "0 GFLOP/s     8.0 %   176.0 %  1 outlier of 9",
      "loss/softmax/100x1000  avx2      2          2.500 ms   25.0 %  100.0 %    1.250 ms        "
        + "0.32 GB/s     1.6 %     1.6 %  1 outlier of 9",
    ]
    #expect((table.titles + lines.joined()) == expected.map { $0 + "\n" }.joined())
  }

  @Test func `algorithms have a column of their own where a case has a choice`() throws {
    let shape = ConvolutionShape(
      batch: 4, height: 16, width: 16, inputChannels: 16, outputChannels: 16, kernel: 3, stride: 1, padding: 1)
    let benchmarks: [Benchmark] = [.convolution(.forward, shape), .matrixProduct(m: 64, n: 64, k: 64)]
    let table = Table(benchmarks)
    let lines = ([table.titles] + benchmarks.map { table.line(result($0, median: 1e-3, peaks: peaks)) }).map(Array.init)
    let remark = try #require(String(lines[0]).firstRange(of: "remarks"))
    let column = String(lines[0]).distance(from: String(lines[0]).startIndex, to: remark.lowerBound)
    for line in lines[1...] { #expect(String(line[column...]) == "1 outlier of 9\n") }
  }

  @Test func `a few samples have no spread`() {
    let benchmark = Benchmark.matrixProduct(m: 64, n: 64, k: 64)
    var few = result(benchmark, median: 1e-3, peaks: nil)
    few.timing.samples = 3
    few.timing.outliers = 0
    #expect(!Table([benchmark]).line(few).contains("%"))
    few.timing.samples = 4
    #expect(Table([benchmark]).line(few).contains("100.0 %"))
  }

  @Test func `only lost time is listed, and peaks that were beaten are doubted`() {
    let product = Benchmark.matrixProduct(m: 1000, n: 1000, k: 1000)
    // 2 GFLOP at 200 GFLOP/s are 10 ms, and the minimum is half the median.
    let (slow, quick) = (result(product, median: 21e-3, peaks: peaks), result(product, median: 10e-3, peaks: peaks))
    #expect(Table.lostTime([slow, quick]).split(separator: "\n").count == 3)
    #expect(Table.lostTime([quick, quick]).isEmpty)
    #expect(Table.beatenPeaks([slow]).isEmpty)
    #expect(Table.beatenPeaks([slow, quick]).hasPrefix("\n1 case did more than the FMA peak at best: "))
  }

  @Test func `more threads than processors take turns`() {
    let engine = Engine(instructionSet: .portable, cores: Cores(threads: 2))
    #expect(Table.threads(engine, processors: 2) == "portable, threads: 2")
    #expect(Table.threads(engine, processors: 1) == "portable, threads: 2, which take turns on 1 processor")
  }

  @Test func `the most lost time comes first`() {
    let benchmarks = [Benchmark.softmax(rows: 100, columns: 1000), .matrixProduct(m: 100, n: 100, k: 100)]
    let lost = Table.lostTime(benchmarks.map { result($0, median: 1e-3, peaks: peaks) }).split(separator: "\n")
    #expect(lost.count == 4)
    // 2 MFLOP at 200 GFLOP/s are 10 µs, 800 kB at 20 GB/s are 40 µs.
    #expect(
      lost[2].hasPrefix("gemm/100x100x100")
        && lost[2].hasSuffix("990.0 µs    1.000 ms    10.00 µs        16.7   arithmetic"))
    #expect(
      lost[3].hasPrefix("loss/softmax/100x1000")
        && lost[3].hasSuffix("960.0 µs    1.000 ms    40.00 µs        0.50       memory"))
    #expect(Table.lostTime([result(benchmarks[0], median: 1, peaks: nil)]).isEmpty)
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
