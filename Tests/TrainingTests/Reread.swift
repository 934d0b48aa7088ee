import Basics
import Imaging

/// Images that are handed out one by one, as a source that reads files does.
struct Reread: ImageSource {
  var images: [Image]
  var labels: [Int]?
  var fileNames: [String]?
  var broken: Set<Int> = []
  let name = "reread"
  var count: Int { images.count }
  var channels: Int { images[0].shape.channels }
  var commonShape: ImageShape? { Set(images.map(\.shape)).count == 1 ? images[0].shape : nil }
  var classNames: [String]? { nil }
  func image(at index: Int) throws -> Image {
    if broken.contains(index) { throw SeCuError(.badData, "broken", at: "\(index)") }
    return images[index]
  }

  /// Images of one channel, each of another size.
  static func manySizes(_ count: Int) throws -> Reread {
    Reread(
      images: try (0..<count).map { i in
        let shape = try ImageShape(height: 5 + i % 4, width: 6 + i % 3, channels: 1)
        return try Image(shape: shape, pixels: (0..<shape.count).map { UInt8(($0 * 31 + i * 77) % 256) })
      })
  }
}
