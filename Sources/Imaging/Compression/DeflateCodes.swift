/// The alphabets of deflate (RFC 1951, 3.2.5 to 3.2.7), which both directions share.
enum DeflateCodes {
  static let endOfBlock = 256
  static let shortestMatch = 3
  static let longestMatch = 258
  static let window = 32_768
  /// Symbols that a block may use: literals, the end of the block, 29 lengths.
  static let symbolCount = 286
  static let distanceCount = 30

  /// Extra bits of length symbols 257…285.
  static let lengthExtraBits: [UInt8] = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
  ]
  /// The shortest match of length symbols 257…285: each begins where the one before ends, but the last is 258 alone.
  static let lengthBases: [UInt16] = bases(lengthExtraBits.dropLast(), from: shortestMatch) + [258]

  /// Extra bits of distance symbols 0…29.
  static let distanceExtraBits: [UInt8] = (0..<distanceCount).map { UInt8(max(0, $0 / 2 - 1)) }
  /// The shortest distance of distance symbols 0…29.
  static let distanceBases: [UInt16] = bases(distanceExtraBits, from: 1)

  /// The order in which a block lists the code lengths of the code that compresses its code lengths.
  static let codeLengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

  /// The code lengths of blocks of type 1. Symbols 286 and 287 have codes, and may not occur.
  static let fixedSymbolLengths: [UInt8] = (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }
  static let fixedDistanceLengths = [UInt8](repeating: 5, count: 32)

  private static func bases(_ extraBits: some Sequence<UInt8>, from first: Int) -> [UInt16] {
    var base = first
    return extraBits.map { bits in
      defer { base += 1 << Int(bits) }
      return UInt16(base)
    }
  }
}
