import Basics

/// The constants of the two losses, under the names of the paper.
public struct LossSettings: Codable, Hashable, Sendable {
  /// τ, the weight of the stored label in a view's target; the other view's prediction has 1 − τ.
  public var hardLabelWeight: Float
  /// t_x, the temperature of the representation loss.
  public var representationTemperature: Float
  /// t_w, the temperature of the center loss.
  public var centerTemperature: Float

  /// The published values.
  public init(
    hardLabelWeight: Float = 0.2, representationTemperature: Float = 0.05, centerTemperature: Float = 0.05
  ) {
    self.hardLabelWeight = hardLabelWeight
    self.representationTemperature = representationTemperature
    self.centerTemperature = centerTemperature
  }
}
