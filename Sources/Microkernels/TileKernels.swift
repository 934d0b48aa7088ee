import MicrokernelInterface

/// The rows of a tile that one piece of it computes, by instruction set, and how a higher one is cut into pieces. `computeTile` (TileSums.swift)
/// is what computes a piece; this file has a function for each shape of it.
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
  @inline(never) private func along12Wide(_ t: Tile, _ start: TileStart) {
    computeTile(t, start, rows: 12, wide: true, alongRows: true)
  }
  @inline(never) private func along12Narrow(_ t: Tile, _ start: TileStart) {
    computeTile(t, start, rows: 12, wide: false, alongRows: true)
  }
  @inline(never) private func along8Wide(_ t: Tile, _ start: TileStart) {
    computeTile(t, start, rows: 8, wide: true, alongRows: true)
  }
  @inline(never) private func along8Narrow(_ t: Tile, _ start: TileStart) {
    computeTile(t, start, rows: 8, wide: false, alongRows: true)
  }
#elseif AVX2
  @inline(never) private func along5Wide(_ t: Tile, _ start: TileStart) {
    computeTile(t, start, rows: 5, wide: true, alongRows: true)
  }
  @inline(never) private func along5Narrow(_ t: Tile, _ start: TileStart) {
    computeTile(t, start, rows: 5, wide: false, alongRows: true)
  }
  @inline(never) private func along6Wide(_ t: Tile, _ start: TileStart) {
    computeTile(t, start, rows: 6, wide: true, alongRows: true)
  }
  @inline(never) private func along6Narrow(_ t: Tile, _ start: TileStart) {
    computeTile(t, start, rows: 6, wide: false, alongRows: true)
  }
#endif
@inline(never) private func along4Wide(_ t: Tile, _ start: TileStart) {
  computeTile(t, start, rows: 4, wide: true, alongRows: true)
}
@inline(never) private func along4Narrow(_ t: Tile, _ start: TileStart) {
  computeTile(t, start, rows: 4, wide: false, alongRows: true)
}
@inline(never) private func along2Wide(_ t: Tile, _ start: TileStart) {
  computeTile(t, start, rows: 2, wide: true, alongRows: true)
}
@inline(never) private func along2Narrow(_ t: Tile, _ start: TileStart) {
  computeTile(t, start, rows: 2, wide: false, alongRows: true)
}
@inline(never) private func along1Wide(_ t: Tile, _ start: TileStart) {
  computeTile(t, start, rows: 1, wide: true, alongRows: true)
}
@inline(never) private func along1Narrow(_ t: Tile, _ start: TileStart) {
  computeTile(t, start, rows: 1, wide: false, alongRows: true)
}

#if AVX512 || arch(arm64)
  @inline(never) private func across12Wide(_ t: Tile, _ start: TileStart) {
    computeTile(t, start, rows: 12, wide: true, alongRows: false)
  }
  @inline(never) private func across12Narrow(_ t: Tile, _ start: TileStart) {
    computeTile(t, start, rows: 12, wide: false, alongRows: false)
  }
  // Three channels under a row of a 3×3 kernel: the weight gradient of a network's first layer.
  @inline(never) private func across9Wide(_ t: Tile, _ start: TileStart) {
    computeTile(t, start, rows: 9, wide: true, alongRows: false)
  }
  @inline(never) private func across9Narrow(_ t: Tile, _ start: TileStart) {
    computeTile(t, start, rows: 9, wide: false, alongRows: false)
  }
  @inline(never) private func across8Wide(_ t: Tile, _ start: TileStart) {
    computeTile(t, start, rows: 8, wide: true, alongRows: false)
  }
  @inline(never) private func across8Narrow(_ t: Tile, _ start: TileStart) {
    computeTile(t, start, rows: 8, wide: false, alongRows: false)
  }
#elseif AVX2
  @inline(never) private func across5Wide(_ t: Tile, _ start: TileStart) {
    computeTile(t, start, rows: 5, wide: true, alongRows: false)
  }
  @inline(never) private func across5Narrow(_ t: Tile, _ start: TileStart) {
    computeTile(t, start, rows: 5, wide: false, alongRows: false)
  }
  @inline(never) private func across6Wide(_ t: Tile, _ start: TileStart) {
    computeTile(t, start, rows: 6, wide: true, alongRows: false)
  }
  @inline(never) private func across6Narrow(_ t: Tile, _ start: TileStart) {
    computeTile(t, start, rows: 6, wide: false, alongRows: false)
  }
