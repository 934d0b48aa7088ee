import MicrokernelInterface

/// Computes a tile of a matrix product with its sums held in registers; one that is higher than they allow, piece by piece.
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

  /// Rows of the next piece of a tile that has `left`: the most there can be, but two pieces alike rather than a full and a small one. With
  /// AVX2 there are shapes of four, five and six rows, else of multiples of four.
  @inline(__always)
  static func next(left: Int) -> Int {
    if left <= most { return left }
    if left >= 2 * most { return most }
    let half = (left + 1) / 2
    return most == 6 ? half : min(most, (half + 3) / 4 * 4)
  }
}

// One function for each shape of tile. They are apart because the optimiser stops inlining into a function that has grown
// large, and a tile that is not inlined keeps its sums in memory.

#if AVX512 || arch(arm64)
  @inline(never) private func along12Wide(_ t: Tile, _ row: Int) {
    computeTile(t, row, rows: 12, wide: true, alongRows: true)
  }
  @inline(never) private func along12Narrow(_ t: Tile, _ row: Int) {
    computeTile(t, row, rows: 12, wide: false, alongRows: true)
  }
  @inline(never) private func along8Wide(_ t: Tile, _ row: Int) {
    computeTile(t, row, rows: 8, wide: true, alongRows: true)
  }
  @inline(never) private func along8Narrow(_ t: Tile, _ row: Int) {
    computeTile(t, row, rows: 8, wide: false, alongRows: true)
  }
#elseif AVX2
  @inline(never) private func along5Wide(_ t: Tile, _ row: Int) {
    computeTile(t, row, rows: 5, wide: true, alongRows: true)
  }
  @inline(never) private func along5Narrow(_ t: Tile, _ row: Int) {
    computeTile(t, row, rows: 5, wide: false, alongRows: true)
  }
  @inline(never) private func along6Wide(_ t: Tile, _ row: Int) {
    computeTile(t, row, rows: 6, wide: true, alongRows: true)
  }
  @inline(never) private func along6Narrow(_ t: Tile, _ row: Int) {
    computeTile(t, row, rows: 6, wide: false, alongRows: true)
  }
#endif
@inline(never) private func along4Wide(_ t: Tile, _ row: Int) {
  computeTile(t, row, rows: 4, wide: true, alongRows: true)
}
@inline(never) private func along4Narrow(_ t: Tile, _ row: Int) {
  computeTile(t, row, rows: 4, wide: false, alongRows: true)
}
@inline(never) private func along2Wide(_ t: Tile, _ row: Int) {
  computeTile(t, row, rows: 2, wide: true, alongRows: true)
}
@inline(never) private func along2Narrow(_ t: Tile, _ row: Int) {
  computeTile(t, row, rows: 2, wide: false, alongRows: true)
}
@inline(never) private func along1Wide(_ t: Tile, _ row: Int) {
  computeTile(t, row, rows: 1, wide: true, alongRows: true)
}
@inline(never) private func along1Narrow(_ t: Tile, _ row: Int) {
  computeTile(t, row, rows: 1, wide: false, alongRows: true)
}

#if AVX512 || arch(arm64)
  @inline(never) private func across12Wide(_ t: Tile, _ row: Int) {
    computeTile(t, row, rows: 12, wide: true, alongRows: false)
  }
  @inline(never) private func across12Narrow(_ t: Tile, _ row: Int) {
    computeTile(t, row, rows: 12, wide: false, alongRows: false)
  }
  // Three channels under a row of a 3×3 kernel: the weight gradient of a network's first layer.
  @inline(never) private func across9Wide(_ t: Tile, _ row: Int) {
    computeTile(t, row, rows: 9, wide: true, alongRows: false)
  }
  @inline(never) private func across9Narrow(_ t: Tile, _ row: Int) {
    computeTile(t, row, rows: 9, wide: false, alongRows: false)
  }
  @inline(never) private func across8Wide(_ t: Tile, _ row: Int) {
    computeTile(t, row, rows: 8, wide: true, alongRows: false)
  }
  @inline(never) private func across8Narrow(_ t: Tile, _ row: Int) {
    computeTile(t, row, rows: 8, wide: false, alongRows: false)
  }
#elseif AVX2
  @inline(never) private func across5Wide(_ t: Tile, _ row: Int) {
    computeTile(t, row, rows: 5, wide: true, alongRows: false)
  }
  @inline(never) private func across5Narrow(_ t: Tile, _ row: Int) {
    computeTile(t, row, rows: 5, wide: false, alongRows: false)
  }
  @inline(never) private func across6Wide(_ t: Tile, _ row: Int) {
    computeTile(t, row, rows: 6, wide: true, alongRows: false)
  }
  @inline(never) private func across6Narrow(_ t: Tile, _ row: Int) {
    computeTile(t, row, rows: 6, wide: false, alongRows: false)
  }
