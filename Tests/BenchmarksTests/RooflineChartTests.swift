import Basics
import Kernels
import Testing

@testable import Benchmarks

@Suite struct RooflineChartTests {
  private let engine = Engine(instructionSet: .portable, cores: Cores(threads: 1))

  private func result(_ benchmark: Benchmark, threads: Int = 1, flops: Double = 1e11) -> BenchmarkResult {
    BenchmarkResult(
      benchmark: benchmark,
      timing: Timing(samples: [1e-3], callsPerSample: 1).summary,
      setting: BenchmarkResult.Setting(
        threads: threads, isa: "portable",
        peaks: MachinePeaks(oneCoreFlops: flops, allThreadsFlops: flops, copyBandwidth: 2e10, copyBytes: 1),
        provenance: Provenance(machine: "M", system: "S", compiler: "C", commit: "abc", date: "D")),
      plan: benchmark.plan?(engine))
  }

  private func convolution(stride: Int) throws -> Benchmark {
    let benchmark = Benchmark.convolution(
      .forward,
      ConvolutionShape(
        batch: 128, height: 32, width: 32, inputChannels: 64, outputChannels: 64, kernel: 3, stride: stride, padding: 1)
    )
    try #require(benchmark.plan?(engine).algorithm == "winograd")
    return benchmark
  }

  private func count(_ text: String, in svg: String) -> Int { svg.ranges(of: text).count }

  @Test func `each setting has a shape, at its points and its roof`() {
    let product = Benchmark.matrixProduct(m: 64, n: 64, k: 64)
    let svg = RooflineChart([1, 2].map { result(product, threads: $0) }).svg
    #expect(count("<circle", in: svg) == 2)
    #expect(count("<polygon", in: svg) == 2)
  }

  @Test func `a dashed roof is drawn for what the algorithms can reach`() throws {
    let (one, two) = (try convolution(stride: 1), try convolution(stride: 2))
    let cases: [([Benchmark], Int, String)] = [
      ([one], 1, "Winograd's, 4 × the peak"), ([two], 1, "Winograd's, 16/9 × (stride 2) the peak"),
      ([one, two], 2, "Winograd's, 16/9 × (stride 2), 4 × the peak"),
    ]
    for (benchmarks, roofs, legend) in cases {
      let svg = RooflineChart(benchmarks.map { result($0) }).svg
      #expect(count("stroke-dasharray", in: svg) == roofs)
      #expect(svg.contains(legend))
    }
    #expect(count("dash", in: RooflineChart([result(.matrixProduct(m: 64, n: 64, k: 64))]).svg) == 0)
  }

  /// A roof that reached its height outside of the picture would fall to it at the picture's edge.
  @Test func `no roof is upright, however far to the right it bends`() throws {
    let svg = try RooflineChart([result(convolution(stride: 1), flops: 1e12)]).svg
    let roofs = svg.matches(of: #/<path d="M([^"]+)" fill="none"/#)
    #expect(roofs.count == 2)
    for roof in roofs {
      let places = roof.output.1.split(separator: "L").map { $0.prefix { $0 != " " } }
      #expect(Set(places).count == places.count, "\(roof.output.1)")
    }
  }

  @Test func `the machine is named where nothing can be drawn`() throws {
    let step = try #require(Benchmark.steps(batch: 2).first)
    #expect(RooflineChart([result(step)]).svg.contains("Roofline: M, commit abc"))
  }
}
