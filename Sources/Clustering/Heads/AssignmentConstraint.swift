import Basics

/// What keeps clusters from collapsing while images are assigned: a lower bound on their sizes, the entropy of all sizes, or that
/// nothing is assigned at all.
///
/// In JSON: `{"kind": "size", "dualRate": 0.1, "ratio": 0.9}`, `{"kind": "entropy", "alpha": 0.12, "isPerImage": true}` or
/// `{"kind": "instance"}`.
public enum AssignmentConstraint: Hashable, Sendable {
  /// No cluster should be small, each by itself.
  case size(SizeConstraint)
  /// All sizes together should be even.
  case entropy(EntropyConstraint)
  /// Every image is a cluster of its own: image i belongs to cluster i, always. Each head must have K = N clusters.
  ///
  /// This learns features without clustering them, the first stage of the two-stage methods that SeCu is compared with. With the
  /// discrimination `crossEntropy` it is instance discrimination in its parametric form, a soft-max over one weight vector an image
  /// (Z. Wu, Y. Xiong, S. Yu, D. Lin, "Unsupervised Feature Learning via Non-parametric Instance Discrimination", CVPR 2018,
  /// section 3.1, who then replace the weights by stored features). That the weights are SeCu's centers, in its loop and beside its
  /// representation loss, is this project's.
  case instance
}

extension AssignmentConstraint {
  /// The constraint without its parameters, by its name in JSON and on the command line.
  public enum Kind: String, CaseIterable, Codable, Sendable {
    case size, entropy, instance
  }

  /// Which of them it is.
  public var kind: Kind {
    switch self {
    case .size: .size
    case .entropy: .entropy
    case .instance: .instance
    }
  }
}

extension AssignmentConstraint: Codable {
  private enum CodingKeys: String, CodingKey {
    case kind
  }

  /// - Throws: `SeCuError` of kind `.badData` for an unknown kind; `DecodingError` for a missing kind or a malformed field.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    switch try container.choiceIfPresent(Kind.self, forKey: .kind) {
    case .size: self = .size(try SizeConstraint(from: decoder))
    case .entropy: self = .entropy(try EntropyConstraint(from: decoder))
    case .instance: self = .instance
    case nil:
      throw DecodingError.keyNotFound(
        CodingKeys.kind, .init(codingPath: container.codingPath, debugDescription: "no kind of constraint"))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(kind, forKey: .kind)
    switch self {
    case .size(let constraint): try constraint.encode(to: encoder)
    case .entropy(let constraint): try constraint.encode(to: encoder)
    case .instance: break
    }
  }
}
