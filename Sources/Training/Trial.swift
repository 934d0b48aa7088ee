import Basics
import Foundation
import Imaging
import Kernels

/// A few steps of a run on random images in place of its own: how long it would take and whether its memory suffices, without any data.
///
/// Nothing is learnt from it. A step costs the same whatever the images show, if self-labelling keeps them all; only reading them is left
/// out.
public struct Trial: Sendable {
  /// Seconds of making the views, step by step.
  public let viewSeconds: [Double]
  /// Seconds of learning from them, step by step.
  public let learningSeconds: [Double]

  /// Images learnt from in each step: all of a batch.
  package let imagesLearnt: [Int]

  /// The median of the steps but the first, in which memory is touched for the first time; of the only one, if there is no other.
  public var secondsPerStep: Double { Self.median(zip(viewSeconds, learningSeconds).map(+)) }
  /// The part of it that making the views takes.
  public var viewSecondsPerStep: Double { Self.median(viewSeconds) }

  private static func median(_ seconds: [Double]) -> Double {
    let sorted = (seconds.count > 1 ? Array(seconds.dropFirst()) : seconds).sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  /// Takes `steps` steps.
  ///
  /// - Parameters:
  ///   - settings: the run.
  ///   - images: N, the images that the run would have.
  ///   - shape: of these images.
  ///   - hasClasses: whether they have classes: the run then ends with k-means, which needs memory too.
  ///   - steps: at least 1.
  ///   - shouldStop: asked before every step but the first; the result then has fewer.
  /// - Throws: `SeCuError` for settings out of range, for more memory than there is, or for a loss that is not finite.
  public init(
    _ settings: TrainingSettings, images count: Int, shape: ImageShape, hasClasses: Bool = true, steps: Int,
    engine: Engine, shouldStop: () -> Bool = { false }
  ) throws {
    try settings.validate(images: count)
    try settings.checkChannels(shape.channels, of: settings.data)
    let batch = settings.batch
    try settings.checkMemory(
      images: count, imageBytes: Self.imageBytes(settings, shape), shape: shape, hasClasses: hasClasses,
      threads: engine.cores.threads)
    let views = try ViewMaker(Self.randomImages(batch, shape, seed: settings.seed), settings)
    // Of random images few labels would pass, and steps without any do less.
    var keepingAll = settings
    keepingAll.selfLabelling?.threshold = 0
    let learner = try Learner(keepingAll, images: count, engine: engine)
    let head = EvaluatedHead.index(heads: settings.heads, classes: nil)
    learner.initialize(seed: settings.seed)
    learner.beginEpoch()
    let schedule = settings.schedule(images: count), clock = ContinuousClock()
    var viewSeconds: [Double] = [], learningSeconds: [Double] = [], imagesLearnt: [Int] = []
    for step in 0..<max(1, steps) where step == 0 || !shouldStop() {
      let start = clock.now
      try views.views(
        of: Array(0..<batch), seed: settings.seed, pass: step, cores: engine.cores, into: learner.views.base)
      let middle = clock.now
      // The rates of the run's first steps: the encoder stands still, and the cost is that of any step.
      let (losses, found) = learner.learn(
        ids: (0..<batch).map { (step * batch + $0) % count }, head: head, firstEpoch: true, rate: 0,
        centerRate: schedule.centerRate(epoch: 0, step: step))
      guard losses.representation.isFinite, losses.center.isFinite else {
        throw SeCuError(
          .badData, "a loss is not a finite number", at: "trial", position: "step \(step + 1)",
          remedy: settings.remedyForDivergence)
      }
      imagesLearnt.append(found?.kept ?? batch)
      viewSeconds.append((middle - start) / .seconds(1))
      learningSeconds.append((clock.now - middle) / .seconds(1))
    }
    (self.viewSeconds, self.learningSeconds, self.imagesLearnt) = (viewSeconds, learningSeconds, imagesLearnt)
  }

  /// The memory of the trial's own images: those of one batch.
  public static func imageBytes(_ settings: TrainingSettings, _ shape: ImageShape) -> Double {
    Double(settings.batch) * Double(shape.count)
  }

  private static func randomImages(_ count: Int, _ shape: ImageShape, seed: UInt64) throws -> ImageSet {
    var random = RandomStream(seed: seed, purpose: .benchmark)
    let pixels = [UInt8](unsafeUninitializedCapacity: count * shape.count) { pixels, filled in
      for i in pixels.indices { pixels[i] = UInt8(truncatingIfNeeded: random.nextWord()) }
      filled = pixels.count
    }
    return try ImageSet(name: "random images", shape: shape, pixels: pixels)
  }
}
