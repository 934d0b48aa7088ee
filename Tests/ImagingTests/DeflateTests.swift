import Basics
import Testing

@testable import Imaging

@Suite struct DeflateTests {
  private static func noise(_ count: Int, _ symbols: UInt32) -> [UInt8] {
    var random = RandomStream(seed: 9, purpose: .benchmark)
    return (0..<count).map { _ in UInt8(random.nextWord() % symbols) }
  }

  /// Noise, which is stored; letters, which get codes of their own; repetitions from near and far; more than one block.
  private static let contents: [(name: String, bytes: [UInt8], most: Int)] = [
    ("nothing", [], 2), ("one byte", [200], 4), ("three bytes", [1, 2, 3], 6),
    ("one block of noise", noise(1000, 256), 1006), ("blocks of noise", noise(70_000, 256), 70_030),
    // zlib 1.2.13 makes about 12,050 bytes of such a text.
    ("four letters", noise(40_000, 4), 12_200), ("zeros", [UInt8](repeating: 0, count: 70_000), 100),
    ("a repetition from the window's end", noise(32_768, 256) + noise(32_768, 256), 32_768 + 400),
    ("a repetition from beyond it", noise(32_769, 256) + noise(32_769, 256), 2 * 32_769 + 30),
  ]

  @Test func whatIsCompressedIsRestored() throws {
    for (name, bytes, most) in Self.contents {
      let stream = deflate(bytes)
      #expect(stream.count <= most, "\(name): \(stream.count)")
      let result = try inflate(stream)
      #expect(result.bytes == bytes, "\(name)")
      #expect(result.end == stream.count)
    }
  }

  @Test func zlibStreamsCarryTheirChecksum() throws {
    let content = Self.noise(500, 3)
    var stream = Zlib.compress(content)
    func decompress(_ stream: [UInt8]) throws -> [UInt8] {
      var output = InflateOutput(limit: 1000, expected: 0)
      try stream.withUnsafeBufferPointer { stream throws(CompressionFault) in
        try Zlib.decompress(stream, into: &output)
      }
      return output.bytes()
    }
    #expect(try decompress(stream) == content)
    #expect(try decompress(stream + [9, 9]) == content)
    for (place, change, problem) in [
      (0, 0x01, "header of a zlib stream"), (1, 0x01, "header of a zlib stream"),
      (stream.count - 1, 0x01, "Adler-32 checksum"),
    ] as [(Int, UInt8, String)] {
      stream[place] ^= change
      let damaged = stream
      let error = #expect(throws: CompressionFault.self) { _ = try decompress(damaged) }
      #expect(error?.problem.contains(problem) == true)
      stream[place] ^= change
    }
    // 78 BB: a right header that wants a dictionary.
    let error = #expect(throws: CompressionFault.self) { _ = try decompress([0x78, 0xBB] + stream[2...]) }
    #expect(error?.problem.contains("preset dictionary") == true)
  }
}
