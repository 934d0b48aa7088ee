/// How a camera was held: what to do to stored pixels before they are shown (Exif 2.32, 4.6.4, tag 0x0112).
enum ExifOrientation: Int, CaseIterable {
  case upright = 1
  case mirrored
  case rotatedHalf
  case flipped
  case transposed
  case rotatedRight
  case transversed
  case rotatedLeft

  /// Whether rows become columns.
  var exchangesSides: Bool { rawValue >= 5 }

  /// The orientation that an APP1 segment says, or nil if it is not Exif, is damaged or says none.
  ///
  /// Exif is a TIFF file behind `Exif`, 0, 0: byte order, 42, the place of the first directory; there a count of entries
  /// of 12 bytes (tag, type, count, value).
  init?(segment: ArraySlice<UInt8>) {
    let header = Array("Exif".utf8) + [0, 0]
    guard segment.starts(with: header) else { return nil }
    let tiff = segment.dropFirst(header.count)
    let isBigEndian: Bool
    switch tiff.prefix(2) {
    case [0x4D, 0x4D]: isBigEndian = true
    case [0x49, 0x49]: isBigEndian = false
    default: return nil
    }
    func number(_ offset: Int, bytes: Int) -> Int? {
      guard offset <= tiff.count - bytes else { return nil }
      let field = tiff.dropFirst(offset).prefix(bytes)
      return (isBigEndian ? Array(field) : field.reversed()).reduce(0) { $0 << 8 | Int($1) }
    }
    guard number(2, bytes: 2) == 42, let directory = number(4, bytes: 4), let count = number(directory, bytes: 2) else {
      return nil
    }
    let entry = (0..<count).lazy.map { directory + 2 + 12 * $0 }.prefix { $0 <= tiff.count - 12 }
      .first { number($0, bytes: 2) == 0x0112 && number($0 + 2, bytes: 2) == 3 }
    guard let entry, let value = number(entry + 8, bytes: 2) else { return nil }
    self.init(rawValue: value)
  }

  /// The image as it is to be shown.
  func applied(to image: DecodedImage) -> DecodedImage {
    guard self != .upright else { return image }
    let (rows, columns, channels) = (image.height, image.width, image.channels)
    let (height, width) = exchangesSides ? (columns, rows) : (rows, columns)
    // The shown pixel (y, x) is the stored pixel at start + y·down + x·right.
    let (start, down, right) =
      switch self {
      case .upright: (0, columns, 1)
      case .mirrored: (columns - 1, columns, -1)
      case .rotatedHalf: (rows * columns - 1, -columns, -1)
      case .flipped: ((rows - 1) * columns, -columns, 1)
      case .transposed: (0, 1, columns)
      case .rotatedRight: ((rows - 1) * columns, 1, -columns)
      case .transversed: (rows * columns - 1, -1, -columns)
      case .rotatedLeft: (columns - 1, -1, columns)
      }
    let pixels = [UInt8](unsafeUninitializedCapacity: image.pixels.count) { target, written in
      image.pixels.withUnsafeBufferPointer { source in
        var index = 0
        for y in 0..<height {
          for x in 0..<width {
            let pixel = (start &+ y &* down &+ x &* right) &* channels
            for channel in 0..<channels { target[index &+ channel] = source[pixel &+ channel] }
            index &+= channels
          }
        }
      }
      written = image.pixels.count
    }
    return DecodedImage(height: height, width: width, channels: channels, pixels: pixels)
  }
}
