import Kernels
import Testing

@Suite struct PoolingTests {
  static let shapes: [ConvolutionShape] = {
    var shapes: [ConvolutionShape] = []
    // Kernel, stride, padding: apart, overlapping, with padding, with gaps between windows.
    for (kernel, stride, padding) in [(2, 2, 0), (3, 2, 1), (3, 1, 1), (2, 2, 1), (2, 3, 0), (1, 1, 0)] {
      for (batch, height, width, channels) in [(1, 3, 4, 1), (3, 7, 6, 3), (2, 8, 5, 17), (2, 3, 3, 70)] {
        shapes.append(
          ConvolutionShape(
            batch: batch, height: height, width: width, inputChannels: channels, outputChannels: channels,
            kernel: kernel, stride: stride, padding: padding))
      }
    }
    // Enough work for several cores.
    shapes.append(
      ConvolutionShape(
        batch: 9, height: 32, width: 30, inputChannels: 16, outputChannels: 16, kernel: 3, stride: 2, padding: 1))
    return shapes
  }()

  /// Whole numbers from −2 to 2 make ties in almost every window, and sums of gradients that are exact.
  @Test(arguments: InstructionSet.available, shapes)
  func maxPoolMatchesItsFormula(instructionSet: InstructionSet, shape s: ConvolutionShape) {
    var samples = Samples(s.height)
    let spare = s.height * s.width * s.inputChannels
    let x = samples.integers(s.inputCount, most: 2), dy = samples.integers(s.outputCount, most: 100)
    let (wanted, places) = MaxPoolReference.forward(s, x)
    let gradient = MaxPoolReference.backward(s, dy: dy, places: places)
    var larger = s
    larger.batch += 1
    let pool = MaxPool(larger)
    for threads in [1, 2, 3] {
      let engine = poisonedEngine(instructionSet, threads: threads)
      let input = GuardedFloats(x), output = GuardedFloats(larger.outputCount)
      let dx = GuardedFloats(s.inputCount + spare), outputGradient = GuardedFloats(dy)
      pool.forward(on: engine, x: input.base, y: output.base, count: s.batch)
      pool.backward(
        on: engine, x: input.base, y: output.base, dy: outputGradient.base, dx: dx.base, count: s.batch)
      #expect(mismatch(Array(output.values.prefix(s.outputCount)), wanted) == nil)
      #expect(mismatch(Array(dx.values.prefix(s.inputCount)), gradient) == nil)
      #expect(output.isUntouched(s.outputCount..<larger.outputCount) && output.isGuarded)
      #expect(dx.isUntouched(s.inputCount..<s.inputCount + spare) && dx.isGuarded)
    }
  }

  /// Forward: a mean of n has n − 1 additions and a division. Backward: one division.
  @Test(arguments: InstructionSet.available, [(1, 1, 1), (3, 1, 17), (5, 12, 3), (4, 49, 70), (9, 300, 64)])
  func averagePoolMatchesItsFormula(instructionSet: InstructionSet, sizes: (count: Int, pixels: Int, channels: Int)) {
    let (count, pixels, channels) = sizes
    var samples = Samples(pixels)
    let x = samples.normals(count * pixels * channels), dy = samples.normals(count * channels)
    var means = [Double](repeating: 0, count: count * channels), sizes = means
    for i in x.indices {
      let o = i / (pixels * channels) * channels + i % channels
      means[o] += Double(x[i]) / Double(pixels)
      sizes[o] += Double(abs(x[i])) / Double(pixels)
    }
    let wanted = x.indices.map { Double(dy[$0 / (pixels * channels) * channels + $0 % channels]) / Double(pixels) }
    let pool = GlobalAveragePool(pixels: pixels, channels: channels)
    var results: [[UInt32]] = []
    for threads in [1, 2, 3] {
      let engine = poisonedEngine(instructionSet, threads: threads)
      let input = GuardedFloats(x), y = GuardedFloats(means.count)
      let gradient = GuardedFloats(dy), dx = GuardedFloats(x.count)
      pool.forward(on: engine, x: input.base, y: y.base, count: count)
      pool.backward(on: engine, dy: gradient.base, dx: dx.base, count: count)
      #expect(mismatch(y.values, means) { gamma(pixels) * sizes[$0] } == nil)
      #expect(mismatch(dx.values, wanted) { unitRoundoff * abs(wanted[$0]) } == nil)
      #expect(y.isGuarded && dx.isGuarded)
      results.append(bits(y.values))
    }
    #expect(results[1] == results[0] && results[2] == results[0])
  }
}
