import Basics
import Kernels
import Testing

@testable import Benchmarks

@Suite struct CasesTests {
  private static func all(batch: Int) -> [Benchmark] {
    Benchmark.matrixProducts + Benchmark.convolutions(batch: batch) + Benchmark.normalizations(batch: batch)
      + Benchmark.losses(batch: batch) + Benchmark.augmentations(batch: batch) + Benchmark.steps(batch: batch)
  }

  @Test func `names are unique and begin with the operation`() {
    let cases = Self.all(batch: 128)
    #expect(Set(cases.map(\.name)).count == cases.count)
    #expect(Set(cases.map(\.family)) == ["gemm", "conv", "norm", "loss", "augment", "step"])
    #expect(cases.filter(\.measuresMemory).map(\.family) == ["step", "step", "step", "step"])
  }

  private static let works: [(String, Benchmark.Work)] = [
    ("gemm/64x64x64", .flops(524_288)),
    ("gemm/16384x64x576", .flops(1_207_959_552)),
    // 128 images of 32×32 pixels, 9 taps, 64 channels in and out.
    ("conv/fwd/64x64-32px-3x3-s1", .flops(9_663_676_416)),
    // Stride 2 leaves a quarter of the pixels; all passes cost the same.
    ("conv/dgrad/64x128-32px-3x3-s2", .flops(4_831_838_208)),
    ("conv/wgrad/64x128-32px-1x1-s2", .flops(536_870_912)),
    ("conv/fwd/3x16-32px-3x3-s1", .flops(113_246_208)),
    ("norm/fwd/64-32px", .bytes(67_108_864)),
    ("norm/fwd_bwd/64-32px", .bytes(134_217_728)),
    // Three products of 256 rows, 550 centers and 128 dimensions.
    ("loss/heads/10", .flops(108_134_400)),
    ("loss/softmax/256x100", .bytes(204_800)),
    ("loss/momentum/100000", .bytes(2_000_000)),
    ("augment/32px", .images(128)),
    ("step/digits", .images(128)),
  ]

  @Test(arguments: works)
  func `the work of known shapes`(name: String, work: Benchmark.Work) throws {
    let benchmark = try #require(Self.all(batch: 128).first { $0.name == name })
    #expect(benchmark.work == work)
  }

  @Test(arguments: all(batch: 2).map(\.name))
  func `every case changes its result and leaves finite numbers`(name: String) throws {
    let benchmark = try #require(Self.all(batch: 2).first { $0.name == name })
    let prepared = try benchmark.prepare(try Engine(cores: Cores(threads: 2)))
    let before = prepared.result.values
    prepared.run()
    #expect(prepared.result.values != before)
    try prepared.checkResult()
  }

  @Test func `a result that isn't finite is a defect`() {
    let buffer = FloatBuffer(3)
    buffer.fill(with: [0, 1, .nan])
    let error = #expect(throws: SeCuError.self) { try Benchmark.Prepared(result: buffer, run: {}).checkResult() }
    #expect(error?.kind == .internal)
    #expect(error?.problem == "expected a finite result, found nan at index 2")
  }

  @Test func `operands are random, and the same in each run`() {
    let values = FloatBuffer.random(1000, stream: 1).values
    #expect(Set(values).count > 990)
    #expect(values.allSatisfy { -1 <= $0 && $0 < 1 })
    #expect(FloatBuffer.random(1000, stream: 1).values == values)
    #expect(FloatBuffer.random(1000, stream: 2).values != values)
  }
}
