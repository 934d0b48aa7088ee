/// The matrices T of Winograd's convolution that are applied along both axes of a patch, as `Kernels/Convolution/Winograd.swift` derives them.
package enum WinogradTransform: Sendable {
  /// Stride 1: Aᵀ of six products to four pixels, G of three weights.
  case output, weights
  /// Stride 1, for the weight gradient: G of four gradients of outputs, Aᵀ of six sums of products to three weights.
  case gradient, weightGradient

  /// Stride 2: Aᵀ of five products to four pixels, G of three weights.
  case stridedOutput, stridedWeights
  /// Stride 2, for the input gradient: Aᵀ of nine products to eight pixels.
  case transposedOutput
  /// Stride 2, for the weight gradient: G of four gradients of outputs, Aᵀ of nine sums of products to three weights.
  case stridedGradient, stridedWeightGradient

  /// Columns of T: the values of a patch along one axis.
  package var inputs: Int {
    switch self {
    case .output, .weightGradient: 6
    case .weights, .stridedWeights: 3
    case .gradient, .stridedGradient: 4
    case .transposedOutput, .stridedWeightGradient: 9
    case .stridedOutput: 5
    }
  }

  /// Rows of T: the results along one axis.
  package var outputs: Int {
    switch self {
    case .weights, .gradient: 6
    case .output, .stridedOutput: 4
    case .weightGradient, .stridedWeightGradient: 3
    case .stridedWeights: 9
    case .stridedGradient: 5
    case .transposedOutput: 8
    }
  }
}

/// The matrices Bᵀ of Winograd's convolution, whose patches overlap.
package enum WinogradInputTransform: Sendable {
  /// Stride 1: six pixels.
  case input
  /// Stride 2: nine pixels.
  case stridedInput
  /// Stride 2, for the input gradient: five gradients of outputs.
  case transposedInput

  /// Columns of Bᵀ: the pixels of a patch along one axis.
  package var inputs: Int {
    switch self {
    case .input: 6
    case .stridedInput: 9
    case .transposedInput: 5
    }
  }

  /// Rows of Bᵀ, as many as columns.
  package var outputs: Int { inputs }

  /// Pixels from one patch to the next.
  package var step: Int { self == .stridedInput ? 8 : 4 }

  /// Patches of a row that are transformed together: eight with six pixels, three with nine, eleven with five. What lies between the two axes'
  /// transforms, a line of the caches for each column of pixels and row of Bᵀ, then stays in L1.
  package var mostPatches: Int { (Self.mostLines / outputs - (inputs - step)) / step }

  /// 14 KiB.
  private static var mostLines: Int { 225 }
}
