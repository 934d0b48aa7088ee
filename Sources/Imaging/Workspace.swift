import MicrokernelInterface

/// The memory that one worker makes its views in. Buffers grow to what the largest image needs and then stay, so that a view
/// allocates nothing.
///
/// Not for two threads at a time. A pointer is valid until the same buffer is asked for again.
final class Workspace {
  /// What one core does with pixels.
  let kernels: any MicrokernelTable.Type
  /// The image that a view is made of, where it is not in memory.
  let room = PixelRoom()
  /// The view in work, and another of its size for operations that can't work in place.
  var view = Growing<UInt8>(), spare = Growing<UInt8>()
  /// The rows between both passes of a resize.
  var rows = Growing<UInt8>()
  /// First pixel, count and weights of each output column and row of a resize.
  var columnTaps = ResizeTaps(), rowTaps = ResizeTaps()
  /// Sums of a row of a resize.
  var sums = Growing<Int32>()
  /// Two planes with a margin, between which the passes of a blur go back and forth, and sums of a box.
  var blurred = Growing<UInt8>(), blurring = Growing<UInt8>()
  var boxSums = Growing<UInt32>()
  /// How often each value occurs.
  var histogram = Growing<Int32>()

  init(_ kernels: any MicrokernelTable.Type) {
    self.kernels = kernels
  }

  /// Planes in `view`; their content is undefined.
  func viewPlanes(height: Int, width: Int, channels: Int) -> Planes {
    Planes(base: view.reserve(height * width * channels), height: height, width: width, channels: channels)
  }

  deinit {
    view.deallocate()
    spare.deallocate()
    rows.deallocate()
    columnTaps.deallocate()
    rowTaps.deallocate()
    sums.deallocate()
    blurred.deallocate()
    blurring.deallocate()
    boxSums.deallocate()
    histogram.deallocate()
  }
}

/// A block of numbers that grows on demand and loses its content then. Its owner deallocates it.
struct Growing<Element: Numeric> {
  private var base: UnsafeMutablePointer<Element>?
  private var capacity = 0

  /// Room for `count` elements, all of them zero if it had to grow.
  mutating func reserve(_ count: Int) -> UnsafeMutablePointer<Element> {
    if let base, count <= capacity { return base }
    base?.deallocate()
    let block = UnsafeMutablePointer<Element>.allocate(capacity: max(1, count))
    block.initialize(repeating: 0, count: max(1, count))
    (base, capacity) = (block, max(1, count))
    return block
  }

  mutating func deallocate() {
    base?.deallocate()
    (base, capacity) = (nil, 0)
  }
}
