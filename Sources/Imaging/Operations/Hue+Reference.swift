extension ImagingReference {
  /// The plain form of `Hue`: to HSV, the shift, and back, in Pillow's mixture of Float and Double.
  static func hue(_ image: Image, shift: UInt8) throws -> Image {
    guard image.shape.channels == 3 else { return image }
    return try map(image) { y, x, channel in
      let (h, s, v) = hsv(image[y, x, 0], image[y, x, 1], image[y, x, 2])
      return rgb(h &+ shift, s, v)[channel]
    }
  }

  /// Hue, saturation and value in 8 bits.
  private static func hsv(_ r: UInt8, _ g: UInt8, _ b: UInt8) -> (UInt8, UInt8, UInt8) {
    let most = max(r, g, b), least = min(r, g, b)
    guard most > least else { return (0, 0, most) }
    let chroma = Float(most - least)
    let (red, green, blue) = (Float(most - r) / chroma, Float(most - g) / chroma, Float(most - b) / chroma)
    let sixths: Float =
      if r == most { blue - green } else if g == most { Float(2 + Double(red) - Double(blue)) } else {
        Float(4 + Double(green) - Double(red))
      }
    let turn = Float((Double(sixths) / 6 + 1).truncatingRemainder(dividingBy: 1))
    return (UInt8(Double(turn) * 255), UInt8(Double(chroma / Float(most)) * 255), most)
  }

  private static func rgb(_ h: UInt8, _ s: UInt8, _ v: UInt8) -> [UInt8] {
    let sector = Int(h) * 6 / 255
    let fraction = Double(Float(Double(h) * 6 / 255 - Double(sector)))
    let saturation = Double(Float(Double(s) / 255))
    func value(_ share: Double) -> UInt8 { UInt8((Double(v) * (1 - share)).rounded()) }
    let p = value(saturation), q = value(saturation * fraction), t = value(saturation * (1 - fraction))
    return [[v, t, p], [q, v, p], [p, v, t], [p, q, v], [t, p, v], [v, p, q]][sector % 6]
  }
}
