/// Writes bits, the lowest bit of each byte first, as deflate packs them (RFC 1951, 3.1.1).
struct BitWriter {
  private var bytes: [UInt8]
  private var buffer: UInt64 = 0
  /// Bits in `buffer`, 0…7 between calls.
  private var pending = 0

  init(appendingTo bytes: consuming [UInt8]) { self.bytes = bytes }

  /// Writes the lowest `count` bits of `bits`, 0…32; the others must be 0.
  @inline(__always)
  mutating func write(_ bits: Int, count: Int) {
    buffer |= UInt64(truncatingIfNeeded: bits) &<< UInt64(truncatingIfNeeded: pending)
    pending &+= count
    while pending >= 8 {
      bytes.append(UInt8(truncatingIfNeeded: buffer))
      buffer &>>= 8
      pending &-= 8
    }
  }

  /// Fills the last byte with zeros.
  mutating func alignToByte() {
    if pending > 0 { write(0, count: 8 - pending) }
  }

  /// Writes whole bytes; the writer must be aligned.
  mutating func write(_ source: UnsafeBufferPointer<UInt8>) { bytes += source }

  /// How many bits are missing to a whole byte, after `more` other ones.
  func bitsToByte(after more: Int) -> Int { (8 - (pending + more) % 8) % 8 }

  /// All bytes, the last one filled with zeros.
  consuming func finish() -> [UInt8] {
    alignToByte()
    return bytes
  }
}
