extension ImagingReference {
  /// The plain form of `Sharpness`.
  static func sharpness(_ image: Image, factor: Float) throws -> Image {
    try blend(image, factor) { y, x, channel in
      let isInside = y > 0 && y < image.shape.height - 1 && x > 0 && x < image.shape.width - 1
      guard isInside else { return image[y, x, channel] }
      var sum = 4 * Double(image[y, x, channel])
      for row in y - 1...y + 1 {
        for column in x - 1...x + 1 { sum += Double(image[row, column, channel]) }
      }
      return UInt8((sum / 13).rounded())
    }
  }
}
