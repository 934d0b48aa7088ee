import MicrokernelInterface

/// The right-hand operand of a product, cut into panels as wide as a tile:
///
///     B [depth, columns]                panels
///     ┌──────┬──────┬───┐               ┌──────┐ ┌──────┐ ┌───┐
///     │  0   │  1   │ 2 │      →        │  0   │ │  1   │ │ 2 │     each panel [depth, width], contiguous
///     └──────┴──────┴───┘               └──────┘ └──────┘ └───┘
///
/// A panel is `tileColumns` wide; the last one is one vector wide if that holds what is left. Columns past the end are zero.
/// A tile reads its panel from first to last byte, so packing pays as soon as a panel is used by more than one tile.
package struct PackedPanels {
  /// Rows of B: steps of the sum.
  package let depth: Int
  /// Columns of B, without padding.
  package let columns: Int
  /// As the microkernels have them.
  package let tileColumns: Int
  package let lanes: Int

  /// - Parameters: as the properties have them.
  package init(depth: Int, columns: Int, kernels: any MicrokernelTable.Type) {
    self.depth = depth
    self.columns = columns
    tileColumns = kernels.tileColumns
    lanes = kernels.lanes
  }

  /// How many panels there are.
  package var count: Int { (columns + tileColumns - 1) / tileColumns }

  /// Floats of all panels.
  package var floats: Int { count == 0 ? 0 : offset(count - 1) + depth * width(count - 1) }

  /// Columns that panel `p` holds, without its padding.
  package func columns(of p: Int) -> Int { min(tileColumns, columns - p * tileColumns) }

  /// Floats from one row of panel `p` to the next.
  package func width(_ p: Int) -> Int { columns(of: p) <= lanes ? lanes : tileColumns }

  /// Where panel `p` starts.
  package func offset(_ p: Int) -> Int { p * depth * tileColumns }

  /// Fills rows `rowOffset ..< rowOffset + rowCount` of panel `p` from `source`: its element (k, j) is
  /// `source[k · rowStride + j · columnStride]`, j counted from the first column of the whole matrix.
  package func pack(
    panel p: Int, into destination: UnsafeMutablePointer<Float>, rowOffset: Int, rowCount: Int,
    from source: UnsafePointer<Float>, rowStride: Int, columnStride: Int
  ) {
    let width = width(p), columns = columns(of: p)
    let to = destination + offset(p) + rowOffset * width
    let from = source + p * tileColumns * columnStride
    if columnStride == 1 {
      var k = 0
      while k < rowCount {
        let row = to + k * width
        row.update(from: from + k * rowStride, count: columns)
        if columns < width { (row + columns).update(repeating: 0, count: width - columns) }
        k += 1
      }
    } else {
      var j = 0
      while j < width {
        let column = from + j * columnStride
        if j + 4 <= columns, rowStride == 1 {
          Self.transposeFour(column, columnStride, to + j, width, rowCount)
          j += 4
          continue
        }
        var k = 0
        while k < rowCount {
          to[k * width + j] = j < columns ? column[k * rowStride] : 0
          k += 1
        }
        j += 1
      }
    }
  }

  /// Four columns that lie along memory become four neighbours in each row: 4 × 4 values at a time, in registers.
  private static func transposeFour(
    _ x: UnsafePointer<Float>, _ columnStride: Int, _ y: UnsafeMutablePointer<Float>, _ width: Int, _ rows: Int
  ) {
    func load(_ column: Int, _ k: Int) -> SIMD4<Float> {
      UnsafeRawPointer(x + column * columnStride + k).loadUnaligned(as: SIMD4<Float>.self)
    }
    func store(_ v: SIMD4<Float>, _ k: Int) {
      UnsafeMutableRawPointer(y + k * width).storeBytes(of: v, as: SIMD4<Float>.self)
    }
    var k = 0
    while k + 4 <= rows {
      let a = load(0, k), b = load(1, k), c = load(2, k), d = load(3, k)
      store(SIMD4(a[0], b[0], c[0], d[0]), k)
      store(SIMD4(a[1], b[1], c[1], d[1]), k + 1)
      store(SIMD4(a[2], b[2], c[2], d[2]), k + 2)
      store(SIMD4(a[3], b[3], c[3], d[3]), k + 3)
      k += 4
    }
    while k < rows {
      for column in 0..<4 { y[k * width + column] = x[column * columnStride + k] }
      k += 1
    }
  }

  /// Fills panel `p` from a matrix that lies in memory transposed.
  func packTransposed(_ p: Int, of b: Matrix, into destination: UnsafeMutablePointer<Float>) {
    pack(
      panel: p, into: destination, rowOffset: 0, rowCount: b.rows, from: b.base, rowStride: 1, columnStride: b.stride)
  }

  /// Fills `rows` of all panels from a row-major matrix, eight rows at a time: they are read one after the other as they lie
  /// in memory, and make up to 1 KiB in one piece of each panel.
  package func packRows(
    _ rows: Range<Int>, of source: UnsafePointer<Float>, stride: Int, into destination: UnsafeMutablePointer<Float>,
    _ kernels: any MicrokernelTable.Type
  ) {
    var k = rows.lowerBound
    while k < rows.upperBound {
      let some = min(8, rows.upperBound - k)
      for p in 0..<count {
        let width = width(p), columns = columns(of: p), to = destination + offset(p) + k * width
        kernels.copyStretches(source + k * stride + p * tileColumns, stride, to, width, columns, some)
        if columns < width {
          for r in 0..<some { (to + r * width + columns).update(repeating: 0, count: width - columns) }
        }
      }
      k += some
    }
  }
}
