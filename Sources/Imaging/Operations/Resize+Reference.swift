extension ImagingReference {
  /// The plain form of `Resize`, of a whole image: along rows, then along columns.
  static func resize(_ image: Image, height: Int, width: Int) throws -> Image {
    let shape = image.shape
    let rows = try Self.image(shape.height, width, shape.channels) { y, x, channel in
      sample(x, inputs: shape.width, outputs: width) { image[y, $0, channel] }
    }
    return try Self.image(height, width, shape.channels) { y, x, channel in
      sample(y, inputs: shape.height, outputs: height) { rows[$0, x, channel] }
    }
  }

  /// The part of an image within a rectangle.
  static func crop(_ image: Image, _ part: PixelRectangle) throws -> Image {
    try Self.image(part.height, part.width, image.shape.channels) { y, x, channel in
      image[part.top + y, part.left + x, channel]
    }
  }

  /// Output `x` of one axis: the weighted mean of all inputs, with weights rounded to multiples of 2⁻²².
  private static func sample(_ x: Int, inputs: Int, outputs: Int, _ input: (Int) -> UInt8) -> UInt8 {
    let scale = Double(inputs) / Double(outputs), center = (Double(x) + 0.5) * scale
    let weights = (0..<inputs).map { max(0, 1 - abs(Double($0) - center + 0.5) * (1 / max(1, scale))) }
    let total = weights.reduce(0, +)
    let sum = (0..<inputs).reduce(0) { sum, i in
      sum + Int((weights[i] / total * 0x1p22).rounded()) * Int(input(i))
    }
    return UInt8((sum + (1 << 21)) >> 22)
  }
}
