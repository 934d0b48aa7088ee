import MicrokernelInterface

/// One convolution layer's three passes, each by the algorithm that suits its shape and the instruction set; `ConvolutionPlan`
/// chooses:
///
/// - `product`, for 1×1 with stride 1: pixels × in times in × out; GEMM reads the activations where they lie;
/// - `winograd`, for 3×3 with stride 1 and enough channels (`WinogradSum`, `WinogradWeightGradient`);
/// - `direct`, for everything: a sum over taps without im2col (`TapSum`, `WeightGradient`).
///
/// Tables that depend on the shape are made here once; a pass allocates nothing.
package final class Convolution {
  package let shape: ConvolutionShape
  private let pinned: ConvolutionAlgorithm?
  private let forwardSum: TapSum
  private let gradientSum: TapSum
  private let weightGradient: WeightGradient
  private let winograd: (forward: WinogradSum, gradient: WinogradSum, weightGradient: WinogradWeightGradient)?

  /// - Parameter algorithm: computes all passes by this one as far as it fits the shape, and by the direct sum if not; nil
  ///   takes the one that the engine pins, or leaves the choice to the planner.
  package init(_ shape: ConvolutionShape, algorithm: ConvolutionAlgorithm? = nil) {
    self.shape = shape
    pinned = algorithm
    forwardSum = TapSum(forward: shape)
    gradientSum = TapSum(inputGradient: shape)
    weightGradient = WeightGradient(shape)
    winograd =
      ConvolutionAlgorithm.winograd.fits(shape)
      ? (WinogradSum(forward: shape), WinogradSum(inputGradient: shape), WinogradWeightGradient(shape)) : nil
  }

  /// How a pass is computed on `engine`, and why.
  package func plan(_ pass: ConvolutionPass, on engine: Engine) -> ConvolutionPlan {
    ConvolutionPlan(pass, shape, on: engine.instructionSet, pinned: pinned ?? engine.convolutionAlgorithm)
  }

  /// y = x ∗ w over the first `count` images.
  package func forward(
    on engine: Engine, x: UnsafePointer<Float>, w: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>, count: Int
  ) {
    switch plan(.forward, on: engine).algorithm {
    case .product:
      engine.gemm(
        Matrix(x, rows: count * shape.height * shape.width, columns: shape.inputChannels),
        Matrix(w, rows: shape.inputChannels, columns: shape.outputChannels), into: y)
    case .winograd:
      winograd?.forward.run(on: engine, source: x, weights: w, target: y, count: count, accumulate: false)
    case .direct:
      forwardSum.run(on: engine, source: x, weights: w, target: y, count: count, accumulate: false)
    }
  }

  /// dx (+)= the gradient with respect to x.
  package func inputGradient(
    on engine: Engine, dy: UnsafePointer<Float>, w: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>, count: Int,
    accumulate: Bool
  ) {
    switch plan(.inputGradient, on: engine).algorithm {
    case .product:
      engine.gemm(
        Matrix(dy, rows: count * shape.height * shape.width, columns: shape.outputChannels),
        Matrix(w, rows: shape.inputChannels, columns: shape.outputChannels).t, into: dx, accumulate: accumulate)
    case .winograd:
      winograd?.gradient.run(on: engine, source: dy, weights: w, target: dx, count: count, accumulate: accumulate)
    case .direct:
      gradientSum.run(on: engine, source: dy, weights: w, target: dx, count: count, accumulate: accumulate)
    }
  }

  /// dw (+)= the gradient with respect to w.
  package func weightGradient(
    on engine: Engine, x: UnsafePointer<Float>, dy: UnsafePointer<Float>, dw: UnsafeMutablePointer<Float>, count: Int,
    accumulate: Bool
  ) {
    switch plan(.weightGradient, on: engine).algorithm {
    case .winograd:
      winograd?.weightGradient.run(on: engine, x: x, dy: dy, dw: dw, count: count, accumulate: accumulate)
    case .product, .direct:
      weightGradient.run(on: engine, x: x, dy: dy, dw: dw, count: count, accumulate: accumulate)
    }
  }
}
