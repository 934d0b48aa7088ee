import MicrokernelInterface

/// Computes one tile of a matrix product with its sums held in registers.
///
///                      B[k, 0 ..< 2·lanes]
///                     ┌────────┬────────┐
///         A[0, k]  →  │ sum 0  │ sum 0  │     every step of k: two vector loads of B, one broadcast of A a row,
///         A[1, k]  →  │ sum 1  │ sum 1  │     two multiply-adds a row; nothing is stored before the last step
///            ⋮        │   ⋮    │   ⋮    │
///                     └────────┴────────┘
///
/// Rows × columns is 12×32 with AVX-512 (24 of 32 registers hold sums) and with NEON (12×8), 6×16 with AVX2 (12 of 16) and
/// 4×8 with SSE2 (8 of 16, since it needs one more for each product). Smaller tiles run the same body with fewer
/// rows; a tile no wider than one vector leaves the second one out.
///
/// Cost: 2 · rows · columns · depth · runs FLOPs; reads (rows + columns) · depth · runs floats.
enum TileRows {
  #if AVX512
    static var most: Int { 12 }
  #elseif AVX2
    static var most: Int { 6 }
  #elseif arch(arm64)
    static var most: Int { 12 }
  #else
    static var most: Int { 4 }
  #endif
}

/// One row of a tile: the sums of up to two vectors of columns.
private struct RowSums {
  var low = Lanes()
  var high = Lanes()

  @inline(__always) mutating func add(_ x: Float, _ b0: Lanes, _ b1: Lanes, wide: Bool) {
    let a = splat(x)
    low = multiplyAdd(a, b0, low)
    if wide { high = multiplyAdd(a, b1, high) }
  }

  @inline(__always) func put(_ t: borrowing Tile, _ row: Int, wide: Bool) {
    let c = t.c + row * t.cRowStride
    if t.columns == (wide ? 2 : 1) * lanes {
      var x = low
      if t.accumulate { x += load(c) }
      if let bias = t.bias { x += load(bias) }
      store(x, c)
      if wide {
        var y = high
        if t.accumulate { y += load(c + lanes) }
        if let bias = t.bias { y += load(bias + lanes) }
        store(y, c + lanes)
      }
    } else {
      var j = 0
      while j < t.columns {
        var x = j < lanes ? low[j] : high[j - lanes]
        if t.accumulate { x += c[j] }
        if let bias = t.bias { x += bias[j] }
        c[j] = x
        j += 1
      }
    }
  }
}

