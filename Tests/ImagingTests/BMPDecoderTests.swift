import Basics
import Testing

@testable import Imaging

/// A BMP file in its parts.
private struct BMPSample {
  var width = 3
  var height = 2
  var bits = 8
  var compression: UInt32 = 0
  var headerLength = 40
  var colours: UInt32 = 0
  /// Three masks, or four.
  var masks: [UInt32] = []
  var palette: [UInt8] = []
  var data: [UInt8]

  func file() -> [UInt8] {
    var header: [UInt8]
    if headerLength == 12 {
      header = little(12) + little16(width) + little16(height) + little16(1) + little16(bits)
    } else {
      header =
        little(UInt32(headerLength)) + little(UInt32(bitPattern: Int32(width)))
        + little(UInt32(bitPattern: Int32(height))) + little16(1) + little16(bits) + little(compression)
        + [UInt8](repeating: 0, count: 12) + little(colours) + little(0)
      if headerLength > 40 { header += masks.flatMap { little($0) } }
      header = Array((header + [UInt8](repeating: 0, count: 124)).prefix(headerLength))
    }
    let rest = (headerLength == 40 ? masks.flatMap { little($0) } : []) + palette
    let start = 14 + header.count + rest.count
    return Array("BM".utf8) + little(UInt32(start + data.count)) + little(0) + little(UInt32(start)) + header + rest
      + data
  }

  private func little16(_ value: Int) -> [UInt8] { [UInt8(value & 0xFF), UInt8(value >> 8 & 0xFF)] }
}

private func little(_ value: UInt32) -> [UInt8] { bigEndian(value).reversed() }

@Suite struct BMPDecoderTests {
  private func decode(_ sample: BMPSample) throws -> DecodedImage {
    try BMPDecoder.decode(sample.file(), name: "a.bmp")
  }

  private func error(_ file: [UInt8]) throws -> SeCuError {
    let error = try failure { _ = try BMPDecoder.decode(file, name: "a.bmp") }
    #expect(error.kind == refusalKind(error.problem))
    #expect(error.place == "a.bmp")
    #expect(error.remedy != nil)
    return error
  }

  /// Colours in a file's order, blue, green, red, and a fourth byte that means nothing.
  private static let palette: [UInt8] = [3, 2, 1, 99, 13, 12, 11, 99, 23, 22, 21, 99, 33, 32, 31, 99]

  /// Indices of 3×2 pixels, the top row 0 1 1 and the bottom row 1 0 1 of colours 1 2 3 and 11 12 13.
  private static let twoColours: [UInt8] = [1, 2, 3, 11, 12, 13, 11, 12, 13, 11, 12, 13, 1, 2, 3, 11, 12, 13]

  @Test(
    arguments: [
      (1, [0b1010_0000, 0, 0, 0, 0b0110_0000, 0, 0, 0]), (4, [0x10, 0x10, 0, 0, 0x01, 0x10, 0, 0]),
      (8, [1, 0, 1, 0, 0, 1, 1, 0]),
    ] as [(Int, [UInt8])])
  func palettesOfEveryDepthAndHeader(bits: Int, data: [UInt8]) throws {
    let four = Array(Self.palette.prefix(8))
    var sample = BMPSample(bits: bits, palette: four, data: data)
    for length in [16, 40, 52, 56, 64, 108, 124] {
      sample.headerLength = length
      let image = try decode(sample)
      #expect((image.height, image.width, image.channels) == (2, 3, 3))
      #expect(image.pixels == Self.twoColours)
    }
    sample.headerLength = 12
    sample.palette = Array(four[0..<3] + four[4..<7])
    #expect(try decode(sample).pixels == Self.twoColours)
    sample.headerLength = 40
    sample.palette = four
    sample.height = -2
    sample.data = Array(data[4...] + data[..<4])
    #expect(try decode(sample).pixels == Self.twoColours)
    sample.palette = [5, 5, 5, 0, 250, 250, 250, 0]
    let grey = try decode(sample)
    #expect(grey.channels == 1)
    #expect(grey.pixels == [5, 250, 250, 250, 5, 250])
  }

  @Test func coloursOfSixteenBits() throws {
    // 0 00001 00010 11111 and its neighbours; floor(v · 255 / 31).
    var sample = BMPSample(width: 1, height: 1, bits: 16, data: [0x5F, 0x04, 0, 0])
    #expect(try decode(sample).pixels == [8, 16, 255])
    sample.compression = 3
    sample.masks = [0xF800, 0x07E0, 0x1F]
    sample.data = [0b0011_1111, 0b0000_1000, 0, 0]
    // Five, six and five bits: 1, 1, 31.
    #expect(try decode(sample).pixels == [8, 4, 255])
    sample.headerLength = 56
    sample.masks = [0x0F00, 0xF0, 0x0F, 0xF000]
    sample.data = [0x21, 0x83, 0, 0]
    #expect(try decode(sample).channels == 4)
    #expect(try decode(sample).pixels == [51, 34, 17, 136])
  }

  @Test func coloursOfWholeBytes() throws {
    var sample = BMPSample(width: 1, height: 2, bits: 24, data: [1, 2, 3, 0, 4, 5, 6, 0])
    #expect(try decode(sample).pixels == [6, 5, 4, 3, 2, 1])
    sample.bits = 32
    sample.data = [1, 2, 3, 9, 4, 5, 6, 9]
    #expect(try decode(sample).pixels == [6, 5, 4, 3, 2, 1])
    sample.compression = 3
    sample.masks = [0xFF00_0000, 0xFF_0000, 0xFF00]
    #expect(try decode(sample).pixels == [9, 6, 5, 9, 3, 2])
    for length in [56, 108, 124] {
      sample.headerLength = length
      sample.masks = [0xFF_0000, 0xFF00, 0xFF, 0xFF00_0000]
      #expect(try decode(sample).pixels == [6, 5, 4, 9, 3, 2, 1, 9])
    }
    sample.headerLength = 40
    sample.compression = 6
    #expect(try decode(sample).pixels == [6, 5, 4, 9, 3, 2, 1, 9])
  }

