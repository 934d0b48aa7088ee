import Kernels
import MicrokernelInterface
import Testing

/// Convolutions that normalise their input against batch norm and ReLU first and the convolution after it: the same bits.
@Suite struct InputNormalizationTests {
  /// Shapes of all direct sums and of Winograd's, padding on every side and none, groups that end within a block of images.
  private static let shapes =
    (ConvolutionShapes.all + WinogradTests.shapes).filter { Convolution($0).normalizesInput && $0.flops < 20_000_000 }

  /// All shapes but products, and those that take long.
  @Test func mostShapesAreTried() { #expect(Self.shapes.count > 80) }

  @Test(arguments: InstructionSet.available)
  func isBatchNormBeforeTheConvolution(instructionSet: InstructionSet) {
    for (i, s) in Self.shapes.enumerated() {
      for algorithm in [ConvolutionAlgorithm.direct, .winograd] where algorithm.fits(.forward, s) {
        let trial = Trial(s, seed: i)
        let engine = poisonedEngine(instructionSet, threads: i % 2 + 1)
        let fused = trial.run(on: engine, algorithm, normalizing: true)
        let apart = trial.run(on: engine, algorithm, normalizing: false)
        // To tell two long lists apart takes the expectation minutes.
        let isSame = fused == apart
        #expect(isSame, "\(s), \(algorithm)")
      }
    }
  }

  @Test func productsReadTheirInputWhereItLies() {
    let shape = ConvolutionShape(batch: 1, height: 4, width: 4, inputChannels: 8, outputChannels: 8, kernel: 1)
    #expect(!Convolution(shape).normalizesInput)
  }

  /// Operands of one shape, in up to three groups with statistics of their own.
  private struct Trial {
    let shape: ConvolutionShape
    let imagesPerGroup: Int
    let x: [Float], w: [Float], dy: [Float]
    let statistics: [Float], beta: [Float]

    init(_ s: ConvolutionShape, seed: Int) {
      var samples = Samples(seed)
      shape = s
      imagesPerGroup = (s.batch + 2) / 3
      x = samples.normals(s.inputCount, mean: 0.5, deviation: 2)
      w = samples.normals(s.weightCount)
      dy = samples.normals(s.outputCount)
      statistics = samples.normals(BatchNorm.Saved.floats(groups: 3, channels: s.inputChannels))
      beta = samples.normals(s.inputChannels)
    }

    /// The bits of y and dw.
    func run(on engine: Engine, _ algorithm: ConvolutionAlgorithm, normalizing: Bool) -> [UInt32] {
      let s = shape, convolution = Convolution(s, algorithm: algorithm)
      let x = GuardedFloats(x), w = GuardedFloats(w), dy = GuardedFloats(dy)
      let statistics = GuardedFloats(statistics), beta = GuardedFloats(beta)
      let saved = BatchNorm.Saved(statistics.base, groups: 3, channels: s.inputChannels)
      let y = GuardedFloats(s.outputCount), dw = GuardedFloats(s.weightCount)
      var normalization: InputNormalization?
      if normalizing {
        normalization = InputNormalization(
          saved: saved, beta: beta.base, channels: s.inputChannels, imagesPerGroup: imagesPerGroup)
      } else {
        let pixels = s.height * s.width
        for image in 0..<s.batch {
          let group = image / imagesPerGroup * s.inputChannels, at = x.base + image * pixels * s.inputChannels
          engine.kernels.normForward(
            at,
            ChannelNormalization(center: saved.mean + group, scale: saved.scale + group, shift: beta.base), nil, true,
            pixels, s.inputChannels, at, s.inputChannels)
        }
      }
      convolution.forward(on: engine, x: x.base, normalizing: normalization, w: w.base, y: y.base, count: s.batch)
      convolution.weightGradient(
        on: engine, x: x.base, normalizing: normalization, dy: dy.base, dw: dw.base, count: s.batch, accumulate: false)
      return bits(y.values + dw.values)
    }
  }
}
