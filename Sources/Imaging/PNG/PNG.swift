/// What decoder and encoder share of PNG: "Portable Network Graphics (PNG) Specification", W3C Recommendation and ISO/IEC
/// 15948. Section numbers in this folder are those of its second edition.
enum PNG {
  /// The first eight bytes. They show a transfer that clears high bits or translates line ends.
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// The values that make a pixel (6.1), under the number that a file has for them.
  enum ColourType: UInt8 {
    case grey = 0
    case rgb = 2
    case palette = 3
    case greyAlpha = 4
    case rgba = 6

    /// Values of a pixel in the file.
    var samples: Int {
      switch self {
      case .grey, .palette: 1
      case .greyAlpha: 2
      case .rgb: 3
      case .rgba: 4
      }
    }

    /// The bits that a value may have.
    var bitDepths: Set<UInt8> {
      switch self {
      case .grey: [1, 2, 4, 8, 16]
      case .palette: [1, 2, 4, 8]
      case .rgb, .greyAlpha, .rgba: [8, 16]
      }
    }
  }

  /// The filters of rows (9.2), under the number that begins a row.
  enum Filter: UInt8, CaseIterable {
    case none, sub, up, average, paeth
  }

  /// The neighbour nearest to left + above − upper left; left before above before upper left where they tie (9.4).
  @inline(__always)
  static func paeth(_ left: UInt8, _ above: UInt8, _ upperLeft: UInt8) -> UInt8 {
    let (a, b, c) = (Int16(left), Int16(above), Int16(upperLeft))
    let (toLeft, toAbove) = (abs(b &- c), abs(a &- c))
    let toUpperLeft = abs(a &+ b &- c &- c)
    let second = toAbove <= toUpperLeft ? above : upperLeft
    return toLeft <= toAbove && toLeft <= toUpperLeft ? left : second
  }
}
