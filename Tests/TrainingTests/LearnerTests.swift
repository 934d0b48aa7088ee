import Basics
import Kernels
import Networks
import Testing

@testable import Training

/// What one step moves, with LARS and with a predictor.
@Suite struct LearnerTests {
  private static func learner(_ change: (inout TrainingSettings) -> Void) throws -> Learner {
    let learner = try Learner(TinyRun.settings(change), images: 13, engine: makeEngine(TinyRun.widest, 1))
    learner.initialize(seed: 2)
    learner.beginEpoch()
    var random = RandomStream(seed: 5, purpose: .benchmark)
    for i in 0..<learner.views.count { learner.views.base[i] = random.normal() }
    return learner
  }

  private func length(_ values: some Sequence<Float>) -> Double {
    values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
  }

  /// The first step of LARS moves a tensor of two or more dimensions by rate · trust · its length, whatever its gradient; each head's
  /// centers are such a tensor. Vectors move by rate · gradient. A weight moves by some thousandth of itself and is then rounded, which
  /// is 2⁻²⁴/1e-3 ≈ 1e-4 of its way.
  @Test func `LARS moves tensors in proportion to their length`() throws {
    let trust: Float = 0.01
    let learner = try Self.learner { ($0.optimizer, $0.weightDecay) = (.lars(trust: trust), 0.1) }
    let network = learner.network, heads = learner.heads
    let weights = network.parameters.values, centers = heads.centers.values
    _ = learner.step(ids: [0, 3, 5, 11], firstEpoch: false, rate: 0.3, centerRate: 0.7)
    func moved(_ before: [Float], _ after: FloatBuffer, _ range: Range<Int>) -> [Float] {
      range.map { after.base[$0] - before[$0] }
    }
    for entry in network.layout.parameters {
      let range = entry.offset..<entry.offset + entry.count, step = moved(weights, network.parameters, range)
      if entry.shape.count > 1 {
        let wanted = 0.3 * Double(trust) * length(weights[range])
        #expect(abs(length(step) - wanted) <= 1e-4 * wanted, "\(entry.name)")
      } else {
        for (i, step) in zip(range, step) {
          let wanted = -0.3 * network.gradients.base[i]
          #expect(abs(step - wanted) <= 1e-6 * max(1, abs(weights[i])), "\(entry.name)")
        }
      }
    }
    for h in heads.clusters.indices {
      let range = heads.rowOffsets[h] * heads.dimension..<heads.rowOffsets[h + 1] * heads.dimension
      let wanted = 0.7 * Double(trust) * length(centers[range])
      #expect(abs(length(moved(centers, heads.centers, range)) - wanted) <= 1e-4 * wanted, "head \(h)")
    }
  }

  /// Self-labelling's loss is that of the strong views, which lie behind the weak ones, and the first convolution is what looks at them. Weak
  /// views only give labels, which stand still as long as the weights move little.
  ///
  /// As below, but with h a quarter of that: rounding is 1.2e-4 then, and ReLUs bend the loss less.
  @Test func `the gradient of self-labelling is the derivative by the strong views`() throws {
    func teaching(_ settings: inout TrainingSettings) {
      settings = settings.forSelfLabelling
      settings.selfLabelling = .init(threshold: 0)
      settings.losses.representationTemperature = 1
    }
    let ids = [0, 3, 5, 11], first = try Self.learner(teaching)
    let found = try #require(first.selfLabel(ids: ids, head: 1, rate: 0))
    #expect(found.kept == 4)
    let gradients = first.network.gradients.values
    let convolution = try #require(first.network.layout.parameters.first)
    var random = RandomStream(seed: 6, purpose: .benchmark)
    let direction = (0..<convolution.count).map { _ in random.normal() }
    let norm = Float(length(direction)), h: Float = 0.0005
    let losses = try [h, -h].map { offset in
      let learner = try Self.learner(teaching)
      for (i, d) in direction.enumerated() { learner.network.parameters.base[i] += offset * d / norm }
      let moved = try #require(learner.selfLabel(ids: ids, head: 1, rate: 0))
      #expect(moved.keptIn == found.keptIn)
      return moved.loss
    }
    let wanted = (losses[0] - losses[1]) / (2 * Double(h))
    let derivative = zip(gradients, direction).reduce(0.0) { $0 + Double($1.0 * $1.1 / norm) }
    #expect(abs(wanted) > 0.005)
    #expect(abs(derivative - wanted) <= 2.4e-4 + 0.01 * abs(wanted))
  }

  /// The gradient of the representation loss by every parameter that the predictor adds and by the first convolution, against the loss
  /// itself at weights moved to both sides: the predictor is trained, and the encoder through it.
  ///
  /// The loss, a mean of Floats, is rounded to about 2⁻²³ here, which over 2h = 0.004 is 3e-5 on either side; a ReLU that changes sides
  /// between them bends the loss by about h. Behind the first convolution there are hundreds, which makes a hundredth at most.
  @Test func `gradients pass the predictor`() throws {
    let ids = [0, 3, 5, 11]
    func predicting(_ settings: inout TrainingSettings) {
      (settings.network.predictor, settings.momentum, settings.weightDecay) = (6, 0, 0)
      // Soft targets are held fixed in the gradient, but would move with the weights here.
      (settings.losses.representationTemperature, settings.losses.hardLabelWeight) = (1, 1)
    }
    let first = try Self.learner(predicting)
    _ = first.step(ids: ids, firstEpoch: false, rate: 0, centerRate: 0)
    let gradients = first.network.gradients.values
    var random = RandomStream(seed: 6, purpose: .benchmark)
    for prefix in ["predictor.0.weight", "predictor.1", "predictor.3", "conv1", "fc"] {
      let places = first.network.layout.parameters.filter { $0.name.hasPrefix(prefix) }.flatMap {
        Array($0.offset..<$0.offset + $0.count)
      }
      let direction = places.map { _ in random.normal() }
      let norm = Float(length(direction)), h: Float = 0.002
      let losses = try [h, -h].map { offset in
        let learner = try Self.learner(predicting)
        for (i, d) in zip(places, direction) { learner.network.parameters.base[i] += offset * d / norm }
        return learner.step(ids: ids, firstEpoch: false, rate: 0, centerRate: 0).representation
      }
      let wanted = (losses[0] - losses[1]) / (2 * Double(h))
      let found = zip(places, direction).reduce(0.0) { $0 + Double(gradients[$1.0] * $1.1 / norm) }
      #expect(abs(found) > 1e-4, "\(prefix)")
      #expect(abs(found - wanted) <= 6e-5 + (prefix == "conv1" ? 0.01 : 0) * abs(wanted), "\(prefix)")
    }
  }
}
