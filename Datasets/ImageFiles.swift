import Basics
import Foundation
import Imaging

/// Image files that are read batch by batch, so that there may be any number of them.
public struct ImageFiles: Sendable {
  /// The files' paths, as they can be opened.
  public let paths: [String]
  /// What was found besides images.
  public let skipped: [SkippedFile]
  private let files: [FolderScan.File]

  /// Looks for images.
  ///
  /// - Parameter operands: files, and folders that are looked through with all that lies below them.
  /// - Throws: `SeCuError` of kind `.noInput` for one that is not there, `inputOutput` for a folder that can't be read.
  public init(_ operands: [String], cores: Cores) throws {
    var files: [FolderScan.File] = [], skipped: [SkippedFile] = []
    for operand in operands {
      guard try Path.isFolder(existing: operand) else {
        let scan = FolderScan(paths: [operand], below: nil, cores: cores)
        files += scan.files
        // A file that was named is meant to be an image.
        skipped += scan.skipped.map { SkippedFile($0.path, .unreadable, $0.reason) }
        continue
      }
      let scan = try FolderScan(operand, cores: cores)
      files += scan.files.map {
        .init(path: Path.join(operand, $0.path), size: $0.size, modified: $0.modified)
      }
      skipped += scan.skipped.map { SkippedFile(Path.join(operand, $0.path), $0.kind, $0.reason) }
    }
    (self.files, self.skipped, paths) = (files, skipped, files.map(\.path))
  }

  /// Calls `body` with the images of one batch after the other, and the files that gave none.
  ///
  /// - Parameters:
  ///   - size: the most images of a batch, at least 1.
  ///   - side: the shorter side that larger images are made smaller to, 1…65,535.
  ///   - channels: 1 for grey, 3 for RGB.
  ///   - memory: bytes that decoding may take, above 0.
  /// - Throws: `SeCuError` of kind `.usage` for a side, a number of channels or a memory out of range; what `body` throws.
  public func eachBatch(
    of size: Int, side: Int, channels: Int, memory: Double, cores: Cores,
    _ body: (ImageBatch, [SkippedFile]) throws -> Void
  ) throws {
    let decoding = try ImageDecoding(
      root: nil, side: side, channels: channels, memory: memory, of: memory, cores: cores)
    let size = max(1, size)
    for first in stride(from: 0, to: files.count, by: size) {
      let some = Array(files[first..<min(files.count, first + size)])
      var images: [Image] = [], names: [String] = [], unread: [SkippedFile] = []
      try decoding.each(some) { place, result in
        switch result {
        case .success(let kept):
          images.append(kept.image)
          names.append(some[place].path)
        case .failure(let error): unread.append(SkippedFile(some[place].path, error))
        }
      }
      try body(ImageBatch(images: images, names: names, channels: channels), unread)
    }
  }
}

/// Images in memory, of any sizes, with the names of their files.
public struct ImageBatch: ImageSource {
  /// Of any sizes.
  public let images: [Image]
  /// The file of each.
  public let names: [String]
  public let channels: Int

  /// - Parameters:
  ///   - images: all of `channels` channels; who reads them finds out.
  ///   - names: one an image.
  ///   - channels: 1 or 3.
  public init(images: [Image], names: [String], channels: Int) {
    (self.images, self.names, self.channels) = (images, names, channels)
  }

  public var name: String { "files" }
  public var count: Int { images.count }
  public var commonShape: ImageShape? { nil }
  public var labels: [Int]? { nil }
  public var classNames: [String]? { nil }
  public var fileNames: [String]? { names }
  public var residentBytes: Double { images.reduce(0) { $0 + Double($1.pixels.count) } }

  public func image(at index: Int) throws -> Image {
    try check(index)
    return images[index]
  }
}