  /// A run, a row's end, a sequence with its filling byte, a step over pixels and the image's end.
  @Test(
    arguments: [
      (8, 1, [2, 1, 1, 2, 0, 0, 0, 3, 3, 2, 1, 0, 0, 0, 0, 2, 2, 1, 1, 3, 0, 1]),
      (4, 2, [3, 0x11, 0, 0, 0, 3, 0x32, 0x10, 0, 0, 0, 2, 2, 1, 1, 0x30, 0, 1]),
    ] as [(Int, UInt32, [UInt8])])
  func runLengths(bits: Int, compression: UInt32, data: [UInt8]) throws {
    let grey: [UInt8] = [0, 0, 0, 0, 10, 10, 10, 0, 20, 20, 20, 0, 30, 30, 30, 0]
    let sample = BMPSample(
      width: 3, height: 4, bits: bits, compression: compression, colours: 4, palette: grey, data: data)
    let bottom: [UInt8] = bits == 8 ? [10, 10, 20] : [10, 10, 10]
    #expect(try decode(sample).pixels == [0, 0, 30, 0, 0, 0, 30, 20, 10] + bottom)
  }

  /// Five pixels of 4 bits are three bytes, and a filling byte.
  @Test func sequencesOfFourBitsAreFilledUp() throws {
    let grey: [UInt8] = [0, 0, 0, 0, 10, 10, 10, 0, 20, 20, 20, 0, 30, 30, 30, 0]
    let sample = BMPSample(
      width: 5, height: 1, bits: 4, compression: 2, colours: 4, palette: grey,
      data: [0, 5, 0x32, 0x10, 0x30, 0, 0, 1])
    #expect(try decode(sample).pixels == [30, 20, 10, 0, 30])
  }

  @Test(
    arguments: [
      (1, [4, 0, 0, 1], "found 4 pixels from row 0, column 0"), (1, [0, 4, 0, 0, 0, 0, 0, 1], "found 4 pixels"),
      (1, [0, 2, 0, 2, 1, 0, 0, 1], "from row 2, column 0"), (1, [0, 2, 4, 0, 1, 0, 0, 1], "column 4"),
      (1, [1, 0], "expected a run"), (1, [0, 3, 1], "expected 3 pixels (4 bytes)"), (1, [0, 2, 1], "expected a step"),
      (1, [1, 2, 0, 1], "palette indices below 2, found 2"), (2, [4, 0], "known for 8 bits per pixel, found number 2"),
    ] as [(UInt32, [UInt8], String)])
  func runLengthFaults(compression: UInt32, data: [UInt8], problem: String) throws {
    let sample = BMPSample(
      compression: compression, colours: 2, palette: Array(Self.palette.prefix(8)), data: data)
    #expect(try error(sample.file()).problem.contains(problem))
  }

  private static func sample() -> BMPSample {
    BMPSample(colours: 2, palette: Array(palette.prefix(8)), data: [1, 0, 1, 0, 0, 1, 1, 0])
  }

  @Test func everyTruncationIsRefused() throws {
    let file = Self.sample().file()
    for count in 0..<file.count { _ = try error(Array(file[..<count])) }
  }

  @Test func headerFaults() throws {
    func damaged(_ place: Int, _ field: [UInt8]) throws -> SeCuError {
      var file = Self.sample().file()
      file.replaceSubrange(place..<place + field.count, with: field)
      return try error(file)
    }
    for (place, field, problem, byte) in [
      (0, [0x42, 0x41], "expected a BMP file", 0), (14, little(13), "header of 12, 16…64, 108 or 124 bytes", 14),
      (10, little(53), "expected pixels from byte 54", 10), (10, little(.max), "found 4294967295", 10),
      (18, little(0), "height and width of 1 or more, found 2×0", 18), (18, little(.max), "found 2×-1", 18),
      (22, little(0x8000_0000), "found 2147483648×3", 18), (22, little(9), "9 rows of 4 bytes", nil),
      (18, little(0x7FFF_FFFF), "sides of at most", 18),
      (28, [2], "1, 4, 8, 16, 24 or 32 bits per pixel, found 2", 28), (30, little(4), "found number 4", 30),
      (30, little(3), "known for 8 bits per pixel, found number 3", 30), (46, little(1), "below 1, found 1", nil),
    ] as [(Int, [UInt8], String, Int?)] {
      let error = try damaged(place, field)
      #expect(error.problem.contains(problem), "\(error)")
      if let byte { #expect(error.position == "byte \(byte)", "\(error)") }
    }
    let masks: [([UInt32], String)] = [
      ([0, 0xFF00, 0xFF], "found 00000000"), ([0xFF_00FF, 0xFF00, 0xFF], "found 00FF00FF"),
      ([0xFF_0000, 0xFF00, 0x1FF], "found 000001FF"),
    ]
    for (masks, problem) in masks {
      let sample = BMPSample(
        width: 1, height: 1, bits: 32, compression: 3, masks: masks, data: [0, 0, 0, 0])
      #expect(try error(sample.file()).problem.contains(problem))
    }
  }
}
