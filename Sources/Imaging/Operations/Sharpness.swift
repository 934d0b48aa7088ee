/// Sharpness, to the bit as Pillow's `ImageEnhance.Sharpness`: a blend (see `ColourJitter`) with the smoothed image
///
///     d[y, x] = (5·p[y, x] + Σ of its 8 neighbours) / 13, to the nearest
///
/// whose border pixels are those of the image. A factor below 1 smooths. As 13 is odd, no quotient lies half-way.
enum Sharpness {
  static func apply(_ view: Planes, factor: Float, _ workspace: Workspace) {
    let smooth = workspace.spare.reserve(view.count)
    smooth.update(from: view.base, count: view.count)
    for channel in 0..<view.channels {
      smoothen(view.plane(channel), view.height, view.width, into: smooth + channel * view.planeCount)
    }
    workspace.kernels.blendWithPixels(view.base, view.count, smooth, factor)
  }

  /// Writes the pixels that are not on the border.
  private static func smoothen(
    _ plane: UnsafePointer<UInt8>, _ height: Int, _ width: Int, into smooth: UnsafeMutablePointer<UInt8>
  ) {
    var y = 1
    while y < height - 1 {
      let row = plane + y * width, target = smooth + y * width
      let (above, below) = (row - width, row + width)
      var x = 1
      while x < width - 1 {
        let side = UInt32(above[x &- 1]) &+ UInt32(row[x &- 1]) &+ UInt32(below[x &- 1])
        let otherSide = UInt32(above[x &+ 1]) &+ UInt32(row[x &+ 1]) &+ UInt32(below[x &+ 1])
        let sum = side &+ otherSide &+ UInt32(above[x]) &+ UInt32(below[x]) &+ 5 &* UInt32(row[x])
        target[x] = UInt8(truncatingIfNeeded: (2 &* sum &+ 13) / 26)
        x &+= 1
      }
      y += 1
    }
  }
}
