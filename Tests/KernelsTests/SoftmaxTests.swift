import Foundation
import Kernels
import Testing

@Suite struct SoftmaxTests {
  private static let sizes = [(1, 1), (3, 2), (2, 17), (5, 33), (130, 100)]

  /// The argument is rounded (2 roundings of |x − max|/t ≤ 40, so 80 u), the exponential is wrong by 2.2 u, the sum by γ(columns), the
  /// quotient by 2 u.
  private static func bound(_ columns: Int) -> Double { gamma(columns) + 90 * unitRoundoff }

  @Test(arguments: InstructionSet.available, sizes)
  func matchesFormula(instructionSet: InstructionSet, sizes: (rows: Int, columns: Int)) {
    let (rows, columns) = sizes
    let temperature: Float = 0.25
    var samples = Samples(columns)
    let x = samples.normals(rows * columns, deviation: 2).map { max(-4.5, min(4.5, $0)) }
    var wanted: [Double] = []
    for r in 0..<rows {
      let row = x[r * columns..<(r + 1) * columns].map { Double($0) / Double(temperature) }
      let most = row.max() ?? 0
      let logSum = most + log(row.reduce(0) { $0 + exp($1 - most) })
      wanted += row.map { exp($0 - logSum) }
    }
    let softmax = Softmax(columns: columns, temperature: temperature)
    var results: [[UInt32]] = []
    // y may lie over x.
    for (threads, inPlace) in [(1, false), (2, false), (3, true)] {
      let engine = poisonedEngine(instructionSet, threads: threads)
      let input = GuardedFloats(x), y = inPlace ? input : GuardedFloats(x.count)
      softmax.forward(on: engine, x: input.base, y: y.base, rows: rows)
      #expect(mismatch(y.values, wanted) { Self.bound(columns) * wanted[$0] } == nil)
      #expect(y.isGuarded)
      results.append(bits(y.values))
    }
    #expect(results[1] == results[0] && results[2] == results[0])
  }

  /// A row's probabilities add up to one and do not change when the row is shifted, however far.
  @Test(arguments: InstructionSet.available)
  func isSafeForLargeNumbers(instructionSet: InstructionSet) {
    let input = GuardedFloats([1e30, -1e30, 1e30, 1e30]), y = GuardedFloats(4)
    Softmax(columns: 4).forward(on: poisonedEngine(instructionSet, threads: 1), x: input.base, y: y.base, rows: 1)
    #expect(y.values[0] == y.values[2] && y.values[1] < 1e-30)
    #expect(abs(y.values.reduce(0, +) - 1) < 1e-6)

    // Differences of whole numbers are exact, so the bits are the same.
    var samples = Samples(1)
    let x = samples.integers(33)
    let rows = [Float(0), 64, -4096].map { shift in
      let input = GuardedFloats(x.map { $0 + shift }), y = GuardedFloats(33)
      Softmax(columns: 33).forward(on: poisonedEngine(instructionSet), x: input.base, y: y.base, rows: 1)
      return bits(y.values)
    }
    #expect(rows[1] == rows[0] && rows[2] == rows[0])
  }
}
