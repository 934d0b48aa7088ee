import Basics
import Testing

@testable import Imaging

@Suite struct PNGDecoderTests {
  private static let layouts: [(PNG.ColourType, Int)] = [
    (.grey, 1), (.grey, 2), (.grey, 4), (.grey, 8), (.grey, 16), (.rgb, 8), (.rgb, 16), (.palette, 1), (.palette, 2),
    (.palette, 4), (.palette, 8), (.greyAlpha, 8), (.greyAlpha, 16), (.rgba, 8), (.rgba, 16),
  ]

  /// Every layout, with and without a transparent colour, over sizes that leave passes of Adam7 and bytes of rows unfilled,
  /// against pixels made value by value.
  @Test(arguments: layouts.indices, [false, true])
  func pixelsAreWhatTheFileSays(layout: Int, isInterlaced: Bool) throws {
    let (type, depth) = Self.layouts[layout]
    var random = RandomStream(seed: UInt64(layout), purpose: .benchmark)
    let highest = (1 << depth) - 1
    for (height, width) in [(1, 1), (1, 9), (2, 3), (5, 1), (3, 8), (7, 5), (9, 17), (16, 16)] {
      let samples = (0..<height * width * type.samples).map { _ in Int(random.nextWord()) & highest }
      let palette = (0..<3 << depth).map { _ in UInt8(truncatingIfNeeded: random.nextWord()) }
      let pixels = stride(from: 0, to: samples.count, by: type.samples).map {
        Array(samples[$0..<$0 + type.samples])
      }
      for hasKey in type == .greyAlpha || type == .rgba ? [false] : [false, true] {
        var sample = PNGSample(
          width: width, height: height, bitDepth: depth, colourType: type, isInterlaced: isInterlaced)
        let key = pixels[pixels.count / 2]
        let alphas: [UInt8] = [7, 255, 0]
        if type == .palette {
          sample.palette = palette
          if hasKey { sample.transparency = Array(alphas.prefix(1 << depth)) }
        } else if hasKey {
          sample.transparency = key.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        }
        sample.store(samples)
        var expected: [UInt8] = []
        for pixel in pixels {
          if type == .palette {
            expected += palette[3 * pixel[0]..<3 * pixel[0] + 3]
            if hasKey { expected.append(pixel[0] < 3 ? alphas[pixel[0]] : 255) }
          } else {
            expected += pixel.map { depth == 16 ? UInt8($0 >> 8) : UInt8($0 * 255 / highest) }
            if hasKey { expected.append(pixel == key ? 0 : 255) }
          }
        }
        let image = try PNGDecoder.decode(sample.file(pieces: 3), name: "a.png")
        #expect((image.height, image.width) == (height, width))
        #expect(image.pixels == expected, "\(height)×\(width), transparent: \(hasKey)")
      }
    }
  }

  private static func sample() -> PNGSample {
    var sample = PNGSample(width: 3, height: 2)
    sample.store([1, 2, 3, 4, 5, 6])
    return sample
  }

  private func error(_ file: [UInt8], limits: DecodingLimits = DecodingLimits()) throws -> SeCuError {
    let error = try failure { _ = try PNGDecoder.decode(file, name: "a.png", limits: limits) }
    #expect(error.kind == refusalKind(error.problem))
    #expect(error.place == "a.png")
    #expect(error.remedy != nil)
    return error
  }

  @Test func everyTruncationIsRefused() throws {
    let file = Self.sample().file()
    for count in 0..<file.count {
      let error = try error(Array(file[..<count]))
      #expect(error.problem.contains("found the end of the file"), "\(count) bytes: \(error)")
    }
  }

  /// A CRC-32 finds every single wrong byte, and the signature has none.
  @Test func `a wrong bit in any byte is refused`() throws {
    let file = Self.sample().file()
    for place in file.indices {
      var damaged = file
      damaged[place] ^= 0x10
      _ = try error(damaged)
    }
  }

