/// What can be wrong with entropy-coded data. Whoever knows the file makes a `SeCuError` of it.
enum JPEGEntropyFault: Error {
  /// A marker or the end of the file came before the last block.
  case truncated
  /// Bits that begin no code of the Huffman table.
  case unknownCode
  /// A run of zeros that leaves its block or band.
  case longRun
  /// A refinement that changes a coefficient by more than the one bit it is for.
  case wideRefinement
  /// Another marker than the restart marker that is due; nil for the end of the file.
  case restart(expected: UInt8, found: UInt8?)
}

/// Reads entropy-coded data bit by bit, the highest bit of each byte first (T.81, F.2.2.5).
///
/// A byte FF of the data is written as FF 00; FF and anything else begins a marker, which ends the data. From there on the
/// reader supplies zeros, so that the decoders' inner loops need no test, and `isOverrun` tells whether any was used.
///
///     window   b b b b b b b b … b b 0 0 0 … 0     the next bit highest
///              ╰───── available ────╯
struct JPEGBitReader {
  /// The first byte that was not loaded.
  private(set) var next: UnsafePointer<UInt8>
  private let end: UnsafePointer<UInt8>
  /// Loaded bits. Below the `available` highest there may be copies of bits that are yet to be loaded.
  private(set) var window: UInt64 = 0
  private(set) var available = 0
  /// How many zeros were supplied. They are the last of the loaded bits.
  private var supplied = 0

  /// - Parameters:
  ///   - next: where the data begin.
  ///   - end: behind the last byte of the file.
  init(_ next: UnsafePointer<UInt8>, end: UnsafePointer<UInt8>) {
    (self.next, self.end) = (next, end)
  }

  /// Whether bits were used that the data don't have.
  var isOverrun: Bool { supplied > available }

  /// The next bits, highest first; `fill` makes sure that 32 of them count.
  @inline(__always)
  mutating func fill() {
    if available < 32 { load() }
  }

  /// Removes `count` bits, 0…32 and no more than are available.
  @inline(__always)
  mutating func drop(_ count: Int) {
    window &<<= UInt64(truncatingIfNeeded: count)
    available &-= count
  }

  /// RECEIVE (F.2.2.4): the next `count` bits, 0…16, as a number.
  @inline(__always)
  mutating func receive(_ count: Int) -> Int32 {
    fill()
    // Two shifts, as one by 64 is none.
    let value = Int32(truncatingIfNeeded: (window &>> 1) &>> UInt64(truncatingIfNeeded: 63 &- count))
    drop(count)
    return value
  }

  /// The next bit, whether it is 1.
  @inline(__always)
  mutating func bit() -> Bool {
    fill()
    defer { drop(1) }
    return Int64(bitPattern: window) < 0
  }

  /// EXTEND of RECEIVE (figure F.12): `count` bits, 1…16, of a number whose highest bit 0 means negative.
  ///
  /// The values with `count` bits are −2^count + 1 … −2^(count − 1) and 2^(count − 1) … 2^count − 1. At least `count`
  /// bits must be available.
  @inline(__always)
  mutating func receiveExtended(_ count: Int) -> Int32 {
    let negative = ~(Int64(bitPattern: window) &>> 63)
    let bits = Int64(bitPattern: window &>> UInt64(truncatingIfNeeded: 64 &- count))
    drop(count)
    return Int32(truncatingIfNeeded: bits &+ (negative & ((-1 &<< Int64(truncatingIfNeeded: count)) &+ 1)))
  }

  /// Loads to 57 bits or more. There are fewer than 32.
  @inline(__always)
  private mutating func load() {
    if end - next >= 8 {
      let word = UInt64(bigEndian: UnsafeRawPointer(next).loadUnaligned(as: UInt64.self))
      // A byte of FF is where the complement has a byte of 0: there the subtraction borrows into a bit 7 that was not set.
      if (~word &- 0x0101_0101_0101_0101) & word & 0x8080_8080_8080_8080 == 0 {
        window |= word &>> UInt64(truncatingIfNeeded: available)
        let bytes = (64 &- available) &>> 3
        next += bytes
        available &+= 8 &* bytes
        return
      }
    }
    self = loadedByByte()
  }

  /// The same near markers, bytes of FF and the end. It takes and returns a copy, so that the caller's can stay in registers.
  @inline(never)
  private func loadedByByte() -> Self {
    var reader = self
    reader.loadByByte()
    return reader
  }

  private mutating func loadByByte() {
    while available <= 56 {
      guard next < end else { return supply() }
      let byte = next[0]
      if byte == 0xFF {
        // Any number of FF may stand before what follows (B.1.1.2).
        var follower = next + 1
        while follower < end, follower[0] == 0xFF { follower += 1 }
        guard follower < end, follower[0] == 0 else { return supply() }
        next = follower
      }
      next += 1
      window |= UInt64(byte) &<< UInt64(truncatingIfNeeded: 56 &- available)
      available &+= 8
    }
  }

  private mutating func supply() {
    supplied &+= 64 &- available
    available = 64
  }

  /// Goes on behind the restart marker that is due, with no bits loaded (E.2.4).
  ///
  /// Bytes before the marker that no block used are passed over.
  ///
  /// - Parameter number: 0…7.
  /// - Throws: `JPEGEntropyFault.restart` if another marker or none follows.
  mutating func restart(_ number: UInt8) throws(JPEGEntropyFault) {
    (window, available, supplied) = (0, 0, 0)
    while end - next >= 2 {
      if next[0] == 0xFF, next[1] != 0, next[1] != 0xFF {
        guard next[1] == JPEGMarker.restart0.rawValue + number else {
          throw .restart(expected: number, found: next[1])
        }
        next += 2
        return
      }
      next += 1
    }
    throw .restart(expected: number, found: nil)
  }
}
