import Testing

@testable import Basics

@Suite struct MD5Tests {
  /// The test suite in RFC 1321, appendix A.5.
  @Test(arguments: [
    ("", "d41d8cd98f00b204e9800998ecf8427e"), ("a", "0cc175b9c0f1b6a831c399e269772661"),
    ("abc", "900150983cd24fb0d6963f7d28e17f72"), ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
    ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
    ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"),
    (
      "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
      "57edf4a22be3c955ac49da2e2107b67a"
    ),
  ])
  func `digests are those of the standard`(text: String, digest: String) {
    #expect(MD5.digest(Array(text.utf8)) == digest)
  }

  /// All lengths around a block's end, in one piece and in pieces.
  @Test func `pieces make no difference`() {
    for length in [1, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 200] {
      let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 7 + 3) }
      for size in [1, 7, 63, 64, 65] {
        var digest = MD5()
        for first in stride(from: 0, to: length, by: size) {
          digest.update(Array(bytes[first..<min(first + size, length)]))
        }
        #expect(digest.hexadecimal == MD5.digest(bytes))
      }
    }
  }
}
