import Basics
import Foundation
import Interchange
import Networks

/// What a run starts from instead of random weights: another run, or an encoder's file.
///
/// A run gives its encoder and, where the heads agree, its centers; an encoder's file, which may come from PyTorch, gives the
/// encoder alone. Velocities, labels and duals begin anew: the images may be others.
///
/// The published program has no such start. Its paper trains STL-10 in two stages, first on all images and then on those of the
/// labelled splits; how the second one takes up the first is this project's reading: `secu train --init RUN`.
public struct InitialWeights: Sendable {
  private enum Source {
    case run(Checkpoint)
    case encoder(SafeTensors)
  }

  private let source: Source
  /// The path, as it was given.
  public let name: String

  /// Reads a run's folder or an encoder's safetensors file.
  ///
  /// - Throws: `SeCuError` if nothing is there, or what is there is neither, damaged or truncated.
  public init(contentsOf url: URL) throws {
    name = url.relativePath
    switch (try? FileStatus(at: url.path))?.kind {
    case nil:
      throw SeCuError(
        .noInput, "there is no such file or folder", at: name,
        remedy: "Name a run's folder or an encoder's safetensors file")
    case .folder: source = .run(try RunFolder.open(url).readCheckpoint())
    default: source = .encoder(try SafeTensors(contentsOf: url))
    }
  }

  /// The settings of the run, nil for an encoder's file.
  public var settings: TrainingSettings? {
    guard case .run(let checkpoint) = source else { return nil }
    return checkpoint.settings
  }

  /// Whether a run with `settings` starts from centers too: those of a run with the same heads and length of features.
  public func hasCenters(for settings: TrainingSettings) -> Bool {
    hasCenters(heads: settings.heads, dimension: settings.network.dimension)
  }

  private func hasCenters(heads: [Int], dimension: Int) -> Bool {
    guard let theirs = settings else { return false }
    return theirs.heads == heads && theirs.network.dimension == dimension
  }

  /// Puts the encoder, and the centers where heads agree, into a learner that has just been initialised.
  ///
  /// - Throws: `SeCuError` of kind `.badData` that names the tensors which don't fit the learner's network.
  func apply(to learner: Learner) throws {
    switch source {
    case .encoder(let file): try learner.network.load(file, name: name)
    case .run(let checkpoint):
      try learner.network.load(checkpoint.encoder(), name: name)
      if hasCenters(heads: learner.heads.clusters, dimension: learner.heads.dimension) {
        try checkpoint.restoreCenters(learner.heads)
      }
    }
    if let broken = learner.firstNonFinite {
      throw SeCuError(
        .badData, "tensor \(broken) holds numbers that are not finite", at: name,
        remedy: "Take the weights of a run that did not diverge")
    }
  }
}
