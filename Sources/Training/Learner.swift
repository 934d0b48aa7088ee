import Basics
import Clustering
import Kernels
import Networks

/// SeCu itself: an encoder, its clustering heads, and one step of learning both at once.
///
/// `step` is the algorithm in reading order. The total loss is the mean over heads of ℓ_x + ℓ_w; one backward pass serves both,
/// since the encoder receives only the gradient of ℓ_x and the centers only that of ℓ_w.
package final class Learner {
  /// What everything runs on.
  package let engine: Engine
  /// The encoder.
  package let network: Network
  /// The clustering heads, with the centers.
  package let heads: ClusterHeads
  /// What moves the encoder, and what moves the centers. In self-labelling `selfLabelling` moves both, and these have no tensors.
  package let encoderOptimizer, centerOptimizer: GradientDescent
  /// What moves the weights in self-labelling.
  let selfLabelling: SelfLabellingState?
  let normalize: L2Normalize
  /// Unit features of the batch, [2b, d]; with a predictor the projections and then the predictions, [4b, d].
  let features: FloatBuffer
  /// The lengths that they had, [2b] or [4b].
  let featureLengths: FloatBuffer
  /// ∂L/∂features, of the same shape as `features`.
  let featureGradients: FloatBuffer
  /// The views of the batch, NHWC, [2b, height, width, channels]: view a of every image, then view b.
  package let views: FloatBuffer
  /// Called as each part of a step ends, but for the network's passes, which `Network.observer` hears of: for measuring where the time goes.
  package var observer: ((StepPart) -> Void)?

  /// What a step does besides the network's passes.
  package enum StepPart: String, Sendable {
    case normalization, losses, normalizationGradient, encoderDescent, centerDescent
  }

  /// - Parameters:
  ///   - settings: validated.
  ///   - images: N, the images in the data set, at least 2.
  ///   - limit: the most memory that may be used.
  /// - Throws: `SeCuError` of kind `.usage` if the run needs more.
  package init(
    _ settings: TrainingSettings, images: Int, engine: Engine, limit: Machine.MemoryLimit = Machine.memoryLimit
  ) throws {
    self.engine = engine
    let batch = min(settings.batch, images)
    // Without k-means on pixels, which `Trainer` and `Comparison` reckon with.
    try settings.checkMemory(
      images: images, imageBytes: 0, hasClasses: false, threads: engine.cores.threads, limit: limit)
    network = try Network(settings.network, batch: settings.viewsPerPass * batch)
    heads = ClusterHeads(
      clusters: settings.heads, dimension: settings.network.dimension, images: images, batch: batch,
      constraint: settings.constraint, losses: settings.losses, usesPredictions: settings.network.predictor != nil)
    let dimension = settings.network.dimension
    func descent(_ tensors: [GradientDescent.Tensor]) -> GradientDescent {
      GradientDescent(
        settings.optimizer, tensors: tensors, momentum: settings.momentum, weightDecay: settings.weightDecay)
    }
    // In PyTorch the centers of a head are a parameter of their own, [d, K].
    let centers = settings.heads.map { GradientDescent.Tensor(count: $0 * dimension, dimensions: 2) }
    let isClustering = settings.selfLabelling == nil
    encoderOptimizer = descent(isClustering ? network.layout.tensors : [])
    centerOptimizer = descent(isClustering ? centers : [])
    let (parameterCount, centerCount) = (network.parameters.count, heads.centers.count)
    selfLabelling = settings.selfLabelling.map {
      SelfLabellingState($0, parameters: parameterCount, centers: centerCount, weightDecay: settings.weightDecay)
    }
    normalize = L2Normalize(columns: dimension)
    let rows = Self.outputs(settings) * 2 * batch
    features = FloatBuffer(rows * dimension)
    featureLengths = FloatBuffer(rows)
    featureGradients = FloatBuffer(rows * dimension)
    views = FloatBuffer(2 * batch * settings.network.height * settings.network.width * settings.network.channels)
  }

  /// Feature vectors of a view: its projection, and its prediction where there is a predictor.
  private static func outputs(_ settings: TrainingSettings) -> Int { settings.network.predictor == nil ? 1 : 2 }

  /// Starts from this seed's random weights and centers.
  package func initialize(seed: UInt64) {
    network.initialize(seed: seed)
    heads.initialize(seed: seed, on: engine)
  }

  /// Starts an epoch: the current centers become the frozen ones of ℓ_x.
  package func beginEpoch() {
    heads.beginEpoch(on: engine)
  }

  /// Learns from the batch in `views`.
  ///
  /// - Parameters:
  ///   - ids: the b images' places in the data set.
  ///   - firstEpoch: uses fresh labels in ℓ_x.
  ///   - rate, centerRate: the learning rates of the encoder and of the centers.
  /// - Returns: both losses before the step.
  package func step(ids: [Int], firstEpoch: Bool, rate: Float, centerRate: Float) -> ClusterHeads.StepLosses {
    let denormals = Denormals.flush()
    defer { Denormals.restore(denormals) }
    let rows = 2 * ids.count
    // Forward: x_i, the unit features of both views, and the unit predictions if the network makes any.
    let projections = network.forward(on: engine, images: views.base, count: rows, groups: 2, training: true)
    let outputs = [projections, network.prediction].compactMap(\.self), block = rows * heads.dimension
    for (o, raw) in outputs.enumerated() {
      normalize.forward(
        on: engine, x: raw, y: features.base + o * block, lengths: featureLengths.base + o * rows, rows: rows)
    }
    observer?(.normalization)

    // Assign the batch to clusters, then ℓ_x and ℓ_w with their gradients.
    let predicts = outputs.count == 2
    let losses = heads.step(
      on: engine, features: features.base, predictions: predicts ? UnsafePointer(features.base + block) : nil, ids: ids,
      firstEpoch: firstEpoch, featureGradient: featureGradients.base,
      predictionGradient: predicts ? featureGradients.base + block : nil)
    observer?(.losses)

    // Backward: through the normalisation into the network.
    for (o, gradient) in [network.outputGradient, network.predictionGradient].compactMap(\.self).enumerated() {
      normalize.backward(
        on: engine, dy: featureGradients.base + o * block, y: features.base + o * block,
        lengths: featureLengths.base + o * rows, dx: gradient, rows: rows)
    }
    observer?(.normalizationGradient)
    network.backward(on: engine, images: views.base, count: rows, groups: 2)

    encoderOptimizer.step(on: engine, parameters: network.parameters, gradients: network.gradients, rate: rate)
    observer?(.encoderDescent)
    centerOptimizer.step(on: engine, parameters: heads.centers, gradients: heads.gradients, rate: centerRate)
    observer?(.centerDescent)
    return losses
  }

  /// One step of the stage that the run is in: `step`, or `selfLabel`, whose one loss stands for ℓ_x.
  ///
  /// - Parameters: as both have them.
  /// - Returns: the losses before the step, and in self-labelling what was kept.
  func learn(
    ids: [Int], head: Int, firstEpoch: Bool, rate: Float, centerRate: Float
  ) -> (losses: ClusterHeads.StepLosses, found: ClusterHeads.SelfLabels?) {
    if let found = selfLabel(ids: ids, head: head, rate: rate) {
      return (.init(representation: found.loss, center: 0), found)
    }
    return (step(ids: ids, firstEpoch: firstEpoch, rate: rate, centerRate: centerRate), nil)
  }

  /// The unit features of clean images, with running batch-norm statistics.
  ///
  /// - Parameters:
  ///   - images: NHWC, [count, height, width, channels], count at most the network's batch.
  /// - Returns: [count, d], valid until the next call.
  package func embed(_ images: UnsafePointer<Float>, count: Int) -> UnsafePointer<Float> {
    let denormals = Denormals.flush()
    defer { Denormals.restore(denormals) }
    let raw = network.forward(on: engine, images: images, count: count, groups: 1, training: false)
    normalize.forward(on: engine, x: raw, y: features.base, lengths: featureLengths.base, rows: count)
    return UnsafePointer(features.base)
  }

  /// The name of the first tensor that holds a number that is not finite, or nil.
  package var firstNonFinite: String? {
    func isBroken(_ start: UnsafePointer<Float>, _ count: Int) -> Bool {
      UnsafeBufferPointer(start: start, count: count).contains { !$0.isFinite }
    }
    for entry in network.layout.parameters where isBroken(network.parameters.base + entry.offset, entry.count) {
      return entry.name
    }
    for entry in network.layout.statistics where isBroken(network.statistics.base + entry.offset, entry.count) {
      return entry.name
    }
    for h in heads.clusters.indices {
      let first = heads.rowOffsets[h] * heads.dimension
      if isBroken(heads.centers.base + first, heads.clusters[h] * heads.dimension) { return "center_\(h)" }
    }
    return nil
  }
}
