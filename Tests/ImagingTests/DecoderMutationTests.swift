import Basics
import TestSupport
import Testing

@testable import Imaging

/// Thousands of damaged files: each is decoded or refused, and no limit is passed.
@Suite(.timeLimit(.minutes(10))) struct DecoderMutationTests {
  private static let limits = DecodingLimits(mostPixels: 4096, mostBytes: 8192)

  /// Runs `count` damaged files of `corpus` through `decode`.
  private func check(
    _ corpus: [[UInt8]], _ count: Int, prepare: ([UInt8]) -> [UInt8] = { $0 },
    decode: ([UInt8], String, DecodingLimits) throws -> DecodedImage
  ) throws {
    for file in corpus { _ = try decode(prepare(file), "sound", Self.limits) }
    var mutations = Mutations(of: corpus, seed: 1)
    var wrong: [String] = []
    let accepted = mutations.run(count) { file in
      do {
        let image = try decode(prepare(file), "damaged", Self.limits)
        if image.pixels.count > Self.limits.mostBytes { wrong.append("\(image.pixels.count) bytes") }
        return true
      } catch let error as SeCuError {
        if error.kind != refusalKind(error.problem) || error.place != "damaged" || error.position == nil {
          wrong.append("\(error)")
        }
      } catch {
        wrong.append("\(error)")
      }
      return false
    }
    #expect(wrong.isEmpty)
    #expect(accepted > 0)
    #expect(accepted < count)
  }

  private static func samples() -> [PNGSample] {
    let layouts: [(PNG.ColourType, Int)] = [(.grey, 1), (.grey, 16), (.rgb, 8), (.palette, 4), (.rgba, 8)]
    return layouts.flatMap { type, depth in
      [false, true].map { isInterlaced in
        var sample = PNGSample(width: 5, height: 7, bitDepth: depth, colourType: type, isInterlaced: isInterlaced)
        if type == .palette {
          sample.palette = (0..<48).map { UInt8($0) }
          sample.transparency = [0, 128]
        }
        sample.store((0..<5 * 7 * type.samples).map { $0 * $0 % (1 << depth) })
        return sample
      }
    }
  }

  @Test func filesOfJPEG() throws {
    try check(JPEGSample.all.map(\.bytes), 5000) { try JPEGDecoder.decode($0, name: $1, limits: $2) }
  }

  /// With the checksums of the chunks put right, so that the damage is not found by them.
  @Test func chunksOfPNG() throws {
    let files = Self.samples().map { $0.file(pieces: 2) }
    try check(files, 6000, prepare: PNGSample.resealed, decode: PNGDecoder.decode)
  }

  /// Damage before compression: filters, pixels, rows that are missing or too many.
  @Test func rowsOfPNG() throws {
    for sample in Self.samples() {
      try check(
        [sample.rows], 300,
        prepare: { rows in
          var damaged = sample
          damaged.rows = rows
          return damaged.file()
        }, decode: PNGDecoder.decode)
    }
  }

  @Test func textAndBinaryPNM() throws {
    let data = (0..<24).map { UInt8($0 * 10) }
    let texts = ["P1\n#c\n4 3\n0101 1 1 0 0 1010", "P2 2 3 999\n1 22 333 # x\n444 999 0", "P3 1 2 9 1 2 3 4 5 6"]
    let binary = ["P4 9 2\n", "P5\n4 6\n255\n", "P5 4 3 1000\n", "P6 2 4 255\n"]
    try check(
      texts.map { Array($0.utf8) } + binary.map { Array($0.utf8) + data.map { $0 & 3 } }, 5000,
      decode: PNMDecoder.decode)
  }

  @Test func headersAndRunsOfBMP() throws {
    func file(_ bits: UInt8, _ compression: UInt8, _ extra: [UInt8], _ data: [UInt8]) -> [UInt8] {
      var file = bytes("424D 00000000 00000000")
      file += [
        UInt8(54 + extra.count), 0, 0, 0, 40, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, bits, 0, compression, 0, 0, 0,
      ]
      file += bytes("00000000 00000000 00000000 02000000 00000000")
      return file + extra + data
    }
    let palette = bytes("01020300 0A0B0C00")
    let corpus = [
      file(8, 0, palette, [0, 1, 1, 0, 1, 1, 0, 0]), file(1, 0, palette, [0x40, 0, 0, 0, 0xA0, 0, 0, 0]),
      file(8, 1, palette, [2, 1, 1, 0, 0, 0, 0, 3, 1, 0, 1, 0, 0, 1]), file(24, 0, [], Array(0..<24)),
      file(4, 2, palette, [2, 0x10, 0, 2, 0, 1, 1, 0x11, 0, 1]),
      file(32, 3, bytes("0000FF00 00FF0000 FF000000"), Array(0..<24)),
      file(16, 3, bytes("00F80000 E0070000 1F000000"), Array(0..<16)),
    ]
    try check(corpus, 5000, decode: BMPDecoder.decode)
  }

  /// Deflate streams of every kind of block, which carry no checksum.
  @Test func streams() {
    let noise = (0..<60).map { UInt8(truncatingIfNeeded: $0 * $0 * 31 + $0 * 7) }
    var mutations = Mutations(
      of: [unevenLetters, noise, Array("abcabcabcabc".utf8), [UInt8](repeating: 9, count: 900)].map(deflate), seed: 2)
    var longest = 0
    let accepted = mutations.run(6000) { stream in
      guard let result = try? inflate(stream, limit: 2000) else { return false }
      longest = max(longest, result.bytes.count)
      return true
    }
    #expect(longest <= 2000)
    #expect(accepted > 0)
    #expect(accepted < 6000)
  }
}
