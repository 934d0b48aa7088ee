import Basics

/// What the first chunk, IHDR, says of an image (11.2.2).
struct PNGHeader {
  /// Columns and rows, 1 or more.
  let width: Int
  let height: Int
  /// Bits of a value: 1, 2, 4, 8 or 16.
  let bitDepth: Int
  let colourType: PNG.ColourType
  let isInterlaced: Bool

  /// Reads the chunk's content, which begins where `file` stands.
  ///
  /// - Throws: `SeCuError` of kind `.badData` for a value that PNG does not define.
  init(_ file: inout ByteReader) throws(SeCuError) {
    width = Int(try file.bigEndian(UInt32.self, "the width"))
    height = Int(try file.bigEndian(UInt32.self, "the height"))
    let bitDepth = try file.byte("the bit depth")
    let number = try file.byte("the colour type")
    guard let colourType = PNG.ColourType(rawValue: number) else {
      throw file.fault("expected a colour type of 0, 2, 3, 4 or 6, found \(number)", at: file.position - 1)
    }
    guard colourType.bitDepths.contains(bitDepth) else {
      let depths = colourType.bitDepths.sorted().map(String.init).joined(separator: ", ")
      throw file.fault(
        "expected one of the bit depths \(depths) for colour type \(number), found \(bitDepth)", at: file.position - 2)
    }
    (self.bitDepth, self.colourType) = (Int(bitDepth), colourType)
    for what in ["compression method", "filter method"] {
      let method = try file.byte(what)
      guard method == 0 else { throw file.fault("expected \(what) 0, found \(method)", at: file.position - 1) }
    }
    let interlacing = try file.byte("the interlace method")
    guard interlacing <= 1 else {
      throw file.fault("expected interlace method 0 or 1, found \(interlacing)", at: file.position - 1)
    }
    isInterlaced = interlacing == 1
  }

  /// Bits of a pixel in the file, 1…64.
  var bitsPerPixel: Int { bitDepth * colourType.samples }

  /// The distance in bytes to what filters take for the pixel to the left: at least 1.
  var filterDistance: Int { max(1, bitsPerPixel / 8) }

  /// A part of the image that is stored like an image of its own (8.2).
  struct Pass {
    /// The place of its first pixel, and the steps to the next.
    let x: Int, y: Int, xStep: Int, yStep: Int
    /// Columns and rows, 1 or more.
    let width: Int, height: Int
    /// Bytes of a row without the number of its filter.
    let rowBytes: Int
  }

  /// The seven passes of Adam7 without empty ones, or one pass of all.
  var passes: [Pass] {
    let all =
      isInterlaced
      ? [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
      : [(0, 0, 1, 1)]
    return all.compactMap { x, y, xStep, yStep in
      let columns = (width - x + xStep - 1) / xStep
      let rows = (height - y + yStep - 1) / yStep
      guard columns > 0, rows > 0 else { return nil }
      return Pass(
        x: x, y: y, xStep: xStep, yStep: yStep, width: columns, height: rows,
        rowBytes: (columns * bitsPerPixel + 7) / 8)
    }
  }
}
