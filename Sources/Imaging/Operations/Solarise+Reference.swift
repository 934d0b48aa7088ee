extension ImagingReference {
  /// The plain form of `Solarise`.
  static func solarise(_ image: Image, threshold: Int = 128) throws -> Image {
    try map(image) { y, x, channel in
      let value = image[y, x, channel]
      return Int(value) < threshold ? value : 255 - value
    }
  }
}
