import Kernels
import Testing

@Suite struct BatchNormTests {
  /// One batch: its sizes, its distribution and what follows the normalisation.
  struct Batch: CustomStringConvertible {
    var rows: Int
    var groups: Int
    var channels: Int
    var relu = false
    var residual = false
    var mean: Float = 0.5
    var deviation: Float = 2

    var count: Int { rows * groups * channels }
    var description: String {
      "\(groups)×\(rows) rows of \(channels), relu \(relu), residual \(residual), \(mean) ± \(deviation)"
    }
  }

  /// Everything that goes in, the same for every engine; the second group is moved, so that groups differ.
  private struct Operands {
    let batch: Batch
    let x: [Float]
    let residual: [Float]?
    let gamma: [Float]
    var beta: [Float]
    let runningMean: [Float]
    let runningVariance: [Float]
    var dy: [Float]

    init(_ b: Batch, seed: Int = 1, nanIn channel: Int? = nil) {
      var samples = Samples(seed)
      batch = b
      var x = (0..<b.groups).flatMap {
        samples.normals(b.rows * b.channels, mean: b.mean * Float($0 + 1), deviation: b.deviation)
      }
      if let channel { x[channel] = .nan }
      self.x = x
      residual = b.residual ? samples.normals(b.count) : nil
      gamma = samples.normals(b.channels)
      beta = samples.normals(b.channels)
      runningMean = samples.normals(b.channels)
      runningVariance = samples.uniform(b.channels, in: 0.5...2)
      dy = samples.normals(b.count)
    }

    func slice(_ values: [Float], _ group: Int) -> [Float] {
      let floats = batch.rows * batch.channels
      return Array(values[group * floats..<(group + 1) * floats])
    }

    /// The reference's results of each group, and the bounds on the distance from them.
    func reference() -> [(result: BatchNormReference.Result, bounds: BatchNormBounds)] {
      (0..<batch.groups).map { group in
        let (b, x) = (batch, slice(x, group))
        let residual = residual.map { slice($0, group) }
        let r = BatchNormReference.run(
          x: x, rows: b.rows, channels: b.channels, gamma: gamma, beta: beta, epsilon: Double(Float(1e-5)),
          residual: residual, relu: b.relu, dy: slice(dy, group))
        let bounds = BatchNormBounds(
          r, x: x, rows: b.rows, channels: b.channels, gamma: gamma, beta: beta, epsilon: Double(Float(1e-5)),
          residual: residual, chunk: BatchNorm(channels: b.channels).chunkRows(b.rows))
        return (r, bounds)
      }
    }

    /// Sets dy to zero where ReLU's input is so close to zero that its sign depends on rounding.
    mutating func avoidKinks() {
      guard batch.relu else { return }
      var linear = self
      let b = batch
      linear.dy = [Float](repeating: 0, count: b.count)
      for group in 0..<b.groups {
        let x = slice(x, group), residual = residual.map { slice($0, group) }
        let r = BatchNormReference.run(
          x: x, rows: b.rows, channels: b.channels, gamma: gamma, beta: beta, epsilon: Double(Float(1e-5)),
          residual: residual, relu: false, dy: linear.slice(linear.dy, group))
        let bounds = linear.reference()[group].bounds
        for i in r.y.indices where abs(r.y[i]) <= bounds.y[i] { dy[group * b.rows * b.channels + i] = 0 }
      }
    }
  }

  /// What one engine makes of the operands.
  private struct Outcome {
    let y, dx, residualGradient, saved, dGamma, dBeta, runningMean, runningVariance: GuardedFloats

