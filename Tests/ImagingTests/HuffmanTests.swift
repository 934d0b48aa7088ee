import Basics
import Testing

@testable import Imaging

@Suite struct HuffmanTests {
  /// The example of RFC 1951, 3.2.2: lengths (3, 3, 3, 3, 3, 2, 4, 4) have the codes 010, 011, 100, 101, 110, 00, 1110, 1111.
  @Test func canonicalCodesAreThoseOfTheSpecification() {
    let lengths: [UInt8] = [3, 3, 3, 3, 3, 2, 4, 4]
    let codes = Self.codes(lengths)
    let texts = zip(codes, lengths).map { code, length in
      (0..<Int(length)).map { code >> UInt16($0) & 1 == 1 ? "1" : "0" }.joined()
    }
    #expect(texts == ["010", "011", "100", "101", "110", "00", "1110", "1111"])
  }

  /// Of few and of many symbols, from even frequencies to such as make the longest codes.
  @Test(arguments: [(2, 7), (3, 7), (19, 7), (30, 7), (2, 15), (3, 15), (19, 15), (30, 15), (286, 15)])
  func lengthsAreWithinTheLimitFillTheCodeAndAreOptimal(symbols: Int, limit: Int) {
    var random = RandomStream(seed: 3, purpose: .benchmark)
    for steepness in 0..<5 {
      let frequencies = (0..<symbols).map { symbol in
        1 + Int(random.nextWord() % 5) + 1 << min(40, symbol * steepness / 3)
      }
      let lengths = CanonicalCode.lengths(frequencies: frequencies, limit: limit)
      #expect(lengths.allSatisfy { $0 >= 1 && $0 <= limit })
      let shares = lengths.map { (length: UInt8) -> Int in 1 << (15 - Int(length)) }
      #expect(shares.reduce(0, +) == 1 << 15)
      // Without the limit, the cost of Huffman's own construction: the sum of all merged weights.
      var weights = frequencies
      var least = 0
      while weights.count > 1 {
        weights.sort(by: >)
        let merged = weights.removeLast() + weights.removeLast()
        least += merged
        weights.append(merged)
      }
      let cost = zip(frequencies, lengths).reduce(0) { $0 + $1.0 * Int($1.1) }
      #expect(cost >= least)
      if lengths.allSatisfy({ $0 < limit }) { #expect(cost == least) }
    }
  }

  @Test func fewSymbols() {
    #expect(CanonicalCode.lengths(frequencies: [0, 0, 0], limit: 15) == [0, 0, 0])
    #expect(CanonicalCode.lengths(frequencies: [0, 9, 0], limit: 15) == [0, 1, 0])
    // With four bits at most, five symbols of steep frequencies: 1, 2, 3, 4, 4 bits; with three, the rarest share.
    #expect(CanonicalCode.lengths(frequencies: [16, 8, 4, 2, 1], limit: 4) == [1, 2, 3, 4, 4])
    #expect(CanonicalCode.lengths(frequencies: [16, 8, 4, 2, 1], limit: 3) == [1, 3, 3, 3, 3])
  }

  /// Codes of all lengths, shorter and longer than the first look-up, decode to their symbols whatever bits follow.
  @Test(arguments: [1, 4, 8, 11, 15])
  func tableDecodesEveryCode(indexBits: Int) {
    let frequencies = (0..<40).map { 1 << min(30, $0 / 2) }
    let lengths = CanonicalCode.lengths(frequencies: frequencies, limit: 15)
    let codes = Self.codes(lengths)
    let decoder = HuffmanDecoder(indexBits: indexBits, symbols: lengths.count)
    defer { decoder.deallocate() }
    let values = (0..<UInt32(40)).map { $0 << 16 }
    let flaw = lengths.withUnsafeBufferPointer { decoder.build(lengths: $0, values: values, mayBeEmpty: false) }
    #expect(flaw == nil)
    #expect(lengths.max() == 15)
    for symbol in 0..<40 {
      for rest in [0, 0xFFFF, 0x5A5A] {
        let bits = Int(codes[symbol]) | rest << Int(lengths[symbol])
        var entry = decoder.entries[bits & (1 << indexBits - 1)]
        var taken = Int(entry >> 8 & 15)
        if entry & HuffmanDecoder.link != 0 {
          entry = decoder.entries[Int(entry >> 16) + bits >> indexBits & (1 << taken - 1)]
          taken = indexBits + Int(entry >> 8 & 15)
        }
        #expect(Int(entry >> 16) == symbol)
        #expect(taken == Int(lengths[symbol]))
      }
    }
  }

  private static func codes(_ lengths: [UInt8]) -> [UInt16] {
    [UInt16](unsafeUninitializedCapacity: lengths.count) { codes, count in
      lengths.withUnsafeBufferPointer { CanonicalCode.assign($0, codes) }
      count = lengths.count
    }
  }
}
