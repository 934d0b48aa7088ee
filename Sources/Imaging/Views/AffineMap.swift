import Foundation

/// The inverse map of a view: from a pixel of the view (column j, row i) to the place (x, y) in the image that it shows.
/// Whole x and y are centers of the image's pixels.
///
/// For an image of W × H pixels, a view of W' × H', a crop of w × h about (cx, cy), an angle θ and a shift (tx, ty) in
/// pixels, all of it is one affine map:
///
///     u = ((j + ½) / W' − ½) · w · (−1 if mirrored)          place in the crop, from its center
///     v = ((i + ½) / H' − ½) · h
///     x = cx + tx + cos θ · u − sin θ · v − ½
///     y = cy + ty + sin θ · u + cos θ · v − ½
///
///     w = W · min(1, √(area · aspect))     cx = w/2 + place · (W − w)
///     h = H · min(1, √(area / aspect))     cy = h/2 + place · (H − h)
///
/// Where W' = w = W, H' = h = H and the rest is neutral, x = j and y = i without rounding.
///
/// Coordinates are whole multiples of 2⁻³² pixel: a place is a sum of integers, the same on every platform, and its
/// pixel and fraction are the high and low half.
struct AffineMap {
  /// Bits after the point.
  static let fractionBits = 32

  /// Where the view's first pixel looks.
  let x0, y0: Int
  /// The step in the image for one column of the view.
  let xPerColumn, yPerColumn: Int
  /// The step in the image for one row of the view.
  let xPerRow, yPerRow: Int

  /// - Parameters:
  ///   - imageHeight, imageWidth: H and W.
  ///   - viewHeight, viewWidth: H' and W'.
  init(_ view: AffineParameters, imageHeight: Int, imageWidth: Int, viewHeight: Int, viewWidth: Int) {
    let (height, width) = (Double(imageHeight), Double(imageWidth))
    let (rows, columns) = (Double(viewHeight), Double(viewWidth))
    let cropWidth = width * min(1, (view.area * view.aspect).squareRoot())
    let cropHeight = height * min(1, (view.area / view.aspect).squareRoot())
    let centerX = cropWidth / 2 + view.place.x * (width - cropWidth) + view.shift.x * width
    let centerY = cropHeight / 2 + view.place.y * (height - cropHeight) + view.shift.y * height
    let (cosine, sine) = (cos(view.angle), sin(view.angle))
    let columnStep = cropWidth / columns * (view.isFlipped ? -1 : 1)
    let rowStep = cropHeight / rows
    let (xColumn, yColumn) = (cosine * columnStep, sine * columnStep)
    let (xRow, yRow) = (-sine * rowStep, cosine * rowStep)
    // The first pixel's center lies (W' − 1)/2 columns and (H' − 1)/2 rows before the view's.
    // No overflow: shapes keep places below 2¹⁹ pixels, which is 2⁵¹ here.
    func fixed(_ value: Double) -> Int { Int((value * Double(1 << Self.fractionBits)).rounded()) }
    x0 = fixed(centerX - 0.5 - xColumn * (columns - 1) / 2 - xRow * (rows - 1) / 2)
    y0 = fixed(centerY - 0.5 - yColumn * (columns - 1) / 2 - yRow * (rows - 1) / 2)
    (xPerColumn, yPerColumn) = (fixed(xColumn), fixed(yColumn))
    (xPerRow, yPerRow) = (fixed(xRow), fixed(yRow))
  }
}
