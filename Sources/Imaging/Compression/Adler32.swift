/// The checksum of zlib streams (RFC 1950, 9): a = 1 + Σ bytes and b = Σ of all a so far, both modulo 65,521.
enum Adler32 {
  /// - Returns: b · 65,536 + a.
  static func checksum(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
    var (a, b): (UInt32, UInt32) = (1, 0)
    var index = 0
    while index < bytes.count {
      // The most bytes after which b can't have left 32 bits: 255 n (n + 1) / 2 + (n + 1) 65,520 < 2³².
      let end = min(index + 5552, bytes.count)
      while index < end {
        a &+= UInt32(bytes[index])
        b &+= a
        index &+= 1
      }
      a %= 65_521
      b %= 65_521
    }
    return b << 16 | a
  }
}