    /// - Parameters:
    ///   - inPlace: forward writes y over a copy of x, and backward dx over dy.
    ///   - recomputes: backward finds ReLU's mask from x.
    init(_ o: Operands, on engine: Engine, inPlace: Bool = false, recomputes: Bool = false) {
      let b = o.batch, norm = BatchNorm(channels: b.channels)
      let x = GuardedFloats(o.x), dy = GuardedFloats(o.dy)
      y = GuardedFloats(inPlace ? o.x : [Float](repeating: GuardedFloats.sentinel, count: b.count), offset: 1)
      dx = inPlace ? dy : GuardedFloats(b.count)
      residualGradient = GuardedFloats(b.residual ? b.count : 0)
      saved = GuardedFloats(BatchNorm.Saved.floats(groups: b.groups, channels: b.channels))
      dGamma = GuardedFloats([Float](repeating: 3, count: b.channels))
      dBeta = GuardedFloats([Float](repeating: -2, count: b.channels))
      runningMean = GuardedFloats(o.runningMean)
      runningVariance = GuardedFloats(o.runningVariance)
      let gamma = GuardedFloats(o.gamma), beta = GuardedFloats(o.beta)
      let residual = o.residual.map { GuardedFloats($0) }
      let statistics = BatchNorm.Saved(saved.base, groups: b.groups, channels: b.channels)
      let parameters = BatchNorm.Parameters(
        gamma: gamma.base, beta: beta.base, runningMean: runningMean.base, runningVariance: runningVariance.base)
      norm.forward(
        on: engine, x: inPlace ? y.base : x.base, rows: b.rows, groups: b.groups, parameters: parameters,
        residual: residual?.base, relu: b.relu, y: y.base, saved: statistics)
      norm.backward(
        on: engine, dy: dy.base, mask: !b.relu ? .none : recomputes ? .input : .output(y.base), x: x.base, rows: b.rows,
        groups: b.groups, parameters: parameters, saved: statistics, dx: dx.base, dGamma: dGamma.base,
        dBeta: dBeta.base, residualGradient: b.residual ? residualGradient.base : nil)
    }

    var all: [GuardedFloats] {
      [y, dx, residualGradient, saved, dGamma, dBeta, runningMean, runningVariance]
    }

    var isGuarded: Bool { all.allSatisfy(\.isGuarded) }
  }

  static let batches: [Batch] = {
    var batches: [Batch] = []
    for rows in [1, 2, 3, 65] {
      for channels in [1, 3, 16, 21, 70] {
        let i = batches.count
        batches.append(
          Batch(rows: rows, groups: i % 2 + 1, channels: channels, relu: i % 4 < 2, residual: i % 3 == 0))
      }
    }
    // Several chunks, the last one short; every combination of ReLU and residual; more channels than are summed up in two turns.
    for (i, (rows, channels)) in [(20_000, 1), (2500, 21), (701, 70), (700, 64), (170, 600)].enumerated() {
      batches.append(Batch(rows: rows, groups: 2, channels: channels, relu: i % 2 == 0, residual: i < 2))
    }
    // Means far from zero leave few bits for the deviation: 1000 ± 1 loses ten of them.
    batches.append(Batch(rows: 2000, groups: 2, channels: 21, relu: true, mean: 1000, deviation: 1))
    batches.append(Batch(rows: 300, groups: 1, channels: 16, residual: true, mean: -1000, deviation: 1))
    // Constant channels, whose variance is zero: ε alone is left under the root.
    batches.append(Batch(rows: 40, groups: 2, channels: 5, mean: 3, deviation: 0))
    return batches
  }()

  @Test(arguments: InstructionSet.available, batches)
  func matchesTheReference(instructionSet: InstructionSet, batch b: Batch) {
    var o = Operands(b)
    o.avoidKinks()
    let reference = o.reference()
    let found = Outcome(o, on: poisonedEngine(instructionSet, threads: 2))
    #expect(found.isGuarded)
    let u = unitRoundoff
    func check(_ name: String, _ values: GuardedFloats, _ wanted: [Double], _ bounds: [Double]) {
      #expect(mismatch(values.values, wanted) { bounds[$0] + 2 * u * abs(wanted[$0]) } == nil, "\(name)")
    }
    check(
      "mean", GuardedFloats(Array(found.saved.values.prefix(b.groups * b.channels))), reference.flatMap(\.result.mean),
      reference.flatMap(\.bounds.mean))
    check("y", found.y, reference.flatMap(\.result.y), reference.flatMap(\.bounds.y))
    check("dx", found.dx, reference.flatMap(\.result.dx), reference.flatMap(\.bounds.dx))
    if b.residual {
      // ReLU's derivative is 0 or 1, so this one is dy or nothing.
      #expect(mismatch(found.residualGradient.values, reference.flatMap(\.result.residualGradient)) == nil)
    }
    for c in 0..<b.channels {
      let dGamma = reference.reduce(3) { $0 + $1.result.dGamma[c] }
      let dBeta = reference.reduce(-2) { $0 + $1.result.dBeta[c] }
      let roundings = 2 * u * (5 + abs(dGamma) + abs(dBeta) + reference.reduce(0) { $0 + abs($1.result.dBeta[c]) })
      let boundGamma = reference.reduce(roundings) { $0 + $1.bounds.dGamma[c] + u * abs($1.result.dGamma[c]) }
      let boundBeta = reference.reduce(roundings) { $0 + $1.bounds.dBeta[c] }
      #expect(abs(Double(found.dGamma.base[c]) - dGamma) <= boundGamma, "dγ[\(c)]")
      #expect(abs(Double(found.dBeta.base[c]) - dBeta) <= boundBeta, "dβ[\(c)]")
    }
  }

