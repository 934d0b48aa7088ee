import Basics
import Foundation
import Imaging
import TestSupport
import Testing

@testable import Datasets

/// A folder of files for one test; to be followed by `defer { folder.remove() }`.
struct DataFolder {
  let url: URL
  var path: String { url.path }

  init() throws { url = try .temporaryFolder() }

  func remove() { url.remove() }

  /// Writes a file, in a sub-folder if the name has slashes, and returns its path.
  @discardableResult func write(_ bytes: [UInt8], to name: String) throws -> String {
    let file = url.appending(path: name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
    return file.path
  }

  /// The error of looking at this folder, or at a file in it, and of reading all images; with the folder's path left out.
  func failure(_ name: String = "", _ splits: Splits? = nil) throws -> String {
    let error = try #require(throws: SeCuError.self) {
      guard let files = try DataCatalog.dataFiles(at: path(to: name)) else { return }
      _ = try files.load(splits)
    }
    return error.description.replacingOccurrences(of: path + "/", with: "").replacingOccurrences(
      of: path, with: "FOLDER")
  }

  func files(_ name: String = "") throws -> DataFiles {
    try #require(try DataCatalog.dataFiles(at: path(to: name)))
  }

  /// That of a file, or of the folder where the name is empty.
  private func path(to name: String) -> String { name.isEmpty ? path : url.appending(path: name).path }
}

// MARK: - Files

/// Records of CIFAR: image i has the labels that `labels` says and pixel values that tell image, channel and place.
func cifarRecords(_ labels: [[UInt8]]) -> [UInt8] {
  labels.enumerated().flatMap { index, labels in
    labels + (0..<3_072).map { UInt8(truncatingIfNeeded: index * 31 + $0 * 7 + $0 / 1_024) }
  }
}

/// An IDX file.
func idx(_ type: UInt8, _ dimensions: [Int], _ content: [UInt8]) -> [UInt8] {
  [0, 0, type, UInt8(dimensions.count)]
    + dimensions.flatMap { dimension in (0..<4).map { UInt8(truncatingIfNeeded: dimension >> (24 - 8 * $0)) } }
    + content
}

/// A file of numpy's, version 1.
func npy(_ descr: String, _ shape: String, _ content: [UInt8], fortran: Bool = false) -> [UInt8] {
  var text = "{'descr': '\(descr)', 'fortran_order': \(fortran ? "True" : "False"), 'shape': \(shape), }"
  while (10 + text.utf8.count + 1) % 64 != 0 { text += " " }
  text += "\n"
  let length = text.utf8.count
  return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length % 256), UInt8(length / 256)] + Array(text.utf8) + content
}

/// A gzip file with stored blocks.
func gzip(_ content: [UInt8]) -> [UInt8] {
  func little(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
  var file: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
  for first in stride(from: 0, to: content.count, by: 65_535) {
    let block = content[first..<min(first + 65_535, content.count)]
    let length = UInt16(block.count)
    file += [first + block.count == content.count ? 1 : 0]
    for number in [length, ~length] { file += [UInt8(number & 255), UInt8(number >> 8)] }
    file += block
  }
  return file + little(CRC32.checksum(content)) + little(UInt32(content.count))
}

func floats(_ values: [Float], isBigEndian: Bool = false) -> [UInt8] {
  values.flatMap { value in
    (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * (isBigEndian ? 3 - $0 : $0))) }
  }
}
