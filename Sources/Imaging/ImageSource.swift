/// Images of one shape that can be had by number, from memory or from files.
public protocol ImageSource: Sendable {
  /// What people call the data, such as `digits`.
  var name: String { get }
  /// The shape that all images share.
  var shape: ImageShape { get }
  /// How many images there are; their numbers are 0..<`count`.
  var count: Int { get }
  /// The class of each image, 0 or above, where classes are known.
  var labels: [Int]? { get }
  /// The name of each class, where known; a label indexes it.
  var classNames: [String]? { get }

  /// The image with number `index`.
  ///
  /// - Throws: `SeCuError` for a number outside 0..<`count` or an image that can't be read.
  func image(at index: Int) throws -> Image
}
