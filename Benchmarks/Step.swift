import Kernels
import Networks
import Training

/// `step`: one whole step of learning: two views forward, the heads, backward, and the descent of encoder and centers.
extension Benchmark {
  /// The embedded digits as they are trained by default, and CIFAR's image size with ten heads, narrow, wide, and ResNet-18.
  static func steps(batch: Int) -> [Benchmark] {
    let ten = Array(stride(from: 10, through: 100, by: 10))
    return [
      step("digits", TrainingSettings.digits.network, heads: TrainingSettings.digits.heads, batch: batch),
      step("compact", compact(widths: [16, 32, 64]), heads: ten, batch: batch),
      step("compact-wide", compact(widths: [32, 64, 128]), heads: ten, batch: batch),
      step("resnet18", .resNet18(), heads: ten, batch: batch),
    ]
  }

  private static func compact(widths: [Int]) -> ResNet {
    ResNet(height: 32, width: 32, channels: 3, widths: widths, blocks: [1, 1, 1])
  }

  /// - Parameters:
  ///   - network: square images, as `size` in a JSON line is their height.
  ///   - heads: the number of clusters of each head.
  ///   - batch: images in a step, each in two views; at most 50,000.
  static func step(_ name: String, _ network: ResNet, heads: [Int], batch: Int) -> Benchmark {
    Benchmark(
      "step/\(name)", ["network": name, "size": network.height, "batch": batch, "heads": heads.count],
      work: .images(batch), measuresMemory: true
    ) { engine in
      var settings = TrainingSettings.digits
      settings.network = network
      settings.heads = heads
      settings.batch = batch
      let learner = try Learner(settings, images: 50_000, engine: engine)
      learner.initialize(seed: 0)
      learner.beginEpoch()
      learner.views.fillAtRandom(stream: 0)
      let ids = Array(0..<batch)
      return Prepared(result: learner.network.parameters) {
        _ = learner.step(ids: ids, firstEpoch: false, rate: settings.rate, centerRate: settings.centerRate)
      }
    }
  }
}
