import MicrokernelInterface

/// Crop and change of size with a triangle filter, to the bit as the `crop` and `resize(…, BILINEAR)` of Pillow up to 12 do it;
/// Pillow 13 takes the other axis first for some sizes, and then differs by a grey level here and there.
///
/// Along one axis, of n pixels in and m out, with the scale s = n/m and f = max(1, s), output x is
///
///     out[x] = Σ_i w_i · in[i] / Σ_i w_i,   w_i = max(0, 1 − |i + ½ − (x + ½)·s| / f)
///
/// Enlarging (s < 1), that is bilinear interpolation between two pixels; shrinking, the triangle widens with the scale, so that
/// every pixel counts (antialiasing). Pixels beyond the crop do not exist: at its edges the weights of the others are
/// scaled up. Weights are whole multiples of 2⁻²², sums exact, and both passes round to the nearest of 256 values:
///
///     crop of the image (HWC)  ── along rows ──▶  rows (CHW, crop's height × view's width)  ── along columns ──▶  view (CHW)
///
/// Cost: about (crop's height · view's width + view's size) · channels · taps multiply-adds, taps = 2 (enlarging) to 2f + 1.
/// Checked against `ImagingReference.resize` and Pillow's own pixels.
enum Resize {
  /// Resizes `crop` of `source` to `height` × `width` and writes the part of that which `window` names.
  ///
  /// - Parameters:
  ///   - crop: within the source.
  ///   - window: within the resized image; `view` has its size.
  static func apply(
    _ source: PixelBuffer, crop: PixelRectangle, height: Int, width: Int, window: PixelRectangle, into view: Planes,
    _ workspace: Workspace
  ) {
    workspace.columnTaps.prepare(inputs: crop.width, outputs: width, first: window.left, count: window.width)
    workspace.rowTaps.prepare(inputs: crop.height, outputs: height, first: window.top, count: window.height)
    let firstRow = workspace.rowTaps.firstInput, rowCount = workspace.rowTaps.endOfInputs - firstRow
    let rows = Planes(
      base: workspace.rows.reserve(rowCount * window.width * source.channels), height: rowCount, width: window.width,
      channels: source.channels)
    let corner = ((crop.top + firstRow) * source.width + crop.left) * source.channels
    alongRows(source.pixels + corner, rowStride: source.width * source.channels, workspace.columnTaps, into: rows)
    alongColumns(
      rows, workspace.rowTaps, into: view, sums: workspace.sums.reserve(window.width), workspace.kernels)
  }

  /// A weight of 1: 22 bits after the point leave room for a product with 8 bits in 32.
  static let one: Int32 = 1 << ResizeTaps.weightBits
  /// Makes the shift by `weightBits` round to the nearest.
  private static let half = one >> 1

  /// The pass along rows, from HWC to CHW: one output pixel after the other, as its neighbours have other taps.
  private static func alongRows(
    _ source: UnsafePointer<UInt8>, rowStride: Int, _ taps: ResizeTaps, into rows: Planes
  ) {
    var y = 0
    while y < rows.height {
      let line = source + y &* rowStride
      let target = rows.base + y &* rows.width
      if rows.channels == 3 {
        threeChannels(line, taps, into: target, planeCount: rows.planeCount)
      } else {
        var channel = 0
        while channel < rows.channels {
          oneChannel(line + channel, step: rows.channels, taps, into: target + channel &* rows.planeCount)
          channel += 1
        }
      }
      y += 1
    }
  }

  private static func threeChannels(
    _ line: UnsafePointer<UInt8>, _ taps: ResizeTaps, into target: UnsafeMutablePointer<UInt8>, planeCount: Int
  ) {
    var x = 0
    while x < taps.count {
      let tap = taps.tap(x)
      var pixel = line + tap.first &* 3
      var (red, green, blue) = (half, half, half)
      var i = 0
      while i < tap.count {
        let weight = tap.weights[i]
        red &+= weight &* Int32(pixel[0])
        green &+= weight &* Int32(pixel[1])
        blue &+= weight &* Int32(pixel[2])
        pixel += 3
        i += 1
      }
      target[x] = value(red)
      target[x &+ planeCount] = value(green)
      target[x &+ 2 &* planeCount] = value(blue)
      x += 1
    }
  }

  private static func oneChannel(
    _ line: UnsafePointer<UInt8>, step: Int, _ taps: ResizeTaps, into target: UnsafeMutablePointer<UInt8>
  ) {
    var x = 0
    while x < taps.count {
      let tap = taps.tap(x)
      var pixel = line + tap.first &* step
      var sum = half
      var i = 0
      while i < tap.count {
        sum &+= tap.weights[i] &* Int32(pixel.pointee)
        pixel += step
        i += 1
      }
      target[x] = value(sum)
      x += 1
    }
  }

  /// Rounds a sum of weights and values. Weights are not negative and add up to 1 but for rounding: it stays below 256.
  private static func value(_ sum: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: sum &>> Int32(ResizeTaps.weightBits))
  }

  /// The pass along columns: all pixels of a row share their taps, so they are the lanes of vectors.
  private static func alongColumns(
    _ rows: Planes, _ taps: ResizeTaps, into view: Planes, sums: UnsafeMutablePointer<Int32>,
    _ kernels: any MicrokernelTable.Type
  ) {
    var channel = 0
    while channel < view.channels {
      let (from, to) = (rows.plane(channel), view.plane(channel))
      var y = 0
      while y < view.height {
        let tap = taps.tap(y)
        let line = from + (tap.first &- taps.firstInput) &* rows.width
        let target = to + y &* view.width
        kernels.weighRows(line, rows.width, tap.weights, tap.count, view.width, sums, target)
        y += 1
      }
      channel += 1
    }
  }
}
