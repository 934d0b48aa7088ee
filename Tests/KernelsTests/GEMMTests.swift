import Kernels
import Testing

@Suite struct GEMMTests {
  /// Both operands in memory as they are, or transposed.
  enum Transposition: CaseIterable {
    case none, a, b, both

    var a: Bool { self == .a || self == .both }
    var b: Bool { self == .b || self == .both }
  }

  /// One product: its sizes, how far rows lie apart, and what happens to C.
  struct Product: CustomStringConvertible {
    var m: Int
    var n: Int
    var k: Int
    var transposition: Transposition
    /// Floats between the end of one row in memory and the start of the next, for each operand.
    var gap = 0
    var accumulate = false
    var bias = false

    var description: String {
      "\(m)×\(n)×\(k), transposed: \(transposition), gap \(gap), accumulate \(accumulate), bias \(bias)"
    }
  }

  /// A matrix in memory whose rows have gaps of sentinels between them.
  private struct Operand {
    let memory: GuardedFloats
    let magnitudes: GuardedFloats
    private let rows: Int
    private let columns: Int
    private let stride: Int
    private let transposed: Bool

    init(rows: Int, columns: Int, gap: Int, transposed: Bool, _ samples: inout Samples) {
      (self.rows, self.columns) = transposed ? (columns, rows) : (rows, columns)
      self.transposed = transposed
      stride = self.columns + gap
      var values: [Float] = []
      for _ in 0..<self.rows {
        values += samples.normals(self.columns) + [Float](repeating: GuardedFloats.sentinel, count: gap)
      }
      memory = GuardedFloats(values, offset: 3)
      magnitudes = GuardedFloats(values.map(abs))
    }

    var matrix: Matrix { view(memory) }
    var magnitude: Matrix { view(magnitudes) }

    private func view(_ floats: GuardedFloats) -> Matrix {
      let m = Matrix(floats.base, rows: rows, columns: columns, stride: stride)
      return transposed ? m.t : m
    }
  }

  /// What is wrong with the engine's result, or nil. The bound is γ(terms)·Σ|terms| and the reference's one rounding; C and
  /// the bias are terms like the products.
  private func problem(_ p: Product, on engine: Engine, seed: Int) -> String? {
    var samples = Samples(seed)
    let a = Operand(rows: p.m, columns: p.k, gap: p.gap, transposed: p.transposition.a, &samples)
    let b = Operand(rows: p.k, columns: p.n, gap: 2 * p.gap, transposed: p.transposition.b, &samples)
    let stride = p.n + 3 * p.gap
    var before = [Float](repeating: GuardedFloats.sentinel, count: p.m * stride)
    if p.accumulate {
      for i in 0..<p.m { before.replaceSubrange(i * stride..<i * stride + p.n, with: samples.normals(p.n)) }
    }
    let bias = GuardedFloats(samples.normals(p.n))
    let biasMagnitudes = GuardedFloats(bias.values.map(abs))
    let c = GuardedFloats(before, offset: 5)
    let wanted = GuardedFloats(before)
    let sums = GuardedFloats(before.map(abs))
    engine.gemm(
      a.matrix, b.matrix, into: c.base, cStride: stride, accumulate: p.accumulate, bias: p.bias ? bias.base : nil)
    gemmReference(
      a.matrix, b.matrix, into: wanted.base, cStride: stride, accumulate: p.accumulate,
      bias: p.bias ? bias.base : nil)
    gemmReference(
      a.magnitude, b.magnitude, into: sums.base, cStride: stride, accumulate: p.accumulate,
      bias: p.bias ? biasMagnitudes.base : nil)
    if !c.isGuarded { return "\(p): wrote outside C" }
    let terms = gamma(p.k + (p.accumulate ? 1 : 0) + (p.bias ? 1 : 0))
    for i in 0..<p.m {
      let row = i * stride..<i * stride + p.n
      let found = mismatch(Array(c.values[row]), Array(wanted.values[row])) {
        terms * Double(sums.base[row.lowerBound + $0])
          + unitRoundoff * Double(abs(wanted.base[row.lowerBound + $0]))
      }
      if let found { return "\(p): row \(i) \(found)" }
      if !c.isUntouched(row.upperBound..<(i + 1) * stride) { return "\(p): wrote between the rows of C" }
    }
    return nil
  }

