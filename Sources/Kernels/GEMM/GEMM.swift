import MicrokernelInterface

/// General matrix product: C (+)= A · B (+ bias), any sizes, either operand transposed.
///
/// The loops, outermost first (the blocking of Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication",
/// ACM TOMS 34(3), 2008, with B packed once and shared by all cores):
///
///     pack B into panels [depth, tileColumns]                       in L3 or memory, read by all cores
///     for each task: a block of rows × a group of panels            spread over the cores
///       for each block of depth                                     `depthBlock` steps
///         pack the rows' stretch of A, if it pays                   in L2: rowBlock × depthBlock
///         for each tile of rows                                     in L1: tileRows × depthBlock
///           for each panel of the group                             from L2 and L3: depthBlock × tileColumns each
///             one microkernel call                                  in registers: tileRows × tileColumns
///
/// A task's sums do not depend on how many cores there are, so results have the same bits for any number of threads.
/// Error of an element: at most `depth` roundings of its sum, |error| ≤ γ(depth) · Σ|a·b| with γ(n) = n·2⁻²⁴.
extension Engine {
  /// - Parameters:
  ///   - a: left operand, [m, k].
  ///   - b: right operand, [k, n].
  ///   - c: result, row-major [m, n] with `cStride` floats a row (n unless given). May not overlap the operands.
  ///   - accumulate: adds to C instead of replacing it.
  ///   - bias: n values added to every row, or nil.
  package func gemm(
    _ a: Matrix, _ b: Matrix, into c: UnsafeMutablePointer<Float>, cStride: Int? = nil, accumulate: Bool = false,
    bias: UnsafePointer<Float>? = nil
  ) {
    precondition(a.columns == b.rows, "GEMM: A is [\(a.rows), \(a.columns)], B is [\(b.rows), \(b.columns)]")
    guard a.rows > 0, b.columns > 0 else { return }
    let panels = PackedPanels(depth: b.rows, columns: b.columns, kernels: kernels)
    let packed = sharedScratch(panels.floats + bOverread)
    pack(b, panels, into: packed)
    multiply(a, panels, packed, into: c, cStride: cStride ?? b.columns, accumulate: accumulate, bias: bias)
  }

  private func pack(_ b: Matrix, _ panels: PackedPanels, into packed: UnsafeMutablePointer<Float>) {
    run(panels.count, flops: 4 * panels.floats) { p, _ in
      panels.pack(
        panel: p, into: packed, rowOffset: 0, rowCount: b.rows, from: b.base, rowStride: b.transposed ? 1 : b.stride,
        columnStride: b.transposed ? b.stride : 1)
    }
  }

  /// C (+)= A · B with B already packed by `panels`.
  package func multiply(
    _ a: Matrix, _ panels: PackedPanels, _ packed: UnsafePointer<Float>, into c: UnsafeMutablePointer<Float>,
    cStride: Int, accumulate: Bool, bias: UnsafePointer<Float>?
  ) {
    let grid = GEMMGrid(m: a.rows, n: panels.columns, k: a.columns, kernels: kernels)
    let tileRows = kernels.tileRows, kernels = kernels
    let packsA = grid.packsA(a)
    if packsA { reserveWorkerScratch(grid.rowsPerTask * GEMMGrid.packedRowStride + bOverread) }
    run(grid.tasks, flops: grid.flops) { task, worker in
      let rows = grid.rows(of: task), group = grid.panels(of: task)
      var k0 = 0
      repeat {
        let depth = min(GEMMGrid.depthBlock, a.columns - k0)
        let block =
          packsA
          ? packA(a, rows: rows, from: k0, depth: depth, into: workerScratch(worker)) : a.block(rows.lowerBound, k0)
        let last = k0 + depth >= a.columns
        var i = rows.lowerBound
        while i < rows.upperBound {
          for p in group {
            let width = panels.width(p)
            var run = Tile.Run(a: 0, b: 0)
            let tile = Tile(
              a: block.base + (i - rows.lowerBound) * block.rowStride, aRowStride: block.rowStride,
              aDepthStride: block.depthStride, b: packed + panels.offset(p) + k0 * width, bDepthStride: width,
              c: c + i * cStride + p * panels.tileColumns, cRowStride: cStride,
              rows: min(tileRows, rows.upperBound - i), columns: panels.columns(of: p), runs: &run, runCount: 1,
              depth: depth, accumulate: accumulate || k0 > 0,
              bias: last ? bias.map { $0 + p * panels.tileColumns } : nil)
            if block.depthStride == 1 { kernels.tileAlongRows(tile) } else { kernels.tileAcrossRows(tile) }
          }
          i += tileRows
        }
        k0 += depth
      } while k0 < a.columns
    }
  }

