import Basics

/// A residual network as a value: everything that decides its shapes, and nothing else.
///
/// The layers follow He et al., "Deep Residual Learning" (CVPR 2016), in the form that SeCu uses for small images:
///
///     image [H, W, channels]
///       → 3×3 convolution, batch norm, ReLU                       `widths[0]` channels, same size
///       → for each stage s: `blocks[s]` basic blocks              `widths[s]` channels; stages after the first halve the size
///       → mean over pixels                                        [widths.last]
///       → Linear, batch norm, ReLU, Linear                        [dimension]
///
/// A basic block is relu( BN(conv3×3( relu(BN(conv3×3(x))) )) + shortcut(x) ); the shortcut is the identity where shapes agree,
/// else a 1×1 convolution with batch norm.
public struct ResNet: Codable, Hashable, Sendable {
  /// Image size in pixels and colour channels.
  public var height: Int
  public var width: Int
  public var channels: Int
  /// Channels of each stage.
  public var widths: [Int]
  /// Basic blocks of each stage.
  public var blocks: [Int]
  /// Length of the feature vector, the paper's d.
  public var dimension: Int

  public init(height: Int, width: Int, channels: Int, widths: [Int], blocks: [Int], dimension: Int = 128) {
    self.height = height
    self.width = width
    self.channels = channels
    self.widths = widths
    self.blocks = blocks
    self.dimension = dimension
  }

  /// The most that any one of these sizes may be: larger ones are taken for mistakes, and keep products far from overflow.
  public static let mostPixels = 4096
  public static let mostChannels = 16_384
  public static let mostBlocks = 1000

  /// - Throws: `SeCuError` of kind `.usage` that names the field and its range.
  public func validate() throws {
    func check(_ name: String, _ values: [Int], _ range: ClosedRange<Int>) throws {
      guard let wrong = values.first(where: { !range.contains($0) }) else { return }
      throw SeCuError(.usage, "\(wrong) is outside \(range.lowerBound) to \(range.upperBound)", at: name)
    }
    try check("image size", [height, width], 1...Self.mostPixels)
    try check("channels", [channels], 1...64)
    try check("widths", widths, 1...Self.mostChannels)
    try check("blocks", blocks, 1...Self.mostBlocks)
    try check("dimension", [dimension], 1...Self.mostChannels)
    guard !widths.isEmpty, widths.count == blocks.count, widths.count <= 16 else {
      throw SeCuError(
        .usage, "\(widths.count) widths and \(blocks.count) block counts", at: "widths, blocks",
        remedy: "Give one width and one block count for each of 1 to 16 stages")
    }
  }
}
