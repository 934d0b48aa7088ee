import Basics

/// Images of one shape in memory: one flat array, image after image.
public struct ImageSet: ImageSource, Equatable {
  public let name: String
  /// The shape of every image.
  public let shape: ImageShape
  public let count: Int
  /// `count` × `shape.count` values; image i begins at i × `shape.count`.
  public let pixels: [UInt8]
  public let labels: [Int]?
  public let classNames: [String]?

  public var channels: Int { shape.channels }
  public var commonShape: ImageShape? { shape }
  public var residentBytes: Double { Double(pixels.count) }

  /// - Parameters:
  ///   - name: what people call the data; errors say it.
  ///   - shape: the shape of every image.
  ///   - pixels: whole images one after the other.
  ///   - labels: one class per image, 0 or above, or nil.
  ///   - classNames: a name for every class that occurs, or nil.
  /// - Throws: `SeCuError` of kind `.badData` if the numbers of values, labels and names don't fit each other.
  public init(
    name: String, shape: ImageShape, pixels: [UInt8], labels: [Int]? = nil, classNames: [String]? = nil
  ) throws {
    let (count, rest) = pixels.count.quotientAndRemainder(dividingBy: shape.count)
    guard rest == 0 else {
      throw SeCuError(
        .badData,
        "expected whole images of \(shape.count) values (\(shape)), found \(rest) values after image \(count)",
        at: name)
    }
    (self.name, self.shape, self.count, self.pixels) = (name, shape, count, pixels)
    (self.labels, self.classNames) = (labels, classNames)
    try checkLabelsAndNames()
  }

  /// Reads every image of `source` into memory, with labels and class names, but not the names of files.
  ///
  /// - Throws: `SeCuError` if the images have no common shape, if they don't fit in memory, or if one can't be read or has another shape.
  public init(_ source: some ImageSource) throws {
    guard let shape = source.commonShape else {
      throw SeCuError(
        .badData, "expected images of one shape, found \(source.shapeText)", at: source.name,
        remedy: "Use the source as it is, or bring its images to one size")
    }
    try Machine.checkMemory(
      Double(source.count) * Double(shape.count), for: "its images", at: source.name, remedy: "Use fewer of them")
    let room = PixelRoom()
    var pixels: [UInt8] = []
    pixels.reserveCapacity(source.count * shape.count)
    for index in 0..<source.count {
      try source.withPixels(at: index, in: room) { image in
        try image.check(channels: shape.channels, shape: shape, of: source.name, id: index)
        pixels += UnsafeBufferPointer(start: image.pixels, count: image.count)
      }
    }
    try self.init(
      name: source.name, shape: shape, pixels: pixels, labels: source.labels, classNames: source.classNames)
  }

  public func image(at index: Int) throws -> Image {
    try check(index)
    return try Image(shape: shape, pixels: Array(pixels[index * shape.count..<(index + 1) * shape.count]))
  }

  public func withPixels(at index: Int, in room: PixelRoom, _ body: (PixelBuffer) throws -> Void) throws {
    try check(index)
    try pixels.withUnsafeBufferPointer { pixels in
      // There is an image, so there are pixels.
      guard let base = pixels.baseAddress else { return }
      try body(
        PixelBuffer(
          pixels: base + index * shape.count, height: shape.height, width: shape.width, channels: shape.channels))
    }
  }

  /// The first `limit` images, or all if there are fewer.
  ///
  /// - Throws: as `subset(_:)`.
  public func prefix(_ limit: Int) throws -> ImageSet {
    try subset(Array(0..<max(0, min(limit, count))))
  }

  /// The images with the given numbers, in that order; a number may occur more than once.
  ///
  /// - Throws: `SeCuError` of kind `.usage` for a number outside 0..<`count`.
  public func subset(_ ids: [Int]) throws -> ImageSet {
    var chosen: [UInt8] = []
    for id in ids {
      try check(id)
      chosen += pixels[id * shape.count..<(id + 1) * shape.count]
    }
    return try ImageSet(
      name: name, shape: shape, pixels: chosen, labels: labels.map { labels in ids.map { labels[$0] } },
      classNames: classNames)
  }
}
