import MicrokernelInterface

/// One convolution layer's three passes, each by the algorithm that suits its shape; `ConvolutionPlan` chooses:
///
/// - `product`, for 1×1 with stride 1: pixels × in times in × out; GEMM reads the activations where they lie;
/// - `winograd`, for 3×3 with stride 1 or 2, enough channels and pixels (`WinogradSum`, `WinogradWeightGradient`);
/// - `direct`, for everything: a sum over taps without im2col, along rows of pixels (`RowSum`, `RowWeightGradient`) or across images
///   (`TapSum`, `WeightGradient`), as `ConvolutionShape.sumsAlongRows` says.
///
/// Tables that depend on the shape are made here once; a pass allocates no more than a few words.
///
/// What a pass writes may not overlap what it reads. Error of an element of a direct sum, with γ as in Winograd.swift: |error| ≤ γ(n) ·
/// (|before| + Σ|a·b|), where n counts its products and, if they are added to what was there, one more; Winograd.swift and GEMM.swift state
/// the others'.
package final class Convolution {
  package let shape: ConvolutionShape
  private let pinned: ConvolutionAlgorithm?
  private let direct: (forward: any ConvolutionSum, gradient: any ConvolutionSum, weightGradient: any WeightGradientSum)
  private let winograd: (forward: WinogradSum, gradient: WinogradSum, weightGradient: WinogradWeightGradient)?

  /// - Parameter algorithm: computes all passes by this one as far as it fits them, and by the direct sum if not; nil
  ///   takes the one that the engine pins, or leaves the choice to the planner.
  package init(_ shape: ConvolutionShape, algorithm: ConvolutionAlgorithm? = nil) {
    self.shape = shape
    pinned = algorithm
    direct = (
      shape.sumsAlongRows(.forward) ? RowSum(forward: shape) : TapSum(forward: shape),
      shape.sumsAlongRows(.inputGradient) ? RowSum(inputGradient: shape) : TapSum(inputGradient: shape),
      shape.sumsAlongRows(.weightGradient) ? RowWeightGradient(shape) : WeightGradient(shape)
    )
    winograd =
      ConvolutionAlgorithm.winograd.fits(.forward, shape)
      ? (WinogradSum(forward: shape), WinogradSum(inputGradient: shape), WinogradWeightGradient(shape)) : nil
  }

  /// How a pass is computed on `engine`, and why.
  package func plan(_ pass: ConvolutionPass, on engine: Engine) -> ConvolutionPlan {
    ConvolutionPlan(pass, shape, pinned: pinned ?? engine.convolutionAlgorithm)
  }

  /// What computes a pass by its plan; nil for a product.
  private func sum(_ pass: ConvolutionPass, on engine: Engine) -> (any ConvolutionSum)? {
    let isForward = pass == .forward
    return switch plan(pass, on: engine).algorithm {
    case .product: nil
    case .winograd: isForward ? winograd?.forward : winograd?.gradient
    case .direct: isForward ? direct.forward : direct.gradient
    }
  }

  /// Whether forward can be a product, which reads x where it lies and does not know where images end.
  private var canBeProduct: Bool { ConvolutionAlgorithm.product.fits(.forward, shape) }

  /// Whether forward and weight gradient can normalise x as they read it: where they copy it anyway, into the caches.
  package var normalizesInput: Bool { !canBeProduct }

  /// y = x ∗ w over the first `count` images.
  ///
  /// - Parameters:
  ///   - count: 1 to the batch of the shape, in all passes.
  ///   - normalizing: takes relu(normalised x) in place of x; for convolutions that `normalizesInput`.
  ///   - statistics: receives the sums over y, where there are `outputParts`.
  package func forward(
    on engine: Engine, x: UnsafePointer<Float>, normalizing: InputNormalization? = nil, w: UnsafePointer<Float>,
    y: UnsafeMutablePointer<Float>, count: Int, statistics: OutputStatistics? = nil
  ) {
    precondition(normalizing == nil || normalizesInput, "\(shape) can't normalise its input")
    statistics?.clear()
    guard let sum = sum(.forward, on: engine) else {
      return engine.gemm(
        Matrix(x, rows: count * shape.height * shape.width, columns: shape.inputChannels),
        Matrix(w, rows: shape.inputChannels, columns: shape.outputChannels), into: y)
    }
    sum.run(
      on: engine, source: x, normalizing: normalizing, weights: w, target: y, count: count, accumulate: false,
      statistics: statistics)
  }

  /// The most scratch memory that the passes over a whole batch take, on any engine that pins no algorithm, in bytes. Most of it is the
  /// weight gradient's, whose parts each have a result of their own.
  ///
  /// - Parameter threads: the cores of the engine.
  package func scratchBytes(threads: Int) -> Double {
    let weights = Double(shape.weightCount), cores = Double(threads)
    if let winograd, ConvolutionPlan(.weightGradient, shape, pinned: pinned).algorithm == .winograd {
      let floats = winograd.weightGradient.scratchFloats(lanes: 16)
      // Forward and the input gradient can take more of each core: for panels of weights.
      let passes = [(ConvolutionPass.forward, winograd.forward), (.inputGradient, winograd.gradient)]
      let sums = passes.filter { ConvolutionPlan($0.0, shape, pinned: pinned).algorithm == .winograd }.map(\.1)
      let perCore = sums.map { $0.coreFloats(count: shape.batch, threads: threads) } + [floats.perCore]
      return 4 * Double(floats.shared) + cores * max(4 * Double(perCore.max() ?? 0), min(3e6, 8 * weights))
    }
    // What `WeightGradientTasks` allows, twice as many parts after rounding up, and a block's rows of pixels for each core.
    return 4 * min(16 * weights, 4e6 + 4 * weights) + 1e6 * cores
  }

  /// Whether forward can take statistics of y.
  package var sumsUpItsOutput: Bool { !canBeProduct }

  /// The parts in which forward over `count` images gives its statistics; nil for a product.
  package func outputParts(count: Int, groups: Int, on engine: Engine) -> Int? {
    sum(.forward, on: engine)?.parts(count: count, groups: groups, engine.kernels)
  }

  /// The most `outputParts` of a whole batch, on any engine: blocks of Winograd's tiles; blocks of images, or bands of few.
  package func mostOutputParts(groups: Int) -> Int {
    max(32 + groups, shape.batch + groups, winograd?.forward.mostParts(count: shape.batch, groups: groups) ?? 0)
  }

  /// dx (+)= the gradient with respect to x, over the first `count` images.
  package func inputGradient(
    on engine: Engine, dy: UnsafePointer<Float>, w: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>, count: Int,
    accumulate: Bool
  ) {
    guard let sum = sum(.inputGradient, on: engine) else {
      return engine.gemm(
        Matrix(dy, rows: count * shape.height * shape.width, columns: shape.outputChannels),
        Matrix(w, rows: shape.inputChannels, columns: shape.outputChannels).t, into: dx, accumulate: accumulate)
    }
    sum.run(
      on: engine, source: dy, normalizing: nil, weights: w, target: dx, count: count, accumulate: accumulate,
      statistics: nil)
  }

  /// dw (+)= the gradient with respect to w, over the first `count` images.
  ///
  /// - Parameter normalizing: as `forward` has it.
  package func weightGradient(
    on engine: Engine, x: UnsafePointer<Float>, normalizing: InputNormalization? = nil, dy: UnsafePointer<Float>,
    dw: UnsafeMutablePointer<Float>, count: Int, accumulate: Bool
  ) {
    precondition(normalizing == nil || normalizesInput, "\(shape) can't normalise its input")
    let usesWinograd = plan(.weightGradient, on: engine).algorithm == .winograd
    let sum = (usesWinograd ? winograd?.weightGradient : nil) ?? direct.weightGradient
    sum.run(on: engine, x: x, normalizing: normalizing, dy: dy, dw: dw, count: count, accumulate: accumulate)
  }
}

extension ConvolutionShape {
  /// Whether the direct sum goes along rows of pixels, rather than across images: in stems, whose few channels would be too short a
  /// depth for anything else, and where rows make tiles of some size, if neighbours share what they read, or joined rows are read as
  /// they lie. Across images every tile is whole; with a stride that is worth more.
  package func sumsAlongRows(_ pass: ConvolutionPass) -> Bool {
    if inputChannels < 8 { return true }
    return switch pass {
    case .forward: outputWidth >= 8 && (stride == 1 || kernel == 1)
    case .inputGradient: outputWidth >= 8 && stride == 1
    case .weightGradient: false
    }
  }
}
