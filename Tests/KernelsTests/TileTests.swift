import Kernels
import MicrokernelInterface
import Testing

@Suite struct TileTests {
  /// Every number of columns that a tile can have, and of rows up to three pieces, on whole numbers, whose sums are exact: with and
  /// without adding to C, with and without bias, over no, one and three runs, one and two tiles side by side, B's rows one after the other
  /// as in a packed panel, and apart.
  @Test(arguments: InstructionSet.available, [false, true])
  func everySizeMatchesItsFormula(instructionSet: InstructionSet, acrossRows: Bool) {
    let kernels = instructionSet.microkernels
    var cases = 0
    for rows in 0...3 * kernels.tileRows + 1 {
      for columns in 0...kernels.tileColumns {
        cases += 1
        let (runs, depth) = ([0, 1, 3][cases % 3], [1, 2, 7, 0, 12][cases % 5])
        let found = problem(
          kernels, rows: rows, columns: columns, panels: cases % 11 < 3 ? 2 : 1, runs: runs, depth: depth,
          bGap: cases % 3, acrossRows: acrossRows, accumulate: cases % 2 == 0, bias: cases % 7 < 3)
        #expect(found == nil, "\(rows)×\(columns), \(runs) runs of \(depth)")
      }
    }
  }

  /// Tiles of whole vectors without a bias go straight to C, in loops of their own for packed panels and for pieces that repeat.
  @Test(arguments: InstructionSet.available, [false, true])
  func wholeVectorsMatchTheirFormula(instructionSet: InstructionSet, acrossRows: Bool) {
    let kernels = instructionSet.microkernels
    for rows in 1...4 * kernels.tileRows + 1 {
      for columns in [kernels.lanes, kernels.tileColumns] {
        for bGap in [0, 1] {
          for (runs, depth) in [(1, 1), (1, 4), (1, 23), (2, 8), (3, 5), (0, 4)] {
            for accumulate in [false, true] {
              let found = problem(
                kernels, rows: rows, columns: columns, panels: 1 + rows % 2, runs: runs, depth: depth, bGap: bGap,
                acrossRows: acrossRows, accumulate: accumulate, bias: false)
              #expect(found == nil, "\(rows)×\(columns), \(runs) runs of \(depth), gap \(bGap)")
            }
          }
        }
      }
    }
  }

  private func problem(
    _ kernels: any MicrokernelTable.Type, rows: Int, columns: Int, panels: Int, runs: Int, depth: Int,
    bGap: Int, acrossRows: Bool, accumulate: Bool, bias: Bool
  ) -> String? {
    var samples = Samples(rows * 100 + columns)
    // Rows of A and of C lie further apart than they are long, and B's by `bGap`; runs start anywhere.
    let aLong = runs * depth + 3, bStride = columns + bGap, cStride = panels * columns + 5
    let bPanel = (runs * depth + 1) * bStride + 1
    let aStrides = acrossRows ? (row: 1, depth: rows + 4) : (row: aLong, depth: 1)
    let a = GuardedFloats(samples.integers(acrossRows ? aLong * (rows + 4) : max(1, rows) * aLong))
    // After its last column B is read on, in whole vectors: what lies there has no effect.
    let nans = [Float](repeating: GuardedFloats.sentinel, count: bOverread)
    let b = GuardedFloats(samples.integers(panels * bPanel - 1) + nans)
    let biases = GuardedFloats(samples.integers(panels * columns))
    let starts = (0..<runs).map { run in
      let k = (runs - 1 - run) * depth + 1
      return Tile.Run(a: k * aStrides.depth, b: k * bStride)
    }
    var before = [Float](repeating: GuardedFloats.sentinel, count: rows * cStride)
    if accumulate {
      for r in 0..<rows {
        before.replaceSubrange(r * cStride..<(r + 1) * cStride - 5, with: samples.integers(cStride - 5))
      }
    }
    let c = GuardedFloats(before)
    starts.withUnsafeBufferPointer { starts in
      let tile = Tile(
        a: a.base, aRowStride: aStrides.row, aDepthStride: aStrides.depth, b: b.base, bDepthStride: bStride, c: c.base,
        cRowStride: cStride, rows: rows, columns: columns, panels: panels, bPanelStride: bPanel,
        runs: starts.baseAddress, runCount: runs, depth: depth, accumulate: accumulate, bias: bias ? biases.base : nil)
      if acrossRows { kernels.tileAcrossRows(tile) } else { kernels.tileAlongRows(tile) }
    }
    var wanted = before
    for r in 0..<rows {
      for column in 0..<panels * columns {
        let j = column / columns * bPanel + column % columns
        var sum: Float = accumulate ? before[r * cStride + column] : 0
        for start in starts {
          for k in 0..<depth {
            sum += a.base[start.a + r * aStrides.row + k * aStrides.depth] * b.base[start.b + k * bStride + j]
          }
        }
        wanted[r * cStride + column] = sum + (bias ? biases.base[column] : 0)
      }
    }
    if !c.isGuarded { return "wrote outside C" }
    // Zeros have two signs, so values are compared as numbers; sentinels, which are NaNs, by their bits.
    for i in wanted.indices where c.base[i] != wanted[i] && c.base[i].bitPattern != wanted[i].bitPattern {
      return "[\(i)] is \(c.base[i]), expected \(wanted[i])"
    }
    return nil
  }
}
