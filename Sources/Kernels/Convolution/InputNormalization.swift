import MicrokernelInterface

/// Batch norm and ReLU between two convolutions, left to the second:
///
///     x ← relu((x − μ)·scale + β)         inside the image; padding stays zero
///
/// The second convolution applies it to each pixel as it copies it, and again in its weight gradient, which costs three operations a
/// value where waiting for memory costs more: the normalised values, a quarter of a network's memory, are neither written nor kept.
package struct InputNormalization {
  private let saved: BatchNorm.Saved
  private let beta: UnsafePointer<Float>
  private let channels: Int
  private let imagesPerGroup: Int

  /// - Parameters:
  ///   - saved: what the batch norm's forward or inference left.
  ///   - beta: its β.
  ///   - channels: those of x, which are the batch norm's.
  ///   - imagesPerGroup: the images that share statistics, which follow each other in a batch.
  package init(saved: BatchNorm.Saved, beta: UnsafePointer<Float>, channels: Int, imagesPerGroup: Int) {
    self.saved = saved
    self.beta = beta
    self.channels = channels
    self.imagesPerGroup = imagesPerGroup
  }

  /// That of one image.
  subscript(image: Int) -> ChannelNormalization {
    let group = image / imagesPerGroup * channels
    return ChannelNormalization(center: saved.mean + group, scale: saved.scale + group, shift: beta)
  }
}
