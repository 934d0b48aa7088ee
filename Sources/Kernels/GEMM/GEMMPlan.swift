import Basics
import MicrokernelInterface

/// Which way a product goes, and why.
///
/// A function of its sizes, the instruction set and the machine's L2, but for `ownPanels`, which looks at the number of cores and changes no
/// bit of the result.
package struct GEMMPlan {
  /// From the special to the general; GEMM.swift has each.
  enum Way {
    /// One row: a product with a vector.
    case vector
    /// B is read where it lies.
    case inPlace
    /// Each core packs the panels of its part of C.
    case ownPanels(GEMMParts)
    /// All cores pack B, and then read all of it.
    case sharedPanels
  }

  let way: Way
  let grid: GEMMGrid

  init(_ a: Matrix, _ b: Matrix, kernels: any MicrokernelTable.Type, threads: Int) {
    grid = GEMMGrid(a, columns: b.columns, kernels: kernels)
    if a.rows == 1, !b.transposed, b.rows <= grid.depthBlock {
      way = .vector
    } else if Self.readsInPlace(b, rows: a.rows, kernels) {
      way = .inPlace
    } else if let parts = grid.partsOfTheirOwn(threads: threads) {
      way = .ownPanels(parts)
    } else {
      way = .sharedPanels
    }
  }

  /// Whether B is read where it lies: it must stay in half of L2, with its rows less than a page apart, and packing must be
  /// more than a few percent of the work.
  private static func readsInPlace(_ b: Matrix, rows: Int, _ kernels: any MicrokernelTable.Type) -> Bool {
    !b.transposed && b.stride < 1024 && 4 * b.rows * b.stride <= Machine.secondLevelCache / 2
      && rows <= 24 * kernels.tileRows
  }

  /// What the way is called.
  package var name: String {
    switch way {
    case .vector: "vector"
    case .inPlace: "in place"
    case .ownPanels: "own panels"
    case .sharedPanels: "shared panels"
    }
  }

  /// Why it is taken and how the work is cut, as part of a sentence.
  package var reason: String {
    func cut(_ parts: GEMMParts) -> String {
      let each = min(grid.n, parts.panelsEach * grid.tileColumns)
      return "\(parts.count) × [\(min(grid.m, parts.rowsEach)), \(each)] of C, depth \(grid.depthBlock) at a time"
    }
    return switch way {
    case .vector: "one row of A: the time is that of reading B"
    case .inPlace: "B stays in half of L2, and \(grid.m) rows are too few to pay for packing it: \(cut(grid.tasks))"
    case .ownPanels(let parts): "each core packs the panels that it multiplies by: \(cut(parts))"
    case .sharedPanels: "B is packed once for all cores: \(cut(grid.tasks))"
    }
  }
}

extension Engine {
  /// The way that `gemm` takes with such operands, of which it reads sizes alone.
  package func gemmPlan(_ a: Matrix, _ b: Matrix) -> GEMMPlan {
    GEMMPlan(a, b, kernels: kernels, threads: cores.threads)
  }
}
