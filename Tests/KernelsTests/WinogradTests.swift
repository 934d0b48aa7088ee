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
    shape(1, 2, 4, 8, 16, padding: 4), shape(1, 2, 3, 16, 17, padding: 9),
    // Many tiles: several blocks, and several stretches and parts of the weight gradient.
    shape(2, 30, 33, 33, 34), shape(3, 18, 21, 64, 32), shape(2, 45, 47, 17, 9),
    // Stride 2: tiles of 4×4 outputs and 8×8 inputs, whole and cut off, odd sizes and even ones.
    shape(1, 8, 8, 16, 16, stride: 2), shape(3, 16, 16, 32, 32, stride: 2), shape(2, 15, 15, 33, 40, stride: 2),
    shape(5, 11, 12, 17, 65, stride: 2), shape(13, 1, 1, 33, 17, stride: 2), shape(7, 2, 3, 64, 48, stride: 2),
    shape(1, 5, 18, 5, 1, stride: 2), shape(2, 19, 9, 1, 3, stride: 2), shape(3, 34, 33, 64, 33, stride: 2),
    shape(2, 47, 61, 17, 9, stride: 2),
    // So many blocks that a task takes two, an odd number of them in the batch and in each of three groups.
    shape(28, 27, 30, 1, 32),
    // Weights that are transformed a panel at a time.
    shape(7, 1, 1, 230, 232, stride: 2),
  ]

  /// Weights larger than the caches when they are transformed, and more tiles than one stretch of theirs. On images of one pixel the plain
  /// pass is quick even so.
  static let wide = [shape(257, 1, 1, 350, 340), shape(257, 2, 1, 260, 200, stride: 2)]

  private static func shape(
    _ batch: Int, _ height: Int, _ width: Int, _ inputs: Int, _ outputs: Int, stride: Int = 1, padding: Int = 1
  ) -> ConvolutionShape {
    ConvolutionShape(
      batch: batch, height: height, width: width, inputChannels: inputs, outputChannels: outputs, kernel: 3,
      stride: stride, padding: padding)
  }

  /// With the operand that is transformed by G in multiples of 576 = 24², all products are whole numbers. As long as they stay
  /// below 2²⁴, the result must be the reference's to the last bit: one product too many or too few shows.
  @Test(arguments: shapes + wide)
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

  /// The bound that `WinogradForm` derives, for every element: |error| ≤ γ(n + 32) · W(|left|, |right|), W being the same
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
        pass.gradesWeights
        ? s.batch * ((s.outputHeight + 3) / 4) * ((s.outputWidth + 3) / 4)
        : pass.terms(s) / 9 * (pass == .forward && s.stride == 2 ? 4 : 1)
      let bound = gamma(terms + 32)
      for instructionSet in InstructionSet.available {
        let found = pass.problem(
          s, on: poisonedEngine(instructionSet), .winograd, spare: 0, left, right, before: before, wanted
        ) { bound * sums[$0] + 2 * unitRoundoff * (Double(abs(wanted[$0])) + Double(abs(before[$0]))) }
        #expect(found == nil, "\(instructionSet)")
      }
    }
  }

  @Test(arguments: InstructionSet.available, shapes.filter { $0.flops > 2_000_000 } + wide)
  func threadsDoNotChangeTheBits(instructionSet: InstructionSet, shape s: ConvolutionShape) {
    for pass in Pass.allCases {
      let results = [1, 2, 3].map { pass.bits(s, on: poisonedEngine(instructionSet, threads: $0), .winograd) }
      #expect(results[1] == results[0], "\(pass)")
      #expect(results[2] == results[0], "\(pass)")
    }
  }
}
