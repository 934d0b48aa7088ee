import Basics

/// Reads BMP files of Windows and OS/2: palettes of 1, 4 and 8 bits, also run-length encoded; 16, 24 and 32 bits, also with
/// masks that say where the colours are. Format: Microsoft, "Bitmap Storage" (learn.microsoft.com/windows/win32/gdi).
///
/// A palette that is all grey makes a grey image. A pixel of 32 bits has alpha only where a mask says so. A value v of n bits
/// becomes v · 255 / (2ⁿ − 1), rounded down, as in Pillow.
package enum BMPDecoder {
  /// Decodes a file.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - name: what messages call the file.
  ///   - limits: how large the image may be.
  /// - Throws: `SeCuError` of kind `.badData` with the byte at fault, of kind `.tooLarge` for an image above a limit.
  package static func decode(
    _ bytes: [UInt8], name: String, limits: DecodingLimits = DecodingLimits()
  ) throws(SeCuError) -> DecodedImage {
    var file = ByteReader(bytes, name: name, format: "BMP")
    let header = try BMPHeader(&file)
    let channels = header.channels
    let size = try limits.check(
      height: header.height, width: header.width, channels: channels, name: name, position: 18)
    file.move(to: header.pixelPosition)

    let pixels: [UInt8]
    if header.compression.isRunLength {
      var indices = BMPRunLength(file, header)
      pixels = try colours(try indices.decode(), header, file)
    } else {
      // Rows begin at multiples of four bytes.
      let rowBytes = (header.width * header.bitsPerPixel + 31) / 32 * 4
      let rows = try file.skip(header.height * rowBytes, "\(header.height) rows of \(rowBytes) bytes")
      if header.bitsPerPixel <= 8 {
        pixels = try colours(indices(bytes, from: rows.lowerBound, rowBytes, header), header, file)
      } else {
        pixels = direct(bytes, from: rows.lowerBound, rowBytes, header, size)
      }
    }
    return DecodedImage(height: header.height, width: header.width, channels: channels, pixels: pixels)
  }

  /// The palette indices of all pixels, the top row first.
  private static func indices(_ bytes: [UInt8], from start: Int, _ rowBytes: Int, _ header: BMPHeader) -> [UInt8] {
    let (bits, count) = (header.bitsPerPixel, header.height * header.width)
    return [UInt8](unsafeUninitializedCapacity: count) { indices, written in
      var index = 0
      for y in 0..<header.height {
        let row = start + (header.isTopDown ? y : header.height - 1 - y) * rowBytes
        for x in 0..<header.width {
          let bit = x &* bits
          // The first pixel is in the highest bits of a byte.
          let shift = 8 &- bits &- (bit & 7)
          indices[index] = (bytes[row &+ bit &>> 3] &>> UInt8(truncatingIfNeeded: shift)) & UInt8((1 << bits) - 1)
          index &+= 1
        }
      }
      written = count
    }
  }

  /// The colours of palette indices.
  private static func colours(
    _ indices: [UInt8], _ header: BMPHeader, _ file: ByteReader
  ) throws(SeCuError) -> [UInt8] {
    if let highest = indices.max(), Int(highest) >= header.palette.count {
      throw file.fault(
        "expected palette indices below \(header.palette.count), found \(highest)", at: header.pixelPosition)
    }
    if header.channels == 1 {
      let grey = header.palette.map { $0[0] }
      return indices.map { grey[Int($0)] }
    }
    let colours = header.palette.flatMap { $0.reversed() }
    return [UInt8](unsafeUninitializedCapacity: 3 * indices.count) { pixels, written in
      for (place, index) in indices.enumerated() {
        for channel in 0..<3 { pixels[3 &* place &+ channel] = colours[3 &* Int(index) &+ channel] }
      }
      written = 3 * indices.count
    }
  }

  /// Where a colour is in a pixel.
  private struct Field {
    let shift: UInt32
    /// The highest value, 2ⁿ − 1.
    let highest: UInt64

    init(_ mask: UInt32) {
      shift = UInt32(min(31, mask.trailingZeroBitCount))
      highest = UInt64(mask >> shift)
    }

    func value(_ pixel: UInt32) -> UInt8 {
      UInt8(truncatingIfNeeded: (UInt64(pixel >> shift) & highest) * 255 / highest)
    }
  }

  /// Pixels that are colours themselves, of 16, 24 or 32 bits.
  private static func direct(
    _ bytes: [UInt8], from start: Int, _ rowBytes: Int, _ header: BMPHeader, _ size: Int
  ) -> [UInt8] {
    let (channels, bytesPerPixel) = (header.channels, header.bitsPerPixel / 8)
    let fields = header.masks.prefix(channels).map { Field($0) }
    let isWhole = fields.allSatisfy { $0.highest == 255 && $0.shift % 8 == 0 }
    return [UInt8](unsafeUninitializedCapacity: size) { pixels, written in
      var index = 0
      for y in 0..<header.height {
        var place = start + (header.isTopDown ? y : header.height - 1 - y) * rowBytes
        for _ in 0..<header.width {
          if isWhole {
            for field in fields {
              pixels[index] = bytes[place &+ Int(field.shift &>> 3)]
              index &+= 1
            }
          } else {
            var pixel: UInt32 = 0
            for byte in 0..<bytesPerPixel { pixel |= UInt32(bytes[place &+ byte]) &<< UInt32(8 &* byte) }
            for field in fields {
              pixels[index] = field.value(pixel)
              index &+= 1
            }
          }
          place &+= bytesPerPixel
        }
      }
      written = size
    }
  }
}
