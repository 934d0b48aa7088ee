import Basics
import Clustering
import Kernels
import Networks

/// What self-labelling keeps besides weights: Adam's moments of the encoder and of the centers.
package final class SelfLabellingState {
  let settings: SelfLabelling
  /// What moves the network's parameters, and what moves the centers of all heads.
  package let encoder, centers: Adam

  init(_ settings: SelfLabelling, parameters: Int, centers: Int, weightDecay: Float) {
    self.settings = settings
    encoder = Adam(count: parameters, weightDecay: weightDecay)
    self.centers = Adam(count: centers, weightDecay: weightDecay)
  }
}

extension Learner {
  /// One step of self-labelling, as `SelfLabelling` defines it, on the batch in `views`: the clean view of every image, then the strong
  /// view of every image.
  ///
  /// Both views pass by themselves with batch statistics, as in the published program of SCAN. A batch of which no image is sure
  /// moves no weight. A predictor stands still: the loss does not look at it.
  ///
  /// - Parameters:
  ///   - ids: the b images' places in the data set.
  ///   - head: the head that teaches itself.
  ///   - rate: the learning rate of the encoder and of the centers.
  /// - Returns: the loss before the step, and how many images were kept; nil for a learner that was not made for self-labelling.
  func selfLabel(ids: [Int], head: Int, rate: Float) -> ClusterHeads.SelfLabels? {
    guard let state = selfLabelling else { return nil }
    let denormals = Denormals.flush()
    defer { Denormals.restore(denormals) }
    let b = ids.count, d = heads.dimension
    let strongViews =
      views.base + b * network.description.height * network.description.width * network.description.channels
    let strong = features.base + b * d
    for (images, unit, lengths) in [
      (views.base, features.base, featureLengths.base), (strongViews, strong, featureLengths.base + b),
    ] {
      let raw = network.forward(on: engine, images: images, count: b, groups: 1, training: true, predicting: false)
      normalize.forward(on: engine, x: raw, y: unit, lengths: lengths, rows: b)
    }
    let found = heads.selfLabel(
      on: engine, weak: features.base, strong: strong, ids: ids, head: head, state.settings,
      strongGradient: featureGradients.base)
    if found.kept == 0 { return found }

    normalize.backward(
      on: engine, dy: featureGradients.base, y: strong, lengths: featureLengths.base + b, dx: network.outputGradient,
      rows: b)
    network.backward(on: engine, images: strongViews, count: b, groups: 1, predicting: false)

    state.encoder.step(
      on: engine, parameters: network.parameters, gradients: network.gradients, rate: rate,
      range: 0..<network.projectionParameters)
    state.centers.step(
      on: engine, parameters: heads.centers, gradients: heads.gradients, rate: rate,
      range: heads.rowOffsets[head] * d..<heads.rowOffsets[head + 1] * d)
    return found
  }
}
