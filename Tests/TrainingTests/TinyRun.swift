import Basics
import Foundation
import Imaging
import Kernels
import Networks
import Testing

@testable import Training

/// A run that takes a few milliseconds: 6×6 images, a network of two blocks, two heads.
enum TinyRun {
  /// 13 images: with batches of 4, the last image of each pass is left out.
  static let settings = TrainingSettings(
    data: "tiny", preset: "tiny", seed: 3, epochs: 3, passesPerEpoch: 2, batch: 4, heads: [3, 5],
    network: ResNet(height: 6, width: 6, channels: 1, widths: [4, 6], blocks: [1, 1], dimension: 8),
    augmentation: augmentation, rate: 0.1, centerRate: 0.5, warmupEpochs: 2)

  private static let augmentation = {
    var recipe = Augmentation()
    (recipe.smallestCrop, recipe.largestShift, recipe.noise) = (0.7, 0.1, 0.05)
    return recipe
  }()

  /// `settings` with changes.
  static func settings(_ change: (inout TrainingSettings) -> Void) -> TrainingSettings {
    var settings = settings
    change(&settings)
    return settings
  }

  /// `settings` without clustering: every image is a class of its own, told apart by cross-entropy.
  static let instanceDiscrimination = settings {
    ($0.constraint, $0.losses.discrimination, $0.heads) = (.instance, .crossEntropy, [13])
  }

  /// Images of three classes: a bright stripe at one of three heights, and noise.
  static func images(_ count: Int = 13, seed: UInt64 = 1, channels: Int = 1, labelled: Bool = true) throws -> ImageSet {
    var random = RandomStream(seed: seed, purpose: .benchmark)
    let shape = try ImageShape(height: 6, width: 6, channels: channels)
    let labels = (0..<count).map { $0 % 3 }
    let pixels = labels.flatMap { (label: Int) -> [UInt8] in
      (0..<shape.count).map { (i: Int) -> UInt8 in
        let base: UInt8 = i / channels / 12 == label ? 180 : 20
        return base + UInt8(random.nextWord() % 60)
      }
    }
    return try ImageSet(
      name: "tiny", shape: shape, pixels: pixels, labels: labelled ? labels : nil,
      classNames: labelled ? ["top", "middle", "bottom"] : nil)
  }

  static func trainer(
    _ settings: TrainingSettings = settings, images count: Int = 13, engine: Engine = makeEngine(widest, 1)
  ) throws -> Trainer {
    try Trainer(settings, images: images(count), engine: engine)
  }

  static var widest: InstructionSet { InstructionSet.available.last ?? .portable }

  /// A run that has ended, with everything in `folder`.
  @discardableResult
  static func finished(in folder: URL, _ settings: TrainingSettings = settings) throws -> (Trainer, Evaluation) {
    let trainer = try trainer(settings)
    let recorder = try RunRecorder(trainer, folder: RunFolder.create(at: folder))
    try trainer.run(handle: recorder.handle)
    let evaluation = try trainer.evaluate()
    try recorder.save(evaluation)
    return (trainer, evaluation)
  }
}

/// Everything that a run's future depends on, bit by bit, taken from the trainer rather than from a checkpoint: what a
/// checkpoint forgets shows as a difference.
struct RunState: Equatable {
  private let floats: [[UInt32]]
  private let labels: [[Int32]]
  private let counts: [[Int]]
  private let isAssigned: [Bool]
  private let batchesTracked: Int
  private var progress: Trainer.Progress

  init(_ trainer: Trainer) {
    let learner = trainer.learner, heads = learner.heads
    floats = [
      learner.network.parameters, learner.network.statistics, learner.encoderOptimizer.velocity, heads.centers,
      learner.centerOptimizer.velocity, heads.frozenCenters, heads.duals,
    ].map { $0.values.map(\.bitPattern) }
    (labels, counts, isAssigned) = (heads.labels, heads.counts, heads.isAssigned)
    batchesTracked = learner.network.batchesTracked
    progress = trainer.progress
    (progress.seconds, progress.viewSeconds) = (0, 0)
  }
}

extension Trainer {
  /// Trains for `steps` steps, or to the end.
  func run(steps: Int, handle: (TrainingEvent) throws -> Void = { _ in }) throws {
    var left = steps
    try run(shouldStop: { left == 0 }) { event in
      if case .stepped = event { left -= 1 }
      try handle(event)
    }
  }
}

extension EpochReport {
  /// Without what a clock says.
  var timeless: EpochReport {
    var report = self
    (report.seconds, report.imagesPerSecond, report.dataWait) = (0, 0, nil)
    return report
  }
}

/// The `SeCuError` that `body` throws.
@discardableResult
func failure<Result>(
  _ kind: SeCuError.Kind? = nil, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Result
) throws -> SeCuError {
  let error = try #require(throws: SeCuError.self, sourceLocation: sourceLocation) { _ = try body() }
  if let kind { #expect(error.kind == kind, "\(error)", sourceLocation: sourceLocation) }
  return error
}
