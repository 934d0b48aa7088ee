extension ImagingReference {
  /// The plain form of `Flip`.
  static func flip(_ image: Image) throws -> Image {
    try map(image) { y, x, channel in image[y, image.shape.width - 1 - x, channel] }
  }
}
