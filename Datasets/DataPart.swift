import Basics
import Imaging

/// Images of one split that lie together: in one file, or in a file of images and one of labels.
protocol DataPart: Sendable {
  /// The split they belong to, or nil for a data set that has none.
  var split: Split? { get }
  /// The paths of the files.
  var paths: [String] { get }
  /// How many images there are, as told by the sizes of the files.
  var count: Int { get }
  /// Whether the images have labels.
  var hasLabels: Bool { get }
  /// Bytes that reading takes besides the pixels: those of a file that can be unpacked only as a whole.
  var unpackedBytes: Int { get }

  /// The labels of the first `count` images, from 0; nil without labels.
  ///
  /// - Throws: `SeCuError` with the file and the byte of a label that is out of range.
  func labels(_ count: Int) throws -> [Int]?

  /// Looks at what only reading the images would find: whether a file can be unpacked, whether its values are pixels.
  ///
  /// - Throws: as `readPixels`.
  func checkPixels() throws

  /// Reads the first `count` images, HWC one after the other, to where `pixels` points.
  func readPixels(_ count: Int, into pixels: UnsafeMutablePointer<UInt8>) throws
}

extension DataPart {
  var unpackedBytes: Int { 0 }
  /// Any byte is a pixel.
  func checkPixels() {}
}

/// Puts the planes of an image side by side.
///
///     rows:      planes[(c · height + y) · width + x]  →  pixels[(y · width + x) · channels + c]
///     columns:   planes[(c · width + x) · height + y]  →  the same
struct PlanarLayout: Sendable {
  let height: Int
  let width: Int
  let channels: Int
  /// Whether a plane is stored column by column.
  let isColumnMajor: Bool

  /// Values of one image.
  var count: Int { height * width * channels }

  /// - Parameters:
  ///   - planes: `count` values.
  ///   - pixels: room for as many.
  func interleave(_ planes: UnsafePointer<UInt8>, into pixels: UnsafeMutablePointer<UInt8>) {
    let alongRow = isColumnMajor ? height : 1, alongColumn = isColumnMajor ? 1 : width
    for c in 0..<channels {
      let plane = planes + c * height * width
      for y in 0..<height {
        var source = plane + y * alongColumn
        var target = pixels + y * width * channels + c
        var x = 0
        while x < width {
          target.pointee = source.pointee
          source += alongRow
          target += channels
          x += 1
        }
      }
    }
  }
}
