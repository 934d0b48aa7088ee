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
    let scale = Self.scale(of: shape)
    let (high, wide) = (shape.height * scale + Self.margin, shape.width * scale + Self.margin)
    let (height, width) = Self.sides(of: images.count, shape, columns: columns)
    let all = try ImageShape(height: height, width: width, channels: channels)
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

  /// The height and the width of a picture of `count` images in pixels, however large.
  static func sides(of count: Int, _ shape: ImageShape, columns: Int) -> (height: Int, width: Int) {
    let columns = min(columns, count), rows = (count + columns - 1) / columns
    return (
      rows * (shape.height * scale(of: shape) + margin) + margin,
      columns * (shape.width * scale(of: shape) + margin) + margin
    )
  }

  /// How many pixels high and wide a pixel is shown.
  private static func scale(of shape: ImageShape) -> Int {
    let shorter = min(shape.height, shape.width)
    return max(1, (smallestSide + shorter - 1) / shorter)
  }
}
