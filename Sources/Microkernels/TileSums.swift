import MicrokernelInterface

/// One row of a tile: the sums of up to two vectors of columns.
private struct RowSums {
  var low = Lanes()
  var high = Lanes()

  @inline(__always) mutating func add(_ x: Float, _ b0: Lanes, _ b1: Lanes, wide: Bool) {
    let a = splat(x)
    low = multiplyAdd(a, b0, low)
    if wide { high = multiplyAdd(a, b1, high) }
  }

  @inline(__always) func put(_ c: UnsafeMutablePointer<Float>, wide: Bool) {
    store(low, c)
    if wide { store(high, c + lanes) }
  }

  @inline(__always) func addTo(_ c: UnsafeMutablePointer<Float>, wide: Bool) {
    store(low + load(c), c)
    if wide { store(high + load(c + lanes), c + lanes) }
  }
}

/// Bytes from the first row of A to the odd ones; to an even one it is 2, 4 or 8 times one of these, which an address can name.
private struct RowOffsets {
  let one: Int, three: Int, five: Int, seven: Int, nine: Int, eleven: Int

  /// Rows next to each other.
  @inline(__always) init() { (one, three, five, seven, nine, eleven) = (4, 12, 20, 28, 36, 44) }

  /// Rows `stride` bytes apart, no more than `rows` of them.
  @inline(__always) init(_ stride: Int, rows: Int) {
    (one, three, five, seven) = offsetsToSeven(stride)
    (nine, eleven) = rows > 8 ? offsetsToEleven(stride) : (0, 0)
  }
}

// Not inlined, so that the optimiser does not know these for multiples of one number: if it does, it takes one register for all and an
// addition for each row and step, which cost as much as half the multiply-adds where two threads share a core. Two functions, because no
// more than four results come in registers. Six come through memory, stored as vectors, and those wait until the tile before is done.

@inline(never)
private func offsetsToSeven(_ stride: Int) -> (Int, Int, Int, Int) { (stride, 3 * stride, 5 * stride, 7 * stride) }

@inline(never)
private func offsetsToEleven(_ stride: Int) -> (Int, Int) { (9 * stride, 11 * stride) }

@inline(__always)
private func value(_ a: UnsafePointer<Float>, _ offset: Int) -> Float {
  UnsafeRawPointer(a).loadUnaligned(fromByteOffset: offset, as: Float.self)
}

/// How early the lines of B are asked for: a core that shares its queues with another thread does not look far enough ahead to hide the
/// time that L2 takes. Past the end of a panel lies the next one, most often what is read next.
private let stepsAhead = 16

/// Depth from which a tile asks for its lines of C though it only writes them: 512³ and 1024³ gain 1 to 3 %. Sums of 16 to 64 steps, which
/// a convolution has, lose 3 to 5 % by it.
private let depthWorthFetching = 512

/// One step of depth for all rows of a tile. Their sums are variables apart: as one structure the optimiser keeps some in memory.
@inline(__always)
private func addStep(
  _ a: UnsafePointer<Float>, _ offsets: RowOffsets, _ b: UnsafePointer<Float>, _ ahead: Int, rows: Int, wide: Bool,
  _ s0: inout RowSums, _ s1: inout RowSums, _ s2: inout RowSums, _ s3: inout RowSums, _ s4: inout RowSums,
  _ s5: inout RowSums, _ s6: inout RowSums, _ s7: inout RowSums, _ s8: inout RowSums, _ s9: inout RowSums,
  _ s10: inout RowSums, _ s11: inout RowSums
) {
  prefetchLine(b + ahead)
  if wide, lanes == 16 { prefetchLine(b + ahead + lanes) }
  let b0 = load(b)
  let b1 = wide ? load(b + lanes) : b0
  s0.add(value(a, 0), b0, b1, wide: wide)
  if rows > 1 { s1.add(value(a, offsets.one), b0, b1, wide: wide) }
  if rows > 2 { s2.add(value(a, 2 * offsets.one), b0, b1, wide: wide) }
  if rows > 3 { s3.add(value(a, offsets.three), b0, b1, wide: wide) }
  if rows > 4 { s4.add(value(a, 4 * offsets.one), b0, b1, wide: wide) }
  if rows > 5 { s5.add(value(a, offsets.five), b0, b1, wide: wide) }
  if rows > 6 { s6.add(value(a, 2 * offsets.three), b0, b1, wide: wide) }
  if rows > 7 { s7.add(value(a, offsets.seven), b0, b1, wide: wide) }
  if rows > 8 { s8.add(value(a, 8 * offsets.one), b0, b1, wide: wide) }
  if rows > 9 { s9.add(value(a, offsets.nine), b0, b1, wide: wide) }
  if rows > 10 { s10.add(value(a, 2 * offsets.five), b0, b1, wide: wide) }
  if rows > 11 { s11.add(value(a, offsets.eleven), b0, b1, wide: wide) }
}

/// Where a piece of a tile starts in A, B and C: in registers, since a piece waits for what it reads before its first step.
struct TileStart {
  var a: UnsafePointer<Float>
  var b: UnsafePointer<Float>
  var c: UnsafeMutablePointer<Float>
  /// The last piece of several asks for the next panel. Its own is in L1 since the first, and the next one may come from L3 or memory, for
  /// which a few steps are too late: convolutions of 256 channels by Winograd gain 8 to 15 %.
  var endsPanel = false

