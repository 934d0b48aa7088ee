import Kernels
import MicrokernelInterface
import Testing

/// What convolutions sum up of their results, against sums in Double over the results themselves.
@Suite struct OutputStatisticsTests {
  private static let shapes =
    (ConvolutionShapes.all + WinogradTests.shapes).filter { Convolution($0).sumsUpItsOutput && $0.flops < 20_000_000 }

  /// All shapes but products, and those that take long.
  @Test func mostShapesAreTried() { #expect(Self.shapes.count > 80) }

  /// The room that is kept for them, also where a batch of large images has more than 128 parts. Nothing is computed.
  @Test(arguments: InstructionSet.available)
  func everyPartHasRoom(instructionSet: InstructionSet) throws {
    for (batch, side, channels) in [(64, 96, 64), (256, 32, 64), (32, 224, 16), (8, 200, 512)] {
      let convolution = Convolution(
        ConvolutionShape(
          batch: batch, height: side, width: side, inputChannels: channels, outputChannels: channels, kernel: 3,
          padding: 1), algorithm: .winograd)
      for groups in [1, 2] {
        let parts = try #require(
          convolution.outputParts(count: batch, groups: groups, on: poisonedEngine(instructionSet)))
        #expect(parts <= convolution.mostOutputParts(groups: groups), "\(batch) of \(side)×\(side)×\(channels)")
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func areThoseOfTheOutput(instructionSet: InstructionSet) {
    for (i, s) in Self.shapes.enumerated() {
      for algorithm in [ConvolutionAlgorithm.direct, .winograd] where algorithm.fits(.forward, s) {
        let trial = Trial(s, seed: i)
        trial.run(on: poisonedEngine(instructionSet, threads: i % 2 + 1), algorithm)
        trial.check("\(s), \(algorithm)")
      }
    }
  }

  @Test(arguments: InstructionSet.available, ConvolutionShapes.large)
  func threadsDoNotChangeTheBits(instructionSet: InstructionSet, shape: ConvolutionShape) {
    let results = [1, 2, 3].map { threads in
      let trial = Trial(shape, seed: 1)
      trial.run(on: poisonedEngine(instructionSet, threads: threads), nil)
      return bits(trial.memory.values)
    }
    #expect(results[1] == results[0])
    #expect(results[2] == results[0])
  }

  /// A batch norm makes the same of them as of the output, as far as rounding goes, and reads the output again where a mean is so far from
  /// zero that the squares say little of the variance.
  @Test(arguments: InstructionSet.available, [Float(0.5), 50, 1000])
  func serveABatchNorm(instructionSet: InstructionSet, mean: Float) {
    let s = ConvolutionShape(
      batch: 6, height: 12, width: 12, inputChannels: 16, outputChannels: 32, kernel: 3, padding: 0)
    let engine = poisonedEngine(instructionSet), trial = Trial(s, seed: 4, groups: 2, mean: mean)
    let statistics = trial.run(on: engine, nil)
    let (summed, read) = (trial.normalize(on: engine, statistics), trial.normalize(on: engine, nil))
    if mean > 1 {
      #expect(bits(summed) == bits(read))
      return
    }
    // A group is 3 images of 10×10 pixels. A sum of n numbers of mean m and deviation σ, by whatever way, is off by n·u of their
    // sizes: a mean of theirs by n·u·(|m| + σ), a mean of squares by n·u·(m² + σ²), and the variance by three times that, since a mean
    // counts twice in its square. Running statistics take a tenth of each group's and have 3 roundings of their own.
    let each = 2 * s.outputChannels, roundings = 2 * 300 * unitRoundoff
    var runningMean = [Double](repeating: 3 * unitRoundoff, count: s.outputChannels), runningVariance = runningMean
    for i in 0..<each {
      let m = Double(abs(read[i])), deviation = 1 / Double(read[each + i])
      let meanBound = roundings * (m + deviation)
      let varianceBound = 3 * roundings * (m * m + deviation * deviation)
      #expect(Double(abs(summed[i] - read[i])) <= meanBound)
      for place in [each + i, 2 * each + i] {
        #expect(abs(Double(summed[place] / read[place]) - 1) <= varianceBound / (deviation * deviation) / 2)
      }
      runningMean[i % s.outputChannels] += 0.1 * meanBound + 3 * unitRoundoff * m
      runningVariance[i % s.outputChannels] += 0.1 * varianceBound + 3 * unitRoundoff * deviation * deviation
    }
    let running = summed.indices.dropFirst(3 * each)
    for (place, bound) in zip(running, runningMean + runningVariance) {
      #expect(Double(abs(summed[place] - read[place])) <= bound)
    }
  }

  @Test func productsTakeNone() {
    let shape = ConvolutionShape(batch: 1, height: 4, width: 4, inputChannels: 8, outputChannels: 8, kernel: 1)
    let convolution = Convolution(shape)
    #expect(!convolution.sumsUpItsOutput)
    #expect(convolution.outputParts(count: 1, groups: 1, on: poisonedEngine(.portable)) == nil)
  }

  private final class Trial {
    let shape: ConvolutionShape
    let groups: Int
    let y: GuardedFloats
    private(set) var memory = GuardedFloats(0)
    private var parts = 0
    private let x: [Float], w: [Float]

    init(_ s: ConvolutionShape, seed: Int, groups: Int = 3, mean: Float = 0.5) {
      var samples = Samples(seed)
      shape = s
      self.groups = groups
      x = samples.normals(s.inputCount, mean: mean, deviation: 2)
      w = samples.normals(s.weightCount)
      y = GuardedFloats(s.outputCount)
    }

    private var imagesPerGroup: Int { (shape.batch + groups - 1) / groups }
    private var pixels: Int { shape.outputHeight * shape.outputWidth }

    @discardableResult
    func run(on engine: Engine, _ algorithm: ConvolutionAlgorithm?) -> OutputStatistics? {
      let convolution = Convolution(shape, algorithm: algorithm)
      let x = GuardedFloats(x), w = GuardedFloats(w)
      parts = convolution.outputParts(count: shape.batch, groups: groups, on: engine) ?? 0
      #expect(parts > 0 && parts <= convolution.mostOutputParts(groups: groups), "\(shape)")
      memory = GuardedFloats(
        OutputStatistics.floats(parts: parts, groups: groups, channels: shape.outputChannels))
      let statistics = OutputStatistics(
        memory.base, parts: parts, channels: shape.outputChannels, imagesPerGroup: imagesPerGroup, groups: groups)
      convolution.forward(
        on: engine, x: x.base, w: w.base, y: y.base, count: shape.batch, statistics: statistics)
      return statistics
    }

    /// What a batch norm saves, and its running statistics.
    func normalize(on engine: Engine, _ statistics: OutputStatistics?) -> [Float] {
      let channels = shape.outputChannels
      let vectors = (0..<4).map { GuardedFloats([Float](repeating: $0 == 1 ? 0 : 1, count: channels)) }
      let saved = GuardedFloats(BatchNorm.Saved.floats(groups: groups, channels: channels))
      BatchNorm(channels: channels).forward(
        on: engine, x: y.base, rows: imagesPerGroup * pixels, groups: groups,
        parameters: BatchNorm.Parameters(
          gamma: vectors[0].base, beta: vectors[1].base, runningMean: vectors[2].base,
          runningVariance: vectors[3].base),
        residual: nil, relu: true, y: nil, saved: BatchNorm.Saved(saved.base, groups: groups, channels: channels),
        statistics: statistics)
      return saved.values + vectors[2].values + vectors[3].values
    }

    /// The memory begins with a count, sums and squares in Double, for each group and part.
    func check(_ name: String) {
      let channels = shape.outputChannels, slot = 1 + 2 * channels, y = y.values
      let doubles = UnsafeRawPointer(memory.base).assumingMemoryBound(to: Double.self)
      for group in 0..<groups {
        let images = min(shape.batch, group * imagesPerGroup)..<min(shape.batch, (group + 1) * imagesPerGroup)
        let rows = images.lowerBound * pixels..<images.upperBound * pixels
        let own = group * parts..<(group + 1) * parts
        #expect(own.reduce(0) { $0 + doubles[$1 * slot] } == Double(rows.count), "\(name)")
        for c in 0..<channels {
          let sum = own.reduce(0) { $0 + doubles[$1 * slot + 1 + c] }
          let squares = own.reduce(0) { $0 + doubles[$1 * slot + 1 + channels + c] }
          let values = rows.map { Double(y[$0 * channels + c]) }
          let bound = Double(rows.count + 3) * 0x1p-24
          #expect(abs(sum - values.reduce(0, +)) <= bound * values.reduce(0) { $0 + abs($1) }, "\(name), channel \(c)")
          let exact = values.reduce(0) { $0 + $1 * $1 }
          #expect(abs(squares - exact) <= bound * exact, "\(name), channel \(c)")
        }
      }
      #expect(memory.isGuarded && self.y.isGuarded, "\(name)")
    }
  }
}
