import Kernels
import Testing

@Suite struct L2NormalizeTests {
  private static let sizes = [(1, 1), (3, 2), (2, 17), (5, 33), (130, 128), (1000, 130)]

  /// ‖x‖ is a sum of squares (γ(columns), halved by the root) and a root; 1/‖x‖ and the product are two more roundings.
  @Test(arguments: InstructionSet.available, sizes)
  func forwardGivesUnitRows(instructionSet: InstructionSet, sizes: (rows: Int, columns: Int)) {
    let (rows, columns) = sizes
    var samples = Samples(columns)
    let x = samples.normals(rows * columns, deviation: 3)
    var wanted: [Double] = [], wantedLengths: [Double] = []
    for r in 0..<rows {
      let row = x[r * columns..<(r + 1) * columns].map(Double.init)
      let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
      wantedLengths.append(length)
      wanted += row.map { $0 / length }
    }
    var results: [[UInt32]] = []
    // y may lie over x.
    for (threads, inPlace) in [(1, false), (2, false), (3, true)] {
      let input = GuardedFloats(x), y = inPlace ? input : GuardedFloats(x.count), lengths = GuardedFloats(rows)
      L2Normalize(columns: columns).forward(
        on: poisonedEngine(instructionSet, threads: threads), x: input.base, y: y.base, lengths: lengths.base,
        rows: rows)
      let bound = gamma(columns) / 2 + 4 * unitRoundoff
      #expect(mismatch(y.values, wanted) { bound * abs(wanted[$0]) } == nil)
      #expect(mismatch(lengths.values, wantedLengths) { bound * wantedLengths[$0] } == nil)
      #expect(y.isGuarded && lengths.isGuarded)
      results.append(bits(y.values))
    }
    #expect(results[1] == results[0] && results[2] == results[0])
  }

  /// dx against finite differences of x/‖x‖; dx may lie over dy.
  @Test(arguments: InstructionSet.available, [(1, 2), (3, 5), (2, 17), (4, 33)])
  func backwardMatchesFiniteDifferences(instructionSet: InstructionSet, sizes: (rows: Int, columns: Int)) {
    let (rows, columns) = sizes
    var samples = Samples(columns)
    let x = samples.normals(rows * columns, deviation: 3), dy = samples.normals(rows * columns)
    let engine = poisonedEngine(instructionSet), layer = L2Normalize(columns: columns)
    let input = GuardedFloats(x), y = GuardedFloats(x.count), lengths = GuardedFloats(rows)
    let gradient = GuardedFloats(dy), dx = GuardedFloats(x.count)
    layer.forward(on: engine, x: input.base, y: y.base, lengths: lengths.base, rows: rows)
    layer.backward(on: engine, dy: gradient.base, y: y.base, lengths: lengths.base, dx: dx.base, rows: rows)
    layer.backward(on: engine, dy: gradient.base, y: y.base, lengths: lengths.base, dx: gradient.base, rows: rows)
    #expect(bits(gradient.values) == bits(dx.values))
    let wanted = centralDifferences(x, dy: dy) { x in
      (0..<rows).flatMap { r in
        let row = x[r * columns..<(r + 1) * columns]
        let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return row.map { $0 / length }
      }
    }
    // Both terms, dy/‖x‖ and y·(y·dy)/‖x‖, are at most ‖dy‖/‖x‖; y itself is off by γ(columns)/2 + 4u.
    let bounds = (0..<rows).map { r in
      let size = dy[r * columns..<(r + 1) * columns].reduce(0) { $0 + Double($1 * $1) }.squareRoot()
      return gamma(2 * columns + 20) * size / Double(lengths.base[r]) + 1e-8
    }
    #expect(mismatch(dx.values, wanted) { bounds[$0 / columns] } == nil)
    #expect(dx.isGuarded)
  }

  /// A row of zeros stays one and has the least length, 1e-12, as in PyTorch; its gradient is dy / 1e-12.
  @Test(arguments: InstructionSet.available, [1, 16, 33])
  func rowsOfZerosStayZero(instructionSet: InstructionSet, columns: Int) {
    let engine = poisonedEngine(instructionSet), layer = L2Normalize(columns: columns)
    let x = GuardedFloats([Float](repeating: 0, count: columns) + [Float](repeating: 2, count: columns))
    let y = GuardedFloats(2 * columns), lengths = GuardedFloats(2), dx = GuardedFloats(2 * columns)
    let dy = GuardedFloats([Float](repeating: 3, count: 2 * columns))
    layer.forward(on: engine, x: x.base, y: y.base, lengths: lengths.base, rows: 2)
    layer.backward(on: engine, dy: dy.base, y: y.base, lengths: lengths.base, dx: dx.base, rows: 2)
    #expect(y.values.prefix(columns).allSatisfy { $0 == 0 })
    #expect(lengths.base[0] == 1e-12)
    #expect(dx.values.prefix(columns).allSatisfy { abs($0 / 3e12 - 1) < 3e-7 })
    // A constant gradient lies along a constant row, so nothing of it is left.
    // The two terms that cancel have the length ‖dy‖/‖x‖ = 3/2.
    #expect(dx.values.suffix(columns).allSatisfy { Double(abs($0)) <= gamma(2 * columns + 20) * 1.5 })
  }
}
