import Kernels
import Testing

/// The three passes as direct sums and products against `ConvolutionReference`, on images of a batch that may have room for more.
@Suite struct ConvolutionTests {
  enum Pass: CaseIterable {
    case forward, inputGradient, inputGradientAdded, weightGradient, weightGradientAdded

    var accumulates: Bool { self == .inputGradientAdded || self == .weightGradientAdded }
    var kernelPass: ConvolutionPass {
      self == .forward ? .forward : gradesWeights ? .weightGradient : .inputGradient
    }
    var gradesWeights: Bool { self == .weightGradient || self == .weightGradientAdded }

    /// How many values the pass reads as left and right operand, and how many it makes.
    func counts(_ s: ConvolutionShape) -> (left: Int, right: Int, result: Int) {
      switch self {
      case .forward: (s.inputCount, s.weightCount, s.outputCount)
      case .inputGradient, .inputGradientAdded: (s.outputCount, s.weightCount, s.inputCount)
      case .weightGradient, .weightGradientAdded: (s.inputCount, s.outputCount, s.weightCount)
      }
    }

    /// The most products that are added up to one value of the result.
    func terms(_ s: ConvolutionShape) -> Int {
      switch self {
      case .forward: s.kernel * s.kernel * s.inputChannels
      case .inputGradient: s.kernel * s.kernel * s.outputChannels
      case .inputGradientAdded: s.kernel * s.kernel * s.outputChannels + 1
      case .weightGradient: s.batch * s.outputHeight * s.outputWidth
      case .weightGradientAdded: s.batch * s.outputHeight * s.outputWidth + 1
      }
    }

    func run(
      _ s: ConvolutionShape, on engine: Engine, _ algorithm: ConvolutionAlgorithm, _ left: GuardedFloats,
      _ right: GuardedFloats, _ result: GuardedFloats, count: Int
    ) {
      let convolution = Convolution(s, algorithm: algorithm)
      switch self {
      case .forward:
        convolution.forward(on: engine, x: left.base, w: right.base, y: result.base, count: count)
      case .inputGradient, .inputGradientAdded:
        convolution.inputGradient(
          on: engine, dy: left.base, w: right.base, dx: result.base, count: count, accumulate: accumulates)
      case .weightGradient, .weightGradientAdded:
        convolution.weightGradient(
          on: engine, x: left.base, dy: right.base, dw: result.base, count: count, accumulate: accumulates)
      }
    }

    /// The plain pass's result, added to `before` where the pass adds.
    func reference(_ s: ConvolutionShape, _ left: [Float], _ right: [Float], before: [Float]) -> [Float] {
      let l = GuardedFloats(left), r = GuardedFloats(right), result = GuardedFloats(counts(s).result)
      switch self {
      case .forward: ConvolutionReference.forward(s, x: l.base, w: r.base, y: result.base)
      case .inputGradient, .inputGradientAdded:
        ConvolutionReference.inputGradient(s, dy: l.base, w: r.base, dx: result.base)
      case .weightGradient, .weightGradientAdded:
        ConvolutionReference.weightGradient(s, x: l.base, dy: r.base, dw: result.base)
      }
      return accumulates ? zip(result.values, before).map { $0 + $1 } : result.values
    }

    /// Runs one pass over the shape's whole batch, in memory that has room for `spare` more images, and returns what is
    /// wrong. What belongs to the spare images is a sentinel and has to stay one.
    func problem(
      _ s: ConvolutionShape, on engine: Engine, _ algorithm: ConvolutionAlgorithm, spare: Int, _ left: [Float],
      _ right: [Float], before: [Float], _ wanted: [Float], tolerance: (Int) -> Double = { _ in 0 }
    ) -> String? {
      var larger = s
      larger.batch += spare
      func padded(_ values: [Float], to count: Int) -> GuardedFloats {
        GuardedFloats(values + [Float](repeating: GuardedFloats.sentinel, count: count - values.count))
      }
      let counts = counts(larger)
      let result = padded(accumulates ? before : [], to: counts.result)
      run(
        larger, on: engine, algorithm, padded(left, to: counts.left), padded(right, to: counts.right), result,
        count: s.batch)
      if !result.isGuarded { return "\(self): wrote outside its result" }
      if !result.isUntouched(wanted.count..<counts.result) { return "\(self): wrote to images beyond count" }
      return mismatch(Array(result.values.prefix(wanted.count)), wanted, tolerance: tolerance).map { "\(self): \($0)" }
    }

    /// The bits of one pass over random numbers, the same ones each time.
    func bits(_ s: ConvolutionShape, on engine: Engine, _ algorithm: ConvolutionAlgorithm) -> [UInt32] {
      var samples = Samples(5)
      let counts = counts(s)
      let left = GuardedFloats(samples.normals(counts.left)), right = GuardedFloats(samples.normals(counts.right))
      let result = GuardedFloats(samples.normals(counts.result))
      run(s, on: engine, algorithm, left, right, result, count: s.batch)
      return KernelsTests.bits(result.values)
    }
  }

  private static let algorithms: [ConvolutionAlgorithm] = [.direct, .product]

