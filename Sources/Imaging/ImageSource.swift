import Basics

/// Images that can be had by number, from memory or from files. They may differ in height and width, not in channels.
///
/// Several threads ask at the same time: everything here must be safe to call from any of them. While a source is in use, everything must stay
/// the same; all but images is asked for again and again, and should take no time.
public protocol ImageSource: Sendable {
  /// What people call the data, such as `digits`.
  var name: String { get }
  /// How many images there are; their numbers are 0..<`count`.
  var count: Int { get }
  /// Values per pixel of every image: 1 for grey, 3 for RGB.
  var channels: Int { get }
  /// The shape that all images share, or nil if they differ.
  var commonShape: ImageShape? { get }
  /// The class of each image, 0 or above, where classes are known.
  var labels: [Int]? { get }
  /// The name of each class, where known; a label indexes it.
  var classNames: [String]? { get }
  /// The file that each image came from, where there is one for each.
  var fileNames: [String]? { get }
  /// Whether the pixels may be fewer than the files have: larger images were made smaller as they were read.
  var areReduced: Bool { get }
  /// The bytes of pixels that stay in memory as long as the source does.
  var residentBytes: Double { get }
  /// The bytes that reading the images took at most besides, before they were there.
  var readingBytes: Double { get }

  /// The image with number `index`.
  ///
  /// - Throws: `SeCuError` for a number outside 0..<`count` or an image that can't be read.
  func image(at index: Int) throws -> Image

  /// Lends the pixels of an image to `body`: where they lie, if they are in memory, or else read into `room`.
  ///
  /// Without an implementation of its own, a source lends what `image(at:)` returns, which is a new image each time.
  ///
  /// - Parameters:
  ///   - index: the image's number.
  ///   - room: memory for it; no other thread has it.
  ///   - body: may use the pixels until it returns.
  /// - Throws: as `image(at:)`, and what `body` throws.
  func withPixels(at index: Int, in room: PixelRoom, _ body: (PixelBuffer) throws -> Void) throws

  /// Lets the pixels of images that will soon be asked for come into memory meanwhile, where they are on disk. Returns at once.
  ///
  /// - Parameter ids: the images' numbers; those outside 0..<`count` do not matter.
  func readAhead(_ ids: ArraySlice<Int>)
}

extension ImageSource {
  public var fileNames: [String]? { nil }
  public var areReduced: Bool { false }
  public var residentBytes: Double { 0 }
  public var readingBytes: Double { 0 }

  public func readAhead(_ ids: ArraySlice<Int>) {}

  public func withPixels(at index: Int, in room: PixelRoom, _ body: (PixelBuffer) throws -> Void) throws {
    let image = try image(at: index)
    try image.withPixels(body)
  }

  /// The checksum of all pixels up to the end of each image, by which a resumed run knows its images again: the last is that of all, and
  /// the first that is another one belongs to the first image that is.
  ///
  /// - Throws: as `image(at:)`.
  package func runningChecksums() throws -> [UInt32] {
    let room = PixelRoom(), channels = channels, shape = commonShape
    var checksum = CRC32(), checksums: [UInt32] = []
    for index in 0..<count {
      try withPixels(at: index, in: room) { image in
        try image.check(channels: channels, shape: shape, of: name, id: index)
        // Where sizes differ, they count too: the same values may be another image.
        if shape == nil {
          checksum.update([image.height, image.width].flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })
        }
        checksum.update(UnsafeRawBufferPointer(start: image.pixels, count: image.count))
        checksums.append(checksum.value)
      }
    }
    return checksums
  }

  /// What the images look like in a sentence: `32×32×3`, or `many sizes, 3 channels`.
  public var shapeText: String {
    commonShape?.description ?? "many sizes, \(counted(channels, "channel"))"
  }

  /// Throws `SeCuError` of kind `.badData` unless labels and file names, where there are any, are one an image, labels 0 or above and
  /// below the number of classes, and the shape that all images have, if they have one, of as many channels as they are said to have.
  package func checkLabelsAndNames() throws {
    if let shape = commonShape, shape.channels != channels {
      throw SeCuError(
        .badData, "expected a common shape of \(counted(channels, "channel")), found \(shape)",
        at: name,
        remedy: "Let the source's channels and commonShape agree")
    }
    for (what, found) in [("labels", labels?.count), ("file names", fileNames?.count)] {
      guard let found, found != count else { continue }
      throw SeCuError(.badData, "expected \(count) \(what), one per image, found \(found)", at: name)
    }
    let last = (classNames?.count).map { $0 - 1 } ?? .max
    guard let labels, let wrong = labels.firstIndex(where: { $0 < 0 || $0 > last }) else { return }
    let expected = classNames.map { "a label below \($0.count)" } ?? "a label of 0 or above"
    throw SeCuError(.badData, "expected \(expected), found \(labels[wrong])", at: name, position: "image \(wrong)")
  }

  /// - Throws: `SeCuError` of kind `.usage` for a number outside 0..<`count`.
  package func check(_ id: Int) throws {
    guard 0..<count ~= id else {
      throw SeCuError(.usage, "expected an image number below \(count), found \(id)", at: name)
    }
  }
}

extension PixelBuffer {
  /// Checks that an image is what its source says: those who use it have made room by that.
  ///
  /// - Parameters:
  ///   - channels: of every image of the source.
  ///   - shape: of every image; nil where they differ in height and width.
  ///   - name: the source's.
  ///   - id: the image's number.
  /// - Throws: `SeCuError` of kind `.badData` for another image.
  package func check(channels: Int, shape: ImageShape?, of name: String, id: Int) throws {
    let sides = 1...ImageShape.largestDimension
    let fits = shape.map { (height, width) == ($0.height, $0.width) } ?? (sides ~= height && sides ~= width)
    guard fits, self.channels == channels else {
      let expected = shape?.description ?? counted(channels, "channel")
      throw SeCuError(
        .badData, "expected an image of \(expected), found \(height)×\(width)×\(self.channels)", at: name,
        position: "image \(id)", remedy: "Let the source's channels and commonShape say what its images have")
    }
  }
}
