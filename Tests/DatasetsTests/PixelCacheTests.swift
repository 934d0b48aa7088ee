import Basics
import Foundation
import Imaging
import TestSupport
import Testing

@testable import Datasets

@Suite(.timeLimit(.minutes(1))) struct PixelCacheTests {
  /// Nobody chose the cache's place, so its errors say how to choose another.
  @Test func `a cache that can't be written says what helps`() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("secu-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    let source = PixelCache.Source(files: [], side: 8, channels: 3, memory: 1 << 20)
    let error = try #require(throws: SeCuError.self) { try PixelCache.make(url, of: source) { _ in [] } }
    #expect(error.kind == .cannotCreate && error.remedy?.contains("SECU_CACHE") == true, "\(error)")
    // What filling it throws stays as it is.
    let own = SeCuError(.badData, "an image that can't be read", at: "x.png", remedy: "Repair it")
    let file = url.appendingPathComponent("x.pixels")
    #expect(throws: own) { try PixelCache.make(file, of: source) { _ in throw own } }
  }

  /// Tables and contents that are damaged, or forged: their checksum is right. None is opened that names pixels which the file hasn't, and
  /// an image whose pixels aren't those that were kept is refused.
  @Test func `no damaged table makes reading leave the file`() throws {
    let files = (0..<3).map { FolderScan.File(path: "\($0).png", size: 10, modified: 1) }
    let source = PixelCache.Source(files: files, side: 8, channels: 3, memory: 1 << 20)
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("secu-\(UUID().uuidString).pixels")
    defer { try? FileManager.default.removeItem(at: url) }
    var images: [[UInt8]] = []
    _ = try PixelCache.make(url, of: source) { add in
      for i in 0..<2 {
        let shape = try ImageShape(height: 4 + i, width: 5, channels: 3)
        images.append((0..<shape.count).map { UInt8($0 + 100 * i) })
        try add(i, Image(shape: shape, pixels: images[i]))
      }
      return [SkippedFile("2.png", .unreadable, "it is empty")]
    }

    let whole = [UInt8](try Data(contentsOf: url)), pixelEnd = 8 + images[0].count + images[1].count
    // Behind table and contents: the table's place, the contents' length, the checksum of both, the end mark.
    let trailer = whole.count - 28
    var mutations = Mutations(of: [Array(whole[pixelEnd..<trailer + 16])], seed: 5)
    var opened = 0, refused = 0
    let room = PixelRoom()
    let count = 3000
    let accepted = try mutations.run(count) { tail in
      guard tail.count >= 16 else { return false }
      let checked = tail.dropLast(16)
      let checksum = withUnsafeBytes(of: CRC32.checksum(Array(checked)).littleEndian) { Array($0) }
      try Data(whole[..<pixelEnd] + tail + checksum + whole[(trailer + 20)...]).write(to: url)
      guard let cache = PixelCache(url, of: source) else { return false }
      opened += 1
      var isWhole = true
      for index in cache.entries.indices {
        do {
          let buffer = try cache.read(index, in: room) { throw CancellationError() }
          let pixels = Array(UnsafeBufferPointer(start: buffer.pixels, count: buffer.height * buffer.width * 3))
          #expect(images.contains(pixels))
        } catch let error as SeCuError {
          #expect(error.kind == .badData && error.problem.contains("have changed"), "\(error)")
          refused += 1
          isWhole = false
        }
      }
      return isWhole
    }
    #expect(accepted > 0 && accepted < opened && opened < count && refused > 0)
  }
}
