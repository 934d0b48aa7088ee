/// What the components of an image mean, and how they become RGB.
///
/// YCbCr is that of ITU-T T.871 (JFIF), section 7, in 16-bit fixed point as libjpeg has it:
///
///     R = Y + 1.402 (Cr − 128)
///     G = Y − 0.344136 (Cb − 128) − 0.714136 (Cr − 128)         clamped to 0…255
///     B = Y + 1.772 (Cb − 128)
///
/// Four components are inks in Adobe's convention, 255 for none, as all known writers have it. YCCK is CMYK whose first three
/// were turned into YCbCr. Ink c and key k as coverages of 0…255 become (255 − k) − c (255 − k) / 255, rounded to the
/// nearest: what Pillow does where a file has no colour profile in use.
enum JPEGColour {
  case grey
  case yCbCr
  case rgb
  case cmyk
  case ycck

  /// Guesses by libjpeg's rules, as the standard has no place to say it.
  ///
  /// - Parameters:
  ///   - identifiers: the components' identifiers, 1, 3 or 4 of them.
  ///   - hasJFIF: whether there is a JFIF marker: YCbCr.
  ///   - adobeTransform: the transform of Adobe's marker: 0 for none, 1 for YCbCr, 2 for YCCK.
  init(identifiers: [UInt8], hasJFIF: Bool, adobeTransform: UInt8?) {
    switch identifiers.count {
    case 1:
      self = .grey
    case 3:
      if hasJFIF {
        self = .yCbCr
      } else if let adobeTransform {
        self = adobeTransform == 0 ? .rgb : .yCbCr
      } else {
        self = identifiers == Array("RGB".utf8) ? .rgb : .yCbCr
      }
    default:
      // Without Adobe's marker nothing says that there is a transform.
      self = adobeTransform ?? 0 == 0 ? .cmyk : .ycck
    }
  }

  private typealias Lanes = SIMD8<Int16>

  /// Converts a row of pixels.
  ///
  /// - Parameters:
  ///   - rows: a pointer to `width` values for each component, and up to 7 more that can be read.
  ///   - target: `width` values for grey, 3 · `width` for the others.
  func convert(_ rows: UnsafePointer<UnsafePointer<UInt8>>, width: Int, into target: UnsafeMutablePointer<UInt8>) {
    switch self {
    case .grey: target.update(from: rows[0], count: width)
    case .yCbCr: Self.forEachEight(width, target) { Self.rgb(rows, $0) }
    case .rgb:
      Self.forEachEight(width, target) {
        (JPEGLanes.load(rows[0] + $0), JPEGLanes.load(rows[1] + $0), JPEGLanes.load(rows[2] + $0))
      }
    case .cmyk:
      Self.forEachEight(width, target) {
        let key = JPEGLanes.load(rows[3] + $0)
        return (
          Self.inked(255 &- JPEGLanes.load(rows[0] + $0), key), Self.inked(255 &- JPEGLanes.load(rows[1] + $0), key),
          Self.inked(255 &- JPEGLanes.load(rows[2] + $0), key)
        )
      }
    case .ycck:
      Self.forEachEight(width, target) {
        let (cyan, magenta, yellow) = Self.rgb(rows, $0)
        let key = JPEGLanes.load(rows[3] + $0)
        return (Self.inked(cyan, key), Self.inked(magenta, key), Self.inked(yellow, key))
      }
    }
  }

  /// YCbCr to RGB, 0…255. Whole multiples of 2^16 are taken out of the constants, so that the rest has 16 bits:
  /// 1.402 = 1 + 26345 / 2^16, 1.772 = 2 − 14942 / 2^16, 0.714136 = 1 − 18734 / 2^16. A product is rounded to the nearest
  /// as ⌊(⌊2p / 2^16⌋ + 1) / 2⌋ = ⌊(p + 2^15) / 2^16⌋, which needs its high half alone.
  @inline(__always)
  private static func rgb(_ rows: UnsafePointer<UnsafePointer<UInt8>>, _ x: Int) -> (Lanes, Lanes, Lanes) {
    let y = JPEGLanes.load(rows[0] + x)
    let (cb, cr) = (JPEGLanes.load(rows[1] + x) &- 128, JPEGLanes.load(rows[2] + x) &- 128)
    let red = (JPEGLanes.highProduct(2 &* cr, 26345) &+ 1) &>> 1
    let green = JPEGLanes.narrow((JPEGLanes.wide(cb) &* -22554 &+ JPEGLanes.wide(cr) &* 18734 &+ 32768) &>> 16)
    let blue = (JPEGLanes.highProduct(2 &* cb, -14942) &+ 1) &>> 1
    return (
      JPEGLanes.clamped(y &+ cr &+ red), JPEGLanes.clamped(y &- cr &+ green), JPEGLanes.clamped(y &+ cb &+ cb &+ blue)
    )
  }

  /// What an ink, 0…255, leaves of `light`, which the key left.
  @inline(__always)
  private static func inked(_ ink: Lanes, _ light: Lanes) -> Lanes {
    let product = JPEGLanes.unsigned(ink &* light) &+ 128
    return light &- unsafeBitCast((product &+ product &>> 8) &>> 8, to: Lanes.self)
  }

  /// Makes and stores eight pixels at a time.
  @inline(__always)
  private static func forEachEight(
    _ width: Int, _ target: UnsafeMutablePointer<UInt8>, _ pixels: (_ x: Int) -> (Lanes, Lanes, Lanes)
  ) {
    var x = 0
    // A store writes 2 bytes more than its 8 pixels, which the next pixel's follow.
    while x &+ 8 < width {
      store(pixels(x), UnsafeMutableRawPointer(target + 3 &* x))
      x &+= 8
    }
    withUnsafeTemporaryAllocation(byteCount: 32, alignment: 16) { last in
      guard let address = last.baseAddress else { return }
      store(pixels(x), address)
      UnsafeMutableRawPointer(target + 3 &* x).copyMemory(from: address, byteCount: 3 &* (width &- x))
    }
  }

  /// Stores eight pixels, RGBRGB…, and 2 bytes of nothing.
  @inline(__always)
  private static func store(_ pixels: (Lanes, Lanes, Lanes), _ target: UnsafeMutableRawPointer) {
    let (red, green, blue) = pixels
    let words = JPEGLanes.wideUnsigned(red | green &<< 8) | JPEGLanes.wideUnsigned(blue) &<< 16
    // Two pixels of 4 bytes become one word of 6.
    let pairs = unsafeBitCast(words, to: SIMD4<UInt64>.self)
    let packed = pairs & 0xFF_FFFF | (pairs &>> 8) & 0xFFFF_FF00_0000
    for index in 0..<4 {
      target.storeBytes(of: packed[index].littleEndian, toByteOffset: 6 &* index, as: UInt64.self)
    }
  }
}
