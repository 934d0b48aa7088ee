import Testing

/// A JPEG file cut in its segments, for tests to change.
struct JPEGParts {
  /// The segments before the first scan, each with its marker and length.
  var segments: [[UInt8]] = []
  /// The first scan's header and all that follows.
  var scans: [UInt8]

  init(_ bytes: [UInt8]) throws {
    var index = 2
    while bytes[index + 1] != 0xDA {
      let length = 2 + Int(bytes[index + 2]) << 8 + Int(bytes[index + 3])
      segments.append(Array(bytes[index..<index + length]))
      index += length
    }
    scans = Array(bytes[index...])
  }

  var bytes: [UInt8] { [0xFF, 0xD8] + segments.joined() + scans }

  /// Changes the segment with that marker.
  mutating func change(_ marker: UInt8, _ body: (inout [UInt8]) -> Void) throws {
    let index = try #require(segments.firstIndex { $0[1] == marker })
    body(&segments[index])
  }

  /// The segment that begins with a marker, and its length.
  static func segment(_ marker: UInt8, _ content: [UInt8]) -> [UInt8] {
    [0xFF, marker, UInt8((content.count + 2) >> 8), UInt8((content.count + 2) & 0xFF)] + content
  }

  /// An Exif segment that says nothing but the orientation.
  static func exif(_ orientation: UInt8, isBigEndian: Bool) -> [UInt8] {
    let tiff: [UInt8] =
      isBigEndian
      ? [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]
      : [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0]
    return segment(0xE1, Array("Exif".utf8) + [0, 0] + tiff)
  }

  /// A progressive grey file of one black block: each scan has a header Ss, Se, Ah·16 + Al and one code word, 0.
  ///
  /// The code word means no difference in a scan of DC, and the end of the block in one of AC.
  static func progressive(scans: [[UInt8]]) -> [UInt8] {
    let code = [1] + [UInt8](repeating: 0, count: 15) + [0]
    return [0xFF, 0xD8]
      + segment(0xDB, [0] + [UInt8](repeating: 1, count: 64))
      + segment(0xC2, [8, 0, 8, 0, 8, 1, 1, 0x11, 0])
      + segment(0xC4, [0x00] + code + [0x10] + code)
      + scans.flatMap { segment(0xDA, [1, 1, 0x00] + $0) + [0x7F] }
      + [0xFF, 0xD9]
  }
}
