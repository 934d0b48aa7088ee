/// Gaussian blur by three box filters along rows and three along columns, to the bit as Pillow's `GaussianBlur`.
///
/// A box of radius ρ = r + a, r whole and 0 ≤ a < 1, has 2r + 1 pixels of weight ww and one of weight fw at either end; beyond the
/// edge, the last pixel repeats. Weights are whole multiples of 2⁻²⁴, and each pass rounds to the nearest of 256 values:
///
///     out[x] = (ww · Σ_{|d| ≤ r} in[x + d] + fw · (in[x − r − 1] + in[x + r + 1]) + 2²³) / 2²⁴, rounded down
///     ww = ⌊2²⁴ / (2ρ + 1)⌋    fw = ⌊(2²⁴ − (2r + 1)·ww) / 2⌋
///
/// Three boxes of radius ρ have the variance σ² for the ρ of `boxRadius`.
///
///     plane ──▶ ┌margin────────┐     along rows: step 1        one run over all rows at once, as the margin of one row
///               │m  pixels    m│     along columns: step = stride     separates it from the next
///               └──────────────┘     m = r + 1
///
/// Cost: 6 · (2r + 3) additions a value. Checked against `ImagingReference.gaussianBlur` and Pillow's own pixels.
///
/// Source: P. Gwosdek, S. Grewenig, A. Bruhn, J. Weickert, "Theoretical Foundations of Gaussian Convolution by Extended Box
/// Filtering", SSVM 2011.
enum GaussianBlur {
  /// A box filter's weights.
  struct Box {
    /// r, ww and fw above.
    let radius: Int, inner, ends: UInt32

    /// Nil for a blur so slight that the box is a single pixel.
    ///
    /// - Parameter sigma: 0…20.
    init?(sigma: Float) {
      let exact = Self.boxRadius(sigma: sigma)
      guard exact != 0 else { return nil }
      radius = Int(exact)
      inner = UInt32(Float(1 << 24) / (exact * 2 + 1))
      ends = ((1 << 24) - UInt32(2 * radius + 1) * inner) / 2
    }

    /// The radius of the box that three times in a row has the variance σ², rounded at every step as Pillow rounds it:
    ///
    ///     v = σ²/3,   l = ⌊(√(12v + 1) − 1) / 2⌋,   ρ = l + (2l + 1)·(l·(l + 1) − 3v) / (6·(v − (l + 1)²))
    private static func boxRadius(sigma: Float) -> Float {
      let variance = sigma * sigma / 3
      let length = Float((12 * Double(variance) + 1).squareRoot())
      let l = Float(((Double(length) - 1) / 2).rounded(.down))
      let above = (2 * l + 1) * (l * (l + 1) - 3 * variance)
      return l + above / (6 * (variance - (l + 1) * (l + 1)))
    }
  }

  static func apply(_ view: Planes, sigma: Float, _ workspace: Workspace) {
    guard let box = Box(sigma: sigma) else { return }
    let margin = box.radius + 1
    let stride = view.width + 2 * margin, rows = view.height + 2 * margin
    var from = workspace.blurred.reserve(stride * rows), to = workspace.blurring.reserve(stride * rows)
    let first = margin * stride + margin, run = (view.height - 1) * stride + view.width
    let sums = workspace.boxSums.reserve(run), kernels = workspace.kernels
    for channel in 0..<view.channels {
      let plane = view.plane(channel)
      for y in 0..<view.height {
        (from + first + y * stride).update(from: plane + y * view.width, count: view.width)
      }
      for _ in 0..<3 {
        for y in 0..<view.height { repeatEnds(from + first + y * stride, view.width, margin) }
        kernels.boxFilter(from + first, 1, run, box.radius, box.inner, box.ends, sums, to + first)
        swap(&from, &to)
      }
      for _ in 0..<3 {
        let (top, bottom) = (from + first, from + first + (view.height - 1) * stride)
        for d in 1...margin {
          (top - d * stride).update(from: top, count: view.width)
          (bottom + d * stride).update(from: bottom, count: view.width)
        }
        kernels.boxFilter(from + first, stride, run, box.radius, box.inner, box.ends, sums, to + first)
        swap(&from, &to)
      }
      for y in 0..<view.height {
        (plane + y * view.width).update(from: from + first + y * stride, count: view.width)
      }
    }
  }

  /// Writes a row's first and last value `margin` times before and after it.
  private static func repeatEnds(_ row: UnsafeMutablePointer<UInt8>, _ width: Int, _ margin: Int) {
    var d = 1
    while d <= margin {
      row[-d] = row[0]
      row[width - 1 + d] = row[width - 1]
      d += 1
    }
  }
}
