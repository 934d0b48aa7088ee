import Basics

/// Writes PNG files of 8-bit values.
public enum PNGEncoder {
  /// Encodes an image.
  ///
  /// - Parameter image: of 1 channel (grey), 2 (grey and alpha), 3 (RGB) or 4 (RGB and alpha).
  /// - Returns: the bytes of the file.
  /// - Throws: `SeCuError` of kind `.usage` for another number of channels.
  public static func encode(_ image: Image) throws(SeCuError) -> [UInt8] {
    let (shape, channels) = (image.shape, image.shape.channels)
    guard 1...4 ~= channels else {
      throw SeCuError(.usage, "expected an image of 1…4 channels, found \(channels)", at: "PNG")
    }
    let types: [PNG.ColourType] = [.grey, .greyAlpha, .rgb, .rgba]
    var file = PNG.signature
    let header = bigEndian(UInt32(shape.width)) + bigEndian(UInt32(shape.height))
    append("IHDR", header + [8, types[channels - 1].rawValue, 0, 0, 0], to: &file)
    let stream = Zlib.compress(filtered(image))
    // A chunk's length has 31 bits.
    for start in stride(from: 0, to: stream.count, by: 1 << 30) {
      append("IDAT", stream[start..<min(start + (1 << 30), stream.count)], to: &file)
    }
    append("IEND", [], to: &file)
    return file
  }

  private static func bigEndian(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
  }

  private static func append(_ type: String, _ content: some Collection<UInt8>, to file: inout [UInt8]) {
    file += bigEndian(UInt32(content.count))
    let start = file.count
    file += type.utf8
    file += content
    file += bigEndian(CRC32.checksum(file[start...]))
  }

  /// All rows, each with the filter whose differences, taken as −128…127, have the smallest sum of absolute values. That is
  /// the specification's heuristic (12.8): small differences compress well.
  private static func filtered(_ image: Image) -> [UInt8] {
    let (height, distance) = (image.shape.height, image.shape.channels)
    let rowBytes = image.shape.width * distance
    let size = height * (1 + rowBytes)
    return [UInt8](unsafeUninitializedCapacity: size) { target, count in
      // The row above with `distance` zeros to its left, the row likewise, and the attempts.
      let padded = distance + rowBytes
      var above = [UInt8](repeating: 0, count: padded)
      var row = above
      var attempt = [UInt8](repeating: 0, count: rowBytes)
      for y in 0..<height {
        row.replaceSubrange(distance..., with: image.pixels[y * rowBytes..<(y + 1) * rowBytes])
        var smallest = Int.max
        let place = y * (1 + rowBytes)
        for filter in PNG.Filter.allCases {
          let sum = apply(filter, row, above, distance, &attempt)
          guard sum < smallest else { continue }
          smallest = sum
          target[place] = filter.rawValue
          _ = UnsafeMutableBufferPointer(rebasing: target[(place + 1)...]).update(fromContentsOf: attempt)
        }
        swap(&row, &above)
      }
      count = size
    }
  }

  /// Filters a row.
  ///
  /// - Parameters:
  ///   - row: `distance` zeros, then the row.
  ///   - above: the same of the row above, or zeros.
  ///   - differences: takes the result.
  /// - Returns: the sum of the differences' absolute values.
  private static func apply(
    _ filter: PNG.Filter, _ row: [UInt8], _ above: [UInt8], _ distance: Int, _ differences: inout [UInt8]
  ) -> Int {
    @inline(__always)
    func each(_ prediction: (_ left: UInt8, _ above: UInt8, _ upperLeft: UInt8) -> UInt8) -> Int {
      row.withUnsafeBufferPointer { row in
        above.withUnsafeBufferPointer { above in
          differences.withUnsafeMutableBufferPointer { differences in
            var sum = 0
            for index in 0..<differences.count {
              let here = index &+ distance
              let difference = row[here] &- prediction(row[index], above[here], above[index])
              differences[index] = difference
              sum &+= Int(Int8(bitPattern: difference).magnitude)
            }
            return sum
          }
        }
      }
    }
    return switch filter {
    case .none: each { _, _, _ in 0 }
    case .sub: each { left, _, _ in left }
    case .up: each { _, above, _ in above }
    case .average: each { left, above, _ in UInt8(truncatingIfNeeded: (UInt16(left) + UInt16(above)) >> 1) }
    case .paeth: each { PNG.paeth($0, $1, $2) }
    }
  }
}
