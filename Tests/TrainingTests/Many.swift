import Imaging

/// More images than k-means clusters, of no common shape: black and white ones.
struct Many: ImageSource {
  let name = "many", count = 20_003, channels = 1
  let commonShape: ImageShape? = nil
  let labels: [Int]? = (0..<20_003).map { $0 % 2 }
  let classNames: [String]? = nil
  func image(at index: Int) throws -> Image {
    try Image(shape: ImageShape(height: 1, width: 1, channels: 1), pixels: [UInt8(index % 2 * 255)])
  }
}
