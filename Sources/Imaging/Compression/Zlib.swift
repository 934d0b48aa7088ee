/// zlib streams: deflate between a header of two bytes and an Adler-32. RFC 1950, "ZLIB Compressed Data Format
/// Specification", P. Deutsch, J.-L. Gailly, 1996.
enum Zlib {
  /// Decompresses a stream and checks its checksum. Bytes after the stream are ignored.
  ///
  /// - Parameters:
  ///   - input: the stream.
  ///   - output: empty; takes the bytes.
  /// - Throws: `CompressionFault` for a stream that is malformed, truncated, too long or fails its checksum.
  static func decompress(
    _ input: UnsafeBufferPointer<UInt8>, into output: inout InflateOutput
  ) throws(CompressionFault) {
    guard input.count >= 2 else {
      throw CompressionFault(problem: "expected a zlib stream, found \(input.count) bytes", offset: 0)
    }
    let (method, flags) = (input[0], input[1])
    guard method & 0x0F == 8, method >> 4 <= 7, (UInt(method) << 8 | UInt(flags)) % 31 == 0 else {
      throw CompressionFault(
        problem: "expected the header of a zlib stream, found \(hex(method)) \(hex(flags))", offset: 0)
    }
    guard flags & 0x20 == 0 else {
      throw CompressionFault(problem: "expected a zlib stream without a preset dictionary, found one with", offset: 1)
    }
    let end = try Inflate.decompress(input, from: 2, into: &output)
    guard input.count - end >= 4 else {
      throw CompressionFault(problem: "expected an Adler-32 checksum, found the end of the stream", offset: end)
    }
    let stored = input[end..<end + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    let computed = output.withBytes { Adler32.checksum(UnsafeBufferPointer($0)) }
    guard stored == computed else {
      throw CompressionFault(
        problem: "expected the Adler-32 checksum \(hex(computed)), found \(hex(stored))", offset: end)
    }
  }

  /// Compresses `bytes`.
  static func compress(_ bytes: [UInt8]) -> [UInt8] {
    // Deflate with a window of 32 kB; the usual effort; a check that makes both bytes a multiple of 31.
    var stream: [UInt8] = [0x78, 0x9C]
    bytes.withUnsafeBufferPointer { bytes in
      Deflate.compress(bytes, into: &stream)
      let checksum = Adler32.checksum(bytes)
      stream += (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (24 - 8 * $0)) }
    }
    return stream
  }
}
