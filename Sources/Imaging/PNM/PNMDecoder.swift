import Basics

/// Reads the "portable anymaps" of Netpbm: PBM (black and white), PGM (grey) and PPM (RGB), each as text (P1, P2, P3) or
/// binary (P4, P5, P6). Formats: netpbm.sourceforge.net/doc/pbm.html, pgm.html and ppm.html.
///
/// A value v of 0…maxval becomes v / maxval · 255, rounded to nearest, halves to even, in the same floating-point steps as in
/// Pillow. Where a file holds several images, the first is read.
package enum PNMDecoder {
  /// Decodes a file.
  ///
  /// - Parameters:
  ///   - bytes: the whole file; what follows the first image is ignored.
  ///   - name: what messages call the file.
  ///   - limits: how large the image may be.
  /// - Throws: `SeCuError` of kind `.badData` with the byte at fault, of kind `.tooLarge` for an image above a limit.
  package static func decode(
    _ bytes: [UInt8], name: String, limits: DecodingLimits = DecodingLimits()
  ) throws(SeCuError) -> DecodedImage {
    var scanner = PNMScanner(bytes, name: name)
    let kind = try scanner.kind()
    let position = scanner.file.position
    let width = try scanner.number("the width")
    let height = try scanner.number("the height")
    let maximum = kind.isBitmap ? 1 : try scanner.number("the highest value")
    guard 1...65_535 ~= maximum else {
      throw scanner.file.fault("expected a highest value of 1…65535, found \(maximum)")
    }
    let channels = kind.isColour ? 3 : 1
    let count = try limits.check(height: height, width: width, channels: channels, name: name, position: position)
    let values = (0...maximum).map { value in
      // Of a bitmap, 1 is black.
      kind.isBitmap
        ? UInt8(value == 1 ? 0 : 255)
        : UInt8((Double(value) / Double(maximum) * 255).rounded(.toNearestOrEven))
    }
    let pixels: [UInt8]
    if kind.isText {
      pixels = try readText(&scanner, count, values, isBitmap: kind.isBitmap)
    } else {
      try scanner.endHeader()
      pixels =
        kind.isBitmap
        ? try readBits(&scanner.file, height, width, values)
        : try readBinary(&scanner.file, count, values)
    }
    return DecodedImage(height: height, width: width, channels: channels, pixels: pixels)
  }

  /// P1, P2, P3: numbers, or digits 0 and 1 that need nothing between them.
  private static func readText(
    _ scanner: inout PNMScanner, _ count: Int, _ values: [UInt8], isBitmap: Bool
  ) throws(SeCuError) -> [UInt8] {
    // So that a header can't claim memory that no text backs: a number and a space for each value.
    let fewest = isBitmap ? count : 2 * count - 1
    try scanner.file.require(fewest, "\(count) values")
    var pixels: [UInt8] = []
    pixels.reserveCapacity(count)
    while pixels.count < count {
      let value = isBitmap ? try scanner.digit("a pixel") : try scanner.number("a value")
      guard value < values.count else {
        throw scanner.file.fault("expected a value of at most \(values.count - 1), found \(value)")
      }
      pixels.append(values[value])
    }
    return pixels
  }

  /// P4: eight pixels a byte, the first in its highest bit; rows begin with a byte.
  private static func readBits(
    _ file: inout ByteReader, _ height: Int, _ width: Int, _ values: [UInt8]
  ) throws(SeCuError) -> [UInt8] {
    let rowBytes = (width + 7) / 8
    let start = try file.skip(height * rowBytes, "\(height) rows of \(rowBytes) bytes").lowerBound
    return [UInt8](unsafeUninitializedCapacity: height * width) { pixels, written in
      var index = 0
      for y in 0..<height {
        let row = start + y * rowBytes
        for x in 0..<width {
          pixels[index] = values[Int(file.bytes[row &+ x &>> 3] &>> UInt8(truncatingIfNeeded: 7 &- (x & 7))) & 1]
          index &+= 1
        }
      }
      written = index
    }
  }

  /// P5, P6: a byte for each value, or two, the high one first, where values may exceed 255.
  private static func readBinary(
    _ file: inout ByteReader, _ count: Int, _ values: [UInt8]
  ) throws(SeCuError) -> [UInt8] {
    let width = values.count > 256 ? 2 : 1
    let range = try file.skip(count * width, "\(count) values of \(width == 1 ? "a byte" : "two bytes")")
    if values.count == 256 { return Array(file.bytes[range]) }
    var tooLarge: Int?
    let pixels = [UInt8](unsafeUninitializedCapacity: count) { pixels, written in
      for index in 0..<count {
        let place = range.lowerBound + index * width
        let value = width == 1 ? Int(file.bytes[place]) : Int(file.bytes[place]) << 8 | Int(file.bytes[place + 1])
        guard value < values.count else {
          tooLarge = place
          break
        }
        pixels[index] = values[value]
        written = index + 1
      }
    }
    if let tooLarge {
      throw file.fault("expected a value of at most \(values.count - 1), found a higher one", at: tooLarge)
    }
    return pixels
  }

  /// Blank, tab, line feed, vertical tab, form feed, carriage return.
  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte }
}
