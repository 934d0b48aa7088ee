import Basics

/// One image of 8-bit values.
public struct Image: Sendable, Equatable {
  /// Height, width and channels.
  public let shape: ImageShape
  /// `shape.count` values, row by row, the channels of a pixel side by side; 255 is full scale.
  public let pixels: [UInt8]

  /// - Throws: `SeCuError` of kind `.badData` if `pixels` does not hold `shape.count` values.
  public init(shape: ImageShape, pixels: [UInt8]) throws {
    guard pixels.count == shape.count else {
      throw SeCuError(
        .badData, "expected \(shape.count) values for \(shape), found \(pixels.count)", at: "image")
    }
    (self.shape, self.pixels) = (shape, pixels)
  }

  /// Lends the pixels to `body`, which may use them until it returns.
  package func withPixels(_ body: (PixelBuffer) throws -> Void) rethrows {
    try pixels.withUnsafeBufferPointer { pixels in
      // A shape has at least one value.
      guard let base = pixels.baseAddress else { return }
      try body(PixelBuffer(pixels: base, height: shape.height, width: shape.width, channels: shape.channels))
    }
  }
}
