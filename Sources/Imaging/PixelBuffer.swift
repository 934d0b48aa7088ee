/// One image as it lies in memory, read only: rows one after the other, the channels of a pixel side by side (HWC).
///
/// It points into memory that somebody else keeps, so images of any size enter the operations the same way.
public struct PixelBuffer {
  /// height · width · channels values; 255 is full scale.
  public let pixels: UnsafePointer<UInt8>
  /// Each 1…65,535.
  public let height, width, channels: Int

  /// - Parameters:
  ///   - pixels: height · width · channels values, which must outlive this value.
  ///   - height, width, channels: each 1…65,535.
  public init(pixels: UnsafePointer<UInt8>, height: Int, width: Int, channels: Int) {
    (self.pixels, self.height, self.width, self.channels) = (pixels, height, width, channels)
  }

  /// The number of values.
  public var count: Int { height * width * channels }
}

/// Memory for the pixels of one image, which grows to what the largest needs: what a worker reads images into.
///
/// Not for two threads at a time.
public final class PixelRoom {
  private var bytes = Growing<UInt8>()

  /// Takes no memory yet.
  public init() {}

  /// Room for `count` values. Their content is undefined, and they stay valid until this is called again.
  public func reserve(_ count: Int) -> UnsafeMutablePointer<UInt8> { bytes.reserve(count) }

  deinit {
    bytes.deallocate()
  }
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
