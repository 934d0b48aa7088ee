extension ImagingReference {
  /// The plain form of `GaussianBlur`: three boxes along rows, three along columns.
  static func gaussianBlur(_ image: Image, sigma: Float) throws -> Image {
    guard let box = GaussianBlur.Box(sigma: sigma) else { return image }
    var blurred = image
    for (down, across) in [(0, 1), (0, 1), (0, 1), (1, 0), (1, 0), (1, 0)] {
      let from = blurred
      blurred = try map(from) { y, x, channel in
        /// The pixel `d` further on, or the last before the edge.
        func neighbour(_ d: Int) -> UInt64 {
          let row = min(max(y + d * down, 0), from.shape.height - 1)
          return UInt64(from[row, min(max(x + d * across, 0), from.shape.width - 1), channel])
        }
        let inside = (-box.radius...box.radius).reduce(0) { $0 + neighbour($1) }
        let ends = neighbour(-box.radius - 1) + neighbour(box.radius + 1)
        return UInt8((UInt64(box.inner) * inside + UInt64(box.ends) * ends + (1 << 23)) >> 24)
      }
    }
    return blurred
  }
}
