import Kernels

/// Winograd's sums with the absolute values of all matrices and operands, in Double, tile by tile as the formulas read.
struct WinogradBound {
  /// |Bᵀ|, |G| and |Aᵀ|.
  private let input: [[Double]], factor: [[Double]], output: [[Double]]
  /// Pixels from one patch to the next, and those of a tile.
  private let patchStep: Int, tile: Int

  private static let six: [[Double]] = [
    [4, 0, 5, 0, 1, 0], [0, 4, 4, 1, 1, 0], [0, 4, 4, 1, 1, 0], [0, 2, 1, 2, 1, 0], [0, 2, 1, 2, 1, 0],
    [0, 4, 0, 5, 0, 1],
  ]
  private static let five: [[Double]] = [
    [2, 1, 2, 1, 0], [0, 2, 1, 1, 0], [0, 2, 3, 1, 0], [0, 1, 0, 1, 0], [0, 2, 1, 2, 1],
  ]
  /// Five elements of every other pixel, then four of those between.
  private static let nine: [[Double]] = spread(five, from: 0) + spread(Array(five.prefix(4)), from: 1)

  /// Matrix rows for pixels of which every other one counts, from `first` on.
  private static func spread(_ rows: [[Double]], from first: Int) -> [[Double]] {
    rows.map { row in (0..<9).map { pixel in pixel % 2 == first ? row[pixel / 2] : 0 } }
  }

  /// The points, and what G divides their powers by; ∞ comes after them.
  private struct Points {
    let values: [Double], divisors: [Double]
    static let stride1 = Points(values: [0, 1, 1, 2, 2], divisors: [4, 6, 6, 24, 24])
    static let stride2 = Points(values: [0, 1, 1, 2], divisors: [2, 2, 6, 6])

    /// |G| for `count` values.
    func g(_ count: Int) -> [[Double]] {
      zip(values, divisors).map { point, divisor in Self.powers(point, count).map { $0 / divisor } } + [last(count)]
    }

    /// |Aᵀ| for `count` results.
    func a(_ count: Int) -> [[Double]] {
      let columns = values.map { Self.powers($0, count) } + [last(count)]
      return (0..<count).map { row in columns.map { $0[row] } }
    }

    private func last(_ count: Int) -> [Double] { (0..<count).map { $0 == count - 1 ? 1 : 0 } }

    private static func powers(_ x: Double, _ count: Int) -> [Double] {
      (0..<count).map { (0..<$0).reduce(1) { power, _ in power * x } }
    }
  }

  private init(_ pass: ConvolutionTests.Pass, stride: Int) {
    let isGradient = !pass.gradesWeights && pass != .forward
    let points = stride == 1 ? Points.stride1 : .stride2, a4 = points.a(4)
    patchStep = stride == 1 || isGradient ? 4 : 8
    tile = stride == 2 && isGradient ? 8 : 4
    switch (stride, pass.gradesWeights) {
    case (1, false): (input, factor, output) = (Self.six, points.g(3), a4)
    case (1, true): (input, factor, output) = (Self.six, points.g(4), points.a(3))
    case (_, true):
      // Taps 0 and 2 from five elements, tap 1 from four.
      let outer = points.a(2).map { $0 + [0, 0, 0, 0] }
      (input, factor, output) = (Self.nine, points.g(4), [outer[0], [0, 0, 0, 0, 0, 1, 1, 1, 1], outer[1]])
    case (_, false):
      let outer = points.g(2).map { [$0[0], 0, $0[1]] }, inner = points.g(1).prefix(4).map { [0, $0[0], 0] }
      factor = outer + inner
      if isGradient {
        input = Self.five
        output = (0..<8).map { pixel in
          let row = a4[pixel / 2]
          return pixel % 2 == 0 ? [0, 0, 0, 0, 0] + row.prefix(4) : row + [0, 0, 0, 0]
        }
      } else {
        (input, output) = (Self.nine, a4)
      }
    }
  }

  /// t · d · tᵀ of a square patch.
  private static func transform(_ d: [Double], by t: [[Double]]) -> [Double] {
    let inputs = t[0].count, outputs = t.count
    var half = [Double](repeating: 0, count: outputs * inputs)
    for i in 0..<outputs {
      for p in 0..<inputs where t[i][p] != 0 {
        for q in 0..<inputs { half[i * inputs + q] += t[i][p] * d[p * inputs + q] }
      }
    }
    var result = [Double](repeating: 0, count: outputs * outputs)
    for i in 0..<outputs {
      for j in 0..<outputs { for q in 0..<inputs { result[i * outputs + j] += t[j][q] * half[i * inputs + q] } }
    }
    return result
  }

  /// An array [image, row, column, channel] that is zero outside.
  private struct Pixels {
    var values: [Float], height: Int, width: Int, channels: Int

    /// The absolute values of a patch of one channel.
    func patch(_ image: Int, _ y: Int, _ x: Int, side: Int, channel: Int) -> [Double] {
      var patch = [Double](repeating: 0, count: side * side)
      for p in 0..<side where (0..<height).contains(y + p) {
        for q in 0..<side where (0..<width).contains(x + q) {
          patch[p * side + q] = Double(abs(values[((image * height + y + p) * width + x + q) * channels + channel]))
        }
      }
      return patch
    }
  }

