/// The samples of one component, in whole blocks.
struct JPEGPlane {
  let samples: UnsafeMutablePointer<UInt8>
  /// From one row to the next: a multiple of 8.
  let stride: Int
  /// Samples that count, in a row and in a column.
  let width: Int
  let height: Int
  /// The component's sampling factors and the largest of the frame's.
  let horizontal: (own: Int, largest: Int)
  let vertical: (own: Int, largest: Int)
}

extension JPEGPlane {
  /// - Parameter memory: the samples of all components, blocks of 64.
  init(_ component: JPEGComponent, frame: JPEGFrame, memory: UnsafeMutablePointer<UInt8>) {
    self.init(
      samples: memory + 64 * component.firstBlock, stride: 8 * component.paddedColumns, width: component.width,
      height: component.height, horizontal: (component.horizontal, frame.horizontal),
      vertical: (component.vertical, frame.vertical))
  }
}
