import Basics

/// gzip files: deflate between a header and a CRC-32. RFC 1952, "GZIP file format specification", P. Deutsch, 1996.
package enum Gzip {
  /// Whether `bytes` begin as a gzip file does.
  package static func isGzip(_ bytes: [UInt8]) -> Bool { bytes.starts(with: signature) }

  private static let signature: [UInt8] = [0x1F, 0x8B]

  /// The most bytes that a byte of a file holds.
  package static let mostExpansion = Inflate.mostExpansion

  /// Decompresses a file of one or more members, whose contents follow each other, and checks checksums and lengths. Zeros
  /// after the last member are ignored, as tapes leave them.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - name: what messages call the file.
  ///   - limit: the most bytes to make.
  /// - Throws: `SeCuError` of kind `.badData` for a file that is malformed, truncated, too long or fails a check.
  package static func decompress(_ bytes: [UInt8], name: String, limit: Int) throws(SeCuError) -> [UInt8] {
    var file = ByteReader(bytes, name: name, format: "gzip")
    // The last four bytes tell the length of the last member, in most files the only one. No stream grows by more than
    // `Inflate.mostExpansion`.
    let told = bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    var output = InflateOutput(limit: limit, expected: min(told, bytes.count * Inflate.mostExpansion))
    repeat {
      let start = output.count
      try readHeader(&file)
      let position = file.position
      let end: Int
      do throws(CompressionFault) {
        end = try bytes.withUnsafeBufferPointer { bytes throws(CompressionFault) in
          try Inflate.decompress(bytes, from: position, into: &output)
        }
      } catch {
        throw file.fault(error.problem, at: error.offset)
      }
      file.move(to: end)
      let checksum = output.withBytes { CRC32.checksum(UnsafeBufferPointer(rebasing: $0[start...])) }
      let stored = try file.littleEndian(UInt32.self, "a CRC-32")
      guard stored == checksum else {
        throw file.fault("expected the CRC-32 \(hex(checksum)), found \(hex(stored))", at: end)
      }
      let length = try file.littleEndian(UInt32.self, "the content's length")
      guard length == UInt32(truncatingIfNeeded: output.count - start) else {
        throw file.fault("expected the length \(output.count - start) (modulo 2³²), found \(length)", at: end + 4)
      }
      if bytes[file.position...].allSatisfy({ $0 == 0 }) { break }
    } while true
    return output.bytes()
  }

  /// The first bytes of what a gzip file holds, as far as they are sound: enough to tell what it is. Nothing is checked.
  ///
  /// - Parameters:
  ///   - bytes: the file, or its first part; 64 kB make at least one byte of content.
  ///   - count: the most bytes to return.
  package static func head(_ bytes: [UInt8], count: Int) -> [UInt8] {
    var file = ByteReader(bytes, name: "", format: "gzip")
    // Room for a stored block, which is taken as a whole or not at all.
    var output = InflateOutput(limit: count + 1 << 16, expected: count + 1 << 16)
    guard (try? readHeader(&file)) != nil else { return [] }
    _ = try? bytes.withUnsafeBufferPointer { bytes throws(CompressionFault) in
      try Inflate.decompress(bytes, from: file.position, into: &output)
    }
    return Array(output.bytes().prefix(count))
  }

  /// Header fields that a flag announces, bits of the fourth byte.
  private enum Flag {
    static let headerChecksum: UInt8 = 1 << 1
    static let extra: UInt8 = 1 << 2
    static let name: UInt8 = 1 << 3
    static let comment: UInt8 = 1 << 4
    static let reserved: UInt8 = 0xE0
  }

  private static func readHeader(_ file: inout ByteReader) throws(SeCuError) {
    let start = file.position
    let fixed = try file.skip(10, "the header of a gzip member")
    let header = Array(file.bytes[fixed])
    guard header.starts(with: signature) else {
      throw file.fault("expected a gzip member (1F 8B), found \(hex(header[0])) \(hex(header[1]))", at: start)
    }
    guard header[2] == 8 else {
      throw file.fault("expected compression method 8 (deflate), found \(header[2])", at: start + 2)
    }
    let flags = header[3]
    guard flags & Flag.reserved == 0 else {
      throw file.fault("expected header flags below 20, found \(hex(flags))", at: start + 3)
    }
    if flags & Flag.extra != 0 {
      let length = Int(try file.littleEndian(UInt16.self, "the length of the extra field"))
      _ = try file.skip(length, "the extra field")
    }
    for (flag, what) in [(Flag.name, "the name's end"), (Flag.comment, "the comment's end")] where flags & flag != 0 {
      while try file.byte(what) != 0 {}
    }
    if flags & Flag.headerChecksum != 0 {
      let checksum = UInt16(truncatingIfNeeded: CRC32.checksum(file.bytes[start..<file.position]))
      let stored = try file.littleEndian(UInt16.self, "the header's CRC-16")
      guard stored == checksum else {
        throw file.fault("expected the header's CRC-16 \(hex(checksum)), found \(hex(stored))", at: file.position - 2)
      }
    }
  }
}
