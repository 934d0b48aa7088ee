/// The operations in their plain form: pixel by pixel, on whole images, as their formulas read. These are the text to learn from
/// and what the fast ones are tested against.
enum ImagingReference {
  /// The image of the given size whose pixels are `value(row, column, channel)`.
  static func image(
    _ height: Int, _ width: Int, _ channels: Int, _ value: (_ y: Int, _ x: Int, _ channel: Int) -> UInt8
  ) throws -> Image {
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        for channel in 0..<channels { pixels.append(value(y, x, channel)) }
      }
    }
    return try Image(shape: ImageShape(height: height, width: width, channels: channels), pixels: pixels)
  }

  /// The image with each value replaced.
  static func map(
    _ image: Image, _ value: (_ y: Int, _ x: Int, _ channel: Int) -> UInt8
  ) throws -> Image {
    try Self.image(image.shape.height, image.shape.width, image.shape.channels, value)
  }
}

extension Image {
  /// The value at a place.
  subscript(y: Int, x: Int, channel: Int) -> UInt8 {
    pixels[(y * shape.width + x) * shape.channels + channel]
  }
}
