import Basics
import Clustering

/// A way to cluster, to be compared with others on the same images, network, views and schedule.
///
/// The first five run in SeCu's loop, with its representation loss against frozen centers and its schedule. `secu`, `crossEntropy` and `coke`
/// differ in one line, the gradient of the centers, and the paper's claim is about that line. `secuEntropy` and `twoStage` differ from
/// `secu` and `crossEntropy` in the constraint.
public enum ComparedMethod: String, CaseIterable, Codable, Sendable {
  /// SeCu with the size constraint.
  case secu
  /// SeCu with the entropy constraint.
  case secuEntropy = "secu-entropy"
  /// Conventional cluster discrimination: every center receives gradient from every image (`Discrimination.crossEntropy`).
  case crossEntropy = "cross-entropy"
  /// CoKe's k-means centers: every image weighs the same (`Discrimination.uniform`).
  case coke
  /// Learn first, cluster after: instance discrimination (`AssignmentConstraint.instance`), then spherical k-means on its features.
  case twoStage = "two-stage"
  /// k-means++ on fixed features: pixels, or those of an encoder.
  case kMeans = "k-means"
  /// Spherical k-means on the same.
  case sphericalKMeans = "spherical-k-means"

  /// What it is, in a line without a full stop.
  public var summary: String {
    switch self {
    case .secu: "SeCu with the size constraint"
    case .secuEntropy: "SeCu with the entropy constraint"
    case .crossEntropy: "cross-entropy cluster discrimination: all centers receive gradient"
    case .coke: "CoKe's k-means centers: all images weigh the same"
    case .twoStage: "instance discrimination first, spherical k-means on its features after"
    case .kMeans: "k-means++ on fixed features"
    case .sphericalKMeans: "spherical k-means on fixed features"
    }
  }

  /// Whether a network is trained.
  public var learns: Bool { self != .kMeans && self != .sphericalKMeans }

  /// `base` with what this method changes.
  ///
  /// - Parameter images: N.
  func settings(from base: TrainingSettings, images: Int) -> TrainingSettings {
    var settings = base
    switch self {
    case .secu, .crossEntropy, .coke:
      if case .size = base.constraint {} else { settings.constraint = .size(SizeConstraint()) }
    case .secuEntropy:
      if case .entropy = base.constraint {} else { settings.constraint = .entropy(.published) }
    case .twoStage:
      settings.constraint = .instance
      settings.heads = [images]
    case .kMeans, .sphericalKMeans: break
    }
    switch self {
    case .secu, .secuEntropy: settings.losses.discrimination = .stable
    case .crossEntropy, .twoStage: settings.losses.discrimination = .crossEntropy
    case .coke: settings.losses.discrimination = .uniform
    case .kMeans, .sphericalKMeans: break
    }
    return settings
  }
}
