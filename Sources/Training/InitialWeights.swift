import Basics
import Clustering
import Foundation
import Interchange
import Networks

/// What a run starts from instead of random weights: another run, or a file of weights, which may come from PyTorch.
///
/// Either gives its encoder and, where the heads agree, its centers, if a file has `center_h` [d, K] beside the encoder's tensors.
/// Velocities, labels and duals begin anew: the images may be others.
///
/// The published program has no such start. Its paper trains STL-10 in two stages, first on all images and then on those of the
/// labelled splits; how the second one takes up the first is this project's reading: `secu train --init RUN`.
public struct InitialWeights: Sendable {
  private enum Source {
    case run(Checkpoint)
    /// Names are without wrappers' prefixes.
    case file(SafeTensors)
  }

  private let source: Source
  /// The path, as it was given.
  public let name: String

  /// Reads a run's folder or a safetensors file with an encoder's tensors and maybe centers.
  ///
  /// - Throws: `SeCuError` if nothing is there, or what is there is neither, damaged or truncated, or if two tensors differ in their
  ///   wrappers' prefixes alone.
  public init(contentsOf url: URL) throws {
    name = url.relativePath
    switch (try? FileStatus(at: url.path))?.kind {
    case nil:
      throw SeCuError(
        .noInput, "there is no such file or folder", at: name,
        remedy: "Name a run's folder or a safetensors file of weights")
    case .folder: source = .run(try RunFolder.open(url).readCheckpoint())
    default: source = .file(try SafeTensors(contentsOf: url).droppingWrapperPrefixes())
    }
  }

  /// The settings of the run, nil for a file.
  public var settings: TrainingSettings? {
    guard case .run(let checkpoint) = source else { return nil }
    return checkpoint.settings
  }

  /// Whether a run with `settings` starts from centers too: those of the same heads and length of features.
  public func hasCenters(for settings: TrainingSettings) -> Bool {
    centersFault(heads: settings.heads, dimension: settings.network.dimension) == nil
  }

  /// What keeps a run with such heads from starting from these centers; nil if nothing does.
  private func centersFault(heads: [Int], dimension: Int) -> String? {
    switch source {
    case .run(let checkpoint):
      let old = checkpoint.settings.heads, length = checkpoint.settings.network.dimension
      if old == heads, length == dimension { return nil }
      return "it has heads of \(old.map(String.init).joined(separator: ", ")) clusters and features of \(length)"
    case .file(let file): return ClusterHeads.centersFault(in: file, clusters: heads, dimension: dimension)
    }
  }

  /// What starts from these weights in a run with `settings`: `its encoder and centers`, or `its encoder; centers are new` with what keeps
  /// those that are there from being taken.
  package func taken(by settings: TrainingSettings) -> String {
    guard let fault = centersFault(heads: settings.heads, dimension: settings.network.dimension) else {
      return "its encoder and centers"
    }
    if case .file(let file) = source, !file.tensors.keys.contains(where: { $0.hasPrefix("center_") }) {
      return "its encoder; centers are new"
    }
    return "its encoder; centers are new, as \(fault)"
  }

  /// Puts the encoder, and the centers where heads agree, into a learner that has just been initialised.
  ///
  /// - Throws: `SeCuError` of kind `.badData` that names the tensors which don't fit the learner's network.
  func apply(to learner: Learner) throws {
    let heads = learner.heads
    let hasCenters = centersFault(heads: heads.clusters, dimension: heads.dimension) == nil
    switch source {
    case .file(let file):
      try learner.network.load(file, name: name)
      if hasCenters { try heads.loadCenters(file) }
    case .run(let checkpoint):
      try learner.network.load(checkpoint.encoder(), name: name)
      if hasCenters { try checkpoint.restoreCenters(heads) }
    }
    if let broken = learner.firstNonFinite {
      throw SeCuError(
        .badData, "tensor \(broken) holds numbers that are not finite", at: name,
        remedy: "Take the weights of a run that did not diverge")
    }
  }
}
