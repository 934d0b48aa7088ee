import MicrokernelInterface

/// Memory that transforms are about to read or write, asked for piece by piece while the core multiplies.
///
/// A transform does a few additions with each line of memory and waits for most of them if nobody has asked before; a product reads L2
/// alone and leaves memory idle. Asking for the next block's pixels between products lets the two overlap.
///
///     block i       │ transform │ multiply, element 0 … 35 with stride 1    │ transform │
///     asked for                   what block i + 1 reads, block i's targets
struct WinogradPrefetch {
  /// Four rows of pixels, the whole or a half of what a tile covers, or of what its patch does not share with the patches above and to the
  /// left of it.
  private struct Rows {
    let first: UnsafePointer<Float>
    /// Floats from row to row, and in the pixels of one.
    let row: Int
    var floats: Int
  }

  private let rows: UnsafeMutableBufferPointer<Rows>
  private var count = 0

  /// Calls `body` with room for so many tiles and as many patches.
  static func withRoom(for tiles: Int, _ form: WinogradForm, _ body: (inout WinogradPrefetch) -> Void) {
    let capacity = tiles * (form.tile + form.patchStep) / 4
    withUnsafeTemporaryAllocation(of: Rows.self, capacity: capacity) { rows in
      var ahead = WinogradPrefetch(rows: rows)
      body(&ahead)
    }
  }

  private init(rows: UnsafeMutableBufferPointer<Rows>) { self.rows = rows }

  mutating func removeAll() { count = 0 }

  /// Adds the patches of a block, as they lie in `source`.
  mutating func addPatches(_ block: Range<Int>, _ tiles: WinogradTiles, _ source: UnsafePointer<Float>, channels: Int) {
    let row = tiles.patchedWidth * channels, step = tiles.form.patchStep
    let shared = tiles.form.input.inputs - step
    tiles.forEach(block) { _, image, y, x in
      let y = tiles.patchStart(y) + shared, x = tiles.patchStart(x) + shared
      add(source + (image * tiles.patchedHeight + y) * row + x * channels, row, channels, side: step)
    }
  }

  /// Adds the tiles of a block, as they lie in `pixels`.
  mutating func addTiles(_ block: Range<Int>, _ tiles: WinogradTiles, _ pixels: UnsafePointer<Float>, channels: Int) {
    let row = tiles.tiledWidth * channels, side = tiles.form.tile
    tiles.forEach(block) { _, image, y, x in
      add(
        pixels + (image * tiles.tiledHeight + side * y) * row + side * x * channels, row, channels, side: side)
    }
  }

  /// Neighbours whose rows go on where the last tile's end become one stretch, up to 16 lines.
  private mutating func add(_ first: UnsafePointer<Float>, _ row: Int, _ channels: Int, side: Int) {
    let each = (side + 3) / 4, floats = side * channels
    if count >= each {
      let last = rows[count - each]
      if last.first + last.floats == first, last.floats + floats <= 256 {
        for i in count - each..<count { rows[i].floats += floats }
        return
      }
    }
    var y = 0
    while y < side {
      rows.initializeElement(at: count, to: Rows(first: first + y * row, row: row, floats: floats))
      count += 1
      y += 4
    }
  }

  /// Asks for one of `parts` about equal parts. At the edge of an image this names pixels that are nobody's; asking for them does nothing.
  func ask(_ part: Int, of parts: Int, _ kernels: any MicrokernelTable.Type) {
    let each = (4 * count + parts - 1) / parts
    var piece = part * each
    let end = min(4 * count, piece + each)
    while piece < end {
      let four = rows[piece >> 2]
      kernels.prefetchLines(four.first + (piece & 3) * four.row, four.floats)
      piece += 1
    }
  }
}
