/// Undoing what a PNG encoder did to a row so that it compresses better (9.2): each byte was replaced by its difference from
/// a prediction, modulo 256. With a the byte to the left, b the one above and c the one to the left of that:
///
///     none 0    sub a    up b    average (a + b) / 2, rounded down    paeth: see `PNG.paeth`
enum PNGRowFilter {
  /// - Parameters:
  ///   - row: `count` bytes, which are changed in place.
  ///   - above: the row above, with its filter undone, or zeros.
  ///   - distance: how many bytes back "the left" is, 1…8. Beyond the row's start there are zeros.
  static func undo(
    _ filter: PNG.Filter, _ row: UnsafeMutablePointer<UInt8>, above: UnsafePointer<UInt8>, count: Int, distance: Int
  ) {
    // The usual distances as constants make the loops about twice as fast.
    switch distance {
    case 1: undo(filter, row, above, count, 1)
    case 3: undo(filter, row, above, count, 3)
    case 4: undo(filter, row, above, count, 4)
    default: undo(filter, row, above, count, distance)
    }
  }

  @inline(__always)
  private static func undo(
    _ filter: PNG.Filter, _ row: UnsafeMutablePointer<UInt8>, _ above: UnsafePointer<UInt8>, _ count: Int,
    _ distance: Int
  ) {
    let first = min(distance, count)
    var index = 0
    switch filter {
    case .none: break
    case .sub:
      index = first
      while index < count {
        row[index] &+= row[index &- distance]
        index &+= 1
      }
    case .up:
      while index < count {
        row[index] &+= above[index]
        index &+= 1
      }
    case .average:
      while index < first {
        row[index] &+= above[index] &>> 1
        index &+= 1
      }
      while index < count {
        row[index] &+= UInt8(truncatingIfNeeded: (UInt16(row[index &- distance]) &+ UInt16(above[index])) &>> 1)
        index &+= 1
      }
    case .paeth:
      while index < first {
        row[index] &+= above[index]
        index &+= 1
      }
      while index < count {
        row[index] &+= PNG.paeth(row[index &- distance], above[index], above[index &- distance])
        index &+= 1
      }
    }
  }
}
