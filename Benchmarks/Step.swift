import Kernels
import Training

/// `step`: one whole step of learning: two views forward, the heads, backward, and the descent of encoder and centers.
extension Benchmark {
  static func steps(batch: Int) -> [Benchmark] {
    StepNetwork.all.map { step($0, batch: batch) }
  }

  /// - Parameter batch: images in a step, each in two views; at most the network's `mostImages`.
  static func step(_ step: StepNetwork, batch: Int) -> Benchmark {
    let settings = step.settings(batch: batch)
    return Benchmark(
      "step/\(step.name)",
      [
        "network": step.name, "size": step.network.height, "batch": settings.batch, "heads": step.heads.count,
      ],
      work: .images(settings.batch), measuresMemory: true
    ) { engine in
      let learner = try Learner(settings, images: 50_000, engine: engine)
      learner.initialize(seed: 0)
      learner.beginEpoch()
      learner.views.fillAtRandom(stream: 0)
      let ids = Array(0..<settings.batch)
      return Prepared(result: learner.network.parameters) {
        _ = learner.step(ids: ids, firstEpoch: false, rate: settings.rate, centerRate: settings.centerRate)
      }
    }
  }
}
