import Basics

/// The constants of the two losses; each says its symbol in the paper.
public struct LossSettings: Codable, Hashable, Sendable {
  /// τ, the weight of the stored label in a view's target, 0 to 1; the other view's prediction has 1 − τ.
  public var hardLabelWeight: Float
  /// t_x, the temperature of the representation loss, 0.001 to 1000.
  public var representationTemperature: Float
  /// t_w, the temperature of the center loss, 0.001 to 1000.
  public var centerTemperature: Float
  /// Which center loss there is: SeCu's, or one that it is compared with.
  public var discrimination: Discrimination

  /// The published values.
  public init(
    hardLabelWeight: Float = 0.2, representationTemperature: Float = 0.05, centerTemperature: Float = 0.05,
    discrimination: Discrimination = .stable
  ) {
    self.hardLabelWeight = hardLabelWeight
    self.representationTemperature = representationTemperature
    self.centerTemperature = centerTemperature
    self.discrimination = discrimination
  }

  /// Settings from before there was a choice of center loss have SeCu's.
  ///
  /// - Throws: `SeCuError` of kind `.badData` for a center loss that there is not; `DecodingError` for a missing or malformed field.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    hardLabelWeight = try container.decode(Float.self, forKey: .hardLabelWeight)
    representationTemperature = try container.decode(Float.self, forKey: .representationTemperature)
    centerTemperature = try container.decode(Float.self, forKey: .centerTemperature)
    discrimination = try container.choiceIfPresent(Discrimination.self, forKey: .discrimination) ?? .stable
  }
}
