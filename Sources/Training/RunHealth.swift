import Clustering
import Foundation

/// A sign that a run goes wrong: what was seen, why it matters, and what to change.
public struct RunWarning: Sendable, Equatable, CustomStringConvertible {
  /// The signs that are looked for, by their names in `metrics.jsonl`.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// One cluster holds nearly all images.
    case collapse
    /// Clusters without an image.
    case emptyClusters = "empty_clusters"
    /// Dual variables outweigh similarities.
    case runawayDuals = "runaway_duals"
    /// A loss is what uniform predictions give, or above, or labels move as if drawn at random.
    case nothingLearnt = "nothing_learnt"
    /// At the end, a cluster is far below the size constraint's bound.
    case smallCluster = "small_cluster"
    /// In self-labelling, no label of a cluster is believed.
    case unsureClusters = "unsure_clusters"
  }

  /// Which sign it is.
  public var kind: Kind
  /// What was seen, with its figures: a clause without a final full stop.
  public var seen: String
  /// Why that matters, as such a clause.
  public var reason: String
  /// Names options of `secu train`, with their values now and those that are usual.
  public var change: String

  /// All three as one line.
  public var description: String { "\(seen): \(reason). \(change)." }
}

/// What a run's numbers say about its health: a function of one `EpochReport` and of what does not change in a run.
///
/// Epoch 0 is never judged, as its encoder stands still and its centers begin at random. The next ones are wild also in a healthy run:
/// on the digits, with 4 epochs of warm-up, epoch 1 left 3 of 10 clusters empty, and in epochs 3 to 5 the center loss was above that of
/// uniform predictions. Only epochs from twice the warm-up on are judged, and always the last one. With N images, K clusters
/// in the evaluated head, and the size constraint's γ:
///
///     collapse         largest cluster ≥ 0.9·N
///     empty clusters   any
///     runaway duals    max ρ − min ρ > 2 in a head: similarities, −1 to 1, differ by 2 at most
///     nothing learnt   ℓ ≥ U − min(0.02·U, 0.05/t), ℓ either loss, t its temperature, U the mean of ln K over the heads: the loss
///                      of uniform predictions. 0.05/t is what a similarity greater by 0.05 brings. Or the share of labels that
///                      moved ≥ 0.9·(1 − 1/K), of which 1 − 1/K is chance: features that are all alike, in clusters kept even
///                      by the constraint
///     small cluster    at the end, smallest < γN/K / 2 and more than 3·√(N/K) below γN/K, which is chance in a small data set
///     unsure clusters  in self-labelling, some clusters have images above the threshold and others none: these are only ever pushed
///                      away from, and their images go over to the others
public struct RunHealth: Sendable {
  private let settings: TrainingSettings
  private let images: Int
  private let clusters: Int
  private let uniformLoss: Double

  /// - Parameters:
  ///   - settings: those of the run.
  ///   - images: N, at least 2.
  ///   - evaluatedHead: the head whose cluster sizes are reported.
  package init(_ settings: TrainingSettings, images: Int, evaluatedHead: Int) {
    self.settings = settings
    self.images = images
    clusters = settings.heads[evaluatedHead]
    uniformLoss = settings.heads.reduce(0) { $0 + log(Double($1)) } / Double(settings.heads.count)
  }

  /// The signs in an epoch's numbers, in the order of `RunWarning.Kind`; none in a healthy run.
  public func warnings(_ report: EpochReport) -> [RunWarning] {
    guard report.epoch > 0, report.epoch >= min(2 * settings.warmupEpochs, settings.epochs - 1) else { return [] }
    let sizes = [collapse(report.largestCluster), emptyClusters(report.emptyClusters)]
    // Self-labelling has neither SeCu's losses nor its constraint.
    let others =
      settings.selfLabelling == nil
      ? [runawayDuals(report), nothingLearnt(report), smallCluster(report)] : [unsureClusters(report)]
    return (sizes + others).compactMap(\.self)
  }

  /// The signs in what a run ends with, the clusters of clean images, which may be other than those of the views it learned from.
  ///
  /// - Parameter sizes: the images in each cluster of the evaluated head.
  public func warnings(ofResult sizes: [Int]) -> [RunWarning] {
    // Where every image was a cluster of its own, nothing kept these apart.
    guard settings.constraint.kind != .instance || settings.selfLabelling != nil else { return [] }
    return [collapse(sizes.max() ?? 0), emptyClusters(sizes.count { $0 == 0 })].compactMap(\.self).map { warning in
      var warning = warning
      if settings.selfLabelling == nil { warning.change += ". More --epochs (now \(settings.epochs)) may do, too" }
      return warning
    }
  }

  private func collapse(_ largest: Int) -> RunWarning? {
    guard Double(largest) >= 0.9 * Double(images) else { return nil }
    return RunWarning(
      kind: .collapse, seen: "\(largest) of \(images) images are in one of \(clusters) clusters",
      reason: "the clusters tell hardly any images apart", change: strongerConstraint)
  }

  private func emptyClusters(_ empty: Int) -> RunWarning? {
    guard empty > 0 else { return nil }
    return RunWarning(
      kind: .emptyClusters, seen: "\(empty) of \(clusters) clusters \(empty == 1 ? "is" : "are") empty",
      reason: "there are fewer clusters than asked for",
      change: settings.selfLabelling == nil
        ? "\(strongerConstraint), or ask for fewer clusters in --heads" : strongerConstraint)
  }

