import Basics
import Kernels

/// What features are worth where classes are known: the accuracy of nearest neighbours and of a linear probe.
public struct FeatureScores: Sendable, Equatable {
  /// The accuracy of `NearestNeighbors`, 0 to 1; nil without anything to refer to.
  public var neighborAccuracy: Double?
  /// The accuracy of `LinearProbe` on its test images, 0 to 1; nil for fewer than two classes or without test images.
  public var probeAccuracy: Double?
  /// The images the neighbours were found for, each time among the others or among the reference images.
  public var queries: Int
  /// The images the probe was fitted to.
  public var probeTraining: Int
  /// The images it was tested on.
  public var probeTest: Int

  /// Scores features by themselves: leave-one-out neighbours, and a probe fitted to one half and tested on the other.
  ///
  /// - Parameters:
  ///   - labels: the class of each image, 0 or more.
  ///   - seed: decides the halves, in which classes are shared out evenly.
  /// - Throws: `SeCuError` of kind `.badData` unless there is a class for each image, of kind `.usage` for properties of `neighbors` or `probe`
  ///   out of range.
  public init(
    _ features: Features, labels: [Int], neighbors: NearestNeighbors = .init(), probe: LinearProbe = .init(),
    seed: UInt64 = 0, on engine: Engine
  ) throws {
    // This refuses labels that are not one a vector; the halves are made of labels alone.
    neighborAccuracy = try neighbors.accuracy(features, labels: labels, on: engine)
    queries = features.count
    let halves = StratifiedHalves(labels, seed: seed)
    (probeTraining, probeTest) = (halves.training.count, halves.test.count)
    let classifier = try probe.fit(
      features.subset(halves.training), labels: halves.training.map { labels[$0] }, on: engine)
    probeAccuracy = try classifier?.accuracy(
      features.subset(halves.test), labels: halves.test.map { labels[$0] }, on: engine)
  }

  /// Scores features by others, such as those of a test split by those of the training split: neighbours are found among the reference
  /// images, and the probe is fitted to all of them.
  ///
  /// - Parameters:
  ///   - labels, referenceLabels: the class of each image, 0 or more.
  /// - Throws: `SeCuError` of kind `.badData` unless there is a class for each image and all features are equally long, of kind `.usage` for
  ///   properties of `neighbors` or `probe` out of range.
  public init(
    _ features: Features, labels: [Int], reference: Features, referenceLabels: [Int],
    neighbors: NearestNeighbors = .init(), probe: LinearProbe = .init(), on engine: Engine
  ) throws {
    queries = features.count
    neighborAccuracy = try neighbors.accuracy(
      features, labels: labels, reference: reference, referenceLabels: referenceLabels, on: engine)
    (probeTraining, probeTest) = (reference.count, features.count)
    let classifier = try probe.fit(reference, labels: referenceLabels, on: engine)
    probeAccuracy = try classifier?.accuracy(features, labels: labels, on: engine)
  }
}
