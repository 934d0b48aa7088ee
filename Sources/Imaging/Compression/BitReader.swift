/// Reads the bits of a byte sequence, the lowest bit of each byte first, as deflate packs them (RFC 1951, 3.1.1).
struct BitReader {
  let input: UnsafePointer<UInt8>
  /// Bytes of input.
  let count: Int
  /// The next byte to load.
  var next: Int
  /// Loaded bits, the next one lowest. Above the `available` lowest there may be copies of bits that are yet to be loaded.
  var buffer: UInt64 = 0
  /// How many bits of `buffer` are loaded, 0…63.
  var available = 0

  /// - Parameters:
  ///   - input: `count` bytes.
  ///   - first: the byte to begin with.
  init(_ input: UnsafePointer<UInt8>, count: Int, from first: Int) {
    (self.input, self.count, next) = (input, count, first)
  }

  /// The byte that holds the next bit.
  var offset: Int { next - (available + 7) / 8 }

  /// Loads to 56 bits or more, or all there are.
  mutating func refill() {
    while available < 56, next < count {
      buffer |= UInt64(input[next]) &<< UInt64(available)
      available += 8
      next += 1
    }
  }

  /// Loads to 56 bits or more. Eight bytes must be left.
  @inline(__always)
  mutating func loadWord() {
    let word = UInt64(littleEndian: UnsafeRawPointer(input + next).loadUnaligned(as: UInt64.self))
    buffer |= word &<< UInt64(truncatingIfNeeded: available)
    // Whole bytes that fit; of another, copies of some bits stay in the buffer.
    next &+= (63 &- available) &>> 3
    available |= 56
  }

  /// The next `count` bits, at most 32, which stay; zeros or copies of later bits where fewer are available.
  @inline(__always)
  func peek(_ count: Int) -> Int {
    Int(truncatingIfNeeded: buffer & ((1 &<< UInt64(truncatingIfNeeded: count)) &- 1))
  }

  /// Removes the next `bits` bits, which must be available.
  @inline(__always)
  mutating func drop(_ bits: Int) {
    buffer &>>= UInt64(truncatingIfNeeded: bits)
    available &-= bits
  }

  /// The next `bits` bits, at most 32, as a number.
  ///
  /// - Throws: `CompressionFault` at the end of the input.
  mutating func take(_ bits: Int) throws(CompressionFault) -> Int {
    refill()
    guard bits <= available else { throw truncated }
    defer { drop(bits) }
    return peek(bits)
  }

  /// Skips the rest of a byte of which a part has been taken. Nothing is loaded afterwards: `next` is where reading stands.
  mutating func alignToByte() {
    (next, buffer, available) = (next - available / 8, 0, 0)
  }

  func fault(_ problem: String) -> CompressionFault { CompressionFault(problem: problem, offset: offset) }

  static let endOfInput = "expected more compressed bytes, found their end"

  var truncated: CompressionFault { CompressionFault(problem: Self.endOfInput, offset: count) }
}
