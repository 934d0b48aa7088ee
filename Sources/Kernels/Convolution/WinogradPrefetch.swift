import MicrokernelInterface

/// Memory that transforms are about to read or write, asked for piece by piece while the core multiplies.
///
/// A transform does a few additions with each line of memory and waits for most of them if nobody has asked before; a product reads L2
/// alone and leaves memory idle. Asking for the next block's pixels between products lets the two overlap.
///
///     block i       │ transform │ multiply, element 0 … 35                  │ transform │
///     asked for                   what block i + 1 reads, block i's targets
struct WinogradPrefetch {
  /// Four rows of four pixels: what a tile covers, or what its patch does not share with the patches above and to the left of it.
  private struct Square {
    let first: UnsafePointer<Float>
    /// Floats from row to row, and in the four pixels of one.
    let row: Int, floats: Int
  }

  private let squares: UnsafeMutableBufferPointer<Square>
  private var count = 0

  /// Calls `body` with room for `capacity` squares.
  static func withRoom(for capacity: Int, _ body: (inout WinogradPrefetch) -> Void) {
    withUnsafeTemporaryAllocation(of: Square.self, capacity: capacity) { squares in
      var ahead = WinogradPrefetch(squares: squares)
      body(&ahead)
    }
  }

  private init(squares: UnsafeMutableBufferPointer<Square>) { self.squares = squares }

  mutating func removeAll() { count = 0 }

  /// Adds the patches of a block, as they lie in `source`.
  mutating func addPatches(_ block: Range<Int>, _ tiles: WinogradTiles, _ source: UnsafePointer<Float>, channels: Int) {
    let row = tiles.patchedWidth * channels
    let shared = 2 - tiles.padding
    tiles.forEach(block) { _, image, y, x in
      add(source + (image * tiles.patchedHeight + y + shared) * row + (x + shared) * channels, row, 4 * channels)
    }
  }

  /// Adds the tiles of a block, as they lie in `pixels`.
  mutating func addTiles(_ block: Range<Int>, _ tiles: WinogradTiles, _ pixels: UnsafePointer<Float>, channels: Int) {
    let row = tiles.tiledWidth * channels
    tiles.forEach(block) { _, image, y, x in
      add(pixels + (image * tiles.tiledHeight + y) * row + x * channels, row, 4 * channels)
    }
  }

  private mutating func add(_ first: UnsafePointer<Float>, _ row: Int, _ floats: Int) {
    squares.initializeElement(at: count, to: Square(first: first, row: row, floats: floats))
    count += 1
  }

  /// Asks for one of as many equal parts as there are elements. At the edge of an image this names pixels that are nobody's; asking for
  /// them does nothing.
  func ask(_ element: Int, _ kernels: any MicrokernelTable.Type) {
    var piece = element * 4 * count / WinogradTiles.elements
    let end = (element + 1) * 4 * count / WinogradTiles.elements
    while piece < end {
      let square = squares[piece / 4]
      kernels.prefetchLines(square.first + piece % 4 * square.row, square.floats)
      piece += 1
    }
  }
}
