import Basics
import Imaging
import Kernels
import Training

/// Runs steps of a network and finds where their time goes: `Benchmarks profile`.
struct StepProfiler {
  let step: StepNetwork
  let batch: Int
  let budget: Measurement.Budget

  /// Fewer would leave nothing to choose the middle half of.
  static let fewestSteps = 5
  static let mostSteps = 1000

  struct Result {
    let report: ProfileReport
    let images: Int
    let steps: Int
    /// How many of them, the middle ones, are averaged.
    let averaged: Int
    /// The medians of the steps that were watched and of those, in turn with them, that were not.
    let watched: Double
    let unwatched: Double
  }

  /// - Throws: what the set-up of the learner throws.
  func run(on engine: Engine, peaks: MachinePeaks?) throws -> Result {
    let settings = step.settings(batch: batch), images = settings.batch
    let learner = try Learner(settings, images: 50_000, engine: engine)
    learner.initialize(seed: 0)
    learner.beginEpoch()
    let maker = try views(images), ids = Array(0..<images)
    var pass = 0
    func whole(_ augmented: () -> Void) throws {
      try maker.views(of: ids, seed: 0, pass: pass, cores: engine.cores, into: learner.views.base)
      augmented()
      pass += 1
      _ = learner.step(ids: ids, firstEpoch: false, rate: settings.rate, centerRate: settings.centerRate)
    }
    for _ in 0..<2 { try whole {} }

    let profile = StepProfile(), start = Measurement.uptime()
    var unwatched: [Double] = []
    while !isEnough(unwatched.count, seconds: Measurement.uptime() - start) {
      learner.network.observer = { profile.ended(.network($0)) }
      learner.observer = { profile.ended(.learner($0)) }
      profile.beginStep()
      try whole { profile.ended(.augmentation) }
      profile.endStep()
      (learner.network.observer, learner.observer) = (nil, nil)
      let before = Measurement.uptime()
      try whole {}
      unwatched.append(Measurement.uptime() - before)
    }
    try Benchmark.Prepared(result: learner.network.parameters, run: {}).checkResult()
    let average = profile.average()
    return Result(
      report: ProfileReport(
        profile.parts.map { learner.profiled($0, images: images) }, seconds: average.parts, whole: average.whole,
        peaks: peaks),
      images: images, steps: profile.steps.count, averaged: average.count,
      watched: Timing.median(of: profile.steps.map(\.whole)),
      unwatched: Timing.median(of: unwatched))
  }

  private func isEnough(_ steps: Int, seconds: Double) -> Bool {
    switch budget {
    case .repeats(let wanted): steps >= wanted
    case .seconds(let most): steps >= Self.mostSteps || steps >= Self.fewestSteps && seconds >= most
    }
  }

  /// Views of random pixels of the network's size.
  private func views(_ images: Int) throws -> ViewMaker {
    let network = step.network
    return try .ofNoise(
      "noise", ImageShape(height: network.height, width: network.width, channels: network.channels), count: images,
      recipe: step.augmentation)
  }
}
