import Basics
import Clustering
import Foundation
import Imaging
import Interchange
import Kernels

/// The encoder and the centers of a run that has ended, to cluster images with; for one thread at a time.
public final class TrainedModel {
  /// The settings of the run.
  public let settings: TrainingSettings
  /// What the encoder runs on.
  public var instructionSet: InstructionSet { learner.engine.instructionSet }
  private let learner: Learner
  /// The head that the run was judged by.
  public let evaluatedHead: Int

  /// Reads the encoder from `encoder.safetensors`, the centers from `checkpoint`, and the settings from `config.json`. Encoder and settings
  /// must be the checkpoint's.
  ///
  /// - Throws: `SeCuError` if a file is missing, damaged, or does not fit the others.
  public init(_ folder: RunFolder, engine: Engine) throws {
    try folder.checkIsThere()
    guard FileManager.default.fileExists(atPath: folder.encoder.path) else {
      throw SeCuError(
        .noInput, "the run has not ended (encoder.safetensors is missing)", at: folder.url.relativePath,
        remedy: "Go on with it: secu train --resume --output \(folder.url.relativePath.asArgument)")
    }
    let checkpoint = try folder.readCheckpoint()
    settings = checkpoint.settings
    evaluatedHead = checkpoint.evaluatedHead ?? EvaluatedHead.index(heads: settings.heads, classes: nil)
    // Only the images of one batch are in memory at a time; labels are not needed. An image's features do not depend on the
    // others of its batch, which may therefore be smaller than in training.
    var settings = settings
    // No constraint applies to finding the nearest center, and `instance` would ask for a cluster an image.
    settings.constraint = .size(SizeConstraint())
    learner = try Learner(settings, images: min(settings.batch, 128), engine: engine)
    try checkpoint.restoreModel(learner)
    let network = learner.network
    let (parameters, statistics) = (network.parameters.values, network.statistics.values)
    try network.load(SafeTensors(contentsOf: folder.encoder), name: folder.encoder.relativePath)
    if let broken = learner.firstNonFinite {
      throw SeCuError(
        .badData, "tensor \(broken) holds numbers that are not finite", at: folder.encoder.relativePath,
        remedy: "Put back the file as the run wrote it")
    }
    guard network.parameters.values == parameters, network.statistics.values == statistics else {
      throw SeCuError(
        .badData, "the encoder is not that of the run's checkpoint", at: folder.encoder.relativePath,
        remedy: "Let the run end, which writes both, or put back the file; a changed encoder can begin a run of its own"
      )
    }
  }

  /// The head that images are judged by: the one that fits their classes, as `EvaluatedHead` has it; for images without classes the
  /// one that the run was judged by.
  public func head(for images: any ImageSource) -> Int {
    images.classCount.map { EvaluatedHead.index(heads: settings.heads, classes: $0) } ?? evaluatedHead
  }

  /// Clusters `images`.
  ///
  /// - Parameter head: the head to use; nil for `head(for: images)`.
  /// - Throws: `SeCuError` of kind `.usage` for a head that is not there or images of other channels; what reading an image throws.
  public func evaluate(_ images: any ImageSource, head: Int? = nil) throws -> Evaluation {
    let head = head ?? self.head(for: images)
    try check(head: head)
    return try evaluate(images, projections: features(of: images), head: head)
  }

  /// Clusters `images` by their projections: so that several heads need one look at the images.
  ///
  /// - Parameters:
  ///   - projections: what `features(of:)` returned for `images`, [images.count, d].
  ///   - head: the head to use.
  /// - Throws: `SeCuError` of kind `.usage` for a head that is not there, or features that are no projections of so many images.
  public func evaluate(_ images: any ImageSource, projections: Features, head: Int) throws -> Evaluation {
    try check(head: head)
    let dimension = settings.network.dimension
    guard projections.dimension == dimension, projections.count == images.count else {
      throw SeCuError(
        .usage,
        "expected \(images.count) projections of \(dimension) numbers, found \(projections.count) of "
          + "\(projections.dimension)", at: images.name, remedy: "Pass what features(of:) returned for these images")
    }
    return try learner.evaluate(projections, of: images, head: head)
  }

  /// The unit features of `images`, clean and with running batch-norm statistics.
  ///
  /// - Throws: `SeCuError` of kind `.usage` for images of other channels; what reading an image throws.
  public func features(of images: any ImageSource, _ kind: FeatureKind = .projection) throws -> Features {
    try settings.checkChannels(images.channels, of: images.name)
    return try learner.features(ViewMaker(images, settings), kind)
  }

  /// The number of clusters of a head.
  ///
  /// - Throws: `SeCuError` of kind `.usage` for a head that is not there.
  public func clusters(ofHead head: Int) throws -> Int {
    try check(head: head)
    return settings.heads[head]
  }

  private func check(head: Int) throws {
    guard settings.heads.indices.contains(head) else {
      throw SeCuError(
        .usage, "the run has no head \(head)", at: "--head", remedy: "Its heads are 0 to \(settings.heads.count - 1)")
    }
  }
}
