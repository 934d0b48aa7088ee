import MicrokernelInterface

/// Runs in a worker's scratch memory: what a task writes down before it calls a tile.
extension Tile.Run {
  /// Floats that `count` runs take.
  static func floats(_ count: Int) -> Int { count * MemoryLayout<Tile.Run>.stride / MemoryLayout<Float>.stride }

  /// Room for `count` runs at `scratch`, which has `floats(count)` floats for them.
  static func room(for count: Int, at scratch: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<Tile.Run> {
    UnsafeMutableRawPointer(scratch).bindMemory(to: Tile.Run.self, capacity: count)
  }
}
