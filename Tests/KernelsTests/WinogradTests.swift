import Kernels
import Testing

/// Winograd's convolution against `ConvolutionReference`.
@Suite struct WinogradTests {
  typealias Pass = ConvolutionTests.Pass

  /// Sizes around the tiles of 4×4, channels around the vectors, batches around the blocks.
  static let shapes: [ConvolutionShape] = [
    shape(1, 4, 4, 16, 16), shape(3, 8, 8, 32, 32), shape(2, 13, 13, 33, 40), shape(5, 6, 7, 17, 65),
    shape(25, 2, 2, 64, 48), shape(13, 1, 1, 33, 17), shape(1, 3, 9, 5, 1), shape(7, 5, 4, 1, 3),
    shape(2, 9, 5, 72, 96),
    // No padding, and more than the kernel needs; the input gradient's patches then start after their tile.
    shape(3, 7, 6, 19, 33, padding: 0), shape(2, 3, 3, 16, 8, padding: 0), shape(2, 5, 3, 16, 20, padding: 2),
    shape(1, 2, 4, 8, 16, padding: 4),
    // Many tiles: several blocks, and several stretches and parts of the weight gradient.
    shape(2, 30, 33, 33, 34), shape(3, 18, 21, 64, 32), shape(2, 45, 47, 17, 9),
  ]

  /// Weights larger than the caches when they are transformed, and more tiles than one stretch of theirs. On images of one pixel the plain
  /// pass is quick even so.
  static let wide = shape(257, 1, 1, 350, 340)

  private static func shape(
    _ batch: Int, _ height: Int, _ width: Int, _ inputs: Int, _ outputs: Int, padding: Int = 1
  ) -> ConvolutionShape {
    ConvolutionShape(
      batch: batch, height: height, width: width, inputChannels: inputs, outputChannels: outputs, kernel: 3,
      padding: padding)
  }

  /// With the operand that is transformed by G in multiples of 576 = 24², all 36 products are whole numbers. As long as they stay
  /// below 2²⁴, the result must be the reference's to the last bit: one product too many or too few shows.
  @Test(arguments: shapes + [wide])
  func wholeNumbersMatchExactly(shape s: ConvolutionShape) {
    for pass in Pass.allCases {
      var samples = Samples(s.inputCount + s.outputChannels)
      let counts = pass.counts(s)
      let left = samples.integers(counts.left, most: 1)
      let right = samples.integers(counts.right, most: 1).map { 576 * $0 }
      let before = samples.integers(counts.result, most: 100)
      let wanted = pass.reference(s, left, right, before: before)
      for (spare, instructionSet) in InstructionSet.available.enumerated() {
        let engine = poisonedEngine(instructionSet, threads: 2)
        let found = pass.problem(
          s, on: engine, .winograd, spare: spare, left, right, before: before, wanted)
        #expect(found == nil, "\(instructionSet)")
      }
    }
  }

  /// The bound that `WinogradTiles` derives, for every element: |error| ≤ γ(n + 32) · W(|left|, |right|), W being the same
  /// transforms with absolute values everywhere.
  @Test(arguments: shapes)
  func realNumbersMatchWithinTheBound(shape s: ConvolutionShape) {
    for pass in Pass.allCases {
      var samples = Samples(s.inputCount + s.outputChannels)
      let counts = pass.counts(s)
      let left = samples.normals(counts.left), right = samples.normals(counts.right)
      let before = samples.normals(counts.result)
      let wanted = pass.reference(s, left, right, before: before)
      let sums = WinogradBound.magnitudes(pass, s, left, right)
      let terms =
        pass.gradesWeights ? s.batch * ((s.outputHeight + 3) / 4) * ((s.outputWidth + 3) / 4) : pass.terms(s) / 9
      let bound = gamma(terms + 32)
      for instructionSet in InstructionSet.available {
        let found = pass.problem(
          s, on: poisonedEngine(instructionSet), .winograd, spare: 0, left, right, before: before, wanted
        ) { bound * sums[$0] + 2 * unitRoundoff * (Double(abs(wanted[$0])) + Double(abs(before[$0]))) }
        #expect(found == nil, "\(instructionSet)")
      }
    }
  }

  @Test(arguments: InstructionSet.available, shapes.suffix(3) + [wide])
  func threadsDoNotChangeTheBits(instructionSet: InstructionSet, shape s: ConvolutionShape) {
    for pass in Pass.allCases {
      let counts = pass.counts(s)
      let results = [1, 2, 3].map { threads in
        var samples = Samples(5)
        let left = GuardedFloats(samples.normals(counts.left)), right = GuardedFloats(samples.normals(counts.right))
        let result = GuardedFloats(samples.normals(counts.result))
        pass.run(
          s, on: poisonedEngine(instructionSet, threads: threads), .winograd, left, right, result, count: s.batch)
        return bits(result.values)
      }
      #expect(results[1] == results[0], "\(pass)")
      #expect(results[2] == results[0], "\(pass)")
    }
  }
}

