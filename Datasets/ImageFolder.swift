import Basics
import Foundation
import Imaging

/// The images of a folder with all that lies below it, whatever their sizes and formats: decoded once, made smaller, and kept in memory
/// or, if they don't fit there, in a cache on disk.
public struct ImageFolder: ImageSource {
  public let name: String
  /// The path of each image's file, below the folder.
  public let files: [String]
  /// The files that gave no image, in order of their paths.
  public let skipped: [SkippedFile]
  public let channels: Int
  public let labels: [Int]?
  public let classNames: [String]?
  public let commonShape: ImageShape?
  public let areReduced: Bool
  public let residentBytes: Double
  public let readingBytes: Double
  /// The file that keeps the pixels; nil where they are in memory.
  public let cache: URL?
  private let pixels: Pixels

  private enum Pixels: Sendable {
    case memory([Image])
    /// With what gives an image anew whose pixels on disk are damaged: its file, the first for image 0.
    case disk(PixelCache, ImageDecoding, [FolderScan.File])
  }

  /// How to read a folder.
  public struct Options: Sendable {
    /// The shorter side that images keep, in pixels, 1…65,535: larger ones are made smaller.
    public var side: Int
    /// 1 for grey, 3 for RGB.
    public var channels: Int
    /// The bytes of memory that reading may take, above 0: half of them for what is kept, half for decoding.
    public var memory: Double
    /// Whether the first image that can't be read is an error, or left out.
    public var isStrict = false
    /// Whether the first folder in each path is the image's class.
    public var hasClassFolders = false
    /// Only so many files, from the first on, at least 1.
    public var limit: Int?
    /// The cores that decode.
    public var cores: Cores
    /// Where pixels are kept that don't fit in memory.
    package var cacheFolder = PixelCache.folder
    /// Called now and then with the number of files that were read, and of all.
    public var progress: @Sendable (Int, Int) -> Void = { _, _ in }

    /// - Parameters: as the properties have them.
    public init(side: Int, channels: Int = 3, memory: Double = ImageFolder.usualMemory, cores: Cores = Cores()) {
      (self.side, self.channels, self.memory, self.cores) = (side, channels, memory, cores)
    }

    fileprivate func validate() throws {
      if let limit, limit < 1 {
        throw SeCuError(.usage, "expected 1 file or more, found \(limit)", at: "limit", remedy: "Leave it out for all")
      }
    }
  }

  /// A quarter of what this machine or its container has, 256 MB at least.
  public static let usualMemory = max(256e6, Machine.memoryLimit.bytes / 4)

  public var count: Int { files.count }

  public var fileNames: [String]? { files }

  /// Reads a folder.
  ///
  /// - Parameters:
  ///   - path: the folder.
  ///   - options: how.
  /// - Throws: `SeCuError` for options out of range, if the folder can't be read or the cache not be written, if there is no image, if
  ///   images lie outside the folders of classes; with `isStrict`, for the first file that does not begin like an image
  ///   although it should be one, also beyond `limit`, or else for the first image that can't be read.
  public init(_ path: String, _ options: Options) throws {
    try options.validate()
    let decoding = try ImageDecoding(
      root: path, side: options.side, channels: options.channels, memory: options.memory / 2, of: options.memory,
      cores: options.cores)
    let scan = try FolderScan(path, cores: options.cores)
    let chosen = Array(scan.files.prefix(options.limit ?? .max))
    if options.isStrict, let first = scan.skipped.first(where: { $0.kind == .unreadable }) { throw first.refusal }
    guard !chosen.isEmpty else { throw SkippedFile.noImage(at: path, scan.skipped) }
    name = URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
    channels = options.channels

    let (kept, places, unread, decodingBytes) = try Self.read(path, chosen, options, decoding)
    readingBytes = decodingBytes
    skipped = SkippedFile.sorted(scan.skipped + unread)
    guard !places.isEmpty else { throw SkippedFile.noImage(at: path, skipped) }
    files = places.map { chosen[$0].path }
    pixels = kept
    (labels, classNames) = options.hasClassFolders ? try Self.classes(files, path) : (nil, nil)
    switch kept {
    case .memory(let images):
      cache = nil
      residentBytes = images.reduce(0) { $0 + Double($1.pixels.count) + 64 }
      areReduced = images.contains { min($0.shape.height, $0.shape.width) == options.side }
      commonShape = images.allSatisfy { $0.shape == images[0].shape } ? images[0].shape : nil
    case .disk(let file, _, _):
      cache = file.url
      let perImage = MemoryLayout<PixelCache.Entry>.stride + MemoryLayout<FolderScan.File>.stride
      residentBytes = Double(perImage * file.entries.count)
      areReduced = file.entries.contains { min($0.height, $0.width) == options.side }
      let first = file.entries[0]
      let isUniform = file.entries.allSatisfy { $0.height == first.height && $0.width == first.width }
      commonShape =
        isUniform ? try ImageShape(height: first.height, width: first.width, channels: options.channels) : nil
    }
  }

