import Basics
import Testing

@testable import Imaging

/// Decompresses a deflate stream and returns its bytes and where it ended.
func inflate(
  _ stream: [UInt8], limit: Int = 1 << 20, expected: Int = 0
) throws(CompressionFault) -> (bytes: [UInt8], end: Int) {
  var output = InflateOutput(limit: limit, expected: expected)
  let end = try stream.withUnsafeBufferPointer { stream throws(CompressionFault) in
    try Inflate.decompress(stream, into: &output)
  }
  return (output.bytes(), end)
}

func deflate(_ bytes: [UInt8]) -> [UInt8] {
  var stream: [UInt8] = []
  bytes.withUnsafeBufferPointer { Deflate.compress($0, into: &stream) }
  return stream
}

/// A text whose letters have uneven frequencies.
let unevenLetters: [UInt8] = (0..<300).map { index in
  let cube = index * index * index
  return UInt8(97 + cube / 7 % 11 % (1 + index % 7))
}

@Suite struct InflateTests {
  /// Streams that zlib 1.2.13 made: one of each kind of block.
  private static let streams: [(stream: [UInt8], bytes: [UInt8])] = [
    (bytes("010300fcff616263"), Array("abc".utf8)),
    (bytes("4b494dcb492c49554881d0c55046667e1e00"), Array("deflate deflates deflation".utf8)),
    (
      bytes("dd8cc90d003110c26a3547d27f073bb365848f658100a508d9e91910bc8e2f6852c0151bc523d0ad6cef2e9cfc9ac5cb671f"),
      unevenLetters
    ),
    (bytes("0300"), []),
  ]

  @Test func streamsOfZlibAreRead() throws {
    for (stream, bytes) in Self.streams {
      // With more bytes after it, a stream is decoded by the quick loop, at the input's end by the careful one.
      for padding in [0, 1, 15, 16, 100] {
        for expected in [0, 1, bytes.count, 1000] {
          let result = try inflate(stream + [UInt8](repeating: 0xA5, count: padding), expected: expected)
          #expect(result.bytes == bytes)
          #expect(result.end == stream.count)
        }
      }
    }
  }

  /// A match may go beyond the memory that was expected and the limit at once: nothing may be written after that.
  @Test func nothingIsWrittenBeyondTheSlack() {
    let stream = deflate([UInt8](repeating: 7, count: 5000))
    for padding in [0, 100] {
      for (limit, expected) in [(100, 64), (100, 0), (64, 64), (70_000, 1), (300, 299), (4999, 1)] {
        var output = InflateOutput(limit: limit, expected: expected)
        var fault: CompressionFault?
        (stream + [UInt8](repeating: 0, count: padding)).withUnsafeBufferPointer { bytes in
          do throws(CompressionFault) {
            _ = try Inflate.decompress(bytes, into: &output)
          } catch {
            fault = error
          }
        }
        #expect(output.count <= output.capacity + InflateOutput.slack)
        #expect((fault == nil) == (limit >= 5000), "limit \(limit), expected \(expected)")
      }
    }
  }

  @Test func everyTruncationIsRefused() {
    for (stream, _) in Self.streams {
      for count in 0..<stream.count {
        let error = #expect(throws: CompressionFault.self) { _ = try inflate(Array(stream[..<count])) }
        #expect(error?.problem == "expected more compressed bytes, found their end")
      }
    }
  }

  @Test(arguments: [
    ("07", "block of type 0, 1 or 2, found 3"), ("0103000000", "complement of a stored block's length 3, found 0"),
    ("030200", "match at most 0 bytes back, found one 1 bytes back"), ("033E00", "bits that are none"),
    ("1B03", "bits that are none"), ("FD00000000", "at most 286 symbols and 30 distances, found 288 and 1"),
    ("05009200", "Huffman codes for code lengths, found more Huffman codes"),
    ("05000400", "Huffman codes for code lengths, found fewer Huffman codes"),
  ])
  func malformedStreams(stream: String, problem: String) {
    for padding in [0, 40] {
      let input = bytes(stream) + [UInt8](repeating: 0, count: padding)
      let error = #expect(throws: CompressionFault.self) { _ = try inflate(input) }
      #expect(error?.problem.contains(problem) == true, "\(String(describing: error))")
    }
  }

  @Test func theLimitIsKept() throws {
    for bytes in [[UInt8](repeating: 7, count: 5000), unevenLetters, Array("abc".utf8)] {
      let stream = deflate(bytes)
      #expect(try inflate(stream, limit: bytes.count).bytes == bytes)
      for limit in [0, 1, bytes.count - 1] {
        for padding in [0, 40] {
          let input = stream + [UInt8](repeating: 0, count: padding)
          let error = #expect(throws: CompressionFault.self) { _ = try inflate(input, limit: limit) }
          #expect(error?.problem == "expected at most \(limit) bytes after decompression, found more")
        }
      }
    }
  }

  /// Copies of every distance and length that the word-wise copy tells apart.
  @Test func matchesOfEveryDistanceAndLength() throws {
    for distance in 1...20 {
      for length in Array(3...30) + [257, 258] {
        let start = (0..<distance).map { UInt8(truncatingIfNeeded: $0 * 37 + distance) }
        let whole = start + (0..<length).map { start[$0 % distance] } + [1, 2, 3]
        let stream = deflate(whole)
        #expect(try inflate(stream).bytes == whole)
        #expect(try inflate(stream + [UInt8](repeating: 0, count: 32)).bytes == whole)
      }
    }
  }

  @Test func adlerOfKnownTexts() {
    for (text, expected) in [("", 1), ("a", 0x62_0062), ("Wikipedia", 0x11E6_0398)] as [(String, UInt32)] {
      let checksum = Array(text.utf8).withUnsafeBufferPointer { Adler32.checksum($0) }
      #expect(checksum == expected)
    }
    // The largest bytes over several runs between reductions, against sums that never leave 64 bits.
    let (a, b) = (0..<20_000).reduce((1, 0)) { sums, _ in (sums.0 + 255, sums.1 + sums.0 + 255) }
    let checksum = [UInt8](repeating: 255, count: 20_000).withUnsafeBufferPointer { Adler32.checksum($0) }
    #expect(checksum == UInt32(b % 65_521) << 16 | UInt32(a % 65_521))
  }
}