#endif
@inline(never) private func across4Wide(_ t: Tile, _ row: Int) {
  computeTile(t, row, rows: 4, wide: true, alongRows: false)
}
@inline(never) private func across4Narrow(_ t: Tile, _ row: Int) {
  computeTile(t, row, rows: 4, wide: false, alongRows: false)
}
@inline(never) private func across2Wide(_ t: Tile, _ row: Int) {
  computeTile(t, row, rows: 2, wide: true, alongRows: false)
}
@inline(never) private func across2Narrow(_ t: Tile, _ row: Int) {
  computeTile(t, row, rows: 2, wide: false, alongRows: false)
}
@inline(never) private func across1Wide(_ t: Tile, _ row: Int) {
  computeTile(t, row, rows: 1, wide: true, alongRows: false)
}
@inline(never) private func across1Narrow(_ t: Tile, _ row: Int) {
  computeTile(t, row, rows: 1, wide: false, alongRows: false)
}

/// Piece by piece, by the fewest shapes that cover a piece's rows.
@inline(__always)
private func computeRows(_ t: Tile, wide: Bool, alongRows: Bool) {
  var row = 0
  while row < t.rows {
    let end = row + TileRows.next(left: t.rows - row)
    computePiece(t, row, end, wide: wide, alongRows: alongRows)
    row = end
  }
}

/// Rows `first` ..< `end` of a tile, `TileRows.most` at most.
@inline(__always)
private func computePiece(_ t: Tile, _ first: Int, _ end: Int, wide: Bool, alongRows: Bool) {
  var row = first
  #if AVX512 || arch(arm64)
    if end - row == 12 {
      switch (alongRows, wide) {
      case (true, true): along12Wide(t, row)
      case (true, false): along12Narrow(t, row)
      case (false, true): across12Wide(t, row)
      case (false, false): across12Narrow(t, row)
      }
      return
    }
    if end - row == 9, !alongRows {
      if wide { across9Wide(t, row) } else { across9Narrow(t, row) }
      return
    }
    if end - row >= 8 {
      switch (alongRows, wide) {
      case (true, true): along8Wide(t, row)
      case (true, false): along8Narrow(t, row)
      case (false, true): across8Wide(t, row)
      case (false, false): across8Narrow(t, row)
      }
      row += 8
    }
  #elseif AVX2
    if end - row == 6 {
      switch (alongRows, wide) {
      case (true, true): along6Wide(t, row)
      case (true, false): along6Narrow(t, row)
      case (false, true): across6Wide(t, row)
      case (false, false): across6Narrow(t, row)
      }
      return
    }
    if end - row == 5 {
      switch (alongRows, wide) {
      case (true, true): along5Wide(t, row)
      case (true, false): along5Narrow(t, row)
      case (false, true): across5Wide(t, row)
      case (false, false): across5Narrow(t, row)
      }
      return
    }
  #endif
  if end - row >= 4 {
    switch (alongRows, wide) {
    case (true, true): along4Wide(t, row)
    case (true, false): along4Narrow(t, row)
    case (false, true): across4Wide(t, row)
    case (false, false): across4Narrow(t, row)
    }
    row += 4
  }
  if end - row >= 2 {
    switch (alongRows, wide) {
    case (true, true): along2Wide(t, row)
    case (true, false): along2Narrow(t, row)
    case (false, true): across2Wide(t, row)
    case (false, false): across2Narrow(t, row)
    }
    row += 2
  }
  if end - row >= 1 {
    switch (alongRows, wide) {
    case (true, true): along1Wide(t, row)
    case (true, false): along1Narrow(t, row)
    case (false, true): across1Wide(t, row)
    case (false, false): across1Narrow(t, row)
    }
  }
}

@inline(__always)
private func compute(_ t: Tile, alongRows: Bool) {
  let wide = t.columns > lanes
  let whole = t.columns == (wide ? 2 : 1) * lanes
  if whole, t.bias == nil {
    if wide {
      computeRows(t, wide: true, alongRows: alongRows)
    } else {
      computeRows(t, wide: false, alongRows: alongRows)
    }
  } else {
    computeAtEdge(t, alongRows: alongRows)
  }
}

/// A tile that is narrower than its vectors, or has a bias: whole vectors go to a buffer, and from there what belongs to C.
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
    whole.c = sums
    whole.cRowStride = width
    whole.accumulate = false
    if alongRows {
      computeRows(whole, wide: t.columns > lanes, alongRows: true)
    } else {
      computeRows(whole, wide: t.columns > lanes, alongRows: false)
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

extension EntryPoints {
  @inline(never)
  package static func tileAlongRows(_ t: Tile) { compute(t, alongRows: true) }

  @inline(never)
  package static func tileAcrossRows(_ t: Tile) { compute(t, alongRows: false) }
}