  // MARK: - Reading

  /// Decodes into memory as long as there is room, and from there on into the cache, which then holds everything.
  ///
  /// - Returns: the pixels, the places in `chosen` of the files that gave them, the others, and the bytes that decoding took at most,
  ///   0 where the cache was there.
  private static func read(
    _ path: String, _ chosen: [FolderScan.File], _ options: Options, _ decoding: ImageDecoding
  ) throws -> (Pixels, [Int], [SkippedFile], decodingBytes: Double) {
    let half = decoding.memory
    let source = PixelCache.Source(
      files: chosen, side: options.side, channels: options.channels, memory: Int(min(half, 1e15)))
    let url = cacheURL(path, options)
    // Of the images that may have been decoded at the same time.
    var largest: [Int] = []
    // By an error of the disk, for example: the next time the file may be read.
    var readFailed = false
    func disk(_ cache: PixelCache) -> (Pixels, [Int], [SkippedFile], decodingBytes: Double) {
      if readFailed { cache.forget() }
      let places = cache.entries.map(\.file)
      return (.disk(cache, decoding, places.map { chosen[$0] }), places, cache.skipped, decoding.bytes(for: largest))
    }
    if let cache = PixelCache(url, of: source) {
      if options.isStrict, let first = cache.skipped.first { throw first.refusal }
      return disk(cache)
    }
    var images: [Image] = [], places: [Int] = [], unread: [SkippedFile] = [], bytes = 0.0
    func take(
      _ place: Int, _ result: Result<ImageDecoding.Kept, any Error>, _ keep: (Image) throws -> Void
    ) throws {
      switch result {
      case .success(let kept):
        largest = Array((largest + [kept.decodedBytes]).sorted(by: >).prefix(options.cores.threads))
        try keep(kept.image)
      case .failure(let error):
        let file = SkippedFile(chosen[place].path, error)
        if options.isStrict { throw file.refusal }
        if (error as? SeCuError)?.kind == .inputOutput { readFailed = true }
        unread.append(file)
      }
      if place % 64 == 63 || place == chosen.count - 1 { options.progress(place + 1, chosen.count) }
    }
    struct Full: Error { let next: Int }
    do {
      try decoding.each(chosen) { place, result in
        // Whole rounds are decoded: what follows in this one is decoded again, which is little.
        guard bytes <= half else { throw Full(next: place) }
        try take(place, result) { image in
          images.append(image)
          places.append(place)
          bytes += Double(image.pixels.count) + 64
        }
      }
      return (.memory(images), places, unread, decoding.bytes(for: largest))
    } catch let full as Full {
      let cache = try PixelCache.make(url, of: source) { add in
        for (place, image) in zip(places, images) { try add(place, image) }
        images = []
        try decoding.each(Array(chosen[full.next...])) { place, result in
          try take(full.next + place, result) { try add(full.next + place, $0) }
        }
        return unread
      }
      return disk(cache)
    }
  }

