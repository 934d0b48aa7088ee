/// One image as it lies in memory, read only: rows one after the other, the channels of a pixel side by side (HWC).
///
/// It points into memory that somebody else keeps, so images of any size enter the operations the same way.
struct PixelBuffer {
  /// height · width · channels values.
  let pixels: UnsafePointer<UInt8>
  let height, width, channels: Int
}

/// The image that operations work on: one plane after the other (CHW), each height · width values.
///
/// In planes, one vector holds neighbours of one channel: a colour operation takes a vector of each plane, a pointwise one runs
/// through all planes as through one row.
struct Planes {
  let base: UnsafeMutablePointer<UInt8>
  let height, width, channels: Int

  /// Values of one plane.
  var planeCount: Int { height * width }
  /// Values of all planes.
  var count: Int { planeCount * channels }

  func plane(_ channel: Int) -> UnsafeMutablePointer<UInt8> { base + channel * planeCount }
}

/// A rectangle of whole pixels.
struct PixelRectangle: Equatable {
  var top, left, height, width: Int
}
