import Basics

/// The parts of a PNG file, with their checksums checked (5.3).
struct PNGChunks {
  private(set) var header: PNGHeader?
  /// Three bytes per entry: R, G, B. Empty where there is none.
  private(set) var palette: [UInt8] = []
  /// The content of tRNS (11.3.2.1), of the length that fits the colour type.
  private(set) var transparency: [UInt8]?
  /// The compressed pixels: the contents of all IDAT chunks.
  private(set) var data: [UInt8] = []
  /// Where in the file the parts of `data` stand.
  private var pieces: [(offset: Int, position: Int)] = []

  /// Reads a file up to its IEND chunk.
  ///
  /// Chunks that need not be understood (their name begins with a small letter) are skipped.
  ///
  /// - Throws: `SeCuError` of kind `.badData` for a chunk that is damaged, out of order or unknown.
  init(_ file: inout ByteReader) throws(SeCuError) {
    try Self.checkSignature(&file)
    while true {
      let start = file.position
      let length = Int(try file.bigEndian(UInt32.self, "a chunk's length"))
      let typeRange = try file.skip(4, "a chunk's type")
      let type = String(decoding: file.bytes[typeRange], as: UTF8.self)
      guard file.bytes[typeRange].allSatisfy({ UnicodeScalar($0).properties.isAlphabetic && $0 < 128 }) else {
        throw file.fault("expected a chunk's type of four letters, found others", at: typeRange.lowerBound)
      }
      let content = try file.skip(length, "the content of chunk \(type)")
      let checksum = CRC32.checksum(file.bytes[typeRange.lowerBound..<content.upperBound])
      let stored = try file.bigEndian(UInt32.self, "the CRC-32 of chunk \(type)")
      guard stored == checksum else {
        throw file.fault(
          "expected the CRC-32 \(hex(checksum)) of chunk \(type), found \(hex(stored))", at: content.upperBound)
      }
      guard (header == nil) == (type == "IHDR") else {
        throw file.fault("expected one chunk IHDR, at the start, found chunk \(type)", at: start)
      }
      if type == "IEND" { return }
      let next = file.position
      file.move(to: content.lowerBound)
      try take(type, content, &file)
      file.move(to: next)
    }
  }

  private static func checkSignature(_ file: inout ByteReader) throws(SeCuError) {
    let found = Array(file.bytes[try file.skip(PNG.signature.count, "the signature of a PNG file")])
    guard found != PNG.signature else { return }
    let isTranslated =
      found.prefix(4) == PNG.signature.prefix(4) && found.dropFirst(4).allSatisfy { [0x0D, 0x0A, 0x1A].contains($0) }
    let reason =
      isTranslated
      ? "expected the signature of a PNG file, found line ends translated as in a text"
      : "expected the signature of a PNG file, found \(found.map { hex($0) }.joined(separator: " "))"
    throw file.fault(reason, at: 0, remedy: "Copy the file again, as binary, or leave it out")
  }

  private mutating func take(_ type: String, _ content: Range<Int>, _ file: inout ByteReader) throws(SeCuError) {
    switch type {
    case "IHDR":
      guard content.count == 13 else {
        throw file.fault("expected 13 bytes in chunk IHDR, found \(content.count)")
      }
      header = try PNGHeader(&file)
    case "PLTE":
      guard header?.colourType == .palette else { return }
      guard palette.isEmpty, pieces.isEmpty else {
        throw file.fault("expected one palette, before the pixels, found another")
      }
      guard content.count % 3 == 0, 1...256 ~= content.count / 3 else {
        throw file.fault("expected a palette of 1…256 colours of 3 bytes, found \(content.count) bytes")
      }
      palette = Array(file.bytes[content])
    case "tRNS":
      try takeTransparency(content, file)
    case "IDAT":
      guard pieces.last.map({ $0.position + data.count - $0.offset + 12 == content.lowerBound }) ?? true else {
        throw file.fault("expected all IDAT chunks in a row, found another between them")
      }
      pieces.append((data.count, content.lowerBound))
      data += file.bytes[content]
    default:
      guard type.utf8.first.map({ $0 & 0x20 != 0 }) ?? false else {
        throw file.fault(
          "expected chunks that PNG defines, found \(type)", at: content.lowerBound - 4,
          remedy: "Save the image as a usual PNG file")
      }
    }
  }

  private mutating func takeTransparency(_ content: Range<Int>, _ file: ByteReader) throws(SeCuError) {
    guard let colourType = header?.colourType, colourType != .greyAlpha, colourType != .rgba else { return }
    guard transparency == nil, pieces.isEmpty else {
      throw file.fault("expected one chunk tRNS, before the pixels, found another")
    }
    guard colourType != .palette || !palette.isEmpty else {
      throw file.fault("expected a palette before chunk tRNS, found none")
    }
    let isRight =
      colourType == .palette ? 1...palette.count / 3 ~= content.count : content.count == 2 * colourType.samples
    guard isRight else {
      let expected = colourType == .palette ? "1…\(palette.count / 3)" : "\(2 * colourType.samples)"
      throw file.fault("expected \(expected) bytes in chunk tRNS, found \(content.count)")
    }
    transparency = Array(file.bytes[content])
  }

  /// Where in the file byte `offset` of `data` stands.
  func position(of offset: Int) -> Int {
    guard let piece = pieces.last(where: { $0.offset <= offset }) else { return PNG.signature.count }
    return piece.position + offset - piece.offset
  }
}