  private static func cacheURL(_ path: String, _ options: Options) -> URL {
    let whole = URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
    let key = CRC32.checksum(Array("\(whole)\n\(options.side)\n\(options.channels)\n\(options.limit ?? 0)".utf8))
    return options.cacheFolder.appendingPathComponent("images-\(String(key, radix: 16)).pixels", isDirectory: false)
  }

  /// The classes by the first folder of each path.
  private static func classes(_ files: [String], _ path: String) throws -> ([Int], [String]) {
    let folders = try files.map { file in
      guard let folder = Path.firstFolder(file) else {
        throw SeCuError(
          .badData, "expected every image in the folder of its class, found \(file) outside", at: path,
          remedy: "Move it to a sub-folder, or leave --class-folders out")
      }
      return folder
    }
    let names = Set(folders).sorted(by: FolderScan.precedes)
    let numbers = Dictionary(uniqueKeysWithValues: zip(names, 0...))
    return (folders.map { numbers[$0] ?? 0 }, names)
  }

  // MARK: - Pixels

  public func image(at index: Int) throws -> Image {
    try check(index)
    switch pixels {
    case .memory(let images): return images[index]
    case .disk(let cache, let decoding, let files):
      let room = PixelRoom(), buffer = try cache.read(index, in: room) { try decoding.image(files[index]) }
      let values = Array(UnsafeBufferPointer(start: buffer.pixels, count: buffer.count))
      return try Image(
        shape: ImageShape(height: buffer.height, width: buffer.width, channels: buffer.channels), pixels: values)
    }
  }

  public func withPixels(at index: Int, in room: PixelRoom, _ body: (PixelBuffer) throws -> Void) throws {
    try check(index)
    switch pixels {
    case .memory(let images): try images[index].withPixels(body)
    case .disk(let cache, let decoding, let files):
      try body(cache.read(index, in: room) { try decoding.image(files[index]) })
    }
  }

  public func readAhead(_ ids: ArraySlice<Int>) {
    guard case .disk(let cache, _, _) = pixels else { return }
    for id in ids where files.indices.contains(id) { cache.readAhead(id) }
  }
}

// MARK: - A first look

extension ImageFolder {
  /// What a folder holds, as far as can be told without reading all of it.
  public struct Survey: Sendable {
    /// Files that begin like an image that can be read.
    public let images: Int
    /// The median of the shorter sides of a sample of images, in pixels, as their files have them.
    public let shorterSide: Int
    /// The number of folders in the folder that have images.
    public let folders: Int
    /// Images in none of them, which would have no class.
    public let imagesOutside: Int
  }

  /// Looks at the files of a folder, and decodes up to 32 of them; where none of these can be read, as many others, and so on.
  ///
  /// - Throws: `SeCuError` if the folder can't be read or no file gives an image.
  public static func survey(_ path: String, memory: Double, cores: Cores) throws -> Survey {
    let scan = try FolderScan(path, cores: cores)
    guard !scan.files.isEmpty else { throw SkippedFile.noImage(at: path, scan.skipped) }
    // Images are measured, not kept: side and channels don't matter.
    let decoding = try ImageDecoding(root: path, side: 1, channels: 3, memory: memory / 2, of: memory, cores: cores)
    let step = (scan.files.count + 31) / 32
    var sides: [Int] = []
    var unread = scan.skipped
    for first in 0..<step where sides.isEmpty {
      let some = stride(from: first, to: scan.files.count, by: step).map { scan.files[$0] }
      try decoding.each(some, making: { image, _ in min(image.height, image.width) }) { place, result in
        switch result {
        case .success(let side): sides.append(side)
        case .failure(let error): unread.append(SkippedFile(some[place].path, error))
        }
      }
    }
    guard !sides.isEmpty else { throw SkippedFile.noImage(at: path, SkippedFile.sorted(unread)) }
    let folders = scan.files.compactMap { Path.firstFolder($0.path) }
    return Survey(
      images: scan.files.count, shorterSide: sides.sorted()[sides.count / 2], folders: Set(folders).count,
      imagesOutside: scan.files.count - folders.count)
  }
}
