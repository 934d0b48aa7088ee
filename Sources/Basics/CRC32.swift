import Foundation

/// The 32-bit cyclic redundancy check of zlib, gzip and PNG, fed piece by piece.
///
/// Polynomial 0x04C11DB7, reflected (0xEDB88320); register and result inverted. The check value of "123456789" is
/// 0xCBF43926. Any change within 32 neighbouring bits is detected, any other with probability 1 − 2⁻³².
///
/// Eight bytes are folded in a step ("slicing by 8"): M. E. Kounavis, F. L. Berry, "Novel Table Lookup-Based Algorithms
/// for High-Performance CRC Generation", IEEE Transactions on Computers 57 (11), 2008.
package struct CRC32: Sendable {
  private var register: UInt32 = 0xFFFF_FFFF

  package init() {}

  /// The check of all bytes so far.
  package var value: UInt32 { ~register }

  /// The check of `bytes` alone.
  package static func checksum(_ bytes: some ContiguousBytes) -> UInt32 {
    var check = CRC32()
    check.update(bytes)
    return check.value
  }

  /// Takes `bytes` in, after all that came before.
  package mutating func update(_ bytes: some ContiguousBytes) {
    register = bytes.withUnsafeBytes { Self.fold($0, into: register) }
  }

  /// Entry 256·k + b is what byte b does to the register when k zero bytes follow it.
  private static let table: [UInt32] = {
    var table: [UInt32] = (0..<256).map { byte in
      (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB8_8320 }
    }
    for index in 256..<8 * 256 {
      let shorter = table[index - 256]
      table.append(table[Int(shorter & 0xFF)] ^ (shorter >> 8))
    }
    return table
  }()

  private static func fold(_ bytes: UnsafeRawBufferPointer, into start: UInt32) -> UInt32 {
    table.withUnsafeBufferPointer { table in
      var crc = start
      var index = 0
      while bytes.count - index >= 8 {
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) ^ UInt64(crc)
        crc = 0
        for k in 0..<8 {
          crc ^= table[256 * (7 - k) + Int((word >> (8 * UInt64(k))) & 0xFF)]
        }
        index += 8
      }
      while index < bytes.count {
        crc = table[Int((crc ^ UInt32(bytes[index])) & 0xFF)] ^ (crc >> 8)
        index += 1
      }
      return crc
    }
  }
}
