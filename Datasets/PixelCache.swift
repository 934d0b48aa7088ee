import Basics
import Foundation
import Imaging
import Interchange

/// Decoded and shrunk images in a file, for folders that don't fit in memory.
///
///     0            8 bytes  "SeCuPix2"
///     8            pixels of all images, back to back
///     then         the table: 32 bytes for each image, as `Entry` has them, little-endian
///     then         contents, JSON: what the file was made from
///     at the end   u64 LE place of the table, u64 LE length of the contents, u32 LE CRC-32 of both, "SeCuPixE"
///
/// It is written aside and renamed when it is whole, so that no crash leaves half a file. Table and contents have a checksum, and each
/// image one of its own, which reading compares.
struct PixelCache: Sendable {
  /// What decides the pixels: a cache made from anything else is not used.
  struct Source: Codable, Sendable {
    let fileCount: Int
    /// The MD5 of the files' paths, sizes and dates.
    let files: String
    let side: Int
    let channels: Int
    /// The bytes of memory for decoding. With fewer or more, other files may be too large to be decoded.
    let memory: Int

    init(files: [FolderScan.File], side: Int, channels: Int, memory: Int) {
      (fileCount, self.side, self.channels, self.memory) = (files.count, side, channels, memory)
      var digest = MD5()
      for file in files { digest.update(Data("\(file.path)\0\(file.size)\0\(file.modified)\0".utf8)) }
      self.files = digest.hexadecimal
    }

    /// Whether this gives every image that `other` would, where the files of `skipped` gave none: with less memory `other` might lose
    /// some, with more it might read what `skipped` names.
    func gives(sameAs other: Source, without skipped: [SkippedFile]) -> Bool {
      (fileCount, files, side, channels) == (other.fileCount, other.files, other.side, other.channels)
        && (skipped.isEmpty || other.memory <= memory)
    }
  }

  /// One image: where its pixels begin, its file's place in the list, its size, and the checksum of its pixels.
  struct Entry: Sendable {
    var offset: Int
    var file: Int
    var height: Int
    var width: Int
    var checksum: UInt64

    static let length = 32

    init(offset: Int, file: Int, height: Int, width: Int, checksum: UInt64) {
      (self.offset, self.file, self.height, self.width, self.checksum) = (offset, file, height, width, checksum)
    }

    /// Reads `length` bytes.
    init(_ bytes: UnsafeRawPointer) {
      func number<Number: FixedWidthInteger>(_ offset: Int, _: Number.Type) -> Number {
        Number(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
      }
      self.init(
        offset: Int(clamping: number(0, UInt64.self)), file: Int(clamping: number(8, UInt64.self)),
        height: Int(number(16, UInt32.self)), width: Int(number(20, UInt32.self)), checksum: number(24, UInt64.self))
    }

    /// `length` bytes.
    var bytes: Data {
      PixelCache.bytes(UInt64(offset)) + PixelCache.bytes(UInt64(file)) + PixelCache.bytes(UInt32(height))
        + PixelCache.bytes(UInt32(width)) + PixelCache.bytes(checksum)
    }
  }

  private struct Contents: Codable {
    var source: Source
    var skipped: [SkippedFile]
  }

  let url: URL
  let entries: [Entry]
  /// The files of the source that gave no image.
  let skipped: [SkippedFile]
  let channels: Int
  private let file: RandomAccessFile

  private static let magic = Data("SeCuPix2".utf8), end = Data("SeCuPixE".utf8)
  private static let trailerLength = 28

