import Basics

/// The recipe of strongly augmented views, whose labels come from weakly augmented ones: mirroring, a few operations that are
/// drawn from a list with their strength, and a hole.
///
/// The operations and their strengths are those of SCAN's self-labelling stage (W. Van Gansbeke et al., "SCAN: Learning to
/// Classify Images without Labels", ECCV 2020, and its published program), a variant of RandAugment (E. D. Cubuk et al.,
/// NeurIPS 2020). Its weakly augmented view is the clean one.
///
/// In JSON, fields may be missing (they keep their default) but not misspelt.
public struct StrongAugmentation: Hashable, Encodable, Sendable {
  /// One operation on 8-bit pixels, as Pillow defines it, with the range that its strength is uniform in. Signs are drawn
  /// where both directions are alike. Places outside the image are black.
  public enum Operation: String, Codable, CaseIterable, Sendable {
    /// Nothing happens.
    case identity
    /// Each channel's values are stretched to 0…255.
    case autocontrast
    /// Each channel's values become equally frequent.
    case equalise
    /// By up to 30 degrees either way.
    case rotate
    /// Values from a threshold in 0…256 are inverted.
    case solarise
    /// Saturation times 0.05…0.95; nothing happens to images without three channels.
    case colour
    /// Contrast times 0.05…0.95.
    case contrast
    /// Brightness times 0.05…0.95.
    case brightness
    /// Sharpness times 0.05…0.95, which smooths.
    case sharpness
    /// By up to a tenth of the height either way.
    case shearX
    /// By up to a tenth of the width either way.
    case translateX
    /// By up to a tenth of the height either way.
    case translateY
    /// 4 to 7 bits a value remain.
    case posterise
    /// By up to a tenth of the width either way.
    case shearY
  }

  /// The operations to draw from, each as likely as the others; one may be drawn more than once.
  public var operations = Operation.allCases
  /// How many operations follow each other, 0…16.
  public var count = 4
  /// The probability that a view is mirrored left to right, 0…1.
  public var flipProbability = 0.5
  /// The largest side of the square hole, in pixels, 0 (no hole)…1,024. The side is drawn from 1…`cutout` and
  /// rounded down to an even number, its center uniform in the view, and its values are the data's mean.
  public var cutout = 16

  enum CodingKeys: String, CodingKey, CaseIterable {
    case operations, count, flipProbability, cutout
  }

  /// SCAN's recipe for CIFAR.
  public init() {}

  /// SCAN's recipe for CIFAR, 32 px.
  public static let cifar = StrongAugmentation()

  /// SCAN's recipe for STL-10, 96 px: a hole of up to 32 pixels.
  public static let stl10 = {
    var recipe = StrongAugmentation()
    recipe.cutout = 32
    return recipe
  }()

  /// Checks that every field is in its range.
  ///
  /// - Throws: `SeCuError` of kind `.usage` that names the first wrong field, its range and the value found.
  public func validate() throws {
    func check<Value: Comparable>(_ value: Value, in range: ClosedRange<Value>, _ field: CodingKeys) throws {
      guard range.contains(value) else {
        throw SeCuError(
          .usage, "expected a number from \(range.lowerBound) to \(range.upperBound), found \(value)",
          at: field.rawValue, remedy: "Change it in the settings file")
      }
    }
    try check(count, in: 0...16, .count)
    guard count == 0 || !operations.isEmpty else {
      throw SeCuError(
        .usage, "expected an operation at least, found none", at: CodingKeys.operations.rawValue,
        remedy: "Set count to 0 for none")
    }
    try check(flipProbability, in: 0...1, .flipProbability)
    try check(cutout, in: 0...1024, .cutout)
  }
}

extension StrongAugmentation: Decodable {
  /// Fields that are missing keep their default.
  ///
  /// - Throws: `SeCuError` of kind `.badData` for an unknown field (naming the nearest known one), a value of another type
  ///   than expected, or one outside its range.
  public init(from decoder: any Decoder) throws {
    let fields = try FieldDecoder<CodingKeys>(decoder)
    operations = try fields.names(.operations, or: operations)
    count = try fields.value(.count, "a whole number", or: count)
    flipProbability = try fields.number(.flipProbability, or: flipProbability)
    cutout = try fields.value(.cutout, "a whole number", or: cutout)
    try fields.check { try validate() }
  }
}