  /// - Parameter panel: where B and C start, of `t.panels`.
  @inline(__always) init(_ t: Tile, panel: Int) {
    a = t.a
    b = t.b + panel * t.bPanelStride
    c = t.c + panel * t.columns
  }

  /// So many rows on.
  @inline(__always) mutating func advance<S: TileShape>(_ rows: Int, _: S.Type, _ t: Tile) {
    a += rows * (S.alongRows ? t.aRowStride : 1)
    c += rows * t.cRowStride
  }
}

/// Computes pieces of a tile of a matrix product, one below the other, each with its sums held in registers: the body of every tile.
///
///                      B[k, 0 ..< 2·lanes]
///                     ┌────────┬────────┐
///         A[0, k]  →  │ sum 0  │ sum 0  │     every step of k: two vector loads of B, one broadcast of A a row,
///         A[1, k]  →  │ sum 1  │ sum 1  │     two multiply-adds a row; nothing is stored before the last step
///            ⋮        │   ⋮    │   ⋮    │
///                     └────────┴────────┘
///
/// Rows × columns is 12×32 with AVX-512 (24 of 32 registers hold sums) and with NEON (12×8), 6×16 with AVX2 (12 of 16) and 4×8 with SSE2 (8
/// of 16, since it needs one more for each product); `TileRows` has the numbers. Smaller tiles run the same body with fewer rows; a tile no
/// wider than one vector leaves the second one out.
///
/// Cost: 2 · rows · columns · depth · runs FLOPs; reads (rows + columns) · depth · runs floats. Error: one rounding a step, two without a
/// fused multiply-add, and one for what C had. (`computePieceAtEdge` adds the bias, with one more.)
///
/// `rows` and the shape are constants at each call, so that after inlining only the rows in use are left, each in its own registers. What is
/// known before the first piece is computed once for all: with 16 channels it took a fifth of a piece's instructions.
@inline(__always)
func computePieces<S: TileShape>(_ shape: S.Type, _ t: Tile, _ start: TileStart, rows: Int, repeats: Int) {
  let wide = S.wide
  let stride = S.alongRows ? t.aRowStride : 1
  let aStep = S.alongRows ? 1 : t.aDepthStride
  let bStep = S.packed ? (wide ? 2 : 1) * lanes : t.bDepthStride
  let offsets = S.alongRows ? RowOffsets(4 * stride, rows: rows) : RowOffsets()
  let aheadAtLast = start.endsPanel && t.bPanelStride != 0 ? t.bPanelStride : stepsAhead * bStep
  var start = start
  var repeats = repeats
  while repeats > 0 {
    let ahead = repeats == 1 ? aheadAtLast : stepsAhead * bStep
    if t.accumulate || t.depth >= depthWorthFetching {
      // The lines of C have all the time of the loop to arrive.
      var r = 0
      while r < rows {
        prefetchLine(start.c + r * t.cRowStride)
        if wide, lanes == 16 { prefetchLine(start.c + r * t.cRowStride + lanes) }
        r += 1
      }
    }
    var s0 = RowSums(), s1 = RowSums(), s2 = RowSums(), s3 = RowSums()
    var s4 = RowSums(), s5 = RowSums(), s6 = RowSums(), s7 = RowSums()
    var s8 = RowSums(), s9 = RowSums(), s10 = RowSums(), s11 = RowSums()
    @inline(__always) func addOne(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>) {
      addStep(
        a, offsets, b, ahead, rows: rows, wide: wide, &s0, &s1, &s2, &s3, &s4, &s5, &s6, &s7, &s8, &s9, &s10, &s11)
    }
    var next = t.runs
    var left = t.runCount
    while left > 0 {
      var a = start.a
      var b = start.b
      if let run = next {
        a += run.pointee.a
        b += run.pointee.b
        next = run + 1
      }
      var k = t.depth
      #if AVX2
        // Four steps a turn: of a step's 26 instructions five would only count and move pointers, for which a core that shares its front end
        // with another thread has no room (7 % slower). And a processor foresees the end of a loop of some 60 turns, not of 120.
        var fours = k >> 2
        k &= 3
        while fours > 0 {
          addOne(a, b)
          addOne(a + aStep, b + bStep)
          b += 2 * bStep
          addOne(a + 2 * aStep, b)
          addOne(a + 3 * aStep, b + bStep)
          b += 2 * bStep
          a += 4 * aStep
          fours -= 1
        }
      #endif
      while k > 0 {
        addOne(a, b)
        a += aStep
        b += bStep
        k -= 1
      }
      left -= 1
    }
    let c = start.c
    let step = t.cRowStride
    @inline(__always) func forEachRow(_ write: (RowSums, UnsafeMutablePointer<Float>) -> Void) {
      write(s0, c)
      if rows > 1 { write(s1, c + step) }
      if rows > 2 { write(s2, c + 2 * step) }
      if rows > 3 { write(s3, c + 3 * step) }
      if rows > 4 { write(s4, c + 4 * step) }
      if rows > 5 { write(s5, c + 5 * step) }
      if rows > 6 { write(s6, c + 6 * step) }
      if rows > 7 { write(s7, c + 7 * step) }
      if rows > 8 { write(s8, c + 8 * step) }
      if rows > 9 { write(s9, c + 9 * step) }
      if rows > 10 { write(s10, c + 10 * step) }
      if rows > 11 { write(s11, c + 11 * step) }
    }
    if t.accumulate {
      forEachRow { $0.addTo($1, wide: wide) }
    } else {
      forEachRow { $0.put($1, wide: wide) }
    }
    start.advance(rows, shape, t)
    repeats -= 1
  }
}
