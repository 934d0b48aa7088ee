/// The matrices T of Winograd's convolution, as `Kernels/Convolution/Winograd.swift` derives them. Each is applied along both axes of a patch.
package enum WinogradTransform: Sendable {
  /// Stride 1: Bᵀ of six pixels, Aᵀ of six products to four pixels, G of three weights.
  case input, output, weights
  /// Stride 1, for the weight gradient: G of four gradients of outputs, Aᵀ of six sums of products to three weights.
  case gradient, weightGradient

  /// Stride 2: Bᵀ of nine pixels, Aᵀ of five products to four pixels, G of three weights.
  case stridedInput, stridedOutput, stridedWeights
  /// Stride 2, for the input gradient: Bᵀ of five gradients of outputs, Aᵀ of nine products to eight pixels.
  case transposedInput, transposedOutput
  /// Stride 2, for the weight gradient: G of four gradients of outputs, Aᵀ of nine sums of products to three weights.
  case stridedGradient, stridedWeightGradient

  /// Columns of T: the values of a patch along one axis.
  package var inputs: Int {
    switch self {
    case .input, .output, .weightGradient: 6
    case .weights, .stridedWeights: 3
    case .gradient, .stridedGradient: 4
    case .stridedInput, .transposedOutput, .stridedWeightGradient: 9
    case .stridedOutput, .transposedInput: 5
    }
  }

  /// Rows of T: the results along one axis.
  package var outputs: Int {
    switch self {
    case .input, .weights, .gradient: 6
    case .output, .stridedOutput: 4
    case .weightGradient, .stridedWeightGradient: 3
    case .stridedInput, .stridedWeights: 9
    case .transposedInput, .stridedGradient: 5
    case .transposedOutput: 8
    }
  }
}
