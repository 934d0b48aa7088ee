import Foundation
import Testing

@testable import Imaging

/// A folder of JPEG files of one's own: set `SECU_JPEGS` to it.
@Suite struct JPEGFolderTests {
  private static let folder = ProcessInfo.processInfo.environment["SECU_JPEGS"]

  @Test(.enabled(if: folder != nil, "SECU_JPEGS names no folder")) func everyFileIsRead() throws {
    let folder = try #require(Self.folder)
    let files = try #require(FileManager.default.enumerator(atPath: folder)).compactMap { $0 as? String }
      .filter { $0.lowercased().hasSuffix(".jpg") || $0.lowercased().hasSuffix(".jpeg") }
    try #require(!files.isEmpty)
    for file in files {
      let contents = try #require(FileManager.default.contents(atPath: folder + "/" + file))
      let image = try JPEGDecoder.decode([UInt8](contents), name: file)
      #expect(image.pixels.count == image.height * image.width * image.channels)
    }
  }
}
