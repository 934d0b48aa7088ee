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
  /// One matrix product over all pixels: 1×1 kernels with stride 1, forward and input gradient.
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

/// How a pass is computed, and why: a rule that looks at the shape alone, so that what is chosen in one run is chosen in all, and
/// results keep their bits.
///
/// Winograd needs fewer multiplications, but its transforms cost time in proportion to the channels, where the multiplications grow
/// with their product; and tiles that stick out of a small image are wasted. Measured on two Zen 4 cores, batches of 128, the best of
/// seven runs, GFLOP/s of the direct sum → Winograd (forward | weight gradient):
///
///     channels, pixels         AVX-512                     AVX2                        portable (SSE2)
///     16, 32×32            199 → 372 | 194 → 390      193 → 256 | 192 → 363       61 → 103 | 65 → 166
///     32, 16×16            208 → 589 | 222 → 574      211 → 549 | 201 → 530       63 → 148 | 58 → 198
///     64, 8×8              225 → 677 | 236 → 677      218 → 654 | 212 → 618       77 → 180 | 59 → 218
///     128, 16×16           226 → 694 | 228 → 620      223 → 695 | 214 → 596       75 → 251 | 62 → 225
///     512, 4×4             270 → 596 | 254 → 572      294 → 566 | 235 → 545       94 → 173 | 81 → 212
///
/// The input gradient is like forward. Winograd gains half of the factor by which it saves multiplications or more, less with 16
/// channels: 4×4 pixels save a factor 2.8 (where the direct sum skips the padding), 32×32 pixels 3.8.
package struct ConvolutionPlan: Equatable, Sendable {
  package var algorithm: ConvolutionAlgorithm
  private var ground: Ground

  /// What decided.
  private enum Ground: Equatable {
    case pinned
    case pinnedDoesNotFit(ConvolutionAlgorithm)
    case isProduct
    case kernel(Int)
    case stride(Int)
    case fewChannels(Int)
    case savesLittle(Double)
    case savesMuch(Double)
  }

  /// The least factor of multiplications that Winograd must save.
  private static let leastSaving = 1.75

  /// The least channels, in and out, for which Winograd pays.
  private static let leastChannels = 16

  /// - Parameter pinned: what the caller or the environment asks for.
  package init(
    _ pass: ConvolutionPass, _ s: ConvolutionShape, pinned: ConvolutionAlgorithm? = nil
  ) {
    if let pinned {
      self = pinned.fits(s) ? Self(pinned, .pinned) : Self(.direct, .pinnedDoesNotFit(pinned))
    } else if ConvolutionAlgorithm.product.fits(s), pass != .weightGradient {
      self.init(.product, .isProduct)
    } else if !ConvolutionAlgorithm.winograd.fits(s) {
      self.init(.direct, s.kernel != 3 ? .kernel(s.kernel) : .stride(s.stride))
    } else {
      let channels = min(s.inputChannels, s.outputChannels)
      let saving = s.winogradSaving(pass)
      if channels < Self.leastChannels {
        self.init(.direct, .fewChannels(channels))
      } else if saving < Self.leastSaving {
        self.init(.direct, .savesLittle(saving))
      } else {
        self.init(.winograd, .savesMuch(saving))
      }
    }
  }

  private init(_ algorithm: ConvolutionAlgorithm, _ ground: Ground) {
    self.algorithm = algorithm
    self.ground = ground
  }

  /// Why, as part of a sentence.
  package var reason: String {
    switch ground {
    case .pinned: "pinned"
    case .pinnedDoesNotFit(let other): "\(other.rawValue) is pinned, but does not fit the shape"
    case .isProduct: "a 1×1 kernel with stride 1 is a product of pixels and weights"
    case .kernel(let kernel): "Winograd is for 3×3 kernels, this one is \(kernel)×\(kernel)"
    case .stride(let stride): "Winograd is for stride 1, this is stride \(stride)"
    case .fewChannels(let channels):
      "\(channels) channels: Winograd's transforms pay from \(Self.leastChannels) on"
    case .savesLittle(let saving):
      "Winograd would save a factor \(Self.oneDigit(saving)) of the multiplications, and pays from "
        + "\(Self.leastSaving) on"
    case .savesMuch(let saving): "saves a factor \(Self.oneDigit(saving)) of the multiplications"
    }
  }

  private static func oneDigit(_ value: Double) -> String { String(format: "%.1f", value) }
}

extension ConvolutionShape {
  /// Multiplications of the direct sum, which skips padding, by those of Winograd's tiles, whole ones throughout; 3×3, stride 1.
  fileprivate func winogradSaving(_ pass: ConvolutionPass) -> Double {
    func taps(_ input: Int, _ output: Int) -> Int {
      (0..<kernel).reduce(0) { $0 + max(0, min(output, input + padding - $1) - max(0, padding - $1)) }
    }
    let (down, across) = pass == .inputGradient ? (height, width) : (outputHeight, outputWidth)
    let tiles = (down + 3) / 4 * ((across + 3) / 4)
    return Double(taps(height, outputHeight) * taps(width, outputWidth)) / Double(36 * max(1, tiles))
  }
}
