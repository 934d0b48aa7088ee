import Basics
import Foundation
import Imaging
import Testing

@testable import Datasets

/// Folders as they are on people's disks.
@Suite struct ImageFolderTests {
  private static func png(_ height: Int, _ width: Int, _ value: UInt8, channels: Int = 3) throws -> [UInt8] {
    let shape = try ImageShape(height: height, width: width, channels: channels)
    return try PNGEncoder.encode(Image(shape: shape, pixels: [UInt8](repeating: value, count: shape.count)))
  }

  private static func options(
    _ side: Int = 8, memory: Double = 64e6, cacheIn place: DataFolder? = nil
  ) -> ImageFolder.Options {
    var options = ImageFolder.Options(side: side, memory: memory, cores: Cores(threads: 2))
    // Hidden, so that it is none of the images.
    if let place { options.cacheFolder = place.url.appending(path: ".cache") }
    return options
  }

  /// An accent as one character, and as a letter with a mark: names that Swift takes for equal, and Linux does not.
  @Test func `folders that differ in their bytes alone are both read`() throws {
    let place = try DataFolder()
    defer { place.remove() }
    for folder in ["Caf\u{E9}", "Cafe\u{301}"] { try place.write(Self.png(6, 6, 1), to: "\(folder)/x.png") }
    let onDisk = try FileManager.default.contentsOfDirectory(atPath: place.path).count
    #expect(try ImageFolder(place.path, Self.options()).count == onDisk)
  }

