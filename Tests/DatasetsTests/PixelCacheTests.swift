import Basics
import Foundation
import Imaging
import TestSupport
import Testing

@testable import Datasets

@Suite(.timeLimit(.minutes(10))) struct PixelCacheTests {
  /// Nobody chose the cache's place, so its errors say how to choose another.
  @Test func `a cache that can't be written says what helps`() throws {
    let url = try URL.temporaryFolder()
    defer { url.remove() }
    let source = PixelCache.Source(files: [], side: 8, channels: 3, memory: 1 << 20)
    let error = try #require(throws: SeCuError.self) { try PixelCache.make(url, of: source) { _ in [] } }
    #expect(error.kind == .cannotCreate && error.remedy?.contains("SECU_CACHE") == true, "\(error)")
    // What filling it throws stays as it is.
    let own = SeCuError(.badData, "an image that can't be read", at: "x.png", remedy: "Repair it")
    let file = url.appendingPathComponent("x.pixels")
    #expect(throws: own) { try PixelCache.make(file, of: source) { _ in throw own } }
  }

  @Test func `a cache of other files is not used`() {
    func source(_ path: String, _ size: Int, _ modified: Double, side: Int = 8, channels: Int = 3) -> PixelCache.Source
    {
      let files = [FolderScan.File(path: path, size: size, modified: modified)]
      return PixelCache.Source(files: files, side: side, channels: channels, memory: 100)
    }
    let own = source("a.png", 10, 1.5)
    #expect(own.gives(sameAs: source("a.png", 10, 1.5), without: []))
    for other in [
      source("b.png", 10, 1.5), source("a.png", 11, 1.5), source("a.png", 10, 1.75),
      source("a.png", 10, 1.5, side: 9), source("a.png", 10, 1.5, channels: 1),
    ] {
      #expect(!own.gives(sameAs: other, without: []))
    }
  }

  /// More than the four megabytes that are written at once, beside what a process that was killed has left.
  @Test func `a large cache has each image once, and old leftovers go`() throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let leftovers = (0..<2).map { _ in folder.appendingPathComponent(".secu-\(UUID().uuidString).partial") }
    for url in leftovers { try Data([1]).write(to: url) }
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -3700)], ofItemAtPath: leftovers[0].path)

    let shape = try ImageShape(height: 1_000, width: 800, channels: 3)
    let images = try (0..<5).map { try Image(shape: shape, pixels: [UInt8](repeating: 10 + $0, count: shape.count)) }
    let files = (0..<5).map { FolderScan.File(path: "\($0).png", size: 10, modified: 1) }
    let cache = try PixelCache.make(
      folder.appendingPathComponent("x.pixels"),
      of: PixelCache.Source(files: files, side: 800, channels: 3, memory: 1 << 20)
    ) { add in
      for (place, image) in images.enumerated() { try add(place, image) }
      return []
    }
    let room = PixelRoom()
    for (index, image) in images.enumerated() {
      let buffer = try cache.read(index, in: room) { throw CancellationError() }
      #expect(Array(UnsafeBufferPointer(start: buffer.pixels, count: buffer.count)) == image.pixels)
    }
    #expect(try #require(FileManager.default.attributesOfItem(atPath: cache.url.path)[.size] as? Int) < 12_001_000)
    #expect(leftovers.map { FileManager.default.fileExists(atPath: $0.path) } == [false, true])
  }

  /// Tables and contents that are damaged, or forged: their checksum is right. None is opened that names pixels which the file hasn't, and
  /// an image whose pixels aren't those that were kept is refused.
  @Test func `no damaged table makes reading leave the file`() throws {
    let files = (0..<3).map { FolderScan.File(path: "\($0).png", size: 10, modified: 1) }
    let source = PixelCache.Source(files: files, side: 8, channels: 3, memory: 1 << 20)
    let url = URL.temporary()
    defer { url.remove() }
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
