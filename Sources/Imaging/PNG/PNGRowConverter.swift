import Basics

/// Makes pixels of 8-bit values from a row of a PNG file.
struct PNGRowConverter {
  /// Values per pixel of the result: as `DecodedImage.channels`.
  let channels: Int
  private let bitDepth: Int
  private let samples: Int
  /// For values of at most 8 bits that are a pixel each, indices of the palette or grey that doesn't stay as it is: four
  /// bytes for each value, of which the first `channels` count. Otherwise empty.
  private let colours: [UInt8]
  /// How many values have colours.
  private let colourCount: Int
  /// For other pixels: the transparent one, as the bytes of the file, or nil.
  private let transparent: [UInt8]?

  /// A pixel that has no colour or a row that has no filter.
  struct Flaw { var problem: String }

  /// - Throws: `SeCuError` of kind `.badData` for a palette image without a palette.
  init(_ header: PNGHeader, _ chunks: PNGChunks, _ file: ByteReader) throws(SeCuError) {
    (bitDepth, samples) = (header.bitDepth, header.colourType.samples)
    let isPalette = header.colourType == .palette
    guard !isPalette || !chunks.palette.isEmpty else {
      throw file.fault("expected a palette in a chunk PLTE, found none")
    }
    channels = (isPalette ? 3 : samples) + (chunks.transparency == nil ? 0 : 1)
    if isPalette {
      colourCount = min(chunks.palette.count / 3, 1 << bitDepth)
      colours = (0..<colourCount).flatMap { (index: Int) -> [UInt8] in
        let alpha = chunks.transparency.map { index < $0.count ? $0[index] : 255 } ?? 255
        return chunks.palette[3 * index..<3 * index + 3] + [alpha]
      }
      transparent = nil
    } else if header.colourType == .grey, bitDepth < 8 || bitDepth == 8 && chunks.transparency != nil {
      colourCount = 1 << bitDepth
      let key = chunks.transparency.map { Int($0[0]) << 8 | Int($0[1]) }
      let highest = colourCount - 1
      colours = (0...highest).flatMap { [UInt8($0 * 255 / highest), $0 == key ? 0 : 255, 0, 0] }
      transparent = nil
    } else {
      (colourCount, colours) = (0, [])
      // tRNS has two bytes for each value, also where the values have one.
      transparent = chunks.transparency.map { bytes in
        header.bitDepth == 16 ? bytes : bytes.indices.filter { $0 % 2 == 1 }.map { bytes[$0] }
      }
    }
  }

  /// Writes one row.
  ///
  /// - Parameters:
  ///   - row: the row with its filter undone.
  ///   - columns: pixels of the row.
  ///   - target: where the first pixel goes.
  ///   - step: values from a pixel to the next.
  func convert(
    _ row: UnsafePointer<UInt8>, columns: Int, into target: UnsafeMutablePointer<UInt8>, step: Int
  ) -> Flaw? {
    if !colours.isEmpty { return lookUp(row, columns, target, step) }
    if bitDepth == 8, transparent == nil, step == channels {
      target.update(from: row, count: columns * channels)
    } else {
      copy(row, columns, target, step)
    }
    return nil
  }

  private func lookUp(
    _ row: UnsafePointer<UInt8>, _ columns: Int, _ target: UnsafeMutablePointer<UInt8>, _ step: Int
  ) -> Flaw? {
    colours.withUnsafeBufferPointer { colours in
      let mask = (1 << bitDepth) - 1
      var target = target
      var bit = 0
      for _ in 0..<columns {
        // The first pixel is in the highest bits of a byte.
        let value = Int(row[bit &>> 3]) &>> (8 &- bitDepth &- (bit & 7)) & mask
        guard value < colourCount else {
          return Flaw(problem: "expected palette indices below \(colourCount), found \(value)")
        }
        for channel in 0..<channels { target[channel] = colours[4 &* value &+ channel] }
        target += step
        bit &+= bitDepth
      }
      return nil
    }
  }

  private func copy(
    _ row: UnsafePointer<UInt8>, _ columns: Int, _ target: UnsafeMutablePointer<UInt8>, _ step: Int
  ) {
    let bytesPerSample = bitDepth / 8
    let bytesPerPixel = bytesPerSample * samples
    var (row, target) = (row, target)
    for _ in 0..<columns {
      for sample in 0..<samples { target[sample] = row[sample &* bytesPerSample] }
      if let transparent {
        let isTransparent = transparent.indices.allSatisfy { row[$0] == transparent[$0] }
        target[samples] = isTransparent ? 0 : 255
      }
      row += bytesPerPixel
      target += step
    }
  }
}