  static func magnitudes(_ pass: ConvolutionTests.Pass, _ s: ConvolutionShape, _ left: [Float], _ right: [Float])
    -> [Double]
  {
    let bound = WinogradBound(pass, stride: s.stride)
    let x = Pixels(values: left, height: s.height, width: s.width, channels: s.inputChannels)
    if pass.gradesWeights {
      let dy = Pixels(values: right, height: s.outputHeight, width: s.outputWidth, channels: s.outputChannels)
      return bound.weightGradient(s, x, dy)
    }
    if pass == .forward {
      return bound.sums(s.batch, x, right, s.outputHeight, s.outputWidth, s.outputChannels, s.padding)
    }
    // Weights [tap][in][out] turned by 180° and transposed.
    var turned = right
    for tap in 0..<9 {
      for i in 0..<s.inputChannels {
        for o in 0..<s.outputChannels {
          turned[((8 - tap) * s.outputChannels + o) * s.inputChannels + i] =
            right[(tap * s.inputChannels + i) * s.outputChannels + o]
        }
      }
    }
    let dy = Pixels(values: left, height: s.outputHeight, width: s.outputWidth, channels: s.outputChannels)
    return bound.sums(
      s.batch, dy, turned, s.height, s.width, s.inputChannels, s.stride == 1 ? 2 - s.padding : 0)
  }

  /// The products of a tile: for each its elements of `sides`, which stand for points, 0 … 4 a second time from 5 on where a side has but
  /// these.
  private func products(_ sides: (Int, Int)) -> [(left: Int, right: Int)] {
    let count = max(input.count, output[0].count)
    func element(_ k: Int, _ l: Int, _ side: Int) -> Int {
      (side == 5 ? k % 5 : k) * side + (side == 5 ? l % 5 : l)
    }
    return (0..<count * count).map {
      (element($0 / count, $0 % count, sides.0), element($0 / count, $0 % count, sides.1))
    }
  }

  private func sums(
    _ batch: Int, _ source: Pixels, _ w: [Float], _ height: Int, _ width: Int, _ targets: Int, _ padding: Int
  ) -> [Double] {
    let sources = source.channels, side = output[0].count, products = products((input.count, side))
    // U[c][j][e], e innermost.
    let u = (0..<sources * targets).map { pair in
      Self.transform((0..<9).map { Double(abs(w[$0 * sources * targets + pair])) }, by: factor)
    }
    var result = [Double](repeating: 0, count: batch * height * width * targets)
    for image in 0..<batch {
      for y in stride(from: 0, to: height, by: tile) {
        for x in stride(from: 0, to: width, by: tile) {
          let top = y / tile * patchStep - padding, left = x / tile * patchStep - padding
          let v = (0..<sources).map {
            Self.transform(source.patch(image, top, left, side: input[0].count, channel: $0), by: input)
          }
          for j in 0..<targets {
            var m = [Double](repeating: 0, count: side * side)
            for c in 0..<sources {
              let (v, u) = (v[c], u[c * targets + j])
              for (e, product) in products.enumerated() { m[product.right] += v[product.left] * u[e] }
            }
            let pixels = Self.transform(m, by: output)
            for p in 0..<min(tile, height - y) {
              for q in 0..<min(tile, width - x) {
                result[((image * height + y + p) * width + x + q) * targets + j] = pixels[tile * p + q]
              }
            }
          }
        }
      }
    }
    return result
  }

  private func weightGradient(_ s: ConvolutionShape, _ x: Pixels, _ dy: Pixels) -> [Double] {
    let pairs = s.inputChannels * s.outputChannels, products = products((input.count, factor.count))
    var m = [Double](repeating: 0, count: pairs * products.count)
    for image in 0..<s.batch {
      for top in stride(from: 0, to: s.outputHeight, by: tile) {
        for left in stride(from: 0, to: s.outputWidth, by: tile) {
          let (y, x0) = (top / tile * patchStep - s.padding, left / tile * patchStep - s.padding)
          let v = (0..<s.inputChannels).map {
            Self.transform(x.patch(image, y, x0, side: input[0].count, channel: $0), by: input)
          }
          for o in 0..<s.outputChannels {
            let z = Self.transform(dy.patch(image, top, left, side: 4, channel: o), by: factor)
            for i in 0..<s.inputChannels {
              let to = (i * s.outputChannels + o) * products.count
              for (e, product) in products.enumerated() { m[to + e] += v[i][product.left] * z[product.right] }
            }
          }
        }
      }
    }
    var result = [Double](repeating: 0, count: 9 * pairs)
    for pair in 0..<pairs {
      let elements = Array(m[pair * products.count..<(pair + 1) * products.count])
      for (tap, value) in Self.transform(elements, by: output).enumerated() { result[tap * pairs + pair] = value }
    }
    return result
  }
}
