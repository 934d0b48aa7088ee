/// Finds earlier occurrences of the bytes that follow.
///
/// Places that begin with the same three bytes (or share their hash) form a chain from the latest back: `heads` holds the
/// latest of each hash, `links` the one before each place. Both are indexed modulo their size, and old entries are
/// overwritten, not removed; as a candidate is compared byte by byte, a wrong one only costs time.
struct MatchFinder: ~Copyable {
  /// How hard to look: the values of zlib's level 6, its default.
  private static let longestChain = 128
  /// With a match of this length in hand, a quarter of the chain must do.
  private static let goodLength = 8
  /// A match of this length is taken without looking on.
  private static let niceLength = 128
  /// A match of three bytes from farther back takes more bits than three literals.
  private static let farthestShort = 4096

  private static let hashBits = 15
  private let input: UnsafeBufferPointer<UInt8>
  /// Places, modulo 2³².
  private let heads: UnsafeMutablePointer<UInt32>
  private let links: UnsafeMutablePointer<UInt32>

  init(_ input: UnsafeBufferPointer<UInt8>) {
    self.input = input
    heads = .allocate(capacity: 1 << Self.hashBits)
    heads.initialize(repeating: 0, count: 1 << Self.hashBits)
    links = .allocate(capacity: DeflateCodes.window)
    links.initialize(repeating: 0, count: DeflateCodes.window)
  }

  deinit {
    heads.deallocate()
    links.deallocate()
  }

  /// Enters `place` into its chain. All places have to be entered in order.
  ///
  /// - Returns: the latest place before it with the same hash, modulo 2³².
  @inline(__always) @discardableResult
  func enter(_ place: Int) -> UInt32 {
    guard place <= input.count &- DeflateCodes.shortestMatch else { return UInt32(truncatingIfNeeded: place) }
    let three = UInt32(input[place]) | UInt32(input[place &+ 1]) &<< 8 | UInt32(input[place &+ 2]) &<< 16
    // Multiplicative hashing: the high bits of a product with an odd number near 2³² / golden ratio.
    let hash = Int((three &* 0x9E37_79B1) &>> UInt32(32 &- Self.hashBits))
    let latest = heads[hash]
    links[place & (DeflateCodes.window &- 1)] = latest
    heads[hash] = UInt32(truncatingIfNeeded: place)
    return latest
  }

  /// The longest match for the bytes from `place` on.
  ///
  /// - Parameters:
  ///   - place: has just been entered.
  ///   - candidate: what `enter` returned.
  ///   - inHand: only longer matches count.
  /// - Returns: length and distance; a length of 0 if there is none.
  func longestMatch(at place: Int, from candidate: UInt32, longerThan inHand: Int) -> (length: Int, distance: Int) {
    guard let bytes = input.baseAddress else { return (0, 0) }
    let longest = min(DeflateCodes.longestMatch, input.count - place)
    let farthest = min(place, DeflateCodes.window)
    let here = bytes + place
    var best = (length: 0, distance: 0)
    var atLeast = max(inHand, DeflateCodes.shortestMatch - 1)
    guard atLeast < longest else { return best }
    var candidate = candidate
    var nearest = 0
    var steps = inHand >= Self.goodLength ? Self.longestChain / 4 : Self.longestChain
    while steps > 0 {
      let distance = Int(UInt32(truncatingIfNeeded: place) &- candidate)
      guard distance > nearest, distance <= farthest else { break }
      nearest = distance
      let there = here - distance
      if there[atLeast] == here[atLeast], there[atLeast &- 1] == here[atLeast &- 1] {
        let length = Self.commonLength(there, here, longest)
        if length > atLeast, length > DeflateCodes.shortestMatch || distance <= Self.farthestShort {
          best = (length, distance)
          if length >= min(Self.niceLength, longest) { break }
          atLeast = length
        }
      }
      candidate = links[Int(candidate) & (DeflateCodes.window &- 1)]
      steps &-= 1
    }
    return best
  }

  /// How many bytes, at most `limit`, are the same at both places.
  @inline(__always)
  private static func commonLength(_ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ limit: Int) -> Int {
    var length = 0
    while length &+ 8 <= limit {
      let difference =
        UnsafeRawPointer(a + length).loadUnaligned(as: UInt64.self).littleEndian
        ^ UnsafeRawPointer(b + length).loadUnaligned(as: UInt64.self).littleEndian
      if difference != 0 { return length &+ difference.trailingZeroBitCount &>> 3 }
      length &+= 8
    }
    while length < limit, a[length] == b[length] { length &+= 1 }
    return length
  }
}
