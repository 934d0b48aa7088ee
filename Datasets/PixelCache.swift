import Basics
import Foundation
import Imaging
import Interchange

/// Decoded and shrunk images in a file, for folders that don't fit in memory.
///
///     0            8 bytes  "SeCuPix1"
///     8            pixels of all images, back to back
///     then         contents, JSON: what the file was made from, and where each image lies
///     at the end   u64 LE place of the contents, u64 LE their length, u32 LE their CRC-32, "SeCuPixE"
///
/// It is written aside and renamed when it is whole, so that no crash leaves half a file. Contents have a checksum, and each image
/// one of its own, which reading compares.
struct PixelCache: Sendable {
  /// What decides the pixels: a cache made from anything else is not used.
  struct Source: Codable, Equatable, Sendable {
    var files: [FolderScan.File]
    var side: Int
    var channels: Int
    var limit: Int
  }

  /// One image: its file's place in the list, its size, and where its pixels begin.
  struct Entry: Codable, Sendable {
    var file: Int
    var height: Int
    var width: Int
    var offset: Int
    var checksum: UInt32
  }

  private struct Contents: Codable {
    var source: Source
    var entries: [Entry]
    var skipped: [SkippedFile]
  }

  let url: URL
  let entries: [Entry]
  /// The files of the source that gave no image.
  let skipped: [SkippedFile]
  let channels: Int
  private let file: RandomAccessFile

  private static let magic = Data("SeCuPix1".utf8), end = Data("SeCuPixE".utf8)
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
    let room = UInt64(file.size - Self.trailerLength), (place, length) = (number(0, 8), number(8, 8))
    guard length <= room, place == room - length, let text = read(Int(place), Int(length)),
      UInt64(CRC32.checksum(text)) == number(16, 4),
      let contents = try? JSONDecoder().decode(Contents.self, from: text), contents.source == source
    else { return nil }
    let pixels = Self.magic.count..<Int(place)
    for entry in contents.entries {
      let sides = 1...ImageShape.largestDimension
      guard source.files.indices.contains(entry.file), sides.contains(entry.height), sides.contains(entry.width),
        pixels.contains(entry.offset), entry.offset + entry.height * entry.width * source.channels <= pixels.upperBound
      else { return nil }
    }
    (self.url, self.file, channels) = (url, file, source.channels)
    (entries, skipped) = (contents.entries, contents.skipped)
  }

  /// Makes the cache at `url`, in place of whatever is there.
  ///
  /// - Parameter fill: calls the function it is given once for each image, with its file's place in `source.files`; returns the files that
  ///   gave none.
  /// - Throws: `SeCuError` if it can't be written; what `fill` throws.
  static func make(
    _ url: URL, of source: Source, fill: ((Int, Image) throws -> Void) throws -> [SkippedFile]
  ) throws -> PixelCache {
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    removeLeftovers(in: url.deletingLastPathComponent())
    try AtomicFile.replace(url) { handle in
      var entries: [Entry] = [], position = magic.count, pending = magic
      let skipped = try fill { place, image in
        entries.append(
          Entry(
            file: place, height: image.shape.height, width: image.shape.width, offset: position,
            checksum: CRC32.checksum(image.pixels)))
        pending += image.pixels
        position += image.pixels.count
        if pending.count >= 1 << 22 {
          try handle.write(contentsOf: pending)
          pending.removeAll(keepingCapacity: true)
        }
      }
      let text = try JSONEncoder().encode(Contents(source: source, entries: entries, skipped: skipped))
      func bytes(_ value: some FixedWidthInteger) -> Data { withUnsafeBytes(of: value.littleEndian) { Data($0) } }
      try handle.write(
        contentsOf: pending + text + bytes(UInt64(position)) + bytes(UInt64(text.count)) + bytes(CRC32.checksum(text))
          + end)
    }
    guard let cache = PixelCache(url, of: source) else {
      throw SeCuError(
        .inputOutput, "the cache of the images can't be read back", at: url.path,
        remedy: "Make sure that the disk works, or name another folder in SECU_CACHE")
    }
    return cache
  }

  /// Removes what killed processes have left; a file that was written to within the last hour may be another process's.
  private static func removeLeftovers(in folder: URL) {
    let files = FileManager.default
    for name in (try? files.contentsOfDirectory(atPath: folder.path)) ?? []
    where name.hasPrefix(".secu-") && name.hasSuffix(".partial") {
      let leftover = folder.appendingPathComponent(name)
      let modified = (try? files.attributesOfItem(atPath: leftover.path))?[.modificationDate] as? Date
      if let modified, modified.timeIntervalSinceNow < -3600 { try? files.removeItem(at: leftover) }
    }
  }

  /// Where caches lie: the folder that the environment variable `SECU_CACHE` names, else `secu` in the user's folder for caches.
  static var folder: URL {
    if let named = ProcessInfo.processInfo.environment["SECU_CACHE"], !named.isEmpty {
      return URL(fileURLWithPath: named)
    }
    let caches = FileManager.default.urls(for: .cachesDirectory, in: .userDomainMask).first
    return (caches ?? FileManager.default.temporaryDirectory).appendingPathComponent("secu")
  }

  /// Lets the pixels of image `index` come into the system's cache of files, in the background.
  func readAhead(_ index: Int) {
    file.readAhead(length(of: entries[index]), at: entries[index].offset)
  }

  private func length(of entry: Entry) -> Int { entry.height * entry.width * channels }

  /// Reads the pixels of image `index` into `room`.
  ///
  /// - Throws: `SeCuError` if they can't be read or have changed.
  func read(_ index: Int, in room: PixelRoom) throws -> PixelBuffer {
    let entry = entries[index], count = length(of: entry)
    let pixels = room.reserve(count)
    try file.read(count, at: entry.offset, into: pixels)
    guard CRC32.checksum(UnsafeRawBufferPointer(start: pixels, count: count)) == entry.checksum else {
      throw SeCuError(
        .badData, "the pixels of image \(index) have changed since they were kept here", at: url.path,
        position: "byte \(entry.offset)", remedy: "Delete the file: it is made anew")
    }
    return PixelBuffer(pixels: pixels, height: entry.height, width: entry.width, channels: channels)
  }
}
