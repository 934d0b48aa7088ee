import Basics

/// The markers of a JPEG file: FF and one of these bytes (T.81, table B.1).
struct JPEGMarker: RawRepresentable, Equatable {
  let rawValue: UInt8

  static let baseline = JPEGMarker(rawValue: 0xC0)
  static let extendedSequential = JPEGMarker(rawValue: 0xC1)
  static let progressive = JPEGMarker(rawValue: 0xC2)
  static let huffmanTables = JPEGMarker(rawValue: 0xC4)
  static let arithmeticConditioning = JPEGMarker(rawValue: 0xCC)
  static let restart0 = JPEGMarker(rawValue: 0xD0)
  static let startOfImage = JPEGMarker(rawValue: 0xD8)
  static let endOfImage = JPEGMarker(rawValue: 0xD9)
  static let startOfScan = JPEGMarker(rawValue: 0xDA)
  static let quantizationTables = JPEGMarker(rawValue: 0xDB)
  static let numberOfLines = JPEGMarker(rawValue: 0xDC)
  static let restartInterval = JPEGMarker(rawValue: 0xDD)
  static let application0 = JPEGMarker(rawValue: 0xE0)
  static let application1 = JPEGMarker(rawValue: 0xE1)
  static let application14 = JPEGMarker(rawValue: 0xEE)

  /// Whether the marker stands alone; all others are followed by a length.
  var isAlone: Bool { 0xD0...0xD9 ~= rawValue || rawValue == 0x01 }

  /// What an unreadable file is: a kind of coding that this decoder does not have. Nil for other markers.
  var unreadableCoding: String? {
    switch rawValue {
    case 0xC3: "lossless"
    case 0xC5, 0xC6, 0xC7, 0xDE, 0xDF: "hierarchical"
    case 0xC9, 0xCA: "arithmetic-coded"
    case 0xCB: "lossless arithmetic-coded"
    case 0xCD, 0xCE, 0xCF: "hierarchical arithmetic-coded"
    case 0xF7: "JPEG-LS"
    default: nil
    }
  }

  /// Whether a segment says nothing about the pixels: APPn, COM, DNL (read with the first scan), and DAC.
  var isPassedOver: Bool {
    0xE0...0xEF ~= rawValue || rawValue == 0xFE || self == .numberOfLines || self == .arithmeticConditioning
  }

  /// Such as `FFC3`.
  var text: String { "FF" + hex(rawValue) }
}

extension ByteReader {
  /// Reads the next marker, and passes over bytes before it that belong to nothing, as libjpeg does.
  ///
  /// - Returns: the marker and the byte at which it begins, or nil at the end of the file.
  mutating func nextMarker() -> (marker: JPEGMarker, position: Int)? {
    var index = position
    while index + 1 < bytes.count {
      // FF before FF is fill, FF 00 is data.
      if bytes[index] == 0xFF, bytes[index + 1] != 0, bytes[index + 1] != 0xFF {
        move(to: index + 2)
        return (JPEGMarker(rawValue: bytes[index + 1]), index)
      }
      index += 1
    }
    move(to: bytes.count)
    return nil
  }

  /// Reads the length that follows a marker.
  ///
  /// - Parameters:
  ///   - least: the fewest bytes the segment must have.
  ///   - what: what the segment is.
  /// - Returns: the range of the bytes after the length. Reading stands before them.
  mutating func segment(atLeast least: Int, _ what: String) throws(SeCuError) -> Range<Int> {
    let start = position
    let length = Int(try bigEndian(UInt16.self, "the length of \(what)"))
    guard length >= 2 + least else {
      throw fault("expected \(what) of \(2 + least) bytes or more, found a length of \(length)", at: start)
    }
    try require(length - 2, what)
    return position..<position + length - 2
  }
}
