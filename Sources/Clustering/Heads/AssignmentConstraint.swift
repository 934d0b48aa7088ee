/// What keeps clusters from collapsing while images are assigned: a lower bound on their sizes, or the entropy of all sizes.
///
/// In JSON: `{"kind": "size", "dualRate": 0.1, "ratio": 0.9}` or `{"kind": "entropy", "alpha": 0.12, "isPerImage": true}`.
public enum AssignmentConstraint: Hashable, Sendable {
  case size(SizeConstraint)
  case entropy(EntropyConstraint)
}

extension AssignmentConstraint: Codable {
  private enum Kind: String, Codable {
    case size, entropy
  }

  private enum CodingKeys: String, CodingKey {
    case kind
  }

  public init(from decoder: any Decoder) throws {
    switch try decoder.container(keyedBy: CodingKeys.self).decode(Kind.self, forKey: .kind) {
    case .size: self = .size(try SizeConstraint(from: decoder))
    case .entropy: self = .entropy(try EntropyConstraint(from: decoder))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .size(let constraint):
      try container.encode(Kind.size, forKey: .kind)
      try constraint.encode(to: encoder)
    case .entropy(let constraint):
      try container.encode(Kind.entropy, forKey: .kind)
      try constraint.encode(to: encoder)
    }
  }
}
