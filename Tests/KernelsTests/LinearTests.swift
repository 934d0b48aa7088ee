import Kernels
import Testing

@Suite struct LinearTests {
  private static let sizes = [(1, 1, 1), (3, 5, 2), (7, 17, 33), (12, 8, 5), (2, 33, 16)]

  /// y = x·Wᵀ + b, sums of `inputs` products and a bias.
  @Test(arguments: InstructionSet.available, sizes)
  func forwardMatchesItsFormula(instructionSet: InstructionSet, sizes: (rows: Int, inputs: Int, outputs: Int)) {
    let o = Operands(sizes)
    let wanted = o.formula(o.x.map(Double.init), o.weight.map(Double.init), o.bias.map(Double.init))
    let magnitudes = o.formula(o.x.magnitudes, o.weight.magnitudes, o.bias.magnitudes)
    let x = GuardedFloats(o.x), weight = GuardedFloats(o.weight), bias = GuardedFloats(o.bias)
    let y = GuardedFloats(wanted.count)
    Linear(inputs: sizes.inputs, outputs: sizes.outputs).forward(
      on: poisonedEngine(instructionSet), x: x.base, weight: weight.base, bias: bias.base, y: y.base, rows: sizes.rows)
    #expect(mismatch(y.values, wanted) { gamma(sizes.inputs + 1) * magnitudes[$0] } == nil)
    #expect(y.isGuarded)
  }

  /// All three gradients against finite differences of the formula; those of the parameters are added to what was there.
  @Test(arguments: InstructionSet.available, sizes)
  func gradientsMatchFiniteDifferences(instructionSet: InstructionSet, sizes: (rows: Int, inputs: Int, outputs: Int)) {
    let o = Operands(sizes), layer = Linear(inputs: sizes.inputs, outputs: sizes.outputs)
    let engine = poisonedEngine(instructionSet)
    let (xs, weights, biases) = (o.x.map(Double.init), o.weight.map(Double.init), o.bias.map(Double.init))
    let x = GuardedFloats(o.x), weight = GuardedFloats(o.weight), dy = GuardedFloats(o.dy)
    let dx = GuardedFloats(o.x.count)
    let dWeight = GuardedFloats(Array(repeating: 2, count: o.weight.count))
    let dBias = GuardedFloats(Array(repeating: -3, count: o.bias.count))
    layer.inputGradient(on: engine, dy: dy.base, weight: weight.base, dx: dx.base, rows: sizes.rows)
    layer.parameterGradient(
      on: engine, x: x.base, dy: dy.base, dWeight: dWeight.base, dBias: dBias.base, rows: sizes.rows)

    let wantedX = centralDifferences(o.x, dy: o.dy) { o.formula($0, weights, biases) }
    let wantedWeight = centralDifferences(o.weight, dy: o.dy) { o.formula(xs, $0, biases) }.map { $0 + 2 }
    let wantedBias = centralDifferences(o.bias, dy: o.dy) { o.formula(xs, weights, $0) }.map { $0 - 3 }
    // Operands are below 5, so no sum of n products exceeds 25·n; finite differences add 1e-8 of the loss.
    let differences = 1e-8 * Double(25 * sizes.rows * sizes.inputs * sizes.outputs)
    func bound(_ terms: Int) -> Double { gamma(terms + 1) * Double(25 * terms + 3) + differences }
    #expect(mismatch(dx.values, wantedX) { _ in bound(sizes.outputs) } == nil)
    #expect(mismatch(dWeight.values, wantedWeight) { _ in bound(sizes.rows) } == nil)
    #expect(mismatch(dBias.values, wantedBias) { _ in bound(sizes.rows) } == nil)
    #expect(dx.isGuarded && dWeight.isGuarded && dBias.isGuarded)
  }

  private struct Operands {
    let rows, inputs, outputs: Int
    let x, weight, bias, dy: [Float]

    init(_ sizes: (rows: Int, inputs: Int, outputs: Int)) {
      (rows, inputs, outputs) = sizes
      var samples = Samples(inputs)
      x = samples.uniform(rows * inputs, in: -5...5)
      weight = samples.uniform(outputs * inputs, in: -5...5)
      bias = samples.uniform(outputs, in: -5...5)
      dy = samples.uniform(rows * outputs, in: -5...5)
    }

    func formula(_ x: [Double], _ weight: [Double], _ bias: [Double]) -> [Double] {
      (0..<rows * outputs).map { i in
        let (r, o) = (i / outputs, i % outputs)
        return (0..<inputs).reduce(bias[o]) { $0 + x[r * inputs + $1] * weight[o * inputs + $1] }
      }
    }
  }
}

extension [Float] {
  fileprivate var magnitudes: [Double] { map { Double(abs($0)) } }
}
