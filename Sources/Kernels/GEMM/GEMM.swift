import Basics
import MicrokernelInterface

/// General matrix product: C (+)= A · B (+ bias), any sizes, either operand transposed.
///
/// What the plain form (`gemmReference`) does element by element, this does a tile at a time, with the tile's sums in registers.
/// The loops, outermost first (after Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", ACM TOMS
/// 34(3), 2008, with the roles of A and B exchanged and B packed once for all cores):
///
///     for each block of depth                                         `GEMMGrid.depthBlock` steps
///       pack its rows of B into panels [depth, tileColumns]           in L3, by all cores
///       for each task: a tile of rows, or a few × a group of panels   spread over the cores
///         copy the rows, if it pays                                   in L2
///         a microkernel call or two, panel by panel                   streams from L3: 128 bytes a step of 24 multiply-adds (AVX-512)
///           and tile by tile                                          in registers: tileRows × tileColumns
///
/// Other shapes go other ways, which `GEMMPlan` chooses. Where rows are few, each core gets some columns or some rows, packs the panels it
/// needs itself, multiplies each by several tiles of rows before the next, and helps the others when it has done (`GEMMPartQueue`). A small B
/// whose panels few tiles would read is not packed but read where it lies, all but its last columns. One row times a B that lies in rows, of
/// no more than a block's depth, is a product with a vector (GEMV.swift), whose time is that of reading the matrix; a transposed B is packed
/// all the same. And what takes less than it costs to hand over stays on one core (`Engine.run`).
///
/// A task's sums do not depend on how many cores there are, so results have the same bits for any number of threads.
/// Error of an element: at most `depth` roundings of its sum, and one each for what C had and for the bias, so that |error| ≤ γ(depth + 2) ·
/// (|c| + Σ|a·b| + |bias|), with γ as in Winograd.swift.
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
    let cStride = cStride ?? b.columns
    let product = Product(a: a, b: b, c: c, cStride: cStride, accumulate: accumulate, bias: bias)
    let plan = gemmPlan(a, b), grid = plan.grid
    switch plan.way {
    case .vector: multiplyRow(a, b, into: c, accumulate: accumulate, bias: bias)
    case .inPlace: multiplyInBlocks(product, grid, inPlace)
    case .ownPanels(let parts): multiplyInParts(product, grid, parts)
    case .sharedPanels: multiplyInBlocks(product, grid, packed)
    }
  }

  /// The operands of `gemm`.
  private struct Product {
    var a: Matrix
    var b: Matrix
    var c: UnsafeMutablePointer<Float>
    var cStride: Int
    var accumulate: Bool
    var bias: UnsafePointer<Float>?

    /// The part of the sum from k0 on, `depth` steps long: what comes first adds to C, what comes last adds the bias.
    func block(_ k0: Int, _ depth: Int) -> Product {
      var part = self
      part.a = a.columns(k0, depth)
      part.b = b.rows(k0, depth)
      part.accumulate = accumulate || k0 > 0
      part.bias = k0 + depth >= a.columns ? bias : nil
      return part
    }

    /// The columns from j on.
    func columns(_ range: Range<Int>) -> Product {
      var part = self
      part.b = b.columns(range.lowerBound, range.count)
      part.c = c + range.lowerBound
      part.bias = bias.map { $0 + range.lowerBound }
      return part
    }
  }

  /// Block of depth by block of depth, the panels of each made by `panels` and then read by all cores.
  private func multiplyInBlocks(_ product: Product, _ grid: GEMMGrid, _ panels: (Matrix) -> GEMMPanels) {
    let a = product.a
    reserveWorkerScratch(grid.copyFloats(a, rows: grid.tasks.rowsEach) + bOverread)
    var k0 = 0
    repeat {
      let depth = min(grid.depthBlock, a.columns - k0)
      let block = product.block(k0, depth), panels = panels(block.b)
      run(grid.tasks.count, flops: 2 * a.rows * panels.columns * max(1, depth)) { task, worker in
        let rows = grid.tasks.rows(of: task), group = grid.tasks.panels(of: task)
        multiply(block, rows, panels, group, grid, copy: workerScratch(worker))
      }
      k0 += depth
    } while k0 < a.columns
  }

  /// Part by part, the columns of each packed by the core that multiplies by them: panels that another core has just written would have
  /// to come out of its L2. Other cores help with the last block of depth only, as each block adds to what the one before it has left in C.
  private func multiplyInParts(_ product: Product, _ grid: GEMMGrid, _ parts: GEMMParts) {
    let a = product.a, kernels = kernels, width = kernels.tileColumns, depthBlock = grid.depthBlock
    let copyFloats = grid.copyFloats(a, rows: grid.mostRowsPerBlock)
    let copyEnd = (copyFloats + bOverread + 15) / 16 * 16
    let most = PackedPanels(depth: depthBlock, columns: parts.panelsEach * width, kernels: kernels)
    reserveWorkerScratch(copyEnd + most.floats + bOverread)
    let workers = min(parts.count, cores.threads)
    let queue = GEMMPartQueue(
      (0..<parts.count).map { grid.rowBlocks(of: parts.rows(of: $0), isShared: workers > 1) })
    let lastStart = max(0, a.columns - 1) / depthBlock * depthBlock

    /// A part's block of depth, and how B's columns of it are packed.
    func factors(of part: Int, _ k0: Int) -> (Product, PackedPanels) {
      let group = parts.panels(of: part)
      let columns = group.lowerBound * width..<min(product.b.columns, group.upperBound * width)
      let block = product.columns(columns).block(k0, min(depthBlock, a.columns - k0))
      return (block, PackedPanels(depth: block.a.columns, columns: columns.count, kernels: kernels))
    }
    func packPart(_ part: Int, _ k0: Int, by worker: Int) {
      let (block, panels) = factors(of: part, k0)
      pack(block.b, panels, into: workerScratch(worker) + copyEnd)
    }
    func multiplyPart(_ part: Int, _ rows: Range<Int>, _ k0: Int, by worker: Int, panelsOf owner: Int) {
      let (block, panels) = factors(of: part, k0), all = GEMMPanels(panels, at: workerScratch(owner) + copyEnd)
      multiply(block, rows, all, 0..<all.count, grid, copy: workerScratch(worker))
    }

    run(workers, flops: 2 * a.rows * product.b.columns * a.columns) { _, worker in
      while let part = queue.nextPart() {
        for k0 in stride(from: 0, to: lastStart, by: depthBlock) {
          packPart(part, k0, by: worker)
          for rows in queue.blocks(of: part) { multiplyPart(part, rows, k0, by: worker, panelsOf: worker) }
        }
        packPart(part, lastStart, by: worker)
        queue.open(part, by: worker)
        while let rows = queue.nextRows(of: part) {
          multiplyPart(part, rows, lastStart, by: worker, panelsOf: worker)
        }
      }
      while let (part, owner, rows) = queue.nextRows() {
        multiplyPart(part, rows, lastStart, by: worker, panelsOf: owner)
      }
    }
  }

  private func pack(_ b: Matrix, _ panels: PackedPanels, into memory: UnsafeMutablePointer<Float>) {
    if b.transposed {
      for p in 0..<panels.count { panels.packTransposed(p, of: b, into: memory) }
    } else {
      panels.packRows(0..<b.rows, of: b.base, stride: b.stride, into: memory, kernels)
    }
  }

  private func packed(_ b: Matrix) -> GEMMPanels {
    let panels = PackedPanels(depth: b.rows, columns: b.columns, kernels: kernels)
    let memory = sharedScratch(panels.floats + bOverread)
    let kernels = kernels
    if b.transposed {
      run(panels.count, flops: 16 * panels.floats) { p, _ in panels.packTransposed(p, of: b, into: memory) }
    } else {
      let rows = 32
      run((b.rows + rows - 1) / rows, flops: 16 * panels.floats) { task, _ in
        panels.packRows(
          task * rows..<min(b.rows, (task + 1) * rows), of: b.base, stride: b.stride, into: memory, kernels)
      }
    }
    return GEMMPanels(panels, at: memory)
  }

  /// Panels that are B itself. The last one is packed if it is narrower than a tile, which reads whole vectors.
  private func inPlace(_ b: Matrix) -> GEMMPanels {
    let tileColumns = kernels.tileColumns
    var panels = GEMMPanels(
      first: b.base, step: tileColumns, stride: b.stride, columns: b.columns, tileColumns: tileColumns, last: b.base,
      lastStride: b.stride)
    let column = (panels.count - 1) * tileColumns
    panels.last = b.base + column
    guard b.columns % tileColumns != 0 else { return panels }
    let rest = PackedPanels(depth: b.rows, columns: b.columns - column, kernels: kernels)
    let memory = sharedScratch(rest.floats + bOverread)
    rest.packRows(0..<b.rows, of: b.base + column, stride: b.stride, into: memory, kernels)
    panels.last = UnsafePointer(memory)
    panels.lastStride = rest.width(0)
    return panels
  }

  /// C (+)= A · B for one block of depth, some rows, and a group of panels; `scratch` is for the copy of A.
  private func multiply(
    _ block: Product, _ rows: Range<Int>, _ panels: GEMMPanels, _ group: Range<Int>, _ grid: GEMMGrid,
    copy scratch: UnsafeMutablePointer<Float>
  ) {
    let a = block.a, kernels = kernels
    let left =
      grid.copiesA(a)
      ? copy(a, rows, stride: grid.copiedRowStride, into: scratch) : a.block(rows.lowerBound)
    func multiplyPanels(from p: Int, count: Int, at b: UnsafePointer<Float>, stride: Int) {
      let column = p * panels.tileColumns
      let tile = Tile(
        a: left.base, aRowStride: left.rowStride, aDepthStride: left.depthStride, b: b, bDepthStride: stride,
        c: block.c + rows.lowerBound * block.cStride + column, cRowStride: block.cStride, rows: rows.count,
        columns: min(panels.tileColumns, panels.columns - column), panels: count, bPanelStride: panels.step,
        depth: a.columns, accumulate: block.accumulate, bias: block.bias.map { $0 + column })
      if a.transposed { kernels.tileAcrossRows(tile) } else { kernels.tileAlongRows(tile) }
    }
    let first = group.lowerBound, whole = min(group.upperBound, panels.columns / panels.tileColumns)
    if first < whole {
      multiplyPanels(
        from: first, count: whole - first, at: panels.first + first * panels.step, stride: panels.stride)
    }
    if whole < group.upperBound {
      multiplyPanels(from: whole, count: 1, at: panels.last, stride: panels.lastStride)
    }
  }

  /// Copies some rows of A: as they lie, `stride` floats apart, or from A transposed, step of depth after step.
  private func copy(
    _ a: Matrix, _ rows: Range<Int>, stride: Int, into scratch: UnsafeMutablePointer<Float>
  ) -> GEMMBlock {
    if a.transposed {
      kernels.copyStretches(a.base + rows.lowerBound, a.stride, scratch, rows.count, rows.count, a.columns)
      return GEMMBlock(base: UnsafePointer(scratch), rowStride: 1, depthStride: rows.count)
    }
    kernels.copyStretches(a.base + rows.lowerBound * a.stride, a.stride, scratch, stride, a.columns, rows.count)
    return GEMMBlock(base: UnsafePointer(scratch), rowStride: stride, depthStride: 1)
  }
}

