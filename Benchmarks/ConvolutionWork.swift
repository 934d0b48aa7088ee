import Kernels

/// What a convolution's pass costs at least.
extension ConvolutionShape {
  /// Bytes of x, w and y, each of which is read or written once.
  var bytes: Int { 4 * (inputCount + weightCount + outputCount) }

  /// The multiplications and additions of an algorithm, where `flops` counts those of the definition. Winograd's transforms, additions in
  /// proportion to the channels rather than to their product, are not counted.
  func flops(_ pass: ConvolutionPass, by algorithm: ConvolutionAlgorithm) -> Int {
    2 * batch * inputChannels * outputChannels * multiplications(pass, by: algorithm)
  }
}
