import Basics

/// Decodes run-length encoded palette indices of 8 or 4 bits, bottom row first:
///
///     n v      n > 0: n pixels of index v; of 4 bits, of v's high and low half by turns
///     0 0      end of the row
///     0 1      end of the image
///     0 2 x y  go x pixels on and y rows up
///     0 n …    n ≥ 3: n indices follow, filled up to an even number of bytes
///
/// Pixels that are skipped have index 0.
struct BMPRunLength {
  /// Stands at the next run.
  private var file: ByteReader
  private let width: Int
  private let height: Int
  private let isFourBits: Bool
  private var indices: [UInt8]
  /// Where the next pixel goes; rows count from the bottom.
  private var (x, y) = (0, 0)

  init(_ file: ByteReader, _ header: BMPHeader) {
    self.file = file
    (width, height, isFourBits) = (header.width, header.height, header.compression == .runLength4)
    indices = [UInt8](repeating: 0, count: width * height)
  }

  /// - Returns: an index per pixel, the top row first.
  /// - Throws: `SeCuError` of kind `.badData` for a run that leaves the image, or a missing end.
  mutating func decode() throws(SeCuError) -> [UInt8] {
    while true {
      let count = Int(try file.byte("a run"))
      let value = try file.byte("a run")
      switch (count, value) {
      case (0, 0): (x, y) = (0, y + 1)
      case (0, 1): return indices
      case (0, 2):
        x += Int(try file.byte("a step"))
        y += Int(try file.byte("a step"))
      case (0, _):
        let bytes = isFourBits ? (Int(value) + 1) / 2 : Int(value)
        let start = try file.skip(bytes + bytes % 2, "\(value) pixels").lowerBound
        try put(Int(value)) { [file, isFourBits] index in
          isFourBits ? Self.half(file.bytes[start + index / 2], index) : file.bytes[start + index]
        }
      default:
        try put(count) { [isFourBits] index in isFourBits ? Self.half(value, index) : value }
      }
    }
  }

  /// The high half of `byte` for an even index, the low one for an odd.
  private static func half(_ byte: UInt8, _ index: Int) -> UInt8 {
    index % 2 == 0 ? byte >> 4 : byte & 15
  }

  private mutating func put(_ count: Int, _ value: (_ index: Int) -> UInt8) throws(SeCuError) {
    guard y < height, count <= width - x else {
      throw file.fault(
        "expected runs within \(height)×\(width) pixels, found \(count) pixels from row \(y), column \(x)")
    }
    let start = (height - 1 - y) * width + x
    for index in 0..<count { indices[start + index] = value(index) }
    x += count
  }
}
