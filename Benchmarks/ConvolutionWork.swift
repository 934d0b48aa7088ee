import Kernels

/// What a convolution's pass costs at least.
extension ConvolutionShape {
  /// Bytes of x, w and y, each of which is read or written once. Of x, the gradient is written whole, but otherwise only those rows and
  /// columns count that a tap touches: a 1×1 kernel with stride 2 reads every fourth pixel.
  func bytes(_ pass: ConvolutionPass) -> Int {
    let pixels =
      pass == .inputGradient
      ? height * width : touched(height, outputs: outputHeight) * touched(width, outputs: outputWidth)
    return 4 * (batch * pixels * inputChannels + weightCount + outputCount)
  }

  /// How many of `size` places along an axis some tap of an output reads.
  private func touched(_ size: Int, outputs: Int) -> Int {
    let places = (0..<outputs).flatMap { output in (0..<kernel).map { output * stride + $0 - padding } }
    return Set(places).count { (0..<size).contains($0) }
  }

  /// The multiplications and additions of an algorithm, where `flops` counts those of the definition. Winograd's transforms, additions in
  /// proportion to the channels rather than to their product, are not counted.
  func flops(_ pass: ConvolutionPass, by algorithm: ConvolutionAlgorithm) -> Int {
    2 * batch * inputChannels * outputChannels * multiplications(pass, by: algorithm)
  }
}

extension Benchmark.Plan {
  /// - Parameter plan: what a pass over `shape` takes.
  init(_ plan: ConvolutionPlan, _ pass: ConvolutionPass, _ shape: ConvolutionShape) {
    algorithm = plan.algorithm.rawValue
    reason = plan.reason
    flops = shape.flops(pass, by: plan.algorithm)
    switch plan.algorithm {
    case .direct: way = shape.sumsAlongRows(pass) ? "along rows" : "across images"
    // 36 multiplications for 4×4 outputs of nine taps, and 81 with stride 2.
    case .winograd: mostOfPeak = shape.stride == 1 ? 4 : 16 / 9
    case .product: break
    }
  }
}
