/// The working memory of one decoding: raw pointers into it are valid while it lives.
///
/// What a hostile file can make it reserve is bounded by `JPEGFrame.layOut(reader:limits:)`; tables have fixed places.
final class JPEGMemory {
  private var blocks: [UnsafeMutableRawPointer] = []

  deinit {
    for block in blocks { block.deallocate() }
  }

  /// - Parameter count: 0 or more.
  /// - Returns: `count` values of zero bits, aligned to 64 bytes.
  func zeros<Value: BitwiseCopyable & FixedWidthInteger>(
    _ count: Int, of type: Value.Type
  ) -> UnsafeMutablePointer<Value> {
    let values = reserve(max(1, count) * MemoryLayout<Value>.stride).bindMemory(to: Value.self, capacity: max(1, count))
    values.initialize(repeating: 0, count: max(1, count))
    return values
  }

  /// - Parameter count: 1 or more.
  /// - Returns: `count` bytes of any value, aligned to 64: to be written before they are read.
  func bytes(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    reserve(count).bindMemory(to: UInt8.self, capacity: count)
  }

  private func reserve(_ byteCount: Int) -> UnsafeMutableRawPointer {
    let block = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
    blocks.append(block)
    return block
  }
}
