/// The bytes that a decompression has made so far, in memory that grows up to a limit; LZ77 copies from them.
///
/// Behind the last byte that counts there is always room for one step of the decoder, `slack` bytes, so that it need not
/// ask before each byte.
struct InflateOutput: ~Copyable {
  /// Four literals, the longest match and what a copy of whole words writes beyond it: 4 + 258 + 7, rounded up.
  static let slack = 288

  private(set) var start: UnsafeMutablePointer<UInt8>
  /// How many bytes count, at most `capacity` + `slack`.
  var count = 0
  /// From here on it has to grow. Never above `limit`.
  private(set) var capacity: Int
  /// The most bytes that the caller accepts.
  let limit: Int

  /// - Parameters:
  ///   - limit: the most bytes to make.
  ///   - expected: how many bytes will likely come; memory for them is allocated at once.
  init(limit: Int, expected: Int) {
    self.limit = max(0, limit)
    capacity = min(max(0, expected), self.limit)
    start = .allocate(capacity: capacity + Self.slack)
  }

  deinit { start.deallocate() }

  /// Makes room where `capacity` is reached.
  ///
  /// - Returns: false if there are more than `limit` bytes.
  mutating func grow() -> Bool {
    guard capacity < limit else { return count <= limit }
    let larger = capacity > limit / 2 ? limit : max(2 * capacity, min(limit, 1 << 16))
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: larger + Self.slack)
    memory.update(from: start, count: count)
    start.deallocate()
    (start, capacity) = (memory, larger)
    // The last step may have gone beyond the limit, and the slack has room for one more only from there on.
    return count <= limit
  }

  /// Appends `source`, growing as needed.
  ///
  /// - Returns: false if that would make more than `limit` bytes.
  mutating func append(_ source: UnsafeBufferPointer<UInt8>) -> Bool {
    guard source.count <= limit - count else { return false }
    while capacity - count < source.count {
      guard grow() else { return false }
    }
    if let first = source.baseAddress { (start + count).update(from: first, count: source.count) }
    count += source.count
    return true
  }

  /// Calls `body` with the bytes so far, which it may change in place.
  mutating func withBytes<Result, Failure: Error>(
    _ body: (UnsafeMutableBufferPointer<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeMutableBufferPointer(start: start, count: count))
  }

  /// A copy of the bytes from number `first` on.
  func bytes(from first: Int = 0) -> [UInt8] {
    Array(UnsafeBufferPointer(start: start + first, count: count - first))
  }
}
