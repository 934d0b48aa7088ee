/// Floats in memory with a band of sentinels before and after them.
///
/// A sentinel is a NaN with a bit pattern of its own. An operation that writes outside its operand destroys one, and
/// one that lets a value outside its operand into a result makes that NaN.
final class GuardedFloats {
  static let sentinel = Float(bitPattern: 0x7FC0_5EC0)
  private static let band = 80

  let base: UnsafeMutablePointer<Float>
  let count: Int

  /// - Parameter offset: floats by which `base` is moved off the start of a cache line.
  init(_ values: [Float], offset: Int = 0) {
    count = values.count
    let total = count + 2 * Self.band
    memory = .allocate(byteCount: 4 * total, alignment: 64)
    let all = memory.initializeMemory(as: Float.self, repeating: Self.sentinel, count: total)
    base = all + Self.band - 16 + offset
    base.update(from: values, count: count)
  }

  /// `count` floats that nobody has written yet: sentinels.
  convenience init(_ count: Int) {
    self.init([Float](repeating: Self.sentinel, count: count))
  }

  private let memory: UnsafeMutableRawPointer

  var values: [Float] { Array(UnsafeBufferPointer(start: base, count: count)) }

  /// Whether the bands are as they were.
  var isGuarded: Bool {
    let first = memory.assumingMemoryBound(to: Float.self)
    let before = 0..<base - first
    let after = base - first + count..<count + 2 * Self.band
    return before.allSatisfy { first[$0].isSentinel } && after.allSatisfy { first[$0].isSentinel }
  }

  /// Whether floats `range` still are sentinels.
  func isUntouched(_ range: Range<Int>) -> Bool { range.allSatisfy { base[$0].isSentinel } }

  deinit {
    memory.deallocate()
  }
}

extension Float {
  fileprivate var isSentinel: Bool { bitPattern == GuardedFloats.sentinel.bitPattern }
}
