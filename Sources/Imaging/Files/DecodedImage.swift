import Basics

/// The pixels of an image file, with the channels that the file has.
///
/// Values have 8 bits. Formats with fewer are stretched so that the highest value becomes 255; of 16-bit PNG values the
/// high byte is kept (v / 256, rounded down).
public struct DecodedImage: Sendable, Equatable {
  /// Rows, 1 or more.
  public let height: Int
  /// Columns, 1 or more.
  public let width: Int
  /// Values per pixel: 1 for grey, 2 for grey and alpha, 3 for RGB, 4 for RGB and alpha. An alpha of 0 is transparent, 255
  /// opaque; colours are not multiplied by it.
  public let channels: Int
  /// `height` × `width` × `channels` values, row by row, the channels of a pixel side by side.
  public let pixels: [UInt8]

  /// The caller, a decoder, has checked that the numbers fit each other.
  package init(height: Int, width: Int, channels: Int, pixels: [UInt8]) {
    precondition(pixels.count == height * width * channels && 1...4 ~= channels)
    (self.height, self.width, self.channels, self.pixels) = (height, width, channels, pixels)
  }

  /// The image in grey or in colour, without alpha.
  ///
  /// Alpha is dropped, as `convert("RGB")` and `convert("L")` of Pillow do, and with them the usual training pipelines, so
  /// that a network sees the same values here as there. Colour becomes grey by the luma of ITU-R BT.601, in Pillow's
  /// fixed point: (19595 R + 38470 G + 7471 B + 32768) / 65536, rounded down.
  ///
  /// - Parameter channels: 1 for grey, 3 for RGB.
  /// - Throws: `SeCuError` of kind `.badData` for a side above `ImageShape.largestDimension`, of kind `.usage` for another
  ///   number of channels.
  public func image(channels wanted: Int) throws -> Image {
    guard wanted == 1 || wanted == 3 else {
      throw SeCuError(.usage, "expected 1 channel (grey) or 3 (RGB), found \(wanted)", at: "image")
    }
    let shape = try ImageShape(height: height, width: width, channels: wanted)
    if wanted == channels { return try Image(shape: shape, pixels: pixels) }
    let isColour = channels >= 3
    let (count, stride) = (height * width, channels)
    let converted = [UInt8](unsafeUninitializedCapacity: shape.count) { target, written in
      pixels.withUnsafeBufferPointer { source in
        var index = 0
        while index < count {
          let pixel = index &* stride
          switch (isColour, wanted) {
          case (false, 1):
            target[index] = source[pixel]
          case (false, _):
            for channel in 0..<3 { target[3 &* index &+ channel] = source[pixel] }
          case (true, 1):
            let red = 19595 &* UInt32(source[pixel])
            let green = 38470 &* UInt32(source[pixel &+ 1])
            let blue = 7471 &* UInt32(source[pixel &+ 2])
            target[index] = UInt8(truncatingIfNeeded: (red &+ green &+ blue &+ 32768) &>> 16)
          case (true, _):
            for channel in 0..<3 { target[3 &* index &+ channel] = source[pixel &+ channel] }
          }
          index &+= 1
        }
      }
      written = shape.count
    }
    return try Image(shape: shape, pixels: converted)
  }
}
