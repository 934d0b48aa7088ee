import Basics

/// The headers of a BMP file: of Windows (BITMAPINFOHEADER and its successors, 40, 52, 56, 108 or 124 bytes) and of OS/2
/// (BITMAPCOREHEADER, 12 bytes; version 2 with 16 to 64 bytes). Integers are little-endian.
///
///     0   "BM", length of the file, 4 bytes that are ignored
///     10  where the pixels begin
///     14  length of the second header; width, height, planes (1), bits per pixel, compression, …
///     …   colour masks or a palette
struct BMPHeader {
  /// How pixels are stored, under the number that a file has for it.
  enum Compression: UInt32 {
    case none, runLength8, runLength4, masks
    case masksAndAlpha = 6
  }

  let width: Int
  let height: Int
  /// Whether the top row comes first. Usually the bottom row does.
  let isTopDown: Bool
  /// 1, 4, 8, 16, 24 or 32.
  let bitsPerPixel: Int
  let compression: Compression
  /// Where in the file the pixels begin.
  let pixelPosition: Int
  /// For 16 and 32 bits: the bits of red, green, blue and alpha in a pixel; no alpha has no bits.
  let masks: [UInt32]
  /// For up to 8 bits: blue, green and red of each colour.
  let palette: [[UInt8]]

  /// Whether all colours are grey.
  var hasGreyPalette: Bool { palette.allSatisfy { $0[0] == $0[1] && $0[1] == $0[2] } }

  /// Values per pixel of the decoded image.
  var channels: Int {
    if bitsPerPixel <= 8 { return hasGreyPalette ? 1 : 3 }
    return masks.count == 4 && masks[3] != 0 ? 4 : 3
  }

  /// - Throws: `SeCuError` of kind `.badData` with the byte at fault.
  init(_ file: inout ByteReader) throws(SeCuError) {
    let signature = try file.skip(10, "the header of a BMP file")
    guard file.bytes[signature].starts(with: "BM".utf8) else {
      throw file.fault("expected a BMP file, found other bytes", at: 0)
    }
    pixelPosition = Int(try file.littleEndian(UInt32.self, "the pixels' place"))
    let length = Int(try file.littleEndian(UInt32.self, "the header's length"))
    guard length == 12 || 16...64 ~= length || length == 108 || length == 124 else {
      throw file.fault("expected a header of 12, 16…64, 108 or 124 bytes, found \(length)", at: 14)
    }
    try file.require(length - 4, "a header of \(length) bytes")
    let end = file.position + length - 4
    let isOS2 = length == 12 || length < 40 || length == 64
    let height: Int
    if length == 12 {
      width = Int(try file.littleEndian(UInt16.self, "the width"))
      height = Int(try file.littleEndian(UInt16.self, "the height"))
    } else {
      width = Int(Int32(bitPattern: try file.littleEndian(UInt32.self, "the width")))
      height = Int(Int32(bitPattern: try file.littleEndian(UInt32.self, "the height")))
    }
    isTopDown = height < 0
    self.height = abs(height)
    _ = try file.skip(2, "the number of planes")
    bitsPerPixel = Int(try file.littleEndian(UInt16.self, "the bits per pixel"))
    guard [1, 4, 8, 16, 24, 32].contains(bitsPerPixel) else {
      throw file.fault("expected 1, 4, 8, 16, 24 or 32 bits per pixel, found \(bitsPerPixel)", at: file.position - 2)
    }
    let number = end - file.position >= 4 ? try file.littleEndian(UInt32.self, "the compression") : 0
    // OS/2 has other compressions under the numbers from 3 on.
    guard let compression = Compression(rawValue: number), !isOS2 || number <= 2,
      compression.bits.contains(bitsPerPixel), !isTopDown || !compression.isRunLength
    else {
      throw file.fault(
        "expected a compression that is known for \(bitsPerPixel) bits per pixel, found number \(number)", at: 30,
        remedy: "Convert the image to PNG")
    }
    self.compression = compression
    var colours = 0
    if end - file.position >= 16 {
      _ = try file.skip(12, "sizes")
      colours = Int(try file.littleEndian(UInt32.self, "the number of colours"))
    }
    masks = try Self.masks(&file, length, bitsPerPixel, compression)
    file.move(to: max(end, file.position))
    guard file.position...file.bytes.count ~= pixelPosition else {
      throw file.fault("expected pixels from byte \(file.position) on and in the file, found \(pixelPosition)", at: 10)
    }
    palette = try Self.palette(
      &file, bitsPerPixel, colours, bytesPerColour: length == 12 ? 3 : 4, upTo: pixelPosition)
  }

  /// The masks of pixels of 16 and 32 bits: those of the file, or five bits each, or a byte each.
  private static func masks(
    _ file: inout ByteReader, _ length: Int, _ bitsPerPixel: Int, _ compression: Compression
  ) throws(SeCuError) -> [UInt32] {
    guard compression == .masks || compression == .masksAndAlpha else {
      return bitsPerPixel == 16 ? [0x7C00, 0x03E0, 0x1F, 0] : [0xFF_0000, 0xFF00, 0xFF, 0]
    }
    // They follow the first 40 bytes of the header, as a part of longer headers.
    file.move(to: 14 + 40)
    var masks: [UInt32] = []
    let count = compression == .masksAndAlpha || length >= 56 ? 4 : 3
    for _ in 0..<count {
      let mask = try file.littleEndian(UInt32.self, "colour masks")
      let bits = mask >> UInt32(min(31, mask.trailingZeroBitCount))
      guard mask != 0 || masks.count == 3, bits & (bits &+ 1) == 0, masks.allSatisfy({ $0 & mask == 0 }),
        bitsPerPixel == 32 || mask <= 0xFFFF
      else {
        throw file.fault(
          "expected a colour mask of neighbouring bits of its own, found \(hex(mask))", at: file.position - 4)
      }
      masks.append(mask)
    }
    return masks + (count == 3 ? [0] : [])
  }

  private static func palette(
    _ file: inout ByteReader, _ bitsPerPixel: Int, _ colours: Int, bytesPerColour: Int, upTo end: Int
  ) throws(SeCuError) -> [[UInt8]] {
    guard bitsPerPixel <= 8 else { return [] }
    let most = 1 << bitsPerPixel
    // The palette ends where the pixels begin; some programs claim more colours than they write.
    let count = min(colours == 0 ? most : min(colours, most), (end - file.position) / bytesPerColour)
    guard count > 0 else { throw file.fault("expected a palette, found none") }
    let range = try file.skip(count * bytesPerColour, "a palette of \(count) colours")
    return (0..<count).map { index in
      let start = range.lowerBound + index * bytesPerColour
      return Array(file.bytes[start..<start + 3])
    }
  }
}

extension BMPHeader.Compression {
  var isRunLength: Bool { self == .runLength4 || self == .runLength8 }

  /// The bits per pixel that go with it.
  var bits: Set<Int> {
    switch self {
    case .none: [1, 4, 8, 16, 24, 32]
    case .runLength8: [8]
    case .runLength4: [4]
    case .masks, .masksAndAlpha: [16, 32]
    }
  }
}