  private func runawayDuals(_ report: EpochReport) -> RunWarning? {
    guard case .size(let constraint) = settings.constraint, let spread = report.dualSpread, spread > 2 else {
      return nil
    }
    let usual = SizeConstraint().dualRate
    return RunWarning(
      kind: .runawayDuals,
      seen: String(format: "dual variables of a head differ by %.1f, and similarities by 2 at most", spread),
      reason: "which cluster an image joins is decided by the sizes and not by the image",
      change: constraint.dualRate > usual
        ? "Begin anew with a smaller --dual-rate (now \(constraint.dualRate), usually \(usual))"
        : "Begin anew with a smaller --ratio (now \(constraint.ratio)) or fewer clusters in --heads")
  }

  private func nothingLearnt(_ report: EpochReport) -> RunWarning? {
    guard let seen = stuckLoss(report) ?? randomLabels(report) else { return nil }
    return RunWarning(
      kind: .nothingLearnt, seen: seen, reason: "the features don't tell clusters apart, so nothing is learnt",
      change:
        "Begin anew with another --rate (now \(settings.rate)) or --center-rate (now \(settings.centerRate)), less "
        + "--weight-decay (now \(settings.weightDecay), usually 0.0001), or on few images with more --passes (now "
        + "\(settings.passesPerEpoch))")
  }

  private func stuckLoss(_ report: EpochReport) -> String? {
    let losses = settings.losses
    let judged: [(name: String, value: Double, temperature: Float)] = [
      ("the representation loss", report.representationLoss, losses.representationTemperature),
      ("the center loss", report.centerLoss, losses.centerTemperature),
    ]
    for loss in judged
    where loss.value >= uniformLoss - min(0.02 * uniformLoss, 0.05 / Double(loss.temperature)) {
      return String(
        format: "%@ is %.3f, and uniform predictions give %.3f (the mean of ln K over the heads)", loss.name,
        loss.value, uniformLoss)
    }
    return nil
  }

  private func randomLabels(_ report: EpochReport) -> String? {
    let chance = 1 - 1 / Double(clusters)
    guard report.labelsMoved >= 0.9 * chance else { return nil }
    return String(
      format: "%.0f %% of the images change their cluster whenever they are seen, and by chance %.0f %% would",
      100 * report.labelsMoved, 100 * chance)
  }

  private func smallCluster(_ report: EpochReport) -> RunWarning? {
    guard case .size(let constraint) = settings.constraint, report.epoch == settings.epochs - 1 else { return nil }
    let mean = Double(images) / Double(clusters), bound = Double(constraint.ratio) * mean
    guard Double(report.smallestCluster) < min(bound / 2, bound - 3 * mean.squareRoot()) else { return nil }
    return RunWarning(
      kind: .smallCluster,
      seen: String(
        format: "the smallest cluster ends with %ld images, and the size constraint asks for %.0f",
        report.smallestCluster, bound),
      reason: "the constraint did not hold",
      change: "Begin anew with a larger --dual-rate (now \(constraint.dualRate)) or more --epochs (now "
        + "\(settings.epochs)), or with a smaller --ratio (now \(constraint.ratio)) if such clusters are right")
  }

  private func unsureClusters(_ report: EpochReport) -> RunWarning? {
    guard let threshold = settings.selfLabelling?.threshold, let unsure = report.unsureClusters,
      (1..<clusters).contains(unsure)
    else { return nil }
    return RunWarning(
      kind: .unsureClusters, seen: "\(unsure) of \(clusters) clusters had no image above the threshold",
      reason: "such clusters lose their images to the others, and the scores fall",
      change: "Begin anew with a lower --threshold (now \(threshold)), or train the run in --init for longer")
  }

  /// How to keep clusters more even: by the constraint if it is weaker than usual, else by slower learning.
  private var strongerConstraint: String {
    if let threshold = settings.selfLabelling?.threshold {
      // No constraint is applied there. Where few images are sure, their clusters draw the others to them.
      return "Begin anew with a lower --rate (now \(settings.rate)), fewer --epochs (now \(settings.epochs)) or "
        + "another --threshold (now \(threshold))"
    }
    let usual = SizeConstraint(), usualAlpha = EntropyConstraint.published.alpha
    switch settings.constraint {
    case .size(let constraint) where constraint.ratio < usual.ratio:
      return "Begin anew with a larger --ratio (now \(constraint.ratio), usually \(usual.ratio))"
    case .size(let constraint) where constraint.dualRate < usual.dualRate:
      return "Begin anew with a larger --dual-rate (now \(constraint.dualRate), usually \(usual.dualRate))"
    case .entropy(let constraint) where perImage(constraint) < usualAlpha:
      return "Begin anew with a larger --alpha-per-image (now \(perImage(constraint)), usually \(usualAlpha))"
    case .size, .entropy, .instance:
      return "Begin anew with a lower --rate (now \(settings.rate)), --center-rate (now \(settings.centerRate)) or "
        + "--weight-decay (now \(settings.weightDecay), usually 0.0001)"
    }
  }

  /// α/N.
  private func perImage(_ constraint: EntropyConstraint) -> Float {
    constraint.isPerImage ? constraint.alpha : constraint.alpha / Float(images)
  }
}

extension ClusterHeads {
  /// The greatest difference between two dual variables ρ of one head, over all heads.
  var dualSpread: Double {
    clusters.indices.reduce(0) { spread, h in
      let rows = rowOffsets[h]..<rowOffsets[h + 1]
      let least = rows.reduce(Float.infinity) { min($0, duals.base[$1]) }
      let greatest = rows.reduce(-Float.infinity) { max($0, duals.base[$1]) }
      return max(spread, Double(greatest - least))
    }
  }
}
