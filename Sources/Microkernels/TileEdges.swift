import MicrokernelInterface

/// Tiles that are narrower than their vectors, or have a bias, one after the other.
@inline(never)
func computeAtEdges(_ t: Tile, alongRows: Bool) {
  var panel = t
  while panel.panels > 0 {
    computeAtEdge(panel, alongRows: alongRows)
    panel.b += t.bPanelStride
    panel.c += t.columns
    panel.bias = panel.bias.map { $0 + t.columns }
    panel.panels -= 1
  }
}

/// Piece by piece: whole vectors go to a buffer, and from there what belongs to C.
@inline(never)
private func computeAtEdge(_ t: Tile, alongRows: Bool) {
  var piece = t
  while piece.rows > 0 {
    let left = piece.rows
    piece.rows = TileRows.next(left: left)
    computePieceAtEdge(piece, alongRows: alongRows)
    piece.a += piece.rows * (alongRows ? t.aRowStride : 1)
    piece.c += piece.rows * t.cRowStride
    piece.rows = left - piece.rows
  }
}

@inline(never)
private func computePieceAtEdge(_ t: Tile, alongRows: Bool) {
  let width = 2 * lanes
  withUnsafeTemporaryAllocation(of: Float.self, capacity: TileRows.most * width) { buffer in
    guard let sums = buffer.baseAddress else { return }
    var whole = t
    whole.cRowStride = width
    whole.accumulate = false
    let start = TileStart(a: whole.a, b: whole.b, c: sums)
    if alongRows {
      computeRows(whole, start, wide: t.columns > lanes, alongRows: true)
    } else {
      computeRows(whole, start, wide: t.columns > lanes, alongRows: false)
    }
    var r = 0
    while r < t.rows {
      let c = t.c + r * t.cRowStride
      let row = sums + r * width
      var j = 0
      while j + lanes <= t.columns {
        var x = load(row + j)
        if t.accumulate { x += load(c + j) }
        if let bias = t.bias { x += load(bias + j) }
        store(x, c + j)
        j += lanes
      }
      while j + 4 <= t.columns {
        var x = UnsafeRawPointer(row + j).loadUnaligned(as: SIMD4<Float>.self)
        if t.accumulate { x += UnsafeRawPointer(c + j).loadUnaligned(as: SIMD4<Float>.self) }
        if let bias = t.bias { x += UnsafeRawPointer(bias + j).loadUnaligned(as: SIMD4<Float>.self) }
        UnsafeMutableRawPointer(c + j).storeBytes(of: x, as: SIMD4<Float>.self)
        j += 4
      }
      while j < t.columns {
        var x = row[j]
        if t.accumulate { x += c[j] }
        if let bias = t.bias { x += bias[j] }
        c[j] = x
        j += 1
      }
      r += 1
    }
  }
}
