import Basics
import Kernels

/// A residual network with its parameters, its memory, and both directions.
///
/// All activations and gradients lie in one arena that is planned when the network is made; a step allocates nothing. Both
/// views of a batch pass together, as two groups of rows that share every layer but have batch statistics of their own,
/// which is what two passes one after the other would compute.
public final class Network {
  public let description: ResNet
  /// The most images at a time, all views together.
  public let batch: Int
  /// The most views in a batch.
  public let groups: Int
  private let plan: NetworkPlan
  private let arena: FloatBuffer
  private let savedStatistics: FloatBuffer
  package let parameters: FloatBuffer
  package let gradients: FloatBuffer
  package let statistics: FloatBuffer
  /// Training batches seen by the batch norms, each view counted: PyTorch's `num_batches_tracked`.
  package var batchesTracked = 0

  /// Names, shapes and places of the parameters.
  public var layout: ParameterLayout { plan.layout }

  /// - Parameters:
  ///   - description: the network.
  ///   - batch: the most images at a time, all views together, 1 to 2²⁴.
  ///   - groups: the most views in a batch, 1 to `batch`.
  /// - Throws: what `ResNet.validate` throws; `SeCuError` of kind `.usage` if `batch` or `groups` is out of range or
  ///   a batch needs more memory than this machine has.
  public init(_ description: ResNet, batch: Int, groups: Int = 2) throws {
    try description.validate()
    guard (1...1 << 24).contains(batch), (1...batch).contains(groups) else {
      throw SeCuError(
        .usage, "\(batch) images in \(groups) views", at: "batch",
        remedy: "Use 1 to \(1 << 24) images and no more views than images")
    }
    self.description = description
    self.batch = batch
    self.groups = groups
    plan = try NetworkPlan(description, batch: batch, groups: groups)
    arena = FloatBuffer(plan.arenaFloats)
    savedStatistics = FloatBuffer(plan.savedFloats)
    parameters = FloatBuffer(plan.layout.parameterCount)
    gradients = FloatBuffer(plan.layout.parameterCount)
    statistics = FloatBuffer(plan.layout.statisticsCount)
  }

  /// Bytes of the arena, which holds all activations and their gradients.
  public var arenaBytes: Int { 4 * plan.arenaFloats }

  /// Computes the features of `count` images.
  ///
  /// - Parameters:
  ///   - images: NHWC, [count, height, width, channels].
  ///   - count: 1 to `batch`, a multiple of `groups`.
  ///   - groups: how many equal parts of the batch have statistics of their own, 1 to the network's `groups`.
  ///   - training: uses batch statistics and moves the running ones; else the running ones are used.
  /// - Returns: the features before normalisation, [count, dimension], valid until the next pass.
  @discardableResult
  package func forward(
    on engine: Engine, images: UnsafePointer<Float>, count: Int, groups: Int, training: Bool
  ) -> UnsafePointer<Float> {
    let pass = makePass(engine, images, count, groups, training: training)
    for layer in plan.layers { layer.forward(pass) }
    if training { batchesTracked += groups }
    return pass.value(plan.output)
  }

  /// The features before the projector, of the images that last went forward: the mean over pixels, [count, backboneDimension],
  /// valid until the next pass.
  package var backboneFeatures: UnsafePointer<Float> { UnsafePointer(arena.base + plan.valueOffsets[plan.backbone]) }
  package var backboneDimension: Int { plan.backboneDimension }

  /// Where the gradient of the features is written before `backward`: [count, dimension].
  package var outputGradient: UnsafeMutablePointer<Float> { arena.base + plan.gradientOffsets[plan.output] }

  /// Replaces `gradients` by those of the batch that last went forward in training, given `outputGradient`.
  package func backward(on engine: Engine, images: UnsafePointer<Float>, count: Int, groups: Int) {
    gradients.setToZero()
    let pass = makePass(engine, images, count, groups, training: true)
    for layer in plan.layers.reversed() { layer.backward(pass) }
  }

  private func makePass(
    _ engine: Engine, _ images: UnsafePointer<Float>, _ count: Int, _ groups: Int, training: Bool
  ) -> Pass {
    precondition((1...batch).contains(count), "\(count) images, at most \(batch)")
    precondition((1...self.groups).contains(groups) && count % groups == 0, "\(count) images in \(groups) groups")
    return Pass(
      engine: engine, count: count, groups: groups, training: training, images: images, arena: arena.base,
      valueOffsets: plan.valueOffsets, gradientOffsets: plan.gradientOffsets, parameters: parameters.base,
      parameterGradients: gradients.base, statistics: statistics.base, savedStatistics: savedStatistics.base)
  }
}
