import Foundation
import Testing

@testable import Basics

@Suite struct CRC32Tests {
  @Test(arguments: [
    ("123456789", 0xCBF4_3926), ("", 0), ("a", 0xE8B7_BE43),
    ("The quick brown fox jumps over the lazy dog", 0x414F_A339),
  ])
  func knownChecksums(text: String, expected: UInt32) {
    #expect(CRC32.checksum(Data(text.utf8)) == expected)
  }

  /// Every length and alignment of the eight-byte steps, against the definition bit by bit.
  @Test func agreesWithTheDefinitionAtEveryLengthAndOffset() {
    var random = RandomStream(seed: 1, purpose: .order)
    let bytes = (0..<64).map { _ in UInt8(truncatingIfNeeded: random.nextWord()) }
    for start in 0..<9 {
      for end in start...64 {
        var crc: UInt32 = .max
        for byte in bytes[start..<end] {
          crc ^= UInt32(byte)
          for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB8_8320 }
        }
        #expect(CRC32.checksum(bytes[start..<end]) == ~crc)
      }
    }
  }

  @Test func piecesGiveTheChecksumOfTheWhole() {
    let bytes = (0..<100).map(UInt8.init)
    for cut in 0...100 {
      var check = CRC32()
      check.update(bytes[..<cut])
      check.update(bytes[cut...])
      #expect(check.value == CRC32.checksum(bytes))
    }
  }
}
