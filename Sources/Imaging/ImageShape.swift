import Basics

/// Height, width and channels of an image. Pixels are stored row by row, the channels of a pixel side by side (HWC).
public struct ImageShape: Hashable, Codable, Sendable, CustomStringConvertible {
  /// The largest value of each dimension: the largest side that JPEG can express.
  public static let largestDimension = 65_535

  /// Rows, 1…65,535.
  public let height: Int
  /// Columns, 1…65,535.
  public let width: Int
  /// Values per pixel, 1…65,535: 1 for grey, 3 for RGB.
  public let channels: Int

  /// - Throws: `SeCuError` of kind `.badData` that names a dimension outside 1…65,535.
  public init(height: Int, width: Int, channels: Int) throws {
    for (name, value) in [("height", height), ("width", width), ("channels", channels)] {
      guard 1...Self.largestDimension ~= value else {
        throw SeCuError(.badData, "expected \(name) 1…\(Self.largestDimension), found \(value)", at: "image shape")
      }
    }
    (self.height, self.width, self.channels) = (height, width, channels)
  }

  /// - Throws: `SeCuError` for a dimension outside its range, `DecodingError` for a missing or malformed one.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      height: container.decode(Int.self, forKey: .height), width: container.decode(Int.self, forKey: .width),
      channels: container.decode(Int.self, forKey: .channels))
  }

  /// Values of one image: height × width × channels, at most 2⁴⁸.
  public var count: Int { height * width * channels }

  /// Such as `32×32×3`.
  public var description: String { "\(height)×\(width)×\(channels)" }
}
