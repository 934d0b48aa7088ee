import Basics
import Foundation
import Kernels
import TestSupport
import Testing

@testable import Benchmarks

@Suite struct CasesTests {
  /// Those that need no files.
  private static func all(batch: Int) -> [Benchmark] {
    Benchmark.all(batch: batch).filter { $0.family != "decode" }
  }

  @Test func `names are unique and begin with the operation`() {
    let cases = Self.all(batch: 128)
    #expect(Set(cases.map(\.name)).count == cases.count)
    #expect(Set(cases.map(\.family)) == ["gemm", "conv", "norm", "loss", "augment", "step"])
    #expect(cases.filter(\.measuresMemory).map(\.family) == StepNetwork.all.map { _ in "step" })
  }

  private static let works: [(String, Benchmark.Work)] = [
    ("gemm/64x64x64", .flops(524_288, bytes: 49_152)),
    ("gemm/16384x64x576", .flops(1_207_959_552, bytes: 4 * (16_384 * 576 + 576 * 64 + 16_384 * 64))),
    // 128 images of 32×32 pixels, 9 taps, 64 channels in and out.
    ("conv/fwd/64x64-32px-3x3-s1", .flops(9_663_676_416, bytes: 4 * (2 * 8_388_608 + 36_864))),
    // Stride 2 leaves a quarter of the pixels; all passes cost the same.
    ("conv/dgrad/64x128-32px-3x3-s2", .flops(4_831_838_208, bytes: 4 * (8_388_608 + 4_194_304 + 73_728))),
    ("conv/wgrad/64x128-32px-1x1-s2", .flops(536_870_912, bytes: 4 * (2_097_152 + 4_194_304 + 8_192))),
    // Every fourth pixel is read, and all are written.
    ("conv/fwd/64x128-32px-1x1-s2", .flops(536_870_912, bytes: 25_198_592)),
    ("conv/dgrad/64x128-32px-1x1-s2", .flops(536_870_912, bytes: 4 * (8_388_608 + 4_194_304 + 8_192))),
    ("conv/fwd/64x128-32px-3x3-s2", .flops(4_831_838_208, bytes: 4 * (8_388_608 + 4_194_304 + 73_728))),
    ("conv/fwd/3x16-32px-3x3-s1", .flops(113_246_208, bytes: 4 * (393_216 + 2_097_152 + 432))),
    ("norm/fwd/64-32px", .bytes(67_108_864, flops: 7 * 8_388_608)),
    ("norm/fwd_bwd/64-32px", .bytes(134_217_728, flops: 15 * 8_388_608, moved: 167_772_160)),
    // Three products of 256 rows, 550 centers and 128 dimensions.
    ("loss/heads/10", .flops(108_134_400, bytes: 4 * (2 * 70_400 + 2 * 32_768))),
    ("loss/softmax/256x100", .bytes(204_800, flops: 102_400)),
    ("loss/momentum/100000", .bytes(2_000_000, flops: 600_000)),
    ("augment/32px", .images(128)),
    ("step/digits", .images(128)),
    ("step/resnet50", .images(8)),
  ]

  @Test(arguments: works)
  func `the work of known shapes`(name: String, work: Benchmark.Work) throws {
    let benchmark = try #require(Self.all(batch: 128).first { $0.name == name })
    #expect(benchmark.work == work)
  }

  @Test func `what an algorithm carries out`() {
    let shape = ConvolutionShape(
      batch: 2, height: 5, width: 5, inputChannels: 3, outputChannels: 7, kernel: 3, stride: 1, padding: 1)
    // Five outputs with three taps each, of which one lies outside at either end; two by two started tiles.
    #expect(shape.flops(.forward, by: .direct) == 2 * 2 * 3 * 7 * 13 * 13)
    #expect(shape.flops(.forward, by: .winograd) == 2 * 2 * 3 * 7 * 36 * 4)
    var strided = shape
    strided.stride = 2
    // The first and the last output lack a tap.
    #expect(strided.flops(.forward, by: .direct) == 2 * 2 * 3 * 7 * 7 * 7)
    strided.kernel = 1
    strided.padding = 0
    #expect(strided.flops(.forward, by: .direct) == strided.flops)
  }

  @Test func `the limit of a normalisation counts what both of its passes move`() throws {
    let peaks = MachinePeaks(oneCoreFlops: 1e15, allThreadsFlops: 1e15, copyBandwidth: 1e9, copyBytes: 1)
    let both = Benchmark.normalization(.forwardAndBackward, batch: 1, channels: 1, size: 2)
    #expect(both.work.limit(executedFlops: nil, peaks: peaks)?.bytes == 5 * 4 * 4)
    #expect(both.work.counted?.bytes == 5 * 4 * 4)
  }

  @Test func `the direct sum says its way, and each algorithm its roof`() throws {
    let engine = Engine(instructionSet: .portable, cores: Cores(threads: 1))
    func plan(_ name: String) throws -> Benchmark.Plan? {
      try #require(Self.all(batch: 128).first { $0.name == name }).plan?(engine)
    }
    #expect(try plan("conv/fwd/64x128-32px-1x1-s2")?.label == "direct, along rows")
    #expect(try plan("conv/dgrad/64x128-32px-1x1-s2")?.label == "direct, across images")
    #expect(try plan("conv/fwd/64x128-32px-1x1-s2")?.mostOfPeak == 1)
    #expect(try plan("conv/fwd/64x64-8px-3x3-s1")?.label == "winograd")
    #expect(try plan("conv/fwd/64x64-8px-3x3-s1")?.mostOfPeak == 4)
  }

  /// All but ImageNet's network, which takes a second a step, and STL-10's.
  @Test(arguments: all(batch: 2).map(\.name).filter { !["step/resnet18-stl", "step/resnet50"].contains($0) })
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

  @Test func `decoding is measured where there are JPEG files`() throws {
    #expect(Benchmark.decodings(of: nil).isEmpty)
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    #expect(Benchmark.decodings(of: folder.path).isEmpty)
    try Data([0xFF, 0xD8]).write(to: folder.appending(path: "broken.jpg"))
    let found = Benchmark.decodings(of: folder.path)
    #expect(found.map(\.name) == ["decode/jpeg"] && found[0].work == .images(1))
    #expect(found[0].fields.first { $0.key == "file_bytes" }?.value as? Int == 2)
    // A file that can't be decoded would be quick.
    #expect(throws: SeCuError.self) { try found[0].prepare(Engine(cores: Cores(threads: 1))) }
  }
}