#endif
@inline(never) private func across4Wide(_ t: Tile, _ start: TileStart) {
  computeTile(t, start, rows: 4, wide: true, alongRows: false)
}
@inline(never) private func across4Narrow(_ t: Tile, _ start: TileStart) {
  computeTile(t, start, rows: 4, wide: false, alongRows: false)
}
@inline(never) private func across2Wide(_ t: Tile, _ start: TileStart) {
  computeTile(t, start, rows: 2, wide: true, alongRows: false)
}
@inline(never) private func across2Narrow(_ t: Tile, _ start: TileStart) {
  computeTile(t, start, rows: 2, wide: false, alongRows: false)
}
@inline(never) private func across1Wide(_ t: Tile, _ start: TileStart) {
  computeTile(t, start, rows: 1, wide: true, alongRows: false)
}
@inline(never) private func across1Narrow(_ t: Tile, _ start: TileStart) {
  computeTile(t, start, rows: 1, wide: false, alongRows: false)
}

/// `rows` rows of a tile, `TileRows.most` at most, by the fewest shapes that cover them.
@inline(__always)
func computePiece(_ t: Tile, _ start: TileStart, _ rows: Int, wide: Bool, alongRows: Bool) {
  var start = start
  var left = rows
  #if AVX512 || arch(arm64)
    if left == 12 {
      switch (alongRows, wide) {
      case (true, true): along12Wide(t, start)
      case (true, false): along12Narrow(t, start)
      case (false, true): across12Wide(t, start)
      case (false, false): across12Narrow(t, start)
      }
      return
    }
    if left == 9, !alongRows {
      if wide { across9Wide(t, start) } else { across9Narrow(t, start) }
      return
    }
    if left >= 8 {
      switch (alongRows, wide) {
      case (true, true): along8Wide(t, start)
      case (true, false): along8Narrow(t, start)
      case (false, true): across8Wide(t, start)
      case (false, false): across8Narrow(t, start)
      }
      start.advance(8, t, alongRows: alongRows)
      left -= 8
    }
  #elseif AVX2
    if left == 6 {
      switch (alongRows, wide) {
      case (true, true): along6Wide(t, start)
      case (true, false): along6Narrow(t, start)
      case (false, true): across6Wide(t, start)
      case (false, false): across6Narrow(t, start)
      }
      return
    }
    if left == 5 {
      switch (alongRows, wide) {
      case (true, true): along5Wide(t, start)
      case (true, false): along5Narrow(t, start)
      case (false, true): across5Wide(t, start)
      case (false, false): across5Narrow(t, start)
      }
      return
    }
  #endif
  if left >= 4 {
    switch (alongRows, wide) {
    case (true, true): along4Wide(t, start)
    case (true, false): along4Narrow(t, start)
    case (false, true): across4Wide(t, start)
    case (false, false): across4Narrow(t, start)
    }
    start.advance(4, t, alongRows: alongRows)
    left -= 4
  }
  if left >= 2 {
    switch (alongRows, wide) {
    case (true, true): along2Wide(t, start)
    case (true, false): along2Narrow(t, start)
    case (false, true): across2Wide(t, start)
    case (false, false): across2Narrow(t, start)
    }
    start.advance(2, t, alongRows: alongRows)
    left -= 2
  }
  if left >= 1 {
    switch (alongRows, wide) {
    case (true, true): along1Wide(t, start)
    case (true, false): along1Narrow(t, start)
    case (false, true): across1Wide(t, start)
    case (false, false): across1Narrow(t, start)
    }
  }
}

/// Panel by panel, and each piece by piece.
@inline(__always)
private func compute(_ t: Tile, alongRows: Bool) {
  let wide = t.columns > lanes
  let isAtEdge = t.columns != (wide ? 2 : 1) * lanes || t.bias != nil
  var panel = 0
  while panel < t.panels {
    var start = TileStart(t, panel: panel)
    var left = t.rows
    while left > 0 {
      let rows = TileRows.next(left: left)
      if rows == left, rows < t.rows { start.askForNextPanel(t) }
      if isAtEdge {
        computePieceAtEdge(t, start, rows, panel, alongRows: alongRows)
      } else {
        computePiece(t, start, rows, wide: wide, alongRows: alongRows)
      }
      start.advance(rows, t, alongRows: alongRows)
      left -= rows
    }
    panel += 1
  }
}

extension EntryPoints {
  @inline(never)
  package static func tileAlongRows(_ t: Tile) { compute(t, alongRows: true) }

  @inline(never)
  package static func tileAcrossRows(_ t: Tile) { compute(t, alongRows: false) }
}
