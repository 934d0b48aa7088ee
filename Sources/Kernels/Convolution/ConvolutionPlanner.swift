import Basics
import Foundation

/// The passes of a convolution, as oneDNN names them.
package enum ConvolutionPass: String, CaseIterable, Sendable {
  /// y from x and w.
  case forward = "fwd"
  /// The gradient of x from those of y and w.
  case inputGradient = "dgrad"
  /// The gradient of w from x and that of y.
  case weightGradient = "wgrad"
}

/// The ways to compute a pass.
public enum ConvolutionAlgorithm: String, CaseIterable, Sendable {
  /// A sum over taps: any shape (`TapSum`, `WeightGradient`).
  case direct
  /// One matrix product over all pixels: 1×1 kernels with stride 1.
  case product
  /// A quarter of the multiplications: 3×3 kernels with stride 1 (`Winograd`).
  case winograd

  /// The environment variable that pins one algorithm wherever it fits the shape; elsewhere the direct sum is taken.
  public static let variable = "SECU_CONVOLUTION"

  /// The algorithm that the environment pins, nil if it leaves the choice to the planner.
  ///
  /// - Throws: `SeCuError` of kind `.usage` if it names none.
  public static func pinned(environment: [String: String] = ProcessInfo.processInfo.environment) throws
    -> ConvolutionAlgorithm?
  {
    guard let name = environment[variable], !name.isEmpty else { return nil }
    guard let algorithm = ConvolutionAlgorithm(rawValue: name.lowercased()) else {
      let known = allCases.map(\.rawValue).joined(separator: ", ")
      throw SeCuError(.usage, "'\(name)' is not a convolution algorithm", at: variable, remedy: "There are \(known)")
    }
    return algorithm
  }

  /// Whether this algorithm can compute a convolution of this shape.
  package func fits(_ s: ConvolutionShape) -> Bool {
    switch self {
    case .direct: true
    case .product: s.kernel == 1 && s.stride == 1 && s.padding == 0
    case .winograd: s.kernel == 3 && s.stride == 1
    }
  }
}

/// Chooses how a pass is computed, by rules that look at the shape and the instruction set alone: what is chosen in one run
/// is chosen in all, and results keep their bits.
package struct ConvolutionPlan: Equatable, Sendable {
  package var algorithm: ConvolutionAlgorithm
  /// Why, in a sentence's part.
  package var reason: String

  /// - Parameter pinned: what the caller or the environment asks for.
  package init(
    _ pass: ConvolutionPass, _ s: ConvolutionShape, on instructionSet: InstructionSet, pinned: ConvolutionAlgorithm? = nil
  ) {
    if let pinned {
      if pinned.fits(s) {
        self.init(algorithm: pinned, reason: "pinned")
      } else {
        self.init(algorithm: .direct, reason: "\(pinned.rawValue) is pinned, but does not fit the shape")
      }
    } else if ConvolutionAlgorithm.product.fits(s) {
      self.init(algorithm: .product, reason: "a 1×1 kernel with stride 1 is a matrix product of pixels and weights")
    } else if !ConvolutionAlgorithm.winograd.fits(s) {
      self.init(
        algorithm: .direct,
        reason: s.kernel == 3 ? "stride \(s.stride): Winograd needs stride 1" : "\(s.kernel)×\(s.kernel): Winograd needs 3×3")
    } else {
      self.init(algorithm: min(s.inputChannels, s.outputChannels) >= 32 ? .winograd : .direct, reason: "TODO")
    }
  }

  private init(algorithm: ConvolutionAlgorithm, reason: String) {
    self.algorithm = algorithm
    self.reason = reason
  }
}
