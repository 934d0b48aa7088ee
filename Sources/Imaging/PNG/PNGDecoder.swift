import Basics

/// Reads PNG files: all colour types, bit depths and interlacing. Colour spaces, gamma and other remarks are ignored, as
/// Pillow does, so that a pixel has the value that the file has for it.
///
/// Where the PNG has values of 16 bits, the high byte is kept. Pillow does the same, but for grey: `convert("L")` of its
/// 16-bit grey images clips at 255 instead.
///
/// The result has alpha where the file has it or says which colour is transparent (tRNS). That colour is compared in the
/// file's own bits.
package enum PNGDecoder {
  /// Decodes a file.
  ///
  /// - Parameters:
  ///   - bytes: the whole file; what follows its end mark is ignored.
  ///   - name: what messages call the file.
  ///   - limits: how large the image may be.
  /// - Throws: `SeCuError` of kind `.badData` with the byte at fault, of kind `.tooLarge` for an image above a limit.
  package static func decode(
    _ bytes: [UInt8], name: String, limits: DecodingLimits = DecodingLimits()
  ) throws(SeCuError) -> DecodedImage {
    var file = ByteReader(bytes, name: name, format: "PNG")
    let chunks = try PNGChunks(&file)
    // The file ended with IEND, which can't come before IHDR.
    guard let header = chunks.header else { throw file.fault("expected a chunk IHDR, found none") }
    guard !chunks.data.isEmpty else { throw file.fault("expected pixels in chunks IDAT, found none") }
    let converter = try PNGRowConverter(header, chunks, file)
    let size = try limits.check(
      height: header.height, width: header.width, channels: converter.channels, name: name, position: 16)

    let passes = header.passes
    let filteredSize = passes.reduce(0) { $0 + $1.height * (1 + $1.rowBytes) }
    guard filteredSize / Inflate.mostExpansion <= chunks.data.count else {
      throw file.fault(
        "expected compressed pixels for \(header.height)×\(header.width), found \(chunks.data.count) bytes",
        at: chunks.position(of: chunks.data.count))
    }
    var rows = InflateOutput(limit: filteredSize, expected: filteredSize)
    do throws(CompressionFault) {
      try chunks.data.withUnsafeBufferPointer { data throws(CompressionFault) in
        try Zlib.decompress(data, into: &rows)
      }
    } catch {
      throw file.fault("compressed pixels: \(error.problem)", at: chunks.position(of: error.offset))
    }
    guard rows.count == filteredSize else {
      throw file.fault(
        "expected \(filteredSize) bytes of pixels after decompression, found \(rows.count)",
        at: chunks.position(of: chunks.data.count))
    }

    var flaw: PNGRowConverter.Flaw?
    let pixels = [UInt8](unsafeUninitializedCapacity: size) { target, count in
      flaw = rows.withBytes { rows in
        unpack(rows, passes, header, converter, into: target)
      }
      count = flaw == nil ? size : 0
    }
    if let flaw { throw file.fault(flaw.problem, at: chunks.position(of: 0)) }
    return DecodedImage(height: header.height, width: header.width, channels: converter.channels, pixels: pixels)
  }

  /// Undoes the filters and puts all pixels in place.
  ///
  /// - Parameters:
  ///   - rows: all rows of all passes, each after the number of its filter. They are changed in place.
  ///   - target: height × width × channels values, all of which are written unless a flaw is returned.
  private static func unpack(
    _ rows: UnsafeMutableBufferPointer<UInt8>, _ passes: [PNGHeader.Pass], _ header: PNGHeader,
    _ converter: PNGRowConverter, into target: UnsafeMutableBufferPointer<UInt8>
  ) -> PNGRowConverter.Flaw? {
    guard var row = rows.baseAddress, let image = target.baseAddress else { return nil }
    let channels = converter.channels
    // Above the first row of a pass there are zeros.
    let zeros = UnsafeMutablePointer<UInt8>.allocate(capacity: passes.map(\.rowBytes).max() ?? 0)
    zeros.initialize(repeating: 0, count: passes.map(\.rowBytes).max() ?? 0)
    defer { zeros.deallocate() }
    for pass in passes {
      var above = UnsafePointer(zeros)
      for y in 0..<pass.height {
        guard let filter = PNG.Filter(rawValue: row[0]) else {
          return .init(problem: "expected row filters 0…4, found \(row[0])")
        }
        row += 1
        PNGRowFilter.undo(filter, row, above: above, count: pass.rowBytes, distance: header.filterDistance)
        let place = (pass.y + y * pass.yStep) * header.width + pass.x
        if let flaw = converter.convert(
          row, columns: pass.width, into: image + place * channels, step: pass.xStep * channels)
        {
          return flaw
        }
        above = UnsafePointer(row)
        row += pass.rowBytes
      }
    }
    return nil
  }
}
