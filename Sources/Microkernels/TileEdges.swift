import MicrokernelInterface

/// Rows of a piece at an edge: its buffer is on the stack up to 1 KiB, and allocated beyond.
@inline(__always)
func mostRowsAtEdge<S: TileShape>(_: S.Type) -> Int { min(TileRows.most, 256 / ((S.wide ? 2 : 1) * lanes)) }

/// Adds the bias to whole vectors of some rows of C, which are in L1.
@inline(__always)
func add(_ bias: UnsafePointer<Float>, to c: UnsafeMutablePointer<Float>, _ rows: Int, _ t: Tile) {
  var r = 0
  while r < rows {
    let row = c + r * t.cRowStride
    var j = 0
    while j < t.columns {
      store(load(row + j) + load(bias + j), row + j)
      j += lanes
    }
    r += 1
  }
}

/// A piece of a panel that is narrower than its vectors: whole vectors go to a buffer, and from there what belongs to C.
@inline(never)
func computePieceAtEdge<S: TileShape>(_ shape: S.Type, _ t: Tile, _ start: TileStart, _ rows: Int, _ panel: Int) {
  let bias = t.bias.map { $0 + panel * t.columns }
  let width = (S.wide ? 2 : 1) * lanes
  withUnsafeTemporaryAllocation(of: Float.self, capacity: mostRowsAtEdge(shape) * width) { buffer in
    guard let sums = buffer.baseAddress else { return }
    var whole = t
    whole.cRowStride = width
    whole.accumulate = false
    var toSums = start
    toSums.c = sums
    computeRows(shape, whole, toSums, rows, repeats: 1)
    var r = 0
    while r < rows {
      let c = start.c + r * t.cRowStride
      let row = sums + r * width
      var j = 0
      while j + lanes <= t.columns {
        var x = load(row + j)
        if t.accumulate { x += load(c + j) }
        if let bias { x += load(bias + j) }
        store(x, c + j)
        j += lanes
      }
      while j + 4 <= t.columns {
        var x = UnsafeRawPointer(row + j).loadUnaligned(as: SIMD4<Float>.self)
        if t.accumulate { x += UnsafeRawPointer(c + j).loadUnaligned(as: SIMD4<Float>.self) }
        if let bias { x += UnsafeRawPointer(bias + j).loadUnaligned(as: SIMD4<Float>.self) }
        UnsafeMutableRawPointer(c + j).storeBytes(of: x, as: SIMD4<Float>.self)
        j += 4
      }
      while j < t.columns {
        var x = row[j]
        if t.accumulate { x += c[j] }
        if let bias { x += bias[j] }
        c[j] = x
        j += 1
      }
      r += 1
    }
  }
}
