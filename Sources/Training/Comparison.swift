import Basics
import Clustering
import Foundation
import Imaging
import Kernels

/// Methods side by side: each clusters the same images from the same seed, and is judged by the same head size.
public struct Comparison {
  /// What the methods share; each changes a few fields of it.
  public let settings: TrainingSettings
  /// What every method clusters.
  public let images: any ImageSource
  /// What they run on.
  public let engine: Engine
  /// K of the head that all are judged by.
  public let clusters: Int
  /// What k-means clusters: one row an image.
  private let points: ImagePoints

  /// One method's result from one seed. JSON has the fields' names with underscores.
  public struct Result: Codable, Sendable, Equatable {
    /// The method.
    public var method: ComparedMethod
    /// The seed of the run's random numbers.
    public var seed: UInt64
    /// Clustering accuracy, 0…1; nil, as the other scores, where images have no classes or the run diverged.
    public var acc: Double?
    /// Normalised mutual information, 0…1.
    public var nmi: Double?
    /// Adjusted Rand index, at most 1.
    public var ari: Double?
    /// Images in the smallest cluster.
    public var smallest: Int?
    /// Images in the largest cluster.
    public var largest: Int?
    /// Clusters without an image.
    public var empty: Int?
    /// The mean turn of the judged head's centers in an epoch, in degrees; the first epoch, in which the encoder stands still, left
    /// out.
    public var centerMovement: Double?
    /// ℓ_x + ℓ_w, the mean over the last epoch. The three center losses are not on one scale.
    public var loss: Double?
    /// The seconds that the run took, with its scoring and k-means.
    public var seconds: Double
    /// Why there is no result: where the losses stopped being numbers.
    public var diverged: String?

    enum CodingKeys: String, CodingKey {
      case method, seed, acc, nmi, ari, smallest, largest, empty, loss, seconds, diverged
      case centerMovement = "center_movement"
    }
  }

  /// - Parameters:
  ///   - settings: what the methods share.
  ///   - images: what they cluster.
  ///   - features: an encoder whose features k-means clusters; nil for the pixels.
  /// - Throws: `SeCuError` for settings that no method can run with or that belong to a later stage, or an encoder that doesn't fit them.
  public init(_ settings: TrainingSettings, images: any ImageSource, features: InitialWeights?, engine: Engine) throws {
    for (field, isSet) in [
      ("initialWeights", settings.initialWeights != nil), ("selfLabelling", settings.selfLabelling != nil),
    ] where isSet {
      throw SeCuError(
        .usage, "methods are compared from random weights on, and not in a later stage", at: field,
        remedy: "Take the field out of the settings")
    }
    try settings.validate(for: images)
    (self.settings, self.images, self.engine) = (settings, images, engine)
    clusters = settings.heads[EvaluatedHead.index(heads: settings.heads, classes: images.classCount)]
    if let features {
      let learner = try Learner(settings, images: images.count, engine: engine)
      learner.initialize(seed: settings.seed)
      try features.apply(to: learner)
      points = try ImagePoints(learner.features(ViewMaker(images, settings)))
    } else {
      points = try ImagePoints(pixelsOf: images, seed: settings.seed, cores: engine.cores)
    }
  }

  /// Checks what methods make of the settings, so that what is wrong with one is known before any of them runs.
  ///
  /// - Throws: `SeCuError` for a method that these images don't allow, or that needs more memory than there is.
  public func check(_ methods: [ComparedMethod]) throws {
    for method in methods where method.learns {
      let settings = method.settings(from: settings, images: images.count)
      do {
        try settings.validate(images: images.count)
        try settings.checkMemory(for: images, threads: engine.cores.threads)
      } catch var error as SeCuError {
        error.problem = "\(method.rawValue): \(error.problem)"
        error.remedy = "\(error.remedy.map { "\($0), or l" } ?? "L")eave this method out of --methods"
        throw error
      }
    }
  }

  /// Runs one method.
  ///
  /// - Parameters:
  ///   - seed: of weights, views, orders and starting centers.
  ///   - shouldStop: asked before every step.
  ///   - handle: receives the events of the training.
  /// - Returns: the result, also of a run that diverged; nil if it was stopped.
  /// - Throws: what a `Trainer` with the method's settings throws but for divergence, what k-means throws, and what `handle` throws.
  public func run(
    _ method: ComparedMethod, seed: UInt64, shouldStop: () -> Bool = { false },
    handle: (TrainingEvent) throws -> Void = { _ in }
  ) throws -> Result? {
    var settings = method.settings(from: settings, images: images.count)
    settings.seed = seed
    let clock = ContinuousClock(), start = clock.now
    var result = Result(method: method, seed: seed, seconds: 0)
    let labels: [Int]
    if method.learns {
      guard let learnt = try learn(settings, &result, shouldStop, handle) else { return nil }
      labels = learnt
    } else {
      labels = try kMeans(points, seed: seed, isSpherical: method == .sphericalKMeans)
    }
    result.seconds = (clock.now - start) / .seconds(1)
    if result.diverged == nil {
      try judge(labels, method.learns ? images.labels : images.labels.map(points.labels), &result)
    }
    return result
  }

  /// Trains a network and clusters by it; no labels if it diverged, nil if it was stopped.
  private func learn(
    _ settings: TrainingSettings, _ result: inout Result, _ shouldStop: () -> Bool,
    _ handle: (TrainingEvent) throws -> Void
  ) throws -> [Int]? {
    let trainer = try Trainer(settings, images: images, engine: engine)
    var movements: [Double] = [], loss: Double?
    do {
      try trainer.run(shouldStop: shouldStop) { event in
        if case .epochEnded(let report) = event {
          if report.epoch > 0, let movement = report.centerMovement { movements.append(movement) }
          loss = report.representationLoss + report.centerLoss
        }
        try handle(event)
      }
    } catch let error as SeCuError where trainer.hasDiverged {
      result.diverged = error.position ?? error.problem
      return []
    }
    guard trainer.isFinished else { return nil }
    result.loss = loss
    result.centerMovement = movements.isEmpty ? nil : movements.reduce(0, +) / Double(movements.count)
    if result.method == .twoStage {
      let features = try trainer.learner.features(trainer.viewMaker)
      return try kMeans(ImagePoints(features), seed: settings.seed, isSpherical: true)
    }
    return try trainer.evaluate().assignments.map(\.cluster)
  }

  private func kMeans(_ points: ImagePoints, seed: UInt64, isSpherical: Bool) throws -> [Int] {
    try KMeans(clusters: clusters, seed: seed, isSpherical: isSpherical)
      .fit(points.values, dimensions: points.dimensions, cores: engine.cores).assignments
  }

  private func judge(_ labels: [Int], _ classes: [Int]?, _ result: inout Result) throws {
    let sizes = clusterSizes(labels, clusters: clusters)
    result.smallest = sizes.min()
    result.largest = sizes.max()
    result.empty = sizes.count { $0 == 0 }
    guard let classes else { return }
    let scores = try ClusteringScores(clusterLabels: labels, classLabels: classes)
    (result.acc, result.nmi, result.ari) = (scores.accuracy, scores.nmi, scores.ari)
  }
}
