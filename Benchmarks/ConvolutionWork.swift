import Kernels

/// What a convolution's pass costs at least.
extension ConvolutionShape {
  /// Bytes of x, w and y, each of which is read or written once.
  var bytes: Int { 4 * (inputCount + weightCount + outputCount) }

  /// The multiplications and additions that an algorithm carries out, where `flops` counts those of the definition: the direct sum
  /// skips taps on padding, and Winograd's F(4×4, 3×3) multiplies 36 values for each started tile of 4×4 pixels instead of 144. Its
  /// transforms, additions in proportion to the channels rather than to their product, are not counted.
  func flops(by algorithm: ConvolutionAlgorithm) -> Int {
    let products = 2 * batch * inputChannels * outputChannels
    switch algorithm {
    case .direct: return products * taps(height, outputHeight) * taps(width, outputWidth)
    case .winograd: return products * 36 * ((outputHeight + 3) / 4) * ((outputWidth + 3) / 4)
    default: return flops
    }
  }

  /// Pairs of an output and a tap inside the image, along one axis.
  private func taps(_ inputs: Int, _ outputs: Int) -> Int {
    (0..<outputs).reduce(0) { sum, output in
      let first = output * stride - padding
      return sum + max(0, min(inputs, first + kernel) - max(0, first))
    }
  }
}