  /// With whole numbers every sum is exact, so the result must be the reference's to the last bit: one product too many or
  /// too few shows, whatever the sum's length.
  @Test(arguments: ConvolutionShapes.all)
  func wholeNumbersMatchExactly(shape s: ConvolutionShape) {
    for pass in Pass.allCases {
      var samples = Samples(s.hashSeed)
      let counts = pass.counts(s)
      let left = samples.integers(counts.left), right = samples.integers(counts.right)
      let before = samples.integers(counts.result, most: 100)
      let wanted = pass.reference(s, left, right, before: before)
      for (spare, instructionSet) in InstructionSet.available.enumerated() {
        for algorithm in Self.algorithms where algorithm.fits(pass.kernelPass, s) {
          let engine = poisonedEngine(instructionSet, threads: 2)
          let found = pass.problem(s, on: engine, algorithm, spare: spare, left, right, before: before, wanted)
          #expect(found == nil, "\(instructionSet), \(algorithm)")
        }
      }
    }
  }

  /// |error| ≤ γ(terms)·Σ|x·w|, and one rounding of the reference (two where it is added to what was there).
  @Test(arguments: ConvolutionShapes.all)
  func realNumbersMatchWithinRounding(shape s: ConvolutionShape) {
    for pass in Pass.allCases {
      var samples = Samples(s.hashSeed)
      let counts = pass.counts(s)
      let left = samples.normals(counts.left), right = samples.normals(counts.right)
      let before = samples.normals(counts.result)
      let wanted = pass.reference(s, left, right, before: before)
      let sums = pass.reference(s, left.map(abs), right.map(abs), before: before.map(abs))
      let bound = gamma(pass.terms(s))
      for instructionSet in InstructionSet.available {
        for algorithm in Self.algorithms where algorithm.fits(pass.kernelPass, s) {
          let found = pass.problem(
            s, on: poisonedEngine(instructionSet), algorithm, spare: 0, left, right, before: before, wanted
          ) { bound * Double(sums[$0]) + 2 * unitRoundoff * (Double(abs(wanted[$0])) + Double(abs(before[$0]))) }
          #expect(found == nil, "\(instructionSet), \(algorithm)")
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available, ConvolutionShapes.large)
  func threadsDoNotChangeTheBits(instructionSet: InstructionSet, shape s: ConvolutionShape) {
    for pass in Pass.allCases {
      let results = [1, 2, 3].map { pass.bits(s, on: poisonedEngine(instructionSet, threads: $0), .direct) }
      #expect(results[1] == results[0], "\(pass)")
      #expect(results[2] == results[0], "\(pass)")
    }
  }

  /// The lists that skip padding name exactly the taps inside the image, forward and backward the same ones.
  @Test func tapsForwardAndBackwardAreTheSamePairs() {
    for (kernel, stride, padding) in [(1, 1, 0), (3, 1, 1), (3, 2, 1), (7, 2, 3), (2, 3, 3), (1, 3, 2)] {
      for input in [1, 2, 5, 8] where input + 2 * padding >= kernel {
        let output = (input + 2 * padding - kernel) / stride + 1
        let axes = [false, true].map {
          AxisTaps(
            input: input, output: output, kernel: kernel, stride: stride, padding: padding, backward: $0)
        }
        var wanted: Set<[Int]> = []
        for o in 0..<output {
          for k in 0..<kernel where (0..<input).contains(o * stride - padding + k) {
            wanted.insert([o, o * stride - padding + k, k])
          }
        }
        let forward = (0..<axes[0].count).flatMap { o in axes[0][o].map { [o, $0.source, $0.k] } }
        let backward = (0..<axes[1].count).flatMap { i in axes[1][i].map { [$0.source, i, $0.k] } }
        #expect(forward.count == wanted.count && Set(forward) == wanted)
        #expect(backward.count == wanted.count && Set(backward) == wanted)
      }
    }
  }

  /// As PyTorch counts: floor((size + 2·padding − kernel)/stride) + 1, and nothing where the kernel does not fit.
  @Test(arguments: [
    (224, 7, 2, 3, 112), (112, 3, 2, 1, 56), (96, 2, 2, 1, 49), (1, 3, 2, 1, 1), (1, 7, 2, 3, 1), (2, 3, 2, 0, 0),
    (1, 7, 5, 2, 0), (4, 5, 3, 0, 0), (5, 5, 3, 0, 1), (1, 9, 1, 1, 0),
  ])
  func outputSizes(size: (pixels: Int, kernel: Int, stride: Int, padding: Int, outputs: Int)) {
    var shape = ConvolutionShape(
      batch: 1, height: size.pixels, width: 12, inputChannels: 1, outputChannels: 1, kernel: size.kernel,
      stride: size.stride, padding: size.padding)
    #expect(shape.outputHeight == size.outputs)
    (shape.height, shape.width) = (shape.width, shape.height)
    #expect(shape.outputWidth == size.outputs)
  }
}

extension ConvolutionShape {
  /// A seed that differs from shape to shape, the same in every run.
  fileprivate var hashSeed: Int {
    [batch, height, width, inputChannels, outputChannels, kernel, stride, padding].reduce(0) { 67 &* $0 &+ $1 }
  }
}