  /// Opens the cache at `url`.
  ///
  /// - Returns: nil if there is none, or one of other files, or a damaged one: it has to be made anew.
  init?(_ url: URL, of source: Source) {
    guard let file = try? RandomAccessFile(url), file.size >= Self.magic.count + Self.trailerLength else { return nil }
    func read(_ offset: Int, _ count: Int) -> Data? {
      var data = Data(count: count)
      let isRead = data.withUnsafeMutableBytes { bytes in
        bytes.baseAddress.map { base in (try? file.read(count, at: offset, into: base)) != nil } ?? true
      }
      return isRead ? data : nil
    }
    guard let trailer = read(file.size - Self.trailerLength, Self.trailerLength), trailer.suffix(8) == Self.end,
      read(0, 8) == Self.magic
    else { return nil }
    func number(_ offset: Int, _ count: Int) -> UInt64 {
      trailer.dropFirst(offset).prefix(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    let end = UInt64(file.size - Self.trailerLength), (place, length) = (number(0, 8), number(8, 8))
    guard Self.magic.count...Int(end) ~= Int(clamping: place), length <= end - place,
      (end - place - length) % UInt64(Entry.length) == 0, let text = read(Int(place), Int(end - place)),
      UInt64(CRC32.checksum(text)) == number(16, 4),
      let contents = try? JSONDecoder().decode(Contents.self, from: text.suffix(Int(length))),
      contents.source.gives(sameAs: source, without: contents.skipped)
    else { return nil }
    let entries = text.withUnsafeBytes { table in
      stride(from: 0, to: table.count - Int(length), by: Entry.length).map { offset in
        Entry(UnsafeRawBufferPointer(rebasing: table[offset...]).baseAddress.unsafelyUnwrapped)
      }
    }
    let pixels = Self.magic.count..<Int(place), sides = 1...ImageShape.largestDimension
    for entry in entries {
      guard 0..<source.fileCount ~= entry.file, sides.contains(entry.height), sides.contains(entry.width),
        pixels.contains(entry.offset), entry.height * entry.width * source.channels <= pixels.upperBound - entry.offset
      else { return nil }
    }
    (self.url, self.file, channels) = (url, file, source.channels)
    (self.entries, skipped) = (entries, contents.skipped)
  }

  /// Makes the cache at `url`, in place of whatever is there.
  ///
  /// - Parameter fill: calls the function it is given once for each image, with its file's place in `source.files`; returns the files that
  ///   gave none.
  /// - Throws: `SeCuError` if it can't be written; what `fill` throws.
  static func make(
    _ url: URL, of source: Source, fill: ((Int, Image) throws -> Void) throws -> [SkippedFile]
  ) throws -> PixelCache {
    let folder = url.deletingLastPathComponent()
    let remedy = "Make room there, name another folder in the environment variable SECU_CACHE, or give more --memory"
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw SeCuError(
        .cannotCreate, "the folder for images that don't fit in memory can't be made (\(systemReason(error)))",
        at: folder.path, remedy: remedy)
    }
    // A file that was written to within the last hour may be another process's.
    AtomicFile.removeLeftovers(in: folder, olderThan: 3600)
    do {
      try write(url, source, fill)
    } catch var error as SeCuError where error.place == url.displayName {
      // Nobody chose this file, so what to do about it is said here.
      error.remedy = remedy
      throw error
    }
    guard let cache = PixelCache(url, of: source) else {
      throw SeCuError(
        .inputOutput, "the cache of the images can't be read back", at: url.path,
        remedy: "Make sure that the disk works, or name another folder in SECU_CACHE")
    }
    return cache
  }

  private static func write(
    _ url: URL, _ source: Source, _ fill: ((Int, Image) throws -> Void) throws -> [SkippedFile]
  ) throws {
    try AtomicFile.replace(url) { handle in
      var table = Data(), position = magic.count, pending = magic
      let skipped = try fill { place, image in
        let entry = Entry(
          offset: position, file: place, height: image.shape.height, width: image.shape.width,
          checksum: image.pixels.withUnsafeBytes(WordHash.hash))
        table += entry.bytes
        pending += image.pixels
        position += image.pixels.count
        if pending.count >= 1 << 22 {
          try handle.write(contentsOf: pending)
          pending.removeAll(keepingCapacity: true)
        }
      }
      let text = try JSONEncoder().encode(Contents(source: source, skipped: skipped))
      var checksum = CRC32()
      checksum.update(table)
      checksum.update(text)
      for part in [
        pending, table, text, bytes(UInt64(position)), bytes(UInt64(text.count)), bytes(checksum.value), end,
      ] {
        try handle.write(contentsOf: part)
      }
    }
  }

  private static func bytes(_ value: some FixedWidthInteger) -> Data {
    withUnsafeBytes(of: value.littleEndian) { Data($0) }
  }

  /// Where caches lie: the folder that the environment variable `SECU_CACHE` names, else `secu` in the user's folder for caches.
  static var folder: URL {
    if let named = ProcessInfo.processInfo.environment["SECU_CACHE"], !named.isEmpty {
      return URL(fileURLWithPath: named)
    }
    let caches = FileManager.default.urls(for: .cachesDirectory, in: .userDomainMask).first
    return (caches ?? FileManager.default.temporaryDirectory).appendingPathComponent("secu")
  }

  /// Lets the next run make the cache anew. This one goes on with it: an open file stays, without its name.
  func forget() {
    try? FileManager.default.removeItem(at: url)
  }

  /// Lets the pixels of image `index` come into the system's cache of files, in the background.
  func readAhead(_ index: Int) {
    file.readAhead(length(of: entries[index]), at: entries[index].offset)
  }

  private func length(of entry: Entry) -> Int { entry.height * entry.width * channels }

  /// Reads the pixels of image `index` into `room`.
  ///
  /// Where they have changed on disk, the file is removed, so that the next run makes it anew.
  ///
  /// - Parameter decode: makes the image again from its own file; what it gives counts where it is what was kept.
  /// - Throws: `SeCuError` if they can't be read, or have changed and can't be made again.
  func read(_ index: Int, in room: PixelRoom, orBy decode: () throws -> Image) throws -> PixelBuffer {
    let entry = entries[index], count = length(of: entry)
    let pixels = room.reserve(count)
    func isWhole() -> Bool { WordHash.hash(UnsafeRawBufferPointer(start: pixels, count: count)) == entry.checksum }
    try file.read(count, at: entry.offset, into: pixels)
    if !isWhole() {
      forget()
      if let image = try? decode(), image.pixels.count == count {
        image.pixels.withUnsafeBufferPointer {
          if let base = $0.baseAddress { pixels.update(from: base, count: count) }
        }
      }
      guard isWhole() else {
        throw SeCuError(
          .badData, "the pixels of image \(index) have changed since they were kept here, and so has its file",
          at: url.path, position: "byte \(entry.offset)", remedy: "Start again: all are read anew")
      }
    }
    return PixelBuffer(pixels: pixels, height: entry.height, width: entry.width, channels: channels)
  }
}
