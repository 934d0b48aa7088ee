import Foundation

/// An affine map of the image onto itself that takes the nearest pixel, as Pillow's `transform` and `rotate` do by default; what
/// comes from outside is black. The view's pixel (x, y) shows the image's pixel
///
///     (⌊a·(x + ½) + b·(y + ½) + c⌋, ⌊d·(x + ½) + e·(y + ½) + f⌋)
///
/// in 16 bits after the point.
struct NearestMap {
  /// One column and one row to the right and down, and the first pixel's center, in units of 2⁻¹⁶ pixel.
  private let xPerColumn, xPerRow, yPerColumn, yPerRow, x0, y0: Int

  private init(_ a: Double, _ b: Double, _ c: Double, _ d: Double, _ e: Double, _ f: Double) {
    func fixed(_ value: Double) -> Int { Int((value * 65_536 + 0.5).rounded(.down)) }
    (xPerColumn, xPerRow, yPerColumn, yPerRow) = (fixed(a), fixed(b), fixed(d), fixed(e))
    (x0, y0) = (fixed(c + a * 0.5 + b * 0.5), fixed(f + d * 0.5 + e * 0.5))
  }

  /// x ← x + share · y.
  static func shearX(_ share: Double) -> NearestMap { NearestMap(1, share, 0, 0, 1, 0) }

  /// y ← y + share · x.
  static func shearY(_ share: Double) -> NearestMap { NearestMap(1, 0, 0, share, 1, 0) }

  /// Moves the image left and up by the nearest whole numbers of pixels.
  static func translation(x: Double, y: Double) -> NearestMap {
    NearestMap(1, 0, (x + 0.5).rounded(.down), 0, 1, (y + 0.5).rounded(.down))
  }

  /// Turns the image about its center, counterclockwise.
  static func rotation(degrees: Double, height: Int, width: Int) -> NearestMap {
    let angle = -degrees * .pi / 180
    func rounded(_ value: Double) -> Double { (value * 1e15).rounded() / 1e15 }
    let (cosine, sine) = (rounded(cos(angle)), rounded(sin(angle)))
    let (x, y) = (Double(width) / 2, Double(height) / 2)
    return NearestMap(
      cosine, sine, cosine * -x + sine * -y + x, -sine, cosine, -sine * -x + cosine * -y + y)
  }

  /// Replaces the image by what the map shows of it.
  func apply(_ view: Planes, _ workspace: Workspace) {
    let source = workspace.spare.reserve(view.count)
    source.update(from: view.base, count: view.count)
    for row in 0..<view.height {
      var (x, y) = (x0 + row * xPerRow, y0 + row * yPerRow)
      var target = view.base + row * view.width
      for _ in 0..<view.width {
        let (column, line) = (x >> 16, y >> 16)
        let isInside = column >= 0 && column < view.width && line >= 0 && line < view.height
        let from = isInside ? line &* view.width &+ column : 0
        for channel in 0..<view.channels {
          let offset = channel &* view.planeCount
          target[offset] = isInside ? source[from &+ offset] : 0
        }
        target += 1
        x &+= xPerColumn
        y &+= yPerColumn
      }
    }
  }
}
