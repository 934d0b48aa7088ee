import Basics
import Foundation
import Imaging
import Synchronization
import Testing

@testable import Datasets

/// What a folder is where its images are in memory and where they are on disk.
@Suite struct ImageFolderMemoryTests {
  /// A hundred grey pictures of 40×50 pixels, which take 606,400 bytes as RGB, and one that is broken.
  private func withPictures(_ body: (DataFolder, (_ memory: Double) -> ImageFolder.Options) throws -> Void) throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    let picture = Array("P5 50 40 255\n".utf8) + [UInt8](repeating: 7, count: 2_000)
    for i in 100..<200 { try folder.write(picture, to: "\(i).pgm") }
    try folder.write(Array(picture.dropLast()), to: "broken.pgm")
    try body(folder) { memory in
      var options = ImageFolder.Options(side: 40, memory: memory, cores: Cores(threads: 2))
      options.cacheFolder = folder.url.appending(path: ".cache")
      return options
    }
  }

  @Test func `half of the memory is for what is kept`() throws {
    try withPictures { folder, options in
      let roomy = try ImageFolder(folder.path, options(1.3e6))
      let narrow = try ImageFolder(folder.path, options(1.1e6))
      #expect(roomy.cache == nil && narrow.cache != nil)
    }
  }

  @Test func `the common shape is told alike`() throws {
    try withPictures { folder, options in
      let shape = try ImageShape(height: 40, width: 50, channels: 3)
      for memory in [64e6, 1e6] { #expect(try ImageFolder(folder.path, options(memory)).commonShape == shape) }
      try folder.write(Array("P5 51 40 255\n".utf8) + [UInt8](repeating: 7, count: 2_040), to: "wide.pgm")
      for memory in [64e6, 1e6] { #expect(try ImageFolder(folder.path, options(memory)).commonShape == nil) }
    }
  }

  /// The file that can't be read is an error the first time and, from the cache, the second.
  @Test func `a cache passes nothing by that is to be an error`() throws {
    try withPictures { folder, options in
      #expect(try ImageFolder(folder.path, options(1e6)).cache != nil)
      for memory in [64e6, 1e6] {
        var strict = options(memory)
        strict.isStrict = true
        let error = try #require(throws: SeCuError.self) { try ImageFolder(folder.path, strict) }
        #expect(error.place == "broken.pgm")
      }
    }
  }

  /// What a disk's error kept from being read may be read the next time: the cache is not kept without it.
  @Test func `a cache that lacks what may be read again is not kept`() throws {
    try withPictures { folder, options in
      let place = folder.path + "/180.pgm", caches = folder.path + "/.cache"
      let picture = try Data(contentsOf: URL(filePath: place))
      var breaking = options(1e6)
      breaking.progress = { done, _ in
        guard done == 64 else { return }
        try? FileManager.default.removeItem(atPath: place)
        try? FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
      }
      let most = try ImageFolder(folder.path, breaking)
      #expect(most.count == 99 && most.cache != nil)
      #expect(try most.image(at: 98).pixels.allSatisfy { $0 == 7 })
      #expect(try FileManager.default.contentsOfDirectory(atPath: caches).isEmpty)

      try FileManager.default.removeItem(atPath: place)
      try picture.write(to: URL(filePath: place))
      let all = try ImageFolder(folder.path, options(1e6))
      #expect(all.count == 100 && all.cache != nil)
      #expect(try all.image(at: 98).pixels.allSatisfy { $0 == 7 })
      #expect(try !FileManager.default.contentsOfDirectory(atPath: caches).isEmpty)
    }
  }

  @Test func `progress ends with all files`() throws {
    try withPictures { folder, options in
      for memory in [64e6, 1e6] {
        let seen = Told()
        var telling = options(memory)
        telling.progress = { done, all in seen.add([done, all]) }
        _ = try ImageFolder(folder.path, telling)
        #expect(seen.values == [[64, 101], [101, 101]])
      }
    }
  }

  private final class Told: Sendable {
    private let all = Mutex<[[Int]]>([])
    var values: [[Int]] { all.withLock { $0 } }
    func add(_ value: [Int]) { all.withLock { $0.append(value) } }
  }
}
