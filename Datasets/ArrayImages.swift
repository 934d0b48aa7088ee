import Basics
import Imaging

/// Images that are an array in a file, IDX or numpy's: N × H × W or N × H × W × C; with labels, an array of N whole numbers in
/// another file.
///
/// Elements are bytes, or floats of 32 bits. Floats are in 0…1, or else in 0…255, as the largest of the whole file tells: if it is at most
/// 1, pixels are round(255 · v), else round(v). Any other value is refused, and so is a file whose largest is between 1 and 2: most likely
/// values of 0…1 that were overshot by some calculation, which as 0…255 would all be black.
struct ArrayImages: DataPart {
  /// A file with the array that it holds.
  struct File: Sendable {
    let file: DataFile
    let header: ArrayHeader

    /// Unpacks the file, if it is compressed.
    func unpacked() throws -> File {
      let unpacked = try file.unpacked(to: header.fileLength)
      guard unpacked.size == header.fileLength else {
        throw SeCuError(
          .badData, "expected \(header.fileLength) bytes after decompression, found \(unpacked.size)", at: file.path,
          remedy: "The file is truncated: download it again")
      }
      return File(file: unpacked, header: header)
    }
  }

  let images: File
  let labelFile: File?
  let split: Split?
  let shape: ImageShape

  var paths: [String] { [images.file.path] + (labelFile.map { [$0.file.path] } ?? []) }
  var count: Int { images.header.dimensions[0] }
  var hasLabels: Bool { labelFile != nil }
  /// What the file holds, twice for a moment, and the file.
  var unpackedBytes: Int { images.file.isCompressed ? 2 * images.header.fileLength + images.file.size : 0 }

  /// - Throws: `SeCuError` of kind `.badData` for an array that is not one of images.
  init(_ images: File, labels: File?, split: Split?) throws {
    (self.images, labelFile, self.split) = (images, labels, split)
    let dimensions = images.header.dimensions, element = images.header.element
    func fault(_ problem: String, _ remedy: String) -> SeCuError {
      SeCuError(.badData, problem, at: images.file.path, remedy: remedy)
    }
    guard element == .byte || element.kind == .float && element.bytes == 4 else {
      throw fault("expected images of uint8 or float32, found \(element.name)", "Convert the array and save it again")
    }
    guard dimensions.count == 3 || dimensions.count == 4, dimensions.allSatisfy({ $0 > 0 }) else {
      throw fault(
        "expected an array of N×H×W or N×H×W×C, found \(ArrayHeader.text(dimensions))",
        "Save the images as such an array")
    }
    guard dimensions[1...2].allSatisfy({ $0 <= ImageShape.largestDimension }) else {
      throw fault(
        "expected images of at most \(ImageShape.largestDimension) pixels a side, found \(ArrayHeader.text(dimensions))",
        "Cut them or make them smaller")
    }
    let channels = dimensions.count == 4 ? dimensions[3] : 1
    guard 1...4 ~= channels else {
      throw fault(
        "expected an array of N×H×W×C with 1 to 4 channels, found \(ArrayHeader.text(dimensions))",
        dimensions[1] <= 4
          ? "Put the channels last, as with images.transpose(0, 2, 3, 1)" : "Save the images as such an array")
    }
    shape = try ImageShape(height: dimensions[1], width: dimensions[2], channels: channels)
  }

  func labels(_ count: Int) throws -> [Int]? {
    guard let labelFile = try labelFile?.unpacked() else { return nil }
    let element = labelFile.header.element, offset = labelFile.header.offset
    var labels: [Int] = []
    labels.reserveCapacity(count)
    try labelFile.file.read(offset..<offset + count * element.bytes) { piece in
      guard let base = piece.assumingMemoryBound(to: UInt8.self).baseAddress else { return }
      for first in stride(from: 0, to: piece.count, by: element.bytes) {
        guard let label = element.integer(base + first), 0...Int(Int32.max) ~= label else {
          throw SeCuError(
            .badData,
            "expected a label of 0…\(Int32.max), found \(element.integer(base + first).map(String.init) ?? "one beyond 2⁶³")",
            at: labelFile.file.path, position: "byte \(offset + labels.count * element.bytes)",
            remedy: "Number the classes from 0")
        }
        labels.append(label)
      }
    }
    return labels
  }

  func checkPixels() throws {
    let images = try images.unpacked()
    if images.header.element.kind == .float { _ = try floatScale(images) }
  }

  func readPixels(_ count: Int, into pixels: UnsafeMutablePointer<UInt8>) throws {
    let images = try images.unpacked()
    let offset = images.header.offset
    guard images.header.element.kind == .float else {
      var next = pixels
      return try images.file.read(offset..<offset + count * shape.count) { piece in
        guard let base = piece.assumingMemoryBound(to: UInt8.self).baseAddress else { return }
        next.update(from: base, count: piece.count)
        next += piece.count
      }
    }
    let scale = try floatScale(images)
    var next = pixels
    try forEachFloat(images, count * shape.count) { index, value in
      guard 0...255 ~= value * scale else {
        throw SeCuError(
          .inputOutput, "expected a pixel of 0…\(255 / scale) as before, found \(value)", at: images.file.path,
          position: "byte \(offset + 4 * index)", remedy: "Don't change the file while it is read")
      }
      next.pointee = UInt8((value * scale).rounded())
      next += 1
    }
  }

  /// 255 if all floats of the file are in 0…1, 1 if all are in 0…255.
  private func floatScale(_ images: File) throws -> Float {
    var largest: Float = 0
    try forEachFloat(images, images.header.count) { index, value in
      guard value >= 0, value <= 255 else {
        throw SeCuError(
          .badData, "expected a pixel of 0…1 or 0…255, found \(value)", at: images.file.path,
          position: "byte \(images.header.offset + 4 * index)",
          remedy: "Save images that are not normalised, in one of these ranges")
      }
      largest = max(largest, value)
    }
    guard largest <= 1 || largest >= 2 else {
      throw SeCuError(
        .badData, "expected pixels of 0…1 or 0…255, found none above \(largest)", at: images.file.path,
        remedy: "Clip them to 0…1, or multiply them by 255")
    }
    return largest <= 1 ? 255 : 1
  }

  private func forEachFloat(_ images: File, _ count: Int, _ body: (Int, Float) throws -> Void) throws {
    let offset = images.header.offset, element = images.header.element
    var index = 0
    try images.file.read(offset..<offset + 4 * count) { piece in
      guard let base = piece.assumingMemoryBound(to: UInt8.self).baseAddress else { return }
      for first in stride(from: 0, to: piece.count, by: 4) {
        try body(index, Float(bitPattern: UInt32(truncatingIfNeeded: element.bits(base + first))))
        index += 1
      }
    }
  }
}
