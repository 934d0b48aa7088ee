import MicrokernelInterface

/// One convolution layer's three passes, each by the method that suits its shape:
///
/// - 1×1 with stride 1 is a matrix product of [pixels, in] and [in, out]: GEMM reads the activations where they lie;
/// - everything else is a sum over taps (`TapSum`, `WeightGradient`), without im2col.
///
/// Tables that depend on the shape are made here once; a pass allocates nothing.
package final class Convolution {
  package let shape: ConvolutionShape
  private let forwardSum: TapSum
  private let gradientSum: TapSum
  private let weightGradient: WeightGradient

  package init(_ shape: ConvolutionShape) {
    self.shape = shape
    forwardSum = TapSum(forward: shape)
    gradientSum = TapSum(inputGradient: shape)
    weightGradient = WeightGradient(shape)
  }

  private var isProduct: Bool { shape.kernel == 1 && shape.stride == 1 && shape.padding == 0 }

  /// y = x ∗ w over the first `count` images.
  package func forward(
    on engine: Engine, x: UnsafePointer<Float>, w: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>, count: Int
  ) {
    if isProduct {
      engine.gemm(
        Matrix(x, rows: count * shape.height * shape.width, columns: shape.inputChannels),
        Matrix(w, rows: shape.inputChannels, columns: shape.outputChannels), into: y)
    } else {
      forwardSum.run(on: engine, source: x, weights: w, target: y, count: count, accumulate: false)
    }
  }

  /// dx (+)= the gradient with respect to x.
  package func inputGradient(
    on engine: Engine, dy: UnsafePointer<Float>, w: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>, count: Int,
    accumulate: Bool
  ) {
    if isProduct {
      engine.gemm(
        Matrix(dy, rows: count * shape.height * shape.width, columns: shape.outputChannels),
        Matrix(w, rows: shape.inputChannels, columns: shape.outputChannels).t, into: dx, accumulate: accumulate)
    } else {
      gradientSum.run(on: engine, source: dy, weights: w, target: dx, count: count, accumulate: accumulate)
    }
  }

  /// dw (+)= the gradient with respect to w.
  package func weightGradient(
    on engine: Engine, x: UnsafePointer<Float>, dy: UnsafePointer<Float>, dw: UnsafeMutablePointer<Float>, count: Int,
    accumulate: Bool
  ) {
    weightGradient.run(on: engine, x: x, dy: dy, dw: dw, count: count, accumulate: accumulate)
  }
}
