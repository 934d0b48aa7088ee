import Basics

/// How parameters follow their gradients.
///
/// In JSON: `{"kind": "sgd"}` or `{"kind": "lars", "trust": 0.001}`.
public enum Optimizer: Hashable, Sendable {
  /// Stochastic gradient descent with momentum.
  case sgd
  /// The same with steps in proportion to each tensor's length, for large batches.
  ///
  /// - trust: how long a step is, before the rate, as a share of the tensor's length.
  case lars(trust: Float)

  /// The published program's, and the paper of LARS's, trust coefficient.
  public static let lars = Optimizer.lars(trust: 0.001)
}

extension Optimizer: Codable {
  private enum Kind: String, CaseIterable {
    case sgd, lars
  }

  private enum CodingKeys: String, CodingKey {
    case kind, trust
  }

  /// - Throws: `SeCuError` of kind `.badData` for an unknown kind; `DecodingError` for a missing kind or a malformed trust.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    switch try container.choiceIfPresent(Kind.self, forKey: .kind) {
    case .sgd: self = .sgd
    case .lars: self = .lars(trust: try container.decode(Float.self, forKey: .trust))
    case nil:
      throw DecodingError.keyNotFound(
        CodingKeys.kind, .init(codingPath: container.codingPath, debugDescription: "no kind of optimizer"))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .sgd: try container.encode(Kind.sgd.rawValue, forKey: .kind)
    case .lars(let trust):
      try container.encode(Kind.lars.rawValue, forKey: .kind)
      try container.encode(trust, forKey: .trust)
    }
  }
}