/// The body of every tile. `rows`, `wide` and `alongRows` are constants at each call, so that after inlining only the
/// rows in use are left, each in its own register.
///
/// `alongRows`: the depth lies along the rows of A (`aDepthStride` is 1), else across them (`aRowStride` is 1).
@inline(__always)
private func computeTile(_ t: borrowing Tile, firstRow: Int, rows: Int, wide: Bool, alongRows: Bool) {
  var s0 = RowSums(), s1 = RowSums(), s2 = RowSums(), s3 = RowSums()
  var s4 = RowSums(), s5 = RowSums(), s6 = RowSums(), s7 = RowSums()
  var s8 = RowSums(), s9 = RowSums(), s10 = RowSums(), s11 = RowSums()
  let stride = alongRows ? t.aRowStride : 1
  let aStep = alongRows ? 1 : t.aDepthStride
  let bStep = t.bDepthStride
  let depth = t.depth
  let aStart = t.a + firstRow * stride
  let bStart = t.b
  var run = t.runs
  let lastRun = run + t.runCount
  while run < lastRun {
    // One pointer for every three rows: base, base + stride and base + 2·stride are addressing modes, not instructions.
    var a0 = aStart + run.pointee.a
    var a3 = a0 + 3 * stride, a6 = a0 + 6 * stride, a9 = a0 + 9 * stride
    var b = bStart + run.pointee.b
    var k = depth
    while k > 0 {
      let b0 = load(b)
      let b1 = wide ? load(b + lanes) : Lanes()
      s0.add(a0[0], b0, b1, wide: wide)
      if rows > 1 { s1.add(a0[stride], b0, b1, wide: wide) }
      if rows > 2 { s2.add(a0[2 * stride], b0, b1, wide: wide) }
      if rows > 3 { s3.add(a3[0], b0, b1, wide: wide) }
      if rows > 4 { s4.add(a3[stride], b0, b1, wide: wide) }
      if rows > 5 { s5.add(a3[2 * stride], b0, b1, wide: wide) }
      if rows > 6 { s6.add(a6[0], b0, b1, wide: wide) }
      if rows > 7 { s7.add(a6[stride], b0, b1, wide: wide) }
      if rows > 8 { s8.add(a6[2 * stride], b0, b1, wide: wide) }
      if rows > 9 { s9.add(a9[0], b0, b1, wide: wide) }
      if rows > 10 { s10.add(a9[stride], b0, b1, wide: wide) }
      if rows > 11 { s11.add(a9[2 * stride], b0, b1, wide: wide) }
      a0 += aStep
      if rows > 3 { a3 += aStep }
      if rows > 6 { a6 += aStep }
      if rows > 9 { a9 += aStep }
      b += bStep
      k -= 1
    }
    run += 1
  }
  s0.put(t, firstRow, wide: wide)
  if rows > 1 { s1.put(t, firstRow + 1, wide: wide) }
  if rows > 2 { s2.put(t, firstRow + 2, wide: wide) }
  if rows > 3 { s3.put(t, firstRow + 3, wide: wide) }
  if rows > 4 { s4.put(t, firstRow + 4, wide: wide) }
  if rows > 5 { s5.put(t, firstRow + 5, wide: wide) }
  if rows > 6 { s6.put(t, firstRow + 6, wide: wide) }
  if rows > 7 { s7.put(t, firstRow + 7, wide: wide) }
  if rows > 8 { s8.put(t, firstRow + 8, wide: wide) }
  if rows > 9 { s9.put(t, firstRow + 9, wide: wide) }
  if rows > 10 { s10.put(t, firstRow + 10, wide: wide) }
  if rows > 11 { s11.put(t, firstRow + 11, wide: wide) }
}

@inline(__always)
private func dispatchRows(_ t: borrowing Tile, wide: Bool, alongRows: Bool) {
  let most = TileRows.most
  if t.rows == most {
    computeTile(t, firstRow: 0, rows: most, wide: wide, alongRows: alongRows)
    return
  }
  var row = 0
  if most > 8, t.rows - row >= 8 {
    computeTile(t, firstRow: row, rows: 8, wide: wide, alongRows: alongRows)
    row += 8
  }
  if most > 4, t.rows - row >= 4 {
    computeTile(t, firstRow: row, rows: 4, wide: wide, alongRows: alongRows)
    row += 4
  }
  if t.rows - row >= 2 {
    computeTile(t, firstRow: row, rows: 2, wide: wide, alongRows: alongRows)
    row += 2
  }
  if t.rows - row >= 1 {
    computeTile(t, firstRow: row, rows: 1, wide: wide, alongRows: alongRows)
  }
}

extension EntryPoints {
  /// A tile whose depth lies along the rows of A: `aDepthStride` is 1.
  @inline(never)
  package static func tileAlongRows(_ t: borrowing Tile) {
    if t.columns <= lanes {
      dispatchRows(t, wide: false, alongRows: true)
    } else {
      dispatchRows(t, wide: true, alongRows: true)
    }
  }

  /// A tile whose depth lies across the rows of A: `aRowStride` is 1, such as a transposed operand.
  @inline(never)
  package static func tileAcrossRows(_ t: borrowing Tile) {
    if t.columns <= lanes {
      dispatchRows(t, wide: false, alongRows: false)
    } else {
      dispatchRows(t, wide: true, alongRows: false)
    }
  }
}