  /// running = 0.9·running + 0.1·new, group after group, with the unbiased variance.
  @Test(arguments: InstructionSet.available, batches)
  func runningStatisticsMoveAsInPyTorch(instructionSet: InstructionSet, batch b: Batch) {
    let o = Operands(b)
    let reference = o.reference()
    let found = Outcome(o, on: poisonedEngine(instructionSet))
    let n = Double(b.rows), u = unitRoundoff
    for c in 0..<b.channels {
      var mean = Double(o.runningMean[c]), variance = Double(o.runningVariance[c])
      var meanBound = 0.0, varianceBound = 0.0
      for (r, bounds) in reference {
        // PyTorch refuses a group of one row; here its variance is the biased one, zero.
        let unbiased = b.rows > 1 ? n / (n - 1) : 1
        let newVariance = r.variance[c] * unbiased
        meanBound += 0.1 * bounds.mean[c] + 3 * u * (abs(mean) + abs(r.mean[c]))
        varianceBound += 0.1 * unbiased * bounds.variance[c] + 3 * u * (variance + newVariance)
        mean = 0.9 * mean + 0.1 * r.mean[c]
        variance = 0.9 * variance + 0.1 * newVariance
      }
      #expect(abs(Double(found.runningMean.base[c]) - mean) <= meanBound, "mean[\(c)]")
      #expect(abs(Double(found.runningVariance.base[c]) - variance) <= varianceBound, "variance[\(c)]")
    }
  }

  @Test(arguments: InstructionSet.available, batches)
  func inPlaceGivesTheSameBits(instructionSet: InstructionSet, batch: Batch) {
    let o = Operands(batch), engine = poisonedEngine(instructionSet)
    let apart = Outcome(o, on: engine), inPlace = Outcome(o, on: engine, inPlace: true)
    #expect(inPlace.all.map { bits($0.values) } == apart.all.map { bits($0.values) })
  }

  /// Without a residual, x tells what ReLU let through as well as y does.
  @Test(arguments: InstructionSet.available, batches.filter { $0.relu && !$0.residual })
  func theMaskFromTheInputIsTheOneFromTheOutput(instructionSet: InstructionSet, batch: Batch) {
    let o = Operands(batch), engine = poisonedEngine(instructionSet)
    let stored = Outcome(o, on: engine), recomputed = Outcome(o, on: engine, recomputes: true)
    #expect(recomputed.all.map { bits($0.values) } == stored.all.map { bits($0.values) })
  }

  /// As PyTorch has it where ReLU's input is exactly zero: that of channels without deviation or shift.
  @Test(arguments: InstructionSet.available, [false, true])
  func nothingPassesBackWhereReLUHasZero(instructionSet: InstructionSet, recomputes: Bool) {
    let batch = Batch(rows: 40, groups: 2, channels: 21, relu: true, mean: 3, deviation: 0)
    var o = Operands(batch)
    o.beta = [Float](repeating: 0, count: batch.channels)
    let found = Outcome(o, on: poisonedEngine(instructionSet), recomputes: recomputes)
    #expect(found.y.values.allSatisfy { $0 == 0 } && found.dx.values.allSatisfy { $0 == 0 })
    #expect(found.dGamma.values.allSatisfy { $0 == 3 } && found.dBeta.values.allSatisfy { $0 == -2 })
  }

