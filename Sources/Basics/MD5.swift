import Foundation

/// The MD5 digest, fed piece by piece: the checksum by which data sets' archives are published. It tells damage from the original; it
/// is no protection against forgery.
///
/// Four words a, b, c, d are changed by each block of 64 bytes in 64 steps:
///
///     a ← b + rotl(a + f(b, c, d) + m[g] + K[i], s),   then (a, b, c, d) ← (d, a, b, c)
///
/// R. Rivest, RFC 1321, "The MD5 Message-Digest Algorithm", 1992.
package struct MD5: Sendable {
  private var state = SIMD4<UInt32>(0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476)
  /// Bytes that don't fill a block yet, fewer than 64.
  private var pending: [UInt8] = []
  private var length: UInt64 = 0

  package init() {}

  /// The digest of `bytes` alone, in hexadecimal.
  package static func digest(_ bytes: some ContiguousBytes) -> String {
    var digest = MD5()
    digest.update(bytes)
    return digest.hexadecimal
  }

  /// Takes `bytes` in, after all that came before.
  package mutating func update(_ bytes: some ContiguousBytes) {
    bytes.withUnsafeBytes { bytes in
      length &+= UInt64(bytes.count)
      var first = 0
      if !pending.isEmpty {
        first = min(64 - pending.count, bytes.count)
        pending += bytes[..<first]
        guard pending.count == 64 else { return }
        pending.withUnsafeBytes { Self.fold($0, into: &state) }
        pending.removeAll(keepingCapacity: true)
      }
      let whole = (bytes.count - first) / 64 * 64
      Self.fold(UnsafeRawBufferPointer(rebasing: bytes[first..<first + whole]), into: &state)
      pending += bytes[(first + whole)...]
    }
  }

  /// The digest of all bytes so far: 32 lower-case digits.
  package var hexadecimal: String {
    // A one bit, zeros up to 8 bytes before a block's end, the length in bits.
    var padded = self
    let bits = length &* 8
    padded.update([0x80] + [UInt8](repeating: 0, count: (119 - Int(length % 64)) % 64))
    padded.update((0..<8).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) })
    return (0..<16).map { index in
      let byte = UInt8(truncatingIfNeeded: padded.state[index / 4] >> UInt32(8 * (index % 4)))
      return String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
  }

  /// K[i] = ⌊2³² · |sin(i + 1)|⌋.
  private static let constants: [UInt32] = (0..<64).map { UInt32(abs(sin(Double($0 + 1))) * 4_294_967_296) }
  /// The rotations of each round of 16 steps, which repeat every four.
  private static let rotations: [UInt32] = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]

  /// - Parameter blocks: whole blocks of 64 bytes.
  private static func fold(_ blocks: UnsafeRawBufferPointer, into state: inout SIMD4<UInt32>) {
    constants.withUnsafeBufferPointer { constants in
      rotations.withUnsafeBufferPointer { rotations in
        var start = 0
        while start < blocks.count {
          var (a, b, c, d) = (state[0], state[1], state[2], state[3])
          var i = 0
          while i < 64 {
            let mix: UInt32, word: Int
            switch i / 16 {
            case 0: (mix, word) = ((b & c) | (~b & d), i)
            case 1: (mix, word) = ((d & b) | (~d & c), (5 * i + 1) % 16)
            case 2: (mix, word) = (b ^ c ^ d, (3 * i + 5) % 16)
            default: (mix, word) = (c ^ (b | ~d), 7 * i % 16)
            }
            let message = UInt32(
              littleEndian: blocks.loadUnaligned(fromByteOffset: start + 4 * word, as: UInt32.self))
            let sum = a &+ mix &+ message &+ constants[i]
            let turn = rotations[i / 16 * 4 + i % 4]
            (a, d, c, b) = (d, c, b, b &+ (sum << turn | sum >> (32 - turn)))
            i += 1
          }
          state = state &+ SIMD4(a, b, c, d)
          start += 64
        }
      }
    }
  }
}
