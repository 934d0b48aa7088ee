import Basics
import Kernels
import Testing
import Training

@testable import Networks

@testable import Benchmarks

@Suite struct StepProfileTests {
  private final class Clock {
    var now = 5.0
  }

  @Test func `the middle half of the steps, whose parts make up the whole`() {
    let clock = Clock(), profile = StepProfile { clock.now }
    let conv = StepProfile.Part.network(NetworkOperation(kind: .forward, output: 1))
    for (first, second, rest) in [(1.0, 2.0, 0.5), (100, 100, 100), (1, 4, 0.5), (0, 0, 0)] {
      profile.beginStep()
      clock.now += first
      profile.ended(.augmentation)
      clock.now += second
      profile.ended(conv)
      clock.now += rest
      profile.endStep()
    }
    let (parts, whole, count) = profile.average()
    #expect(count == 2)
    #expect(profile.parts == [.augmentation, conv])
    #expect(parts == [1, 3])
    #expect(whole == 4.5)
  }

  @Test func `a part that comes twice in a step is added up`() {
    let clock = Clock(), profile = StepProfile { clock.now }
    profile.beginStep()
    for _ in 0..<2 {
      clock.now += 2
      profile.ended(.learner(.losses))
    }
    profile.endStep()
    #expect(profile.average().parts == [4])
  }

  @Test func `a batch norm whose work the convolutions around it do has none forward`() throws {
    let step = try #require(StepNetwork.all.first { $0.name == "compact" })
    let engine = Engine(instructionSet: .portable, cores: Cores(threads: 1))
    let learner = try Learner(step.settings(batch: 2), images: 50_000, engine: engine)
    let forward = learner.network.layerDescriptions.map { layer in
      learner.profiled(.network(NetworkOperation(kind: .forward, output: layer.output)), images: 2)
    }
    let norms = forward.filter { $0.group == "batch norm fwd" }
    #expect(norms.contains { $0.work == .bytes(0, flops: 0) })
    #expect(norms.contains { $0.work?.counted?.flops ?? 0 > 0 })
    for norm in norms { #expect((norm.work?.counted?.bytes == 0) == (norm.work?.counted?.flops == 0)) }
  }

  @Test func `the report groups, rates and shows the rest as other`() throws {
    let peaks = MachinePeaks(oneCoreFlops: 1e9, allThreadsFlops: 2e9, copyBandwidth: 1e9, copyBytes: 1)
    let parts = [
      ProfiledPart(
        "a", pass: "fwd", group: "convolution fwd", work: .flops(1_000_000_000, bytes: 1),
        plan: Benchmark.Plan(algorithm: "winograd", reason: "", flops: 500_000_000)),
      ProfiledPart("b", pass: "fwd", group: "convolution fwd", work: .flops(1_000_000_000, bytes: 1)),
      ProfiledPart("augmentation", group: "augmentation", work: nil),
    ]
    let report = ProfileReport(parts, seconds: [1, 2, 0.5], whole: 4, peaks: peaks)
    #expect(report.rows.map(\.seconds) == [1, 2, 0.5, 0.5])
    #expect(report.groups.map(\.name) == ["convolution fwd", "augmentation", "other"])
    #expect(report.groups[0].flops == 2_000_000_000)
    // Half a second for the FLOPs that Winograd leaves is a quarter at this peak; the other has all of its own.
    #expect(report.rows[0].limit == 0.25)
    #expect(report.groups[0].limit == 0.75)
    let lines = report.text.split(separator: "\n")
    #expect(
      lines[1] == "a                       fwd       1.000 s    25.0 %     1.00 GFLOP/s    50.0 %    750.0 ms  winograd"
    )
    // Nothing is gained where a part beats its limit, as it can when its operands are in a cache.
    let moved = ProfileReport(
      [ProfiledPart("c", pass: "bwd", group: "batch norm bwd", work: .bytes(1_000_000_000))], seconds: [0.5], whole: 1,
      peaks: peaks)
    #expect(moved.rows[0].limit == 1 && moved.rows[0].lost == 0 && moved.groups[0].lost == 0)
    #expect(
      try moved.jsonLines([]).first == """
        {"case": "profile", "layer": "c", "pass": "bwd", "mean_s": 0.5, "percent_of_step": 50, "gbs": 2, \
        "percent_of_bandwidth": 200, "limit_s": 1}
        """)
    let first = try #require(report.jsonLines([("batch", 8)]).first)
    #expect(
      first == """
        {"case": "profile", "layer": "a", "pass": "fwd", "algorithm": "winograd", "batch": 8, "mean_s": 1, \
        "percent_of_step": 25, "gflops": 1, "percent_of_peak": 50, "limit_s": 0.25}
        """)
  }
}
