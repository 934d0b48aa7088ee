import MicrokernelInterface

/// The rows of a tile that one piece of it computes, by instruction set, and how a higher one is cut into pieces. `computePieces`
/// (TileSums.swift) is what computes them; this file has it compiled once for each shape.
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

  /// How many pieces of `next(left:)` rows follow each other.
  @inline(__always)
  static func repeats(left: Int) -> Int {
    if left < 2 * most { return 1 }
    return left % most == 0 ? left / most : left / most - 1
  }
}

/// What is known of a tile when it is compiled. Each is a type, so that the compiler makes a function of each shape.
protocol TileShape {
  /// The columns are two vectors, not one.
  static var wide: Bool { get }
  /// The depth lies along the rows of A (`aDepthStride` is 1), else across them (`aRowStride` is 1).
  static var alongRows: Bool { get }
  /// The rows of B are as long as the tile is wide, as in a packed panel: their addresses need no registers.
  static var packed: Bool { get }
}

protocol Flag { static var value: Bool { get } }
enum Yes: Flag { static var value: Bool { true } }
enum No: Flag { static var value: Bool { false } }

enum Shape<Wide: Flag, AlongRows: Flag, Packed: Flag>: TileShape {
  static var wide: Bool { Wide.value }
  static var alongRows: Bool { AlongRows.value }
  static var packed: Bool { Packed.value }
}

private protocol RowCount { static var rows: Int { get } }
private enum Rows12: RowCount { static var rows: Int { 12 } }
private enum Rows9: RowCount { static var rows: Int { 9 } }
private enum Rows8: RowCount { static var rows: Int { 8 } }
private enum Rows6: RowCount { static var rows: Int { 6 } }
private enum Rows5: RowCount { static var rows: Int { 5 } }
private enum Rows4: RowCount { static var rows: Int { 4 } }
private enum Rows2: RowCount { static var rows: Int { 2 } }
private enum Rows1: RowCount { static var rows: Int { 1 } }

/// A function of its own for each shape: the optimiser stops inlining into one that has grown large, and a tile that is not inlined keeps its
/// sums in memory.
@inline(never)
private func pieces<Rows: RowCount, S: TileShape>(
  of _: Rows.Type, _ shape: S.Type, _ t: Tile, _ start: TileStart, repeats: Int
) {
  computePieces(shape, t, start, rows: Rows.rows, repeats: repeats)
}

/// `rows` rows of a tile, `TileRows.most` at most, by the fewest shapes that cover them; the most so many times, one below the other.
@inline(__always)
func computeRows<S: TileShape>(_ shape: S.Type, _ t: Tile, _ start: TileStart, _ rows: Int, repeats: Int) {
  var start = start
  var left = rows
  #if AVX512 || arch(arm64)
    if left == 12 { return pieces(of: Rows12.self, shape, t, start, repeats: repeats) }
    // Three channels under a row of a 3×3 kernel: the weight gradient of a network's first layer.
    if left == 9, !S.alongRows { return pieces(of: Rows9.self, shape, t, start, repeats: 1) }
    if left >= 8 {
      pieces(of: Rows8.self, shape, t, start, repeats: 1)
      start.advance(8, shape, t)
      left -= 8
    }
  #elseif AVX2
    if left == 6 { return pieces(of: Rows6.self, shape, t, start, repeats: repeats) }
    if left == 5 { return pieces(of: Rows5.self, shape, t, start, repeats: 1) }
  #endif
  if left >= 4 {
    pieces(of: Rows4.self, shape, t, start, repeats: TileRows.most == 4 ? repeats : 1)
    start.advance(4, shape, t)
    left -= 4
  }
  if left >= 2 {
    pieces(of: Rows2.self, shape, t, start, repeats: 1)
    start.advance(2, shape, t)
    left -= 2
  }
  if left >= 1 { pieces(of: Rows1.self, shape, t, start, repeats: 1) }
}

/// Panel by panel, and each piece by piece.
@inline(__always)
private func computePanels<S: TileShape>(_ shape: S.Type, _ t: Tile) {
  let isAtEdge = t.columns != (S.wide ? 2 : 1) * lanes
  var panel = 0
  while panel < t.panels {
    var start = TileStart(t, panel: panel)
    var left = t.rows
    while left > 0 {
      let rows = min(TileRows.next(left: left), isAtEdge ? mostRowsAtEdge(shape) : TileRows.most)
      let repeats = isAtEdge ? 1 : TileRows.repeats(left: left)
      start.endsPanel = rows * repeats == left && rows < t.rows
      if isAtEdge {
        computePieceAtEdge(shape, t, start, rows, panel)
      } else {
        computeRows(shape, t, start, rows, repeats: repeats)
        if let bias = t.bias { add(bias + panel * t.columns, to: start.c, rows * repeats, t) }
      }
      start.advance(rows * repeats, shape, t)
      left -= rows * repeats
    }
    panel += 1
  }
}

@inline(__always)
private func compute<AlongRows: Flag>(_: AlongRows.Type, _ t: Tile) {
  switch (t.columns > lanes, t.bDepthStride) {
  case (true, 2 * lanes): computePanels(Shape<Yes, AlongRows, Yes>.self, t)
  case (true, _): computePanels(Shape<Yes, AlongRows, No>.self, t)
  case (false, lanes): computePanels(Shape<No, AlongRows, Yes>.self, t)
  case (false, _): computePanels(Shape<No, AlongRows, No>.self, t)
  }
}

extension EntryPoints {
  @inline(never)
  package static func tileAlongRows(_ t: Tile) { compute(Yes.self, t) }

  @inline(never)
  package static func tileAcrossRows(_ t: Tile) { compute(No.self, t) }
}
