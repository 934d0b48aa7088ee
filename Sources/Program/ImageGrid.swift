import Basics
import Imaging

/// A picture of many images of one shape in rows and columns, with a margin between them.
struct ImageGrid {
  /// The pixels between images, and what they look like.
  static let margin = 2
  static let background: UInt8 = 255
  /// Images with shorter sides are shown larger, each pixel as a square of pixels.
  static let smallestSide = 48

  let columns: Int
  let rows: Int
  let image: Image

  /// - Parameters:
  ///   - images: at least one, all of the shape of the first.
  ///   - columns: how many stand in a row, at least 1.
  /// - Throws: `SeCuError` for a picture of more than 65,535 pixels a side.
  init(_ images: [Image], columns: Int) throws {
    self.columns = min(columns, images.count)
    rows = (images.count + self.columns - 1) / self.columns
    let shape = images[0].shape, channels = shape.channels
    let scale = max(1, (Self.smallestSide + min(shape.height, shape.width) - 1) / min(shape.height, shape.width))
    let (high, wide) = (shape.height * scale + Self.margin, shape.width * scale + Self.margin)
    let all = try ImageShape(
      height: rows * high + Self.margin, width: self.columns * wide + Self.margin, channels: channels)
    var pixels = [UInt8](repeating: Self.background, count: all.count)
    for (index, image) in images.enumerated() {
      let (row, column) = index.quotientAndRemainder(dividingBy: self.columns)
      let (top, left) = (Self.margin + row * high, Self.margin + column * wide)
      for y in 0..<shape.height * scale {
        for x in 0..<shape.width * scale {
          let source = (y / scale * shape.width + x / scale) * channels
          let target = ((top + y) * all.width + left + x) * channels
          for c in 0..<channels { pixels[target + c] = image.pixels[source + c] }
        }
      }
    }
    image = try Image(shape: all, pixels: pixels)
  }
}