/// Where the panels of a block of B are: panel p at `first + p · step`, its rows `stride` floats apart, but for the last.
private struct GEMMPanels {
  var first: UnsafePointer<Float>
  var step: Int
  var stride: Int
  var columns: Int
  var tileColumns: Int
  var last: UnsafePointer<Float>
  var lastStride: Int

  var count: Int { (columns + tileColumns - 1) / tileColumns }
}

extension GEMMPanels {
  /// Panels packed at `memory`.
  fileprivate init(_ panels: PackedPanels, at memory: UnsafeMutablePointer<Float>) {
    let last = panels.count - 1
    self.init(
      first: UnsafePointer(memory), step: panels.offset(1), stride: panels.tileColumns, columns: panels.columns,
      tileColumns: panels.tileColumns, last: UnsafePointer(memory) + panels.offset(last), lastStride: panels.width(last)
    )
  }
}

/// A stretch of the left operand: element (r, k) is `base[r · rowStride + k · depthStride]`, one of the strides is 1.
private struct GEMMBlock {
  var base: UnsafePointer<Float>
  var rowStride: Int
  var depthStride: Int
}

extension Matrix {
  /// Rows k ..< k + count.
  fileprivate func rows(_ k: Int, _ count: Int) -> Matrix {
    var part = self
    part.base += k * (transposed ? 1 : stride)
    part.rows = count
    return part
  }

  /// Columns k ..< k + count.
  fileprivate func columns(_ k: Int, _ count: Int) -> Matrix { t.rows(k, count).t }

  fileprivate func block(_ i: Int) -> GEMMBlock {
    transposed
      ? GEMMBlock(base: base + i, rowStride: 1, depthStride: stride)
      : GEMMBlock(base: base + i * stride, rowStride: stride, depthStride: 1)
  }
}
