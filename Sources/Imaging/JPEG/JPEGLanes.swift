/// Eight values of a row, and how they change their width.
///
/// `SIMD8(truncatingIfNeeded:)` does the same, but in a large function the compiler may leave it a call, which costs several
/// times the one or two instructions that these become.
enum JPEGLanes {
  @inline(__always)
  static func wide(_ values: SIMD8<Int16>) -> SIMD8<Int32> {
    var wide = SIMD8<Int32>()
    for lane in 0..<8 { wide[lane] = Int32(values[lane]) }
    return wide
  }

  /// The value of each lane's 16 bits without a sign.
  @inline(__always)
  static func wideUnsigned(_ values: SIMD8<Int16>) -> SIMD8<UInt32> {
    var wide = SIMD8<UInt32>()
    for lane in 0..<8 { wide[lane] = UInt32(UInt16(bitPattern: values[lane])) }
    return wide
  }

  /// The high 16 bits of values · factor.
  @inline(__always)
  static func highProduct(_ values: SIMD8<Int16>, _ factor: Int32) -> SIMD8<Int16> {
    narrow((wide(values) &* factor) &>> 16)
  }

  /// The low 16 bits of each value.
  @inline(__always)
  static func narrow(_ values: SIMD8<Int32>) -> SIMD8<Int16> {
    var narrow = SIMD8<Int16>()
    for lane in 0..<8 { narrow[lane] = Int16(truncatingIfNeeded: values[lane]) }
    return narrow
  }

  /// The low 8 bits of each value.
  @inline(__always)
  static func bytes(_ values: SIMD8<Int16>) -> SIMD8<UInt8> {
    var bytes = SIMD8<UInt8>()
    for lane in 0..<8 { bytes[lane] = UInt8(truncatingIfNeeded: values[lane]) }
    return bytes
  }

  /// Loads eight bytes from any address.
  @inline(__always)
  static func load(_ bytes: UnsafePointer<UInt8>) -> SIMD8<Int16> {
    let bytes = UnsafeRawPointer(bytes).loadUnaligned(as: SIMD8<UInt8>.self)
    var values = SIMD8<Int16>()
    for lane in 0..<8 { values[lane] = Int16(bytes[lane]) }
    return values
  }

  /// The value of each lane as bits, for shifts that bring in zeros.
  @inline(__always)
  static func unsigned(_ values: SIMD8<Int16>) -> SIMD8<UInt16> { unsafeBitCast(values, to: SIMD8<UInt16>.self) }

  /// The value clamped to 0…255 in each lane, by the signs of the value and of 255 − value.
  @inline(__always)
  static func clamped(_ values: SIMD8<Int16>) -> SIMD8<Int16> {
    let positive = values & ~(values &>> 15)
    return (positive | ((255 &- positive) &>> 15)) & 255
  }
}