  @Test func `content decides, and whatever gives no image is told with its reason`() throws {
    let place = try DataFolder()
    defer { place.remove() }
    try place.write(Self.png(20, 32, 1), to: "b/photo.jpg")
    try place.write(Self.png(9, 5, 2, channels: 1), to: "a b/grüße 猫.png")
    try place.write(Self.png(6, 6, 3, channels: 4), to: "noending")
    try place.write(Self.png(6, 6, 4, channels: 2), to: "c,\"d\".png")
    try place.write(Array(Self.png(40, 40, 9).prefix(60)), to: "broken.png")
    try place.write([], to: "empty.jpg")
    try place.write(Array("hello".utf8), to: "notes.txt")
    try place.write(Array("hello".utf8), to: "text.jpg")
    try place.write(Array("GIF89a and more than that".utf8), to: "moving.gif")
    try place.write(Self.png(6, 6, 5), to: ".hidden.png")
    try place.write(Self.png(6, 6, 5), to: ".thumbnails/x.png")
    let files = FileManager.default
    try files.createSymbolicLink(atPath: place.path + "/b/around", withDestinationPath: "..")
    try files.createSymbolicLink(atPath: place.path + "/link.png", withDestinationPath: "noending")
    try files.createSymbolicLink(atPath: place.path + "/nowhere.png", withDestinationPath: "missing")

    let folder = try ImageFolder(place.path, Self.options())
    #expect(folder.files == ["a b/grüße 猫.png", "b/photo.jpg", "c,\"d\".png", "link.png", "noending"])
    #expect(folder.labels == nil && folder.cache == nil && folder.commonShape == nil && folder.channels == 3)
    let shapes = try (0..<folder.count).map { try folder.image(at: $0).shape.description }
    // The shorter side becomes 8 where it is larger, and no image is enlarged.
    #expect(shapes == ["9×5×3", "8×13×3", "6×6×3", "6×6×3", "6×6×3"])
    #expect(try folder.image(at: 1).pixels.allSatisfy { $0 == 1 })
    #expect(try folder.image(at: 0).pixels.allSatisfy { $0 == 2 })
    #expect(
      folder.skipped.map { "\($0.path) \($0.kind.rawValue)" } == [
        "broken.png unreadable", "empty.jpg unreadable", "moving.gif unreadable", "notes.txt other",
        "nowhere.png unreadable", "text.jpg unreadable",
      ])
    let reasons = folder.skipped.map(\.reason)
    #expect(reasons[0].contains("end of the file"), "\(reasons)")
    #expect(reasons[1] == "the file is empty")
    #expect(reasons[2] == "GIF files are not read: convert it to PNG")
    var options = Self.options()
    options.isStrict = true
    let refusal = try #require(throws: SeCuError.self) { try ImageFolder(place.path, options) }
    #expect(refusal.kind == .badData && refusal.place == "empty.jpg", "\(refusal)")
    options.isStrict = false
    options.limit = 2
    #expect(try ImageFolder(place.path, options).files == Array(folder.files.prefix(2)))
  }

  @Test func `options out of range are refused`() throws {
    let place = try DataFolder()
    defer { place.remove() }
    try place.write(Self.png(6, 6, 1), to: "1.png")
    let changes: [(String, (inout ImageFolder.Options) -> Void)] = [
      ("limit", { $0.limit = 0 }), ("limit", { $0.limit = -1 }), ("side", { $0.side = 0 }),
      ("side", { $0.side = 65_536 }), ("channels", { $0.channels = 2 }), ("memory", { $0.memory = .nan }),
    ]
    for (field, change) in changes {
      var options = Self.options()
      change(&options)
      let error = try #require(throws: SeCuError.self) { try ImageFolder(place.path, options) }
      #expect(error.kind == .usage && error.place == field, "\(error)")
    }
  }

  @Test func `a folder that is not there`() throws {
    let error = try #require(throws: SeCuError.self) { try ImageFolder("/no/such/folder", Self.options()) }
    #expect(error.kind == .noInput && error.place == "/no/such/folder" && error.remedy == "Check the path")
  }

  @Test func `sub-folders are classes if asked`() throws {
    let place = try DataFolder()
    defer { place.remove() }
    for (i, name) in ["dog/1.png", "cat/x/2.png", "cat/3.png"].enumerated() {
      try place.write(Self.png(6, 6, UInt8(i)), to: name)
    }
    var options = Self.options()
    options.hasClassFolders = true
    let folder = try ImageFolder(place.path, options)
    #expect(folder.files == ["cat/3.png", "cat/x/2.png", "dog/1.png"])
    #expect(folder.labels == [0, 0, 1] && folder.classNames == ["cat", "dog"])
    #expect(folder.commonShape?.description == "6×6×3")
    try place.write(Self.png(6, 6, 9), to: "stray.png")
    let error = try #require(throws: SeCuError.self) { try ImageFolder(place.path, options) }
    #expect(error.problem.contains("stray.png outside"), "\(error)")
  }

  @Test func `a folder without images is refused`() throws {
    let place = try DataFolder()
    defer { place.remove() }
    try place.write(Array("hello".utf8), to: "notes.txt")
    var error = try #require(throws: SeCuError.self) { try ImageFolder(place.path, Self.options()) }
    #expect(error.problem == "expected images (PNG, JPEG, PNM or BMP files), found 1 other files")
    try place.write(Array("P5 ".utf8), to: "x.pgm")
    error = try #require(throws: SeCuError.self) { try ImageFolder(place.path, Self.options()) }
    #expect(error.problem.contains("the first of 1 is x.pgm"), "\(error)")
    #expect(throws: SeCuError.self) { try ImageFolder(place.path + "/nowhere", Self.options()) }
  }

  @Test func `what does not fit in memory is kept on disk with the same pixels`() throws {
    let place = try DataFolder()
    defer { place.remove() }
    for i in 0..<200 { try place.write(Self.png(40 + i % 7, 50, UInt8(i)), to: "\(i).png") }
    try place.write(Array(Self.png(40, 40, 9).prefix(60)), to: "broken.png")
    let inMemory = try ImageFolder(place.path, Self.options(40))
    #expect(inMemory.cache == nil && inMemory.count == 200)
    // 200 images of some 6 kB are more than half of 0.5 MB.
    let onDisk = try ImageFolder(place.path, Self.options(40, memory: 0.5e6, cacheIn: place))
    let cache = try #require(onDisk.cache)
    #expect(cache.path.hasPrefix(place.path))
    #expect(onDisk.files == inMemory.files && onDisk.skipped == inMemory.skipped)
    #expect(onDisk.residentBytes < inMemory.residentBytes / 10)
    let room = PixelRoom()
    for i in 0..<200 {
      let image = try inMemory.image(at: i)
      #expect(try onDisk.image(at: i) == image)
      try onDisk.withPixels(at: i, in: room) { pixels in
        #expect(Array(UnsafeBufferPointer(start: pixels.pixels, count: pixels.count)) == image.pixels)
      }
    }
    #expect(try onDisk.runningChecksums() == inMemory.runningChecksums())
    // The shorter sides of most are 40, as images are that were made smaller.
    #expect(onDisk.areReduced && inMemory.areReduced)
    #expect(try !ImageFolder(place.path, Self.options(50)).areReduced)
    for ids in [[], [0, 199, 7], [-1, 200, .max, .min]] { onDisk.readAhead(ids[...]) }
    // It is used again, until a file changes.
    let made = try #require(Self.modified(cache))
    let again = try ImageFolder(place.path, Self.options(40, memory: 0.5e6, cacheIn: place))
    #expect(again.skipped == onDisk.skipped && again.cache == cache && Self.modified(cache) == made)
    // With less memory too; with more, what could not be read is tried again.
    #expect(try ImageFolder(place.path, Self.options(40, memory: 0.4e6, cacheIn: place)).cache == cache)
    #expect(Self.modified(cache) == made)
    try FileManager.default.setAttributes([.modificationDate: made - 100], ofItemAtPath: cache.path)
    #expect(try ImageFolder(place.path, Self.options(40, memory: 0.6e6, cacheIn: place)).cache == cache)
    #expect(try #require(Self.modified(cache)) > made - 50)
    try place.write(Self.png(45, 50, 77), to: "0.png")
    let changed = try ImageFolder(place.path, Self.options(40, memory: 0.5e6, cacheIn: place))
    #expect(try changed.image(at: 0).pixels[0] == 77)

    // A pixel that changes is noticed when it is read: the image is decoded anew and the file removed. A file that lost its end is made
    // anew.
    let whole = try Data(contentsOf: cache)
    var damaged = whole
    damaged[100] ^= 1
    try damaged.write(to: cache)
    let reopened = try ImageFolder(place.path, Self.options(40, memory: 0.5e6, cacheIn: place))
    #expect(try reopened.image(at: 0) == changed.image(at: 0))
    #expect(Self.modified(cache) == nil)
    try reopened.withPixels(at: 0, in: room) { pixels in
      #expect(UnsafeBufferPointer(start: pixels.pixels, count: pixels.count).allSatisfy { $0 == 77 })
    }
    // Where its file has changed too, nothing gives what was kept.
    try place.write(Self.png(45, 50, 78), to: "0.png")
    let error = try #require(throws: SeCuError.self) { try reopened.image(at: 0) }
    #expect(error.problem.contains("have changed"), "\(error)")
    try place.write(Self.png(45, 50, 77), to: "0.png")
    #expect(try ImageFolder(place.path, Self.options(40, memory: 0.5e6, cacheIn: place)).cache == cache)
    let remade = try Data(contentsOf: cache)
    for length in [0, 20, remade.count / 2, remade.count - 1] {
      try remade.prefix(length).write(to: cache)
      #expect(try ImageFolder(place.path, Self.options(40, memory: 0.5e6, cacheIn: place)).image(at: 0).pixels[0] == 77)
    }
  }

  private static func modified(_ url: URL) -> Date? {
    (try? FileManager.default.attributesOfItem(atPath: url.path))?[.modificationDate] as? Date
  }

  @Test func `an image that is too large for the memory is left out`() throws {
    let place = try DataFolder()
    defer { place.remove() }
    try place.write(Self.png(6, 6, 1), to: "small.png")
    try place.write(Self.png(2000, 2000, 1), to: "large.png")
    let folder = try ImageFolder(place.path, Self.options(memory: 2e6))
    #expect(folder.files == ["small.png"])
    let reason = try #require(folder.skipped.first).reason
    #expect(reason.contains("expected an image of at most"), "\(reason)")
    #expect(reason.hasSuffix("found 2000×2000; it is read with --memory 192MB or more"), "\(reason)")
    #expect(try ImageFolder(place.path, Self.options(memory: 192e6)).count == 2)
    #expect(try ImageFolder(place.path, Self.options(memory: 191e6)).count == 1)
    // Grey files become RGB as well.
    try place.write(Self.png(2000, 2000, 1, channels: 1), to: "large.png")
    let grey = try #require(try ImageFolder(place.path, Self.options(memory: 2e6)).skipped.first).reason
    #expect(grey.hasSuffix("it is read with --memory 192MB or more"), "\(grey)")
    // No memory helps here.
    for size in ["60000 60000", "12000 12000"] {
      try place.write(Array("P6 \(size) 255\n".utf8), to: "large.png")
      let reason = try #require(try ImageFolder(place.path, Self.options(memory: 2e6)).skipped.first).reason
      #expect(reason.contains("expected an image of at most") && !reason.contains("memory"), "\(reason)")
    }
  }

  /// Half of the memory is for decoding, half of that for the two workers' shares, each a quarter of it at once: 125 kB. Alone, a file
  /// has 250 kB.
  @Test func `a file that is too large for a worker's share is tried again alone`() throws {
    let place = try DataFolder()
    defer { place.remove() }
    try place.write(Self.png(250, 250, 7), to: "large.png")
    try place.write(Self.png(400, 400, 1), to: "larger.png")
    let folder = try ImageFolder(place.path, Self.options(memory: 4e6))
    #expect(folder.files == ["large.png"])
    #expect(try folder.image(at: 0).pixels.allSatisfy { $0 == 7 })
    #expect(folder.skipped.map(\.path) == ["larger.png"])
    let reason = try #require(folder.skipped.first).reason
    #expect(reason.hasSuffix("found 400×400; it is read with --memory 8MB or more"), "\(reason)")
    // `ImageFiles` keeps nothing, so that all of the memory is for decoding.
    for (memory, isRead) in [(3e6, false), (4e6, true)] {
      let cores = Cores(threads: 2)
      try ImageFiles([place.path + "/larger.png"], cores: cores).eachBatch(
        of: 1, side: 8, channels: 3, memory: memory, cores: cores
      ) { batch, unread in
        #expect(batch.count == (isRead ? 1 : 0))
        #expect(isRead || unread.first?.reason.hasSuffix("it is read with --memory 4MB or more") == true, "\(unread)")
      }
    }
  }

  @Test func `a survey tells number and size`() throws {
    let place = try DataFolder()
    defer { place.remove() }
    for i in 0..<40 { try place.write(Self.png(20, 30 + i, 1), to: "\(i % 3)/\(i).png") }
    let survey = try ImageFolder.survey(place.path, memory: 64e6, cores: Cores(threads: 2))
    #expect((survey.images, survey.shorterSide, survey.folders, survey.imagesOutside) == (40, 20, 3, 0))
    // As the files have them, however large.
    try place.write(Self.png(2100, 2000, 1, channels: 1), to: "large/x.png")
    let large = try ImageFolder.survey(place.path + "/large", memory: 256e6, cores: Cores(threads: 2))
    #expect((large.images, large.shorterSide, large.folders, large.imagesOutside) == (1, 2000, 0, 1))
    // The median of 10, 12, 30: neither the mean nor an end.
    for (i, side) in [12, 30, 10].enumerated() { try place.write(Self.png(side, 40, 1), to: "three/\(i).png") }
    let three = try ImageFolder.survey(place.path + "/three", memory: 64e6, cores: Cores(threads: 2))
    #expect(three.shorterSide == 12)
  }

  @Test func `channels that no image file gives are refused before one is read`() throws {
    let place = try DataFolder()
    defer { place.remove() }
    try place.write(Self.png(6, 6, 1), to: "a.png")
    let files = try ImageFiles([place.path], cores: Cores(threads: 2))
    for (side, channels, field) in [(8, 4, "channels"), (8, 2, "channels"), (0, 3, "side"), (65_536, 3, "side")] {
      let error = try #require(throws: SeCuError.self) {
        try files.eachBatch(of: 4, side: side, channels: channels, memory: 64e6, cores: Cores(threads: 2)) { _, _ in
          Issue.record("a batch was read")
        }
      }
      #expect(error.kind == .usage && error.place == field, "\(error)")
    }
  }

  @Test func `folders of data sets are not folders of images`() throws {
    let place = try DataFolder()
    defer { place.remove() }
    try place.write(Self.png(6, 6, 1), to: "a.png")
    #expect(try DataCatalog.imageFolder(place.path) == place.path)
    #expect(try DataCatalog.imageFolder("digits") == nil)
    #expect(try DataCatalog.imageFolder(place.path + "/a.png") == nil)
    try place.write([UInt8](repeating: 0, count: 3073 * 2), to: "data_batch_1.bin")
    #expect(try DataCatalog.imageFolder(place.path) == nil)
  }

  @Test func `arrays and records among pictures are passed over`() throws {
    let pixels = [UInt8](repeating: 9, count: 2 * 6 * 6)
    let odd: [(String, [UInt8])] = [
      ("masks.npy", npy("|u1", "(2, 6, 6)", pixels)), ("images-idx3-ubyte", idx(8, [2, 6, 6], pixels)),
      ("backup.bin", cifarRecords([[3], [4]])), ("labels.npy", npy("|u1", "(2,)", [0, 1])),
      ("broken.npy", Array(npy("|u1", "(2, 6, 6)", pixels).dropLast())),
    ]
    for folder in ["", "x/", "x/y/"] {
      let place = try DataFolder()
      defer { place.remove() }
      for (name, content) in odd { try place.write(content, to: folder + name) }
      // Pictures count wherever they lie: here, beside and below the others.
      for i in 0..<3 {
        let picture = ["a.png", "x/b.png", "z/c.png"][i]
        try place.write(Self.png(6, 6, 1), to: picture)
        #expect(try DataCatalog.imageFolder(place.path) == place.path, "\(folder) \(picture)")
        let images = try ImageFolder(place.path, Self.options())
        #expect(images.count == 1 && images.skipped.count == odd.count)
        #expect(
          images.skipped.count { $0.kind == .other && $0.reason.hasPrefix("an array, not an image") } == 4,
          "\(images.skipped)")
        try FileManager.default.removeItem(atPath: place.path + "/" + picture)
      }
      // Without a picture they are what they look like: records first, then arrays, of which one is damaged.
      #expect(try DataCatalog.imageFolder(place.path) == nil)
      try FileManager.default.removeItem(atPath: place.path + "/" + folder + "backup.bin")
      #expect(throws: SeCuError.self) { try DataCatalog.imageFolder(place.path) }
      try place.write(Self.png(6, 6, 1), to: "x/b.png")
      #expect(try DataCatalog.imageFolder(place.path) == place.path)
    }
  }

  @Test func `kinds of refusals tell what is too large`() throws {
    let limits = DecodingLimits(mostPixels: 30, mostBytes: 200)
    let large = try Self.png(6, 6, 1), small = try Self.png(3, 3, 1)
    func failure(_ bytes: [UInt8]) throws -> SeCuError {
      try #require(throws: SeCuError.self) { try ImageFile.decode(bytes, name: "x", limits: limits) }
    }
    #expect(try failure(large).kind == .tooLarge)
    #expect(try failure(Array(small.dropLast(20))).kind == .badData)
    let size = try #require(throws: SeCuError.self) { try limits.check(fileSize: 201, name: "x") }
    #expect(size.kind == .tooLarge && size.problem == "expected a file of at most 200 bytes, found 201")
  }

  @Test func `the checksum of pixels tells any damaged byte`() {
    for count in [0, 1, 7, 8, 9, 100] {
      var bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37) }
      let whole = bytes.withUnsafeBytes(WordHash.hash)
      for i in 0..<count {
        bytes[i] ^= 0x80
        #expect(bytes.withUnsafeBytes(WordHash.hash) != whole)
        bytes[i] ^= 0x80
      }
    }
    // FNV-1a of one word "abcdefgh" and an empty one, worked out by hand: ((basis ⊕ word) · p) · p modulo 2⁶⁴.
    let word = Array("abcdefgh".utf8)
    #expect(word.withUnsafeBytes(WordHash.hash) == 0xE8F7212949DABFE4)
  }
}
