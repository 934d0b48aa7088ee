import Basics

// The segments that hold tables and properties (T.81, B.2.4, and the application markers of JFIF, Exif and Adobe).
extension JPEGDecoding {
  /// The zigzag order of coefficients (T.81, figure A.6), from low to high frequencies: 8 · row + column.
  static let zigzagOrder: [UInt8] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47,
    55, 62, 63,
  ]

  /// DQT (B.2.4.1): for each table Pq·16 + Tq, and 64 factors in zigzag order, of 8 bits if Pq = 0, of 16 if it is 1.
  mutating func readQuantizationTables() throws(SeCuError) {
    let segment = try reader.segment(atLeast: 1, "quantisation tables")
    while reader.position < segment.upperBound {
      let head = try reader.byte("a quantisation table's place")
      let (isWide, table) = (head >> 4 == 1, Int(head & 15))
      guard head >> 4 <= 1, table <= 3 else {
        throw reader.fault(
          "expected quantisation table 0…3 of precision 0 or 1, found \(table) of \(head >> 4)", at: reader.position - 1
        )
      }
      guard segment.upperBound - reader.position >= (isWide ? 128 : 64) else {
        throw reader.fault("expected 64 factors of a quantisation table, found the end of the segment")
      }
      for place in 0..<64 {
        let factor = isWide ? try reader.bigEndian(UInt16.self, "a factor") : UInt16(try reader.byte("a factor"))
        // Samples of 8 bits have coefficients up to 2¹¹: only the low 16 bits of a product count.
        quantization[64 * table + Int(zigzag[place])] = Int16(bitPattern: factor)
      }
      hasQuantization[table] = true
    }
  }

  /// DHT (B.2.4.2): for each table Tc·16 + Th, how many code words have length 1…16, and their symbols.
  mutating func readHuffmanTables() throws(SeCuError) {
    let segment = try reader.segment(atLeast: 17, "Huffman tables")
    while reader.position < segment.upperBound {
      let start = reader.position
      let head = try reader.byte("a Huffman table's place")
      let (kind, table) = (head >> 4, Int(head & 15))
      guard kind <= 1, table <= 3 else {
        throw reader.fault("expected Huffman table 0…3 of class 0 or 1, found \(table) of \(kind)", at: start)
      }
      guard segment.upperBound - reader.position >= 16 else {
        throw reader.fault("expected 16 code lengths of a Huffman table, found the end of the segment", at: start)
      }
      let counts = reader.bytes[try reader.skip(16, "code lengths")]
      let total = counts.reduce(0) { $0 + Int($1) }
      guard total <= 256, total <= segment.upperBound - reader.position else {
        throw reader.fault("expected the symbols of a Huffman table, found \(total) for a shorter segment", at: start)
      }
      let symbols = reader.bytes[try reader.skip(total, "the symbols of a Huffman table")]
      let problem =
        kind == 0
        ? dcTables[table].define(.dc, counts: counts, symbols: symbols)
        : acTables[table].define(.ac, counts: counts, symbols: symbols)
      if let problem { throw reader.fault(problem, at: start) }
    }
  }

  /// DRI (B.2.4.4).
  mutating func readRestartInterval() throws(SeCuError) {
    let segment = try reader.segment(atLeast: 2, "a restart interval")
    restartInterval = Int(try reader.bigEndian(UInt16.self, "a restart interval"))
    reader.move(to: segment.upperBound)
  }

  /// JFIF's, Exif's and Adobe's segments; others with the same markers are passed over.
  mutating func readApplication(_ marker: JPEGMarker) throws(SeCuError) {
    let segment = reader.bytes[try reader.segment(atLeast: 0, "application data")]
    switch marker {
    case .application0:
      // "JFIF", 0, then 9 bytes or more of version, density and thumbnail size.
      if segment.count >= 14, segment.starts(with: Array("JFIF".utf8) + [0]) { hasJFIF = true }
    case .application1:
      if let found = ExifOrientation(segment: segment) { orientation = found }
    default:
      // "Adobe", version and flags of 2 bytes each, transform.
      if segment.count >= 12, segment.starts(with: "Adobe".utf8) { adobeTransform = segment[segment.startIndex + 11] }
    }
    reader.move(to: segment.endIndex)
  }

  /// Passes over a segment that says nothing about pixels.
  mutating func passOver(_ what: String) throws(SeCuError) {
    reader.move(to: try reader.segment(atLeast: 0, what).upperBound)
  }

  /// DNL (B.2.5): the height, where the frame header has 0, follows the first scan's entropy-coded data.
  ///
  /// Reading stands before those data, and stays there.
  func numberOfLines() throws(SeCuError) -> Int {
    var ahead = reader
    while let (marker, _) = ahead.nextMarker() {
      if marker.isAlone, marker != .endOfImage { continue }
      guard marker == .numberOfLines else { break }
      _ = try ahead.segment(atLeast: 2, "a number of lines")
      return Int(try ahead.bigEndian(UInt16.self, "a number of lines"))
    }
    throw reader.fault("expected a DNL marker with the height behind the first scan, found none")
  }
}