  /// Copies rows × depth of A so that neighbouring rows lie a fixed odd number of cache lines apart: rows whose
  /// distance is a multiple of 4 KiB would fight for the same lines of L1.
  private func packA(
    _ a: Matrix, rows: Range<Int>, from k0: Int, depth: Int, into scratch: UnsafeMutablePointer<Float>
  ) -> GEMMBlock {
    if a.transposed {
      for k in 0..<depth {
        (scratch + k * rows.count).update(from: a.base + (k0 + k) * a.stride + rows.lowerBound, count: rows.count)
      }
      return GEMMBlock(base: UnsafePointer(scratch), rowStride: 1, depthStride: rows.count)
    }
    for (r, i) in rows.enumerated() {
      (scratch + r * GEMMGrid.packedRowStride).update(from: a.base + i * a.stride + k0, count: depth)
    }
    return GEMMBlock(base: UnsafePointer(scratch), rowStride: GEMMGrid.packedRowStride, depthStride: 1)
  }
}

/// A stretch of the left operand: element (r, k) is `base[r · rowStride + k · depthStride]`, one of the strides is 1.
private struct GEMMBlock {
  var base: UnsafePointer<Float>
  var rowStride: Int
  var depthStride: Int
}

extension Matrix {
  fileprivate func block(_ i: Int, _ k: Int) -> GEMMBlock {
    transposed
      ? GEMMBlock(base: base + k * stride + i, rowStride: 1, depthStride: stride)
      : GEMMBlock(base: base + i * stride + k, rowStride: stride, depthStride: 1)
  }
}

/// How a product is cut into tasks; a function of its sizes alone.
private struct GEMMGrid {
  /// Steps of the sum between two visits to C: twelve rows of A of this depth (12 KiB) stay in L1 while the panels go by.
  static let depthBlock = 256
  static let packedRowStride = depthBlock + 16
  /// The most tiles of rows in a task: the panels come to L2 once for all of them. Their stretch of A is a tenth of a 1 MiB L2.
  static let mostTiles = 8
  /// The most panels in a task: 1 MiB at 32 columns, which streams through L2. More would come from memory; fewer would pack A more
  /// often.
  static let mostPanels = 32

  let flops: Int
  let tasks: Int
  let rowsPerTask: Int
  private let m: Int
  private let panelCount: Int
  private let panelsPerTask: Int
  private let rowBlocks: Int

  init(m: Int, n: Int, k: Int, kernels: any MicrokernelTable.Type) {
    self.m = m
    flops = 2 * m * n * max(1, k)
    let tiles = (m + kernels.tileRows - 1) / kernels.tileRows
    panelCount = (n + kernels.tileColumns - 1) / kernels.tileColumns
    // Tasks of about 4 MFLOP: small enough to share, large enough to be worth a core's attention. Rows are shared out first, since
    // every group of panels packs its rows of A again.
    let wanted = max(1, min(64, flops / 4_000_000))
    let leastGroups = (panelCount + Self.mostPanels - 1) / Self.mostPanels
    let tilesPerTask = min(Self.mostTiles, max(1, tiles * leastGroups / wanted))
    rowsPerTask = tilesPerTask * kernels.tileRows
    rowBlocks = (tiles + tilesPerTask - 1) / tilesPerTask
    let groups = max(leastGroups, min(panelCount, wanted / rowBlocks))
    panelsPerTask = (panelCount + groups - 1) / groups
    tasks = rowBlocks * ((panelCount + panelsPerTask - 1) / panelsPerTask)
  }

  func rows(of task: Int) -> Range<Int> {
    let start = task % rowBlocks * rowsPerTask
    return start..<min(m, start + rowsPerTask)
  }

  func panels(of task: Int) -> Range<Int> {
    let start = task / rowBlocks * panelsPerTask
    return start..<min(panelCount, start + panelsPerTask)
  }

  /// Packing A copies each value once and saves its re-reading for every panel. Rows a multiple of 2 KiB apart are packed for a
  /// single panel too.
  func packsA(_ a: Matrix) -> Bool {
    (panelsPerTask > 2 || a.stride % 512 == 0) && a.columns > 32
  }
}
