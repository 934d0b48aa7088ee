extension ImagingReference {
  /// Brightness: the blend with black.
  static func brightness(_ image: Image, factor: Float) throws -> Image {
    try blend(image, factor) { _, _, _ in 0 }
  }

  /// Contrast: the blend with the mean grey level.
  static func contrast(_ image: Image, factor: Float) throws -> Image {
    let levels = image.shape.channels == 3 ? try grey(image) : image
    let sum = levels.pixels.reduce(0) { $0 + Int($1) }
    let mean = UInt8(Double(sum) / Double(levels.pixels.count) + 0.5)
    return try blend(image, factor) { _, _, _ in mean }
  }

  /// Saturation: the blend with the grey image.
  static func saturation(_ image: Image, factor: Float) throws -> Image {
    guard image.shape.channels == 3 else { return image }
    let levels = try grey(image)
    return try blend(image, factor) { y, x, channel in levels[y, x, channel] }
  }

  /// The grey image, in as many channels.
  static func grey(_ image: Image) throws -> Image {
    guard image.shape.channels == 3 else { return image }
    return try map(image) { y, x, _ in
      let (red, green, blue) = (Int(image[y, x, 0]), Int(image[y, x, 1]), Int(image[y, x, 2]))
      return UInt8((19_595 * red + 38_470 * green + 7471 * blue + 32_768) / 65_536)
    }
  }

  /// d + factor · (p − d), clipped and rounded down.
  static func blend(_ image: Image, _ factor: Float, _ degenerate: (Int, Int, Int) -> UInt8) throws -> Image {
    try map(image) { y, x, channel in
      let d = Float(degenerate(y, x, channel))
      return UInt8(min(max(d + factor * (Float(image[y, x, channel]) - d), 0), 255))
    }
  }
}
