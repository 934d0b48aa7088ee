import Basics

/// Renders one view of geometry `affine`. Holds what all views of a maker share, as plain numbers and pointers: nothing here allocates.
///
/// The arithmetic of places is in integers without branches: with random maps, no branch on a place could be foretold.
struct AffineRenderer {
  let viewHeight, viewWidth: Int
  /// The value outside the image, 0…255 as in the image.
  let background: Float
  /// The noise's standard deviation, in units of full scale.
  let noise: Float
  /// For each channel the mean and the reciprocal of the standard deviation.
  let mean, inverseDeviation: UnsafePointer<Float>

  /// Writes a view of the image: sampling, jitter, noise (if it has a key), normalisation.
  ///
  /// - Parameter output: room for the view, HWC.
  func render(_ image: PixelBuffer, _ view: AffineParameters, into output: UnsafeMutablePointer<Float>) {
    let map = AffineMap(
      view, imageHeight: image.height, imageWidth: image.width, viewHeight: viewHeight, viewWidth: viewWidth)
    let count = viewHeight * viewWidth * image.channels
    let sum = sample(image, map, into: output)
    jitter(
      output, count, brightness: view.brightness, contrast: view.contrast, mean: sum / Float(count) / 255)
    if noise > 0, let key = view.noiseKey { addNoise(output, count, key: key) }
    normalise(output, count, channels: image.channels)
  }

  /// Bilinear sampling at the places that `map` names; writes values of 0…255 and returns their sum.
  ///
  /// The border pixels reach to the edge of the image's rectangle, half a pixel beyond their centers, so that enlarging
  /// brings in no background. From there the image fades into the background, which is complete where the next pixel's
  /// center would be; so the view is continuous in all parameters. With x̂ = x clamped to [0, W − 1] and ŷ likewise:
  ///
  ///     coverage = min(1, max(0, 2 − 2 |x − x̂|)) · min(1, max(0, 2 − 2 |y − ŷ|))
  ///     value    = coverage · bilinear(x̂, ŷ) + (1 − coverage) · background
  private func sample(
    _ image: PixelBuffer, _ map: AffineMap, into output: UnsafeMutablePointer<Float>
  ) -> Float {
    let one = 1 << AffineMap.fractionBits
    let toPixels = 1 / Float(one)
    let (pixels, channels) = (image.pixels, image.channels)
    let (lastColumn, lastRow) = (image.width - 1, image.height - 1)
    let (lastX, lastY) = (lastColumn &* one, lastRow &* one)
    let rowStride = image.width &* channels
    var sum: Float = 0
    var target = output
    var i = 0
    while i < viewHeight {
      var x = map.x0 &+ map.xPerRow &* i
      var y = map.y0 &+ map.yPerRow &* i
      var j = 0
      while j < viewWidth {
        let insideX = min(max(x, 0), lastX)
        let insideY = min(max(y, 0), lastY)
        let beyondX = max(max(0 &- x, x &- lastX), 0)
        let beyondY = max(max(0 &- y, y &- lastY), 0)
        let coverX = min(max(2 &* (one &- beyondX), 0), one)
        let coverY = min(max(2 &* (one &- beyondY), 0), one)
        let coverage = (Float(coverX) * toPixels) * (Float(coverY) * toPixels)
        let column = insideX >> AffineMap.fractionBits
        let row = insideY >> AffineMap.fractionBits
        let across = Float(insideX & (one - 1)) * toPixels
        let down = Float(insideY & (one - 1)) * toPixels
        let right = column < lastColumn ? channels : 0
        let below = row < lastRow ? rowStride : 0
        let outside = (1 - coverage) * background
        var tap = pixels + (row &* rowStride &+ column &* channels)
        var c = 0
        while c < channels {
          let (topLeft, topRight) = (Float(tap[0]), Float(tap[right]))
          let (bottomLeft, bottomRight) = (Float(tap[below]), Float(tap[below &+ right]))
          let top = topLeft + (topRight - topLeft) * across
          let bottom = bottomLeft + (bottomRight - bottomLeft) * across
          let value = coverage * (top + (bottom - top) * down) + outside
          target.pointee = value
          sum += value
          target += 1
          tap += 1
          c += 1
        }
        x &+= map.xPerColumn
        y &+= map.yPerColumn
        j += 1
      }
      i += 1
    }
    return sum
  }

  /// From 0…255 to units of full scale, with both factors of the jitter: b·c·p + (1 − c)·b·m, where m is the mean of all
  /// of the view's p. Values are not clipped.
  private func jitter(
    _ values: UnsafeMutablePointer<Float>, _ count: Int, brightness: Float, contrast: Float, mean: Float
  ) {
    let scale = brightness * contrast / 255
    let offset = (1 - contrast) * brightness * mean
    var index = 0
    while index < count {
      values[index] = values[index] * scale + offset
      index += 1
    }
  }

  /// Adds noise of mean 0 and standard deviation `noise`: value k takes word k of the Philox stream with the view's key.
  private func addNoise(_ values: UnsafeMutablePointer<Float>, _ count: Int, key: SIMD2<UInt32>) {
    let whole = count / 4
    var block = 0
    while block < whole {
      let added = Self.bell(Philox.block(counter: SIMD4(UInt32(truncatingIfNeeded: block), 0, 0, 0), key: key)) * noise
      let four = values + block * 4
      four[0] += added[0]
      four[1] += added[1]
      four[2] += added[2]
      four[3] += added[3]
      block += 1
    }
    guard whole * 4 < count else { return }
    let rest = Self.bell(Philox.block(counter: SIMD4(UInt32(truncatingIfNeeded: whole), 0, 0, 0), key: key)) * noise
    for lane in 0..<count % 4 { values[whole * 4 + lane] += rest[lane] }
  }

  /// Four numbers of mean 0 and variance 1, nearly normal: each is the sum of its word's four bytes less the mean 510,
  /// over the standard deviation √(4 · (256² − 1) / 12) = √21845.
  ///
  /// The sum of four uniforms (Irwin–Hall) has excess kurtosis −0.3 and ends at ±3.45. Unlike Box–Muller it takes one
  /// word a number and no logarithm or cosine: it is cheap and has the same bits on every platform.
  private static func bell(_ words: SIMD4<UInt32>) -> SIMD4<Float> {
    let pairs = (words & 0x00FF_00FF) &+ ((words &>> 8) & 0x00FF_00FF)
    let sums = (pairs & 0xFFFF) &+ (pairs &>> 16)
    return (SIMD4<Float>(SIMD4<Int32>(truncatingIfNeeded: sums)) - 510) * (1 / Float(21_845).squareRoot())
  }

  /// (p − mean) / standard deviation, channel by channel.
  private func normalise(_ values: UnsafeMutablePointer<Float>, _ count: Int, channels: Int) {
    var c = 0
    while c < channels {
      let (channelMean, scale) = (mean[c], inverseDeviation[c])
      var index = c
      while index < count {
        values[index] = (values[index] - channelMean) * scale
        index += channels
      }
      c += 1
    }
  }
}