/// Winograd's sums with the absolute values of all matrices and operands, in Double, tile by tile as the formulas read.
enum WinogradBound {
  private static let input: [[Double]] = [
    [4, 0, 5, 0, 1, 0], [0, 4, 4, 1, 1, 0], [0, 4, 4, 1, 1, 0], [0, 2, 1, 2, 1, 0], [0, 2, 1, 2, 1, 0],
    [0, 4, 0, 5, 0, 1],
  ]

  /// |G| for `count` values and |Aᵀ| for 7 − count: the powers of the points 0, ±1, ±2 and, last, ∞.
  private static func g(_ count: Int) -> [[Double]] {
    let scales = [1.0 / 4, 1.0 / 6, 1.0 / 6, 1.0 / 24, 1.0 / 24]
    return zip([0.0, 1, 1, 2, 2], scales).map { point, scale in powers(point, count).map { $0 * scale } }
      + [(0..<count).map { $0 == count - 1 ? 1 : 0 }]
  }

  private static func a(_ count: Int) -> [[Double]] {
    let columns = [0.0, 1, 1, 2, 2].map { powers($0, count) } + [(0..<count).map { $0 == count - 1 ? 1 : 0 }]
    return (0..<count).map { row in columns.map { $0[row] } }
  }

  private static func powers(_ x: Double, _ count: Int) -> [Double] {
    (0..<count).map { (0..<$0).reduce(1) { power, _ in power * x } }
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
    let x = Pixels(values: left, height: s.height, width: s.width, channels: s.inputChannels)
    if pass.gradesWeights {
      let dy = Pixels(values: right, height: s.outputHeight, width: s.outputWidth, channels: s.outputChannels)
      return weightGradient(s, x, dy)
    }
    if pass == .forward { return sums(s.batch, x, right, s.outputHeight, s.outputWidth, s.outputChannels, s.padding) }
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
    return sums(s.batch, dy, turned, s.height, s.width, s.inputChannels, 2 - s.padding)
  }

  private static func sums(
    _ batch: Int, _ source: Pixels, _ w: [Float], _ height: Int, _ width: Int, _ targets: Int, _ padding: Int
  ) -> [Double] {
    let g = g(3), a = a(4), sources = source.channels
    // U[c][j][e], e innermost.
    let u = (0..<sources * targets).map { pair in
      transform((0..<9).map { Double(abs(w[$0 * sources * targets + pair])) }, by: g)
    }
    var result = [Double](repeating: 0, count: batch * height * width * targets)
    for image in 0..<batch {
      for y in stride(from: 0, to: height, by: 4) {
        for x in stride(from: 0, to: width, by: 4) {
          let v = (0..<sources).map {
            transform(source.patch(image, y - padding, x - padding, side: 6, channel: $0), by: input)
          }
          for j in 0..<targets {
            var m = [Double](repeating: 0, count: 36)
            for c in 0..<sources {
              let (v, u) = (v[c], u[c * targets + j])
              for e in 0..<36 { m[e] += v[e] * u[e] }
            }
            let tile = transform(m, by: a)
            for p in 0..<min(4, height - y) {
              for q in 0..<min(4, width - x) {
                result[((image * height + y + p) * width + x + q) * targets + j] = tile[4 * p + q]
              }
            }
          }
        }
      }
    }
    return result
  }

  private static func weightGradient(_ s: ConvolutionShape, _ x: Pixels, _ dy: Pixels) -> [Double] {
    let g = g(4), a = a(3), pairs = s.inputChannels * s.outputChannels
    var m = [Double](repeating: 0, count: pairs * 36)
    for image in 0..<s.batch {
      for top in stride(from: 0, to: s.outputHeight, by: 4) {
        for left in stride(from: 0, to: s.outputWidth, by: 4) {
          let v = (0..<s.inputChannels).map {
            transform(x.patch(image, top - s.padding, left - s.padding, side: 6, channel: $0), by: input)
          }
          for o in 0..<s.outputChannels {
            let z = transform(dy.patch(image, top, left, side: 4, channel: o), by: g)
            for i in 0..<s.inputChannels {
              let to = (i * s.outputChannels + o) * 36
              for e in 0..<36 { m[to + e] += v[i][e] * z[e] }
            }
          }
        }
      }
    }
    var result = [Double](repeating: 0, count: 9 * pairs)
    for pair in 0..<pairs {
      for (tap, value) in transform(Array(m[pair * 36..<pair * 36 + 36]), by: a).enumerated() {
        result[tap * pairs + pair] = value
      }
    }
    return result
  }
}
