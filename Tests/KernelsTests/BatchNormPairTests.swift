import Kernels
import Testing

/// Two batch norms that are added give the same bits in one pass as one after the other.
@Suite struct BatchNormPairTests {
  struct Size: CustomStringConvertible {
    var rows: Int
    var groups: Int
    var channels: Int

    var count: Int { rows * groups * channels }
    var description: String { "\(groups)×\(rows) rows of \(channels)" }
  }

  /// A batch norm and all that it reads and writes.
  private final class Side {
    let x, gamma, beta, runningMean, runningVariance, saved, dx, dGamma, dBeta: GuardedFloats
    let size: Size

    init(_ size: Size, seed: Int) {
      var samples = Samples(seed)
      self.size = size
      x = GuardedFloats(samples.normals(size.count, mean: 0.5, deviation: 2))
      gamma = GuardedFloats(samples.normals(size.channels))
      beta = GuardedFloats(samples.normals(size.channels))
      runningMean = GuardedFloats(samples.normals(size.channels))
      runningVariance = GuardedFloats(samples.uniform(size.channels, in: 0.5...2))
      saved = GuardedFloats(BatchNorm.Saved.floats(groups: size.groups, channels: size.channels))
      dx = GuardedFloats(size.count)
      dGamma = GuardedFloats([Float](repeating: 3, count: size.channels))
      dBeta = GuardedFloats([Float](repeating: -2, count: size.channels))
    }

    var parameters: BatchNorm.Parameters {
      BatchNorm.Parameters(
        gamma: gamma.base, beta: beta.base, runningMean: runningMean.base, runningVariance: runningVariance.base)
    }
    var statistics: BatchNorm.Saved { BatchNorm.Saved(saved.base, groups: size.groups, channels: size.channels) }
    var branch: BatchNorm.Branch { BatchNorm.Branch(x: x.base, parameters: parameters, saved: statistics) }

    func forward(on engine: Engine, residual: GuardedFloats?, relu: Bool, y: GuardedFloats?) {
      BatchNorm(channels: size.channels).forward(
        on: engine, x: x.base, rows: size.rows, groups: size.groups, parameters: parameters, residual: residual?.base,
        relu: relu, y: y?.base, saved: statistics)
    }

    func backward(on engine: Engine, dy: GuardedFloats, y: GuardedFloats?, residualGradient: GuardedFloats?) {
      BatchNorm(channels: size.channels).backward(
        on: engine, dy: dy.base, mask: y.map { .output($0.base) } ?? .none, x: x.base, rows: size.rows,
        groups: size.groups, parameters: parameters,
        saved: statistics, dx: dx.base, dGamma: dGamma.base, dBeta: dBeta.base,
        residualGradient: residualGradient?.base)
    }

    func gradient(dx: GuardedFloats) -> BatchNorm.BranchGradient {
      BatchNorm.BranchGradient(dx: dx.base, dGamma: dGamma.base, dBeta: dBeta.base)
    }
  }

  private static func gradient(_ size: Size) -> GuardedFloats {
    var samples = Samples(3)
    return GuardedFloats(samples.normals(size.count))
  }

  static let sizes = [(1, 1, 3), (3, 1, 21), (65, 2, 16), (33, 2, 48), (65, 1, 70), (2500, 2, 21), (700, 2, 64)].map {
    Size(rows: $0.0, groups: $0.1, channels: $0.2)
  }

  @Test(arguments: InstructionSet.available, sizes)
  func onePassGivesTheBitsOfTwo(instructionSet: InstructionSet, size: Size) {
    let engine = poisonedEngine(instructionSet, threads: 2)
    let first = Side(size, seed: 1), second = Side(size, seed: 2), r = GuardedFloats(size.count)
    let y = GuardedFloats(size.count), g = GuardedFloats(size.count), dy = Self.gradient(size)
    second.forward(on: engine, residual: nil, relu: false, y: r)
    first.forward(on: engine, residual: r, relu: true, y: y)
    first.backward(on: engine, dy: dy, y: y, residualGradient: g)
    second.backward(on: engine, dy: g, y: nil, residualGradient: nil)

    let one = Side(size, seed: 1), other = Side(size, seed: 2), pairY = GuardedFloats(size.count)
    let dyAndDx = Self.gradient(size), norm = BatchNorm(channels: size.channels)
    one.forward(on: engine, residual: nil, relu: true, y: nil)
    other.forward(on: engine, residual: nil, relu: false, y: nil)
    norm.normalize(
      on: engine, one.branch, other.branch, secondReLU: false, rows: size.rows, groups: size.groups, y: pairY.base)
    norm.backward(
      on: engine, dy: dyAndDx.base, y: pairY.base, rows: size.rows, groups: size.groups, one.branch,
      into: one.gradient(dx: dyAndDx), other.branch, into: other.gradient(dx: other.dx))

    #expect(bits(pairY.values) == bits(y.values))
    #expect(bits(dyAndDx.values) == bits(first.dx.values))
    #expect(bits(other.dx.values) == bits(second.dx.values))
    for (pair, alone) in [(one, first), (other, second)] {
      #expect(bits(pair.dGamma.values + pair.dBeta.values) == bits(alone.dGamma.values + alone.dBeta.values))
    }
    #expect([pairY, dyAndDx, other.dx, one.saved, other.saved, other.dGamma, other.dBeta].allSatisfy { $0.isGuarded })
  }

  /// The identity shortcut of a block behind a batch norm and ReLU.
  @Test(arguments: InstructionSet.available, sizes)
  func theSecondMayHaveAReLUOfItsOwn(instructionSet: InstructionSet, size: Size) {
    let engine = poisonedEngine(instructionSet)
    let first = Side(size, seed: 1), second = Side(size, seed: 2)
    let r = GuardedFloats(size.count), y = GuardedFloats(size.count), pairY = GuardedFloats(size.count)
    second.forward(on: engine, residual: nil, relu: true, y: r)
    first.forward(on: engine, residual: r, relu: true, y: y)
    BatchNorm(channels: size.channels).normalize(
      on: engine, first.branch, second.branch, secondReLU: true, rows: size.rows, groups: size.groups, y: pairY.base)
    #expect(bits(pairY.values) == bits(y.values))
    #expect(pairY.isGuarded)
  }
}