  @Test(arguments: InstructionSet.available, Transposition.allCases)
  func smallSizesMatchTheReference(instructionSet: InstructionSet, transposition: Transposition) {
    let engine = poisonedEngine(instructionSet)
    var cases = 0
    for m in [1, 2, 3, 5, 6, 7, 11, 12, 13, 25, 40] {
      for n in [1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40] {
        for k in [0, 1, 2, 7, 33] {
          cases += 1
          let product = Product(
            m: m, n: n, k: k, transposition: transposition, gap: cases % 3, accumulate: cases % 2 == 0,
            bias: cases % 5 < 2)
          #expect(problem(product, on: engine, seed: cases) == nil)
        }
      }
    }
  }

  /// Sums longer than one block of depth (at most 1024, 256 if A is transposed), several panels a task, which makes A worth copying,
  /// rows a multiple of 2 KiB apart, parts of C that are one core's (few rows, two cores), by columns or rows, and B read where it lies
  /// (small).
  @Test(arguments: InstructionSet.available, Transposition.allCases)
  func sizesBeyondOneBlockMatchTheReference(instructionSet: InstructionSet, transposition: Transposition) {
    let engine = poisonedEngine(instructionSet, threads: 2)
    let sizes = [
      (261, 70, 515), (5, 300, 257), (300, 5, 256), (40, 133, 100), (13, 33, 1025), (30, 301, 300), (31, 512, 1030),
      (1030, 40, 130), (26, 35, 2100), (200, 100, 130), (40, 70, 1024),
    ]
    for (i, (m, n, k)) in sizes.enumerated() {
      for accumulate in [false, true] {
        let product = Product(
          m: m, n: n, k: k, transposition: transposition, gap: i % 2 * 5, accumulate: accumulate, bias: !accumulate)
        #expect(problem(product, on: engine, seed: i) == nil)
      }
    }
  }

  /// One row or one column, longer than a task (256) and than any vector, with all that the product of matrices can do.
  @Test(arguments: InstructionSet.available, Transposition.allCases)
  func vectorsMatchTheReference(instructionSet: InstructionSet, transposition: Transposition) {
    let engine = poisonedEngine(instructionSet, threads: 2)
    for (i, (m, n, k)) in [(1, 600, 301), (601, 1, 300), (1, 259, 9), (7, 1, 1027), (1, 1, 50)].enumerated() {
      for gap in [0, 3] {
        let product = Product(
          m: m, n: n, k: k, transposition: transposition, gap: gap, accumulate: i % 2 == 0, bias: gap == 0)
        #expect(problem(product, on: engine, seed: i) == nil)
      }
    }
  }

  @Test(arguments: InstructionSet.available, Transposition.allCases)
  func threadsDoNotChangeTheBits(instructionSet: InstructionSet, transposition: Transposition) {
    for (m, n, k) in [(301, 150, 300), (30, 600, 300), (1, 600, 300), (60, 150, 1100)] {
      threadsDoNotChangeTheBits(m, n, k, instructionSet, transposition)
    }
  }

  private func threadsDoNotChangeTheBits(
    _ m: Int, _ n: Int, _ k: Int, _ instructionSet: InstructionSet, _ transposition: Transposition
  ) {
    var samples = Samples(9)
    let a = Operand(rows: m, columns: k, gap: 1, transposed: transposition.a, &samples)
    let b = Operand(rows: k, columns: n, gap: 0, transposed: transposition.b, &samples)
    let results = [1, 2, 3].map { threads in
      let c = GuardedFloats(m * n)
      poisonedEngine(instructionSet, threads: threads).gemm(a.matrix, b.matrix, into: c.base)
      return bits(c.values)
    }
    #expect(results[1] == results[0])
    #expect(results[2] == results[0])
  }