  @Test(arguments: [
    (16, 0, "height and width of 1 or more, found 2×0", 16), (24, 3, "bit depths 1, 2, 4, 8, 16 for colour type 0", 24),
    (25, 5, "colour type of 0, 2, 3, 4 or 6, found 5", 25), (26, 1, "compression method 0, found 1", 26),
    (27, 1, "filter method 0, found 1", 27), (28, 2, "interlace method 0 or 1, found 2", 28),
    (25, 3, "expected a palette", nil), (19, 4, "bytes of pixels", nil), (23, 1, "at most 4 bytes", nil),
    (12, 0x69, "one chunk IHDR, at the start", 8), (12, 0x31, "type of four letters", 12),
  ])
  func headerFaults(place: Int, value: Int, problem: String, position: Int?) throws {
    var file = Self.sample().file()
    if place == 16 { file.replaceSubrange(16..<20, with: [0, 0, 0, 0]) } else { file[place] = UInt8(value) }
    let error = try error(PNGSample.resealed(file))
    #expect(error.problem.contains(problem), "\(error)")
    if let position { #expect(error.position == "byte \(position)") }
  }

  @Test func chunkFaults() throws {
    let sample = Self.sample()
    let begin = PNG.signature + PNGSample.chunk("IHDR", sample.header)
    let data = PNGSample.chunk("IDAT", Zlib.compress(sample.rows))
    let end = PNGSample.chunk("IEND", [])
    let indexed =
      PNG.signature + PNGSample.chunk("IHDR", PNGSample(width: 3, height: 2, bitDepth: 8, colourType: .palette).header)
    let palette = PNGSample.chunk("PLTE", [1, 2, 3])
    let remark = PNGSample.chunk("tEXt", Array("Comment".utf8))
    #expect(
      try PNGDecoder.decode(begin + remark + data + remark + end + [1, 2], name: "a").pixels == [1, 2, 3, 4, 5, 6])
    for (file, problem) in [
      (begin + PNGSample.chunk("CgBI", []) + data + end, "expected chunks that PNG defines, found CgBI"),
      (begin + data + remark + data + end, "all IDAT chunks in a row"),
      (begin + begin[8...] + data + end, "one chunk IHDR, at the start"),
      (begin + end, "expected pixels in chunks IDAT"),
      (begin + PNGSample.chunk("tRNS", [1]) + data + end, "expected 2 bytes in chunk tRNS, found 1"),
      (begin + data + PNGSample.chunk("tRNS", [0, 1]) + end, "one chunk tRNS, before the pixels"),
      (indexed + PNGSample.chunk("tRNS", [1]) + palette + data + end, "a palette before chunk tRNS, found none"),
      (indexed + palette + PNGSample.chunk("tRNS", [1, 2]) + data + end, "expected 1…1 bytes in chunk tRNS, found 2"),
      (begin + data + PNGSample.chunk("IEND", []).dropLast(), "the CRC-32 of chunk IEND"),
    ] {
      #expect(try error(file).problem.contains(problem), "\(problem)")
    }
  }

  @Test func pixelFaults() throws {
    var sample = Self.sample()
    sample.rows[4] = 5
    #expect(try error(sample.file()).problem == "expected row filters 0…4, found 5")
    sample = PNGSample(width: 3, height: 1, bitDepth: 4, colourType: .palette, palette: [UInt8](repeating: 9, count: 6))
    sample.store([0, 1, 2])
    #expect(try error(sample.file()).problem == "expected palette indices below 2, found 2")
    sample.palette = [1, 2, 3, 4]
    #expect(try error(sample.file()).problem.contains("palette of 1…256 colours of 3 bytes, found 4 bytes"))
    var stream = Zlib.compress(Self.sample().rows)
    stream[stream.count - 1] ^= 1
    let begin = PNG.signature + PNGSample.chunk("IHDR", Self.sample().header)
    let file =
      begin + PNGSample.chunk("IDAT", Array(stream[..<5])) + PNGSample.chunk("IDAT", Array(stream[5...]))
      + PNGSample.chunk("IEND", [])
    let wrong = try error(file)
    #expect(wrong.problem.hasPrefix("compressed pixels: expected the Adler-32 checksum"))
    // The checksum's first byte is in the second IDAT chunk: its place counts in the file.
    #expect(wrong.position == "byte \(begin.count + 8 + 5 + 4 + 8 + stream.count - 4 - 5)")
  }

  /// Headers that claim more than they have are refused by their words alone.
  @Test func sizesAreCheckedBeforeMemoryIsTaken() throws {
    var sample = Self.sample()
    (sample.width, sample.height) = (Int(UInt32.max), Int(UInt32.max))
    let huge = DecodingLimits(mostPixels: .max, mostBytes: .max)
    let sides = try error(sample.file(), limits: huge)
    #expect(sides.problem == "expected sides of at most 65535 pixels, found 4294967295×4294967295")
    #expect(sides.position == "byte 16")
    (sample.width, sample.height) = (65_535, 65_534)
    #expect(try error(sample.file()).position == "byte 16")
    #expect(try error(sample.file(), limits: huge).problem.contains("compressed pixels for 65534×65535"))
    (sample.width, sample.height) = (65_536, 1)
    #expect(try error(sample.file()).problem == "expected sides of at most 65535 pixels, found 1×65536")
    sample = Self.sample()
    let limits = DecodingLimits(mostPixels: 5)
    #expect(try error(sample.file(), limits: limits).problem == "expected an image of at most 5 pixels, found 2×3")
    #expect(try error(sample.file(), limits: DecodingLimits(mostBytes: 5)).problem.contains("at most 5 pixels"))
    #expect(try PNGDecoder.decode(sample.file(), name: "a", limits: DecodingLimits(mostPixels: 6)).width == 3)
  }

  /// A chunk that need not be understood is skipped, and checked all the same.
  @Test func damagedRemarksAreRefused() throws {
    let sample = Self.sample()
    var remark = PNGSample.chunk("tEXt", Array("Comment".utf8))
    remark[10] ^= 1
    let file =
      PNG.signature + PNGSample.chunk("IHDR", sample.header) + remark
      + PNGSample.chunk("IDAT", Zlib.compress(sample.rows)) + PNGSample.chunk("IEND", [])
    #expect(try error(file).problem.contains("of chunk tEXt, found"))
  }
}
