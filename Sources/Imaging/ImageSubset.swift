import Basics

/// Some images of another source, by their numbers there: nothing is copied but labels.
public struct ImageSubset: ImageSource {
  /// What the images are of.
  public let whole: any ImageSource
  /// The number in `whole` of each image.
  public let ids: [Int]
  public let labels: [Int]?

  public var name: String { whole.name }
  public var count: Int { ids.count }
  public var channels: Int { whole.channels }
  public var commonShape: ImageShape? { whole.commonShape }
  public var classNames: [String]? { whole.classNames }
  public var fileNames: [String]? { whole.fileNames.map { names in ids.map { names[$0] } } }
  public var areReduced: Bool { whole.areReduced }
  public var residentBytes: Double { whole.residentBytes }
  public var readingBytes: Double { whole.readingBytes }

  /// - Parameters:
  ///   - whole: where the images are.
  ///   - ids: their numbers, in the order that they are to have here; one may occur more than once.
  /// - Throws: `SeCuError` of kind `.usage` for a number outside 0..<`whole.count`, of kind `.badData` where `whole` has labels or names,
  ///   but not one an image, or labels that are no classes.
  public init(_ whole: any ImageSource, ids: [Int]) throws {
    for id in ids { try whole.check(id) }
    try whole.checkLabelsAndNames()
    (self.whole, self.ids) = (whole, ids)
    labels = whole.labels.map { labels in ids.map { labels[$0] } }
  }

  public func image(at index: Int) throws -> Image {
    try check(index)
    return try whole.image(at: ids[index])
  }

  public func withPixels(at index: Int, in room: PixelRoom, _ body: (PixelBuffer) throws -> Void) throws {
    try check(index)
    try whole.withPixels(at: ids[index], in: room, body)
  }

  public func readAhead(_ ids: ArraySlice<Int>) {
    whole.readAhead(ids.filter(self.ids.indices.contains).map { self.ids[$0] }[...])
  }
}