  /// Sizes that go their way with any instruction set and L2.
  @Test(arguments: InstructionSet.available)
  func eachWayIsTaken(instructionSet: InstructionSet) {
    let engine = poisonedEngine(instructionSet, threads: 2)
    func plan(_ m: Int, _ n: Int, _ k: Int, bTransposed: Bool = false) -> GEMMPlan {
      withUnsafePointer(to: Float()) { memory in
        let b = Matrix(memory, rows: bTransposed ? n : k, columns: bTransposed ? k : n)
        return engine.gemmPlan(Matrix(memory, rows: m, columns: k), bTransposed ? b.t : b)
      }
    }
    #expect(plan(1, 64, 64).name == "vector")
    #expect(plan(2, 64, 64).name == "in place")
    #expect(plan(2, 64, 64, bTransposed: true).name != "in place")
    #expect(plan(1000, 256, 64).name == "own panels")
    #expect(plan(1025, 256, 64).name == "shared panels")
    // Four parts of 32 narrow panels, two of fewer.
    let parts = instructionSet == .portable ? "4 × [1000, 64]" : "2 × [1000, 128]"
    #expect(
      plan(1000, 256, 64).reason
        == "each core packs the panels that it multiplies by: \(parts) of C, depth 64 at a time")
  }

  /// What is made of an image must not depend on the batch that it is in. The sums are shorter and longer than a block of depth.
  @Test(arguments: InstructionSet.available, Transposition.allCases)
  func aRowAloneHasTheBitsThatItHasAmongOthers(instructionSet: InstructionSet, transposition: Transposition) {
    for (n, k) in [(40, 9), (300, 301), (33, 1030)] {
      var samples = Samples(k)
      let a = Operand(rows: 7, columns: k, gap: 1, transposed: transposition.a, &samples)
      let b = Operand(rows: k, columns: n, gap: 1, transposed: transposition.b, &samples)
      let before = samples.normals(7 * n), bias = GuardedFloats(samples.normals(n))
      let engine = poisonedEngine(instructionSet)
      func product(rows: Int) -> [UInt32] {
        var left = a.matrix
        left.rows = rows
        let c = GuardedFloats(Array(before.prefix(rows * n)))
        engine.gemm(left, b.matrix, into: c.base, accumulate: true, bias: bias.base)
        return bits(c.values)
      }
      #expect(product(rows: 1) == Array(product(rows: 7).prefix(n)), "\(n), \(k)")
    }
  }

  /// No rows or no columns: nothing is written. No depth: zeros, the bias, or C as it was.
  @Test(arguments: InstructionSet.available)
  func emptyProducts(instructionSet: InstructionSet) {
    let engine = poisonedEngine(instructionSet)
    let operand = GuardedFloats(Array(repeating: 1, count: 12))
    let c = GuardedFloats(12)
    engine.gemm(
      Matrix(operand.base, rows: 0, columns: 3), Matrix(operand.base, rows: 3, columns: 4), into: c.base)
    engine.gemm(
      Matrix(operand.base, rows: 4, columns: 3), Matrix(operand.base, rows: 3, columns: 0), into: c.base)
    #expect(c.isUntouched(0..<12))
    let left = Matrix(operand.base, rows: 3, columns: 0), right = Matrix(operand.base, rows: 0, columns: 4)
    engine.gemm(left, right, into: c.base)
    #expect(c.values == Array(repeating: 0, count: 12))
    engine.gemm(left, right, into: c.base, bias: operand.base)
    #expect(c.values == Array(repeating: 1, count: 12))
    engine.gemm(left, right, into: c.base, accumulate: true)
    #expect(c.values == Array(repeating: 1, count: 12))
    #expect(c.isGuarded)
  }
}
