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
  package let depth: Int
  package let columns: Int
  package let tileColumns: Int
  package let lanes: Int

  package init(depth: Int, columns: Int, kernels: any MicrokernelTable.Type) {
    self.depth = depth
    self.columns = columns
    tileColumns = kernels.tileColumns
    lanes = kernels.lanes
  }

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
      // Columns are the outer loop: the source is then read along its memory.
      var j = 0
      while j < width {
        let column = from + j * columnStride
        var k = 0
        while k < rowCount {
          to[k * width + j] = j < columns ? column[k * rowStride] : 0
          k += 1
        }
        j += 1
      }
    }
  }
}
