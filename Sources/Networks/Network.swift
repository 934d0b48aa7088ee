import Basics
import Kernels

/// A residual network with its parameters, its memory, and both directions.
///
/// All activations and their gradients lie in one arena that is planned when the network is made; a step allocates no tensor. Both
/// views of a batch pass together, as two groups of rows that share every layer but have batch statistics of their own,
/// which is what two passes one after the other would compute.
public final class Network {
  /// Its architecture.
  public let description: ResNet
  /// The most images at a time, all views together.
  public let batch: Int
  /// The most views in a batch.
  public let groups: Int
  let plan: NetworkPlan
  private let arena: FloatBuffer
  private let savedStatistics: FloatBuffer
  /// Weights, biases and batch norms, one after the other where `layout.parameters` places them.
  package let parameters: FloatBuffer
  /// The gradients of `parameters` that the last `backward` left, in the same places.
  package let gradients: FloatBuffer
  /// Running means and variances, where `layout.statistics` places them.
  package let statistics: FloatBuffer
  /// Training batches seen by the batch norms, each view counted: PyTorch's `num_batches_tracked`.
  package var batchesTracked = 0
  /// Called as each operation ends: for measuring where the time goes. Nil costs nothing.
  package var observer: NetworkObserver?

  /// Names, shapes and places of the parameters.
  public var layout: ParameterLayout { plan.layout }

  /// - Parameters:
  ///   - description: the network.
  ///   - batch: the most images at a time, all views together, 1 to 2²⁴.
  ///   - groups: the most views in a batch, 1 to `batch` and no more than 1024.
  /// - Throws: what `ResNet.validate` throws; `SeCuError` of kind `.usage` if `batch` or `groups` is out of range or
  ///   a batch needs more memory than this machine has.
  public init(_ description: ResNet, batch: Int, groups: Int = 2) throws {
    self.description = description
    self.batch = batch
    self.groups = groups
    plan = try Self.plan(description, batch: batch, groups: groups)
    try NetworkMemory.check(plan.bytes, batch: batch)
    arena = FloatBuffer(plan.memory.arenaFloats)
    savedStatistics = FloatBuffer(plan.savedFloats)
    parameters = FloatBuffer(plan.layout.parameterCount)
    gradients = FloatBuffer(plan.layout.parameterCount)
    statistics = FloatBuffer(plan.layout.statisticsCount)
  }

  static func plan(_ description: ResNet, batch: Int, groups: Int) throws -> NetworkPlan {
    try description.validate()
    guard (1...1 << 24).contains(batch), (1...min(batch, 1024)).contains(groups) else {
      throw SeCuError(
        .usage, "\(batch) images in \(groups) views", at: "batch",
        remedy: "Use 1 to \(1 << 24) images and no more views than images, or than 1024")
    }
    return try NetworkPlan(description, batch: batch, groups: groups)
  }

  /// The number of a network's parameters; nothing is allocated, nor planned as `NetworkSize` does.
  ///
  /// - Throws: what `ResNet.validate` throws.
  public static func parameterCount(_ description: ResNet) throws -> Int {
    try description.validate()
    return try NetworkPlan(description, batch: 1, groups: 1, placesInMemory: false).layout.parameterCount
  }

  /// Bytes of the arena, which holds all activations and their gradients.
  public var arenaBytes: Int { 4 * plan.memory.arenaFloats }

  /// Computes the features of `count` images.
  ///
  /// - Parameters:
  ///   - images: NHWC, [count, height, width, channels].
  ///   - count: 1 to `batch`, a multiple of `groups`.
  ///   - groups: how many equal parts of the batch have statistics of their own, 1 to the network's `groups`.
  ///   - training: uses batch statistics and moves the running ones, and runs the predictor; else the running ones are used, and
  ///     the predictor, which only losses look at, is left out.
  ///   - predicting: false leaves the predictor out in training too.
  /// - Returns: the projection before normalisation, [count, dimension], valid until the next pass.
  @discardableResult
  package func forward(
    on engine: Engine, images: UnsafePointer<Float>, count: Int, groups: Int, training: Bool, predicting: Bool = true
  ) -> UnsafePointer<Float> {
    let pass = makePass(engine, images, count, groups, training: training)
    for layer in plan.layers[..<(training && predicting ? plan.layers.count : plan.projectionLayers)] {
      layer.forward(pass)
      pass.ended(.forward, layer.output)
    }
    if training { batchesTracked += groups }
    return pass.value(plan.projection)
  }

  /// The number of parameters that the projection depends on; those of a predictor follow them.
  package var projectionParameters: Int { plan.projectionParameters }

  /// The prediction before normalisation, [count, dimension], valid after `forward` in training until the next pass; nil for a
  /// network without predictor. The predictor reads the projection as it is, not made a unit vector, as in the published program.
  package var prediction: UnsafePointer<Float>? {
    plan.prediction.map { UnsafePointer(arena.base + plan.memory.valueOffsets[$0]) }
  }

  /// The features before the projector, of the images that last went forward: the mean over pixels, [count, backboneDimension],
  /// valid until the next pass.
  package var backboneFeatures: UnsafePointer<Float> {
    UnsafePointer(arena.base + plan.memory.valueOffsets[plan.backbone])
  }
  /// The length of these features: the channels of the last stage.
  package var backboneDimension: Int { plan.backboneDimension }

  /// Where the gradient of the losses by the projection is written before `backward`: [count, dimension]. Backward adds what comes
  /// through the predictor.
  package var outputGradient: UnsafeMutablePointer<Float> {
    arena.base + plan.memory.gradientOffsets[plan.projection]
  }

  /// Where the gradient of the losses by the prediction is written before `backward`: [count, dimension]; nil for a network without
  /// predictor.
  package var predictionGradient: UnsafeMutablePointer<Float>? {
    plan.prediction.map { arena.base + plan.memory.gradientOffsets[$0] }
  }

  /// Replaces `gradients` by those of the batch that last went forward in training, given `outputGradient` and
  /// `predictionGradient`.
  ///
  /// - Parameter predicting: as `forward` had it.
  package func backward(
    on engine: Engine, images: UnsafePointer<Float>, count: Int, groups: Int, predicting: Bool = true
  ) {
    let pass = makePass(engine, images, count, groups, training: true)
    gradients.setToZero()
    pass.ended(.clearing, 0)
    let layers = plan.layers[..<(predicting ? plan.layers.count : plan.projectionLayers)]
    for layer in layers.reversed() { layer.backward(pass) }
  }

  private func makePass(
    _ engine: Engine, _ images: UnsafePointer<Float>, _ count: Int, _ groups: Int, training: Bool
  ) -> Pass {
    precondition((1...batch).contains(count), "\(count) images, at most \(batch)")
    precondition((1...self.groups).contains(groups) && count % groups == 0, "\(count) images in \(groups) groups")
    return Pass(
      engine: engine, count: count, groups: groups, training: training, images: images, arena: arena.base,
      valueOffsets: plan.memory.valueOffsets, gradientOffsets: plan.memory.gradientOffsets, parameters: parameters.base,
      parameterGradients: gradients.base, statistics: statistics.base, savedStatistics: savedStatistics.base,
      observer: observer)
  }
}
