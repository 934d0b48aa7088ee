import Basics

@testable import Imaging

/// A PNG file in its parts, put together without the encoder.
struct PNGSample {
  var width: Int
  var height: Int
  var bitDepth = 8
  var colourType: PNG.ColourType = .grey
  var isInterlaced = false
  var palette: [UInt8]?
  var transparency: [UInt8]?
  /// Rows with their filters' numbers, before compression.
  var rows: [UInt8] = []

  var header: [UInt8] {
    bigEndian(UInt32(width)) + bigEndian(UInt32(height))
      + [UInt8(bitDepth), colourType.rawValue, 0, 0, isInterlaced ? 1 : 0]
  }

  /// The file, with its pixels in one IDAT chunk or, if `pieces` is larger, in several.
  func file(pieces: Int = 1) -> [UInt8] {
    let stream = Zlib.compress(rows)
    let size = max(1, (stream.count + pieces - 1) / pieces)
    var file = PNG.signature + Self.chunk("IHDR", header)
    if let palette { file += Self.chunk("PLTE", palette) }
    if let transparency { file += Self.chunk("tRNS", transparency) }
    for start in stride(from: 0, to: stream.count, by: size) {
      file += Self.chunk("IDAT", Array(stream[start..<min(start + size, stream.count)]))
    }
    return file + Self.chunk("IEND", [])
  }

  static func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
    let body = Array(type.utf8) + content
    return bigEndian(UInt32(content.count)) + body + bigEndian(CRC32.checksum(body))
  }

  /// Gives every chunk the checksum that fits its content, as far as there are whole chunks.
  static func resealed(_ file: [UInt8]) -> [UInt8] {
    var file = file
    var place = PNG.signature.count
    while place + 12 <= file.count {
      let length = file[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      guard length <= file.count - place - 12 else { break }
      let end = place + 8 + length
      file.replaceSubrange(end..<end + 4, with: bigEndian(CRC32.checksum(file[place + 4..<end])))
      place = end + 4
    }
    return file
  }

  /// Fills `rows` with an image, pass by pass, each row with another filter.
  ///
  /// - Parameter samples: height × width × samples values of `bitDepth` bits.
  mutating func store(_ samples: [Int]) {
    let count = colourType.samples
    let origins = isInterlaced ? [(0, 0), (4, 0), (0, 4), (2, 0), (0, 2), (1, 0), (0, 1)] : [(0, 0)]
    let steps = isInterlaced ? [(8, 8), (8, 8), (4, 8), (4, 4), (2, 4), (2, 2), (1, 2)] : [(1, 1)]
    rows = []
    for (origin, step) in zip(origins, steps) {
      let columns = Array(stride(from: origin.0, to: width, by: step.0))
      guard !columns.isEmpty else { continue }
      var above: [UInt8] = []
      for y in stride(from: origin.1, to: height, by: step.1) {
        let row = packed(
          columns.flatMap { (x: Int) -> ArraySlice<Int> in
            let first = (y * width + x) * count
            return samples[first..<first + count]
          })
        let filter = PNG.Filter.allCases[(y / step.1 + 2) % 5]
        rows += [filter.rawValue] + filtered(row, above, filter)
        above = row
      }
    }
  }

  /// Values of `bitDepth` bits side by side, the first in the highest bits.
  private func packed(_ values: [Int]) -> [UInt8] {
    let bits = values.flatMap { value in (0..<bitDepth).map { value >> (bitDepth - 1 - $0) & 1 } }
    return stride(from: 0, to: bits.count, by: 8).map { start in
      (0..<8).reduce(0) { $0 << 1 | (start + $1 < bits.count ? UInt8(bits[start + $1]) : 0) }
    }
  }

  private func filtered(_ row: [UInt8], _ above: [UInt8], _ filter: PNG.Filter) -> [UInt8] {
    let distance = max(1, bitDepth * colourType.samples / 8)
    return row.indices.map { index in
      let left = index >= distance ? Int(row[index - distance]) : 0
      let up = above.isEmpty ? 0 : Int(above[index])
      let corner = index >= distance && !above.isEmpty ? Int(above[index - distance]) : 0
      let prediction: Int
      switch filter {
      case .none: prediction = 0
      case .sub: prediction = left
      case .up: prediction = up
      case .average: prediction = (left + up) / 2
      case .paeth:
        let estimate = left + up - corner
        let nearest = [left, up, corner].map { abs($0 - estimate) }
        prediction =
          nearest[0] <= nearest[1] && nearest[0] <= nearest[2] ? left : nearest[1] <= nearest[2] ? up : corner
      }
      return row[index] &- UInt8(prediction)
    }
  }
}

func bigEndian(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

/// Bytes written as hexadecimal digits, with any blanks between them.
func bytes(_ hexadecimal: String) -> [UInt8] {
  let digits = hexadecimal.compactMap(\.hexDigitValue)
  return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
