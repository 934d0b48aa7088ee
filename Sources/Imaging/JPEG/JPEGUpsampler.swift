/// Makes rows of full width of a component that has fewer samples than the image has pixels.
///
/// T.81 leaves the method to the decoder (A.1.1 says only where samples lie). This is libjpeg's, so that pixels are the
/// same as everywhere. Where a component has half the columns or rows, a sample lies in the middle between two pixels, and a
/// pixel is 3/4 of the sample it belongs to and 1/4 of the next nearest one:
///
///     samples        a       b       c          row:  (3b + a + 1) / 4, (3b + c + 2) / 4 for the two pixels of b
///     pixels       ·   ·   ·   ·   ·   ·         column likewise; both: (9·own + 3·beside + 3·below + diagonal + 8 or 7) / 16
///
/// The constants that round alternate, so that halves go up and down equally often; at the image's edge the sample stands
/// for its neighbour. Other ratios, and components of 1 or 2 columns whose columns are to be doubled, repeat samples.
struct JPEGUpsampler {
  /// How rows come about.
  enum Method: Equatable {
    /// The component has a sample for each pixel.
    case none
    case repeated
    case horizontal
    case vertical
    case both
  }

  let method: Method
  private let plane: JPEGPlane
  private let width: Int
  /// The row that was made last.
  private let row: UnsafeMutablePointer<UInt8>
  /// For `both`: 3 · near + far for each column, and one more on both sides.
  private let sums: UnsafeMutablePointer<Int16>

  /// - Parameter width: the image's columns.
  init(_ plane: JPEGPlane, width: Int, memory: JPEGMemory) {
    let doublesColumns = 2 * plane.horizontal.own == plane.horizontal.largest
    let doublesRows = 2 * plane.vertical.own == plane.vertical.largest
    let keepsColumns = plane.horizontal.own == plane.horizontal.largest
    let keepsRows = plane.vertical.own == plane.vertical.largest
    method =
      if keepsColumns, keepsRows {
        .none
      } else if doublesColumns, keepsRows, plane.width > 2 {
        .horizontal
      } else if keepsColumns, doublesRows {
        .vertical
      } else if doublesColumns, doublesRows, plane.width > 2 {
        .both
      } else {
        .repeated
      }
    (self.plane, self.width) = (plane, width)
    // The loops write whole vectors, and two pixels for each sample.
    row = memory.zeros(method == .none ? 0 : 2 * plane.stride + width + 16, of: UInt8.self)
    sums = memory.zeros(method == .both ? plane.stride + 18 : 0, of: Int16.self)
  }

  /// The component's values for a row of pixels.
  ///
  /// - Returns: `width` values and up to 7 more that can be read; they stay until the next call.
  func row(_ y: Int) -> UnsafePointer<UInt8> {
    let own = y &* plane.vertical.own / plane.vertical.largest
    let near = UnsafePointer(plane.samples + own &* plane.stride)
    switch method {
    case .none:
      return near
    case .repeated:
      for x in 0..<width { row[x] = near[x &* plane.horizontal.own / plane.horizontal.largest] }
    case .horizontal:
      doubleColumns(near)
    case .vertical:
      blendRows(near, far(y), rounding: y & 1 == 0 ? 1 : 2)
    case .both:
      doubleBoth(near, far(y))
    }
    return UnsafePointer(row)
  }

  /// The row of samples that is next nearest to a row of pixels.
  private func far(_ y: Int) -> UnsafePointer<UInt8> {
    let own = y &>> 1
    let next = y & 1 == 0 ? max(own &- 1, 0) : min(own &+ 1, plane.height &- 1)
    return UnsafePointer(plane.samples + next &* plane.stride)
  }

  private typealias Lanes = SIMD8<Int16>

  /// Stores eight pairs of values below 256.
  @inline(__always)
  private func store(_ even: Lanes, _ odd: Lanes, at x: Int) {
    UnsafeMutableRawPointer(row + x).storeBytes(of: even | odd &<< 8, as: Lanes.self)
  }

  private func doubleColumns(_ near: UnsafePointer<UInt8>) {
    let last = plane.width &- 1
    var x = 1
    while x &+ 8 <= last {
      let own = JPEGLanes.load(near + x) &* 3
      store(
        (own &+ JPEGLanes.load(near + x - 1) &+ 1) &>> 2, (own &+ JPEGLanes.load(near + x + 1) &+ 2) &>> 2, at: 2 &* x)
      x &+= 8
    }
    while x < last {
      let own = 3 &* Int16(near[x])
      row[2 &* x] = UInt8(truncatingIfNeeded: (own &+ Int16(near[x &- 1]) &+ 1) &>> 2)
      row[2 &* x &+ 1] = UInt8(truncatingIfNeeded: (own &+ Int16(near[x &+ 1]) &+ 2) &>> 2)
      x &+= 1
    }
    row[0] = near[0]
    row[1] = UInt8(truncatingIfNeeded: (3 &* Int16(near[0]) &+ Int16(near[1]) &+ 2) &>> 2)
    row[2 &* last] = UInt8(truncatingIfNeeded: (3 &* Int16(near[last]) &+ Int16(near[last &- 1]) &+ 1) &>> 2)
    row[2 &* last &+ 1] = near[last]
  }

  private func blendRows(_ near: UnsafePointer<UInt8>, _ far: UnsafePointer<UInt8>, rounding: Int16) {
    var x = 0
    while x < plane.width {
      let values = (JPEGLanes.load(near + x) &* 3 &+ JPEGLanes.load(far + x) &+ rounding) &>> 2
      UnsafeMutableRawPointer(row + x).storeBytes(of: JPEGLanes.bytes(values), as: SIMD8<UInt8>.self)
      x &+= 8
    }
  }

  private func doubleBoth(_ near: UnsafePointer<UInt8>, _ far: UnsafePointer<UInt8>) {
    let sums = self.sums + 1
    var x = 0
    while x < plane.width {
      UnsafeMutableRawPointer(sums + x).storeBytes(
        of: JPEGLanes.load(near + x) &* 3 &+ JPEGLanes.load(far + x), as: Lanes.self)
      x &+= 8
    }
    // A neighbour like the edge itself makes (3s + s + rounding) / 16 of it.
    sums[-1] = sums[0]
    sums[plane.width] = sums[plane.width &- 1]
    let raw = UnsafeRawPointer(sums)
    x = 0
    while x < plane.width {
      let own = raw.loadUnaligned(fromByteOffset: 2 &* x, as: Lanes.self) &* 3
      let left = raw.loadUnaligned(fromByteOffset: 2 &* x &- 2, as: Lanes.self)
      let right = raw.loadUnaligned(fromByteOffset: 2 &* x &+ 2, as: Lanes.self)
      store((own &+ left &+ 8) &>> 4, (own &+ right &+ 7) &>> 4, at: 2 &* x)
      x &+= 8
    }
  }
}