  /// ReLU hides no NaN: training must see that its numbers are none any more.
  @Test(arguments: InstructionSet.available)
  func aNaNGoesThroughReLU(instructionSet: InstructionSet) {
    let batch = Batch(rows: 3, groups: 1, channels: 21, relu: true)
    for channel in [0, 20] {
      let found = Outcome(Operands(batch, nanIn: channel), on: poisonedEngine(instructionSet))
      for (i, y) in found.y.values.enumerated() { #expect(y.isNaN == (i % 21 == channel), "\(i)") }
    }
  }

  /// Without y, the statistics are the same.
  @Test(arguments: InstructionSet.available, batches)
  func statisticsAlone(instructionSet: InstructionSet, batch b: Batch) {
    let o = Operands(b), engine = poisonedEngine(instructionSet)
    let whole = Outcome(o, on: engine)
    let x = GuardedFloats(o.x), gamma = GuardedFloats(o.gamma), beta = GuardedFloats(o.beta)
    let mean = GuardedFloats(o.runningMean), variance = GuardedFloats(o.runningVariance)
    let saved = GuardedFloats(BatchNorm.Saved.floats(groups: b.groups, channels: b.channels))
    BatchNorm(channels: b.channels).forward(
      on: engine, x: x.base, rows: b.rows, groups: b.groups,
      parameters: BatchNorm.Parameters(
        gamma: gamma.base, beta: beta.base, runningMean: mean.base, runningVariance: variance.base),
      residual: nil, relu: b.relu, y: nil,
      saved: BatchNorm.Saved(saved.base, groups: b.groups, channels: b.channels))
    #expect(bits(saved.values) == bits(whole.saved.values))
    #expect(bits(mean.values + variance.values) == bits(whole.runningMean.values + whole.runningVariance.values))
  }

  @Test(arguments: InstructionSet.available, batches)
  func threadsDoNotChangeTheBits(instructionSet: InstructionSet, batch: Batch) {
    let o = Operands(batch)
    let results = [1, 2, 3].map { threads in
      Outcome(o, on: poisonedEngine(instructionSet, threads: threads)).all.map { bits($0.values) }
    }
    #expect(results[1] == results[0])
    #expect(results[2] == results[0])
  }

  /// y = γ·(x − running mean)/√(running variance + ε) + β + residual, statistics left as they were; in place, too.
  @Test(arguments: InstructionSet.available, batches)
  func inferenceUsesTheRunningStatistics(instructionSet: InstructionSet, batch b: Batch) {
    let o = Operands(b), engine = poisonedEngine(instructionSet, threads: 2)
    let gamma = GuardedFloats(o.gamma), beta = GuardedFloats(o.beta)
    let mean = GuardedFloats(o.runningMean), variance = GuardedFloats(o.runningVariance)
    let y = GuardedFloats(o.x), residual = o.residual.map { GuardedFloats($0) }
    let saved = GuardedFloats(BatchNorm.Saved.floats(groups: 1, channels: b.channels))
    BatchNorm(channels: b.channels).inference(
      on: engine, x: y.base, rows: b.rows * b.groups,
      parameters: BatchNorm.Parameters(
        gamma: gamma.base, beta: beta.base, runningMean: mean.base, runningVariance: variance.base),
      residual: residual?.base, relu: b.relu, y: y.base,
      saved: BatchNorm.Saved(saved.base, groups: 1, channels: b.channels))
    var wanted: [Double] = [], bounds: [Double] = []
    for i in o.x.indices {
      let c = i % b.channels
      let scale = Double(o.gamma[c]) / (Double(o.runningVariance[c]) + Double(Float(1e-5))).squareRoot()
      let added = Double(o.residual?[i] ?? 0)
      let terms = [scale * Double(o.x[i]), -scale * Double(o.runningMean[c]), Double(o.beta[c]), added]
      let sum = terms.reduce(0, +)
      wanted.append(b.relu ? max(0, sum) : sum)
      // scale has three roundings (sum, root, quotient), its product one, and up to three additions follow.
      bounds.append(gamma7 * terms.reduce(0) { $0 + abs($1) })
    }
    #expect(mismatch(y.values, wanted) { bounds[$0] } == nil)
    #expect(mean.values == o.runningMean && variance.values == o.runningVariance)
    #expect(y.isGuarded && saved.isGuarded)
  }

  private let gamma7 = gamma(7)
}
