import Basics
import Imaging

/// A file of STL-10's images in their binary version, and its file of labels, if it has one.
///
///     X   image after image: the planes R, G, B of 96 × 96 bytes, column by column    27,648 bytes an image
///     y   a byte for each image, 1…10
///
/// Source: A. Coates, H. Lee, A. Y. Ng, "STL-10 dataset", https://cs.stanford.edu/~acoates/stl10/.
struct STLFile: DataPart {
  static let layout = PlanarLayout(height: 96, width: 96, channels: 3, isColumnMajor: true)
  static let classNames = ["airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"]
  /// The number of images that each file has, as published.
  static let counts: [Split: Int] = [.train: 5_000, .test: 8_000, .unlabelled: 100_000]

  let file: DataFile
  let labelFile: DataFile?
  let split: Split?

  var paths: [String] { [file.path] + (labelFile.map { [$0.path] } ?? []) }
  var count: Int { file.size / Self.layout.count }
  var hasLabels: Bool { labelFile != nil }

  func labels(_ count: Int) throws -> [Int]? {
    guard let labelFile else { return nil }
    let bytes = try labelFile.bytes(0..<count)
    if let wrong = bytes.firstIndex(where: { !(1...10 ~= $0) }) {
      throw SeCuError(
        .badData, "expected a label of 1…10, found \(bytes[wrong])", at: labelFile.path, position: "byte \(wrong)",
        remedy: "Download the archive again and unpack it")
    }
    return bytes.map { Int($0) - 1 }
  }

  func readPixels(_ count: Int, into pixels: UnsafeMutablePointer<UInt8>) throws {
    let length = Self.layout.count
    var next = pixels
    try file.read(0..<count * length, inPiecesOf: 64 * length) { piece in
      guard let base = piece.assumingMemoryBound(to: UInt8.self).baseAddress else { return }
      for first in stride(from: 0, to: piece.count, by: length) {
        Self.layout.interleave(base + first, into: next)
        next += length
      }
    }
  }

  /// Whether `file` may hold images of STL-10: a whole number of them, and a name or size that the archive has.
  static func isImages(_ file: DataFile) -> Bool {
    guard !file.isCompressed, file.size > 0, file.size % layout.count == 0 else { return false }
    return file.name.hasSuffix("_x.bin") || counts.values.contains(file.size / layout.count)
  }
}
