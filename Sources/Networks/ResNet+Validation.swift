import Basics

extension ResNet {
  // Larger ones are taken for mistakes; products of these are far from overflow.

  /// The most rows or columns of an image.
  public static let mostPixels = 4096
  /// The most channels of a stage and components of a feature vector.
  public static let mostChannels = 16_384
  /// The most blocks in each stage.
  public static let mostBlocks = 1000

  /// - Throws: `SeCuError` of kind `.usage` that names the field and its range, or the stage that an image is too small for.
  public func validate() throws {
    func check(_ name: String, _ values: [Int], _ range: ClosedRange<Int>) throws {
      guard let wrong = values.first(where: { !range.contains($0) }) else { return }
      throw SeCuError(
        .usage, "\(wrong) is outside \(range.lowerBound) to \(range.upperBound)", at: name,
        remedy: "Change it by its option or in the settings file")
    }
    try check("image size", [height, width], 1...Self.mostPixels)
    try check("channels", [channels], 1...64)
    try check("widths", widths, 1...Self.mostChannels / block.expansion)
    try check("blocks", blocks, 1...Self.mostBlocks)
    try check("dimension", [dimension], 1...Self.mostChannels)
    try check("predictor", [predictor ?? 1], 1...Self.mostChannels)
    guard !widths.isEmpty, widths.count == blocks.count, widths.count <= 16 else {
      throw SeCuError(
        .usage, "\(widths.count) widths and \(blocks.count) block counts", at: "widths, blocks",
        remedy: "Give one width and one block count for each of 1 to 16 stages")
    }
    try checkImageSize()
  }

  /// Throws where a single pixel would be halved: padding keeps it a pixel, but from there on all taps of a 3×3 convolution but the
  /// middle one see padding alone and are never trained.
  private func checkImageSize() throws {
    var size = (height: height, width: width)
    func halve(_ place: String, _ halved: (Int) -> Int) throws {
      guard size.height > 1 || size.width > 1 else {
        let image = "\(height)×\(width) pixels"
        throw SeCuError(
          .usage, "an image of \(image) is too small: nothing is left of it to halve in \(place)", at: "image size",
          remedy: "Give larger images, fewer stages or a smaller stem")
      }
      size = (halved(size.height), halved(size.width))
    }
    let byStride = { (pixels: Int) in (pixels + 1) / 2 }
    switch stem {
    case .small: break
    case .pooled: try halve("the stem's pooling") { $0 / 2 + 1 }
    case .large:
      try halve("the stem's convolution", byStride)
      try halve("the stem's pooling", byStride)
    }
    for stage in widths.indices.dropFirst() { try halve("stage \(stage + 1)", byStride) }
  }
}
