import Basics
import Foundation

/// The passes of a convolution; the short names of the gradients are those of cuDNN and CUTLASS.
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
  /// A sum over taps: any shape (`TapSum` and `RowSum`, `WeightGradient` and `RowWeightGradient`).
  case direct
  /// One matrix product over all pixels: 1×1 kernels with stride 1, forward and input gradient.
  case product
  /// Fewer multiplications, a quarter of them with stride 1: 3×3 kernels with stride 1, and with stride 2 and padding 1 (`WinogradForm`; `WinogradSum`,
  /// `WinogradWeightGradient`).
  case winograd

  /// The environment variable that pins one algorithm for all passes and shapes that it fits; elsewhere the direct sum is taken.
  public static let variable = "SECU_CONVOLUTION"

  /// The algorithm that the environment pins, nil if it leaves the choice to the planner.
  ///
  /// - Throws: `SeCuError` of kind `.usage` if it names none.
  public static func pinned(environment: [String: String] = ProcessInfo.processInfo.environment) throws
    -> ConvolutionAlgorithm?
  {
    guard let name = environment[variable], !name.isEmpty else { return nil }
    guard let algorithm = ConvolutionAlgorithm(rawValue: name.lowercased()) else {
      let known = allCases.map(\.rawValue)
      throw SeCuError(
        .usage, "'\(name)' is not a convolution algorithm", at: variable,
        remedy: nearestName(to: name, in: known).map { "Did you mean '\($0)'?" }
          ?? "Set it to one of \(known.joined(separator: ", ")), or leave it unset")
    }
    return algorithm
  }

  /// Whether this algorithm can compute a pass of a convolution of this shape.
  package func fits(_ pass: ConvolutionPass, _ s: ConvolutionShape) -> Bool {
    switch self {
    case .direct: true
    case .product: pass != .weightGradient && s.kernel == 1 && s.stride == 1 && s.padding == 0
    case .winograd: s.kernel == 3 && (s.stride == 1 || s.stride == 2 && s.padding == 1)
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
///
/// With stride 2, channels in and out, pixels in:
///
///     16 to 32, 32×32      177 → 268 | 182 → 255      181 → 240 | 180 → 204       63 →  86 | 61 →  88
///     32 to 64, 16×16      205 → 305 | 219 → 302      214 → 290 | 192 → 263       70 → 100 | 65 →  98
///     64 to 128, 32×32     208 → 305 | 197 → 265      192 → 284 | 196 → 248       70 → 110 | 61 → 100
///     128 to 256, 16×16    230 → 333 | 206 → 281      222 → 293 | 194 → 274       76 → 102 | 65 → 107
///     256 to 512, 8×8      253 → 287 | 230 → 257      245 → 275 | 214 → 251       80 →  93 | 76 → 101
///
/// The last ones save a factor 1.5, the others 1.6 to 1.7. Within a step, where the caches are cold, forward of the last layer loses a tenth
/// and its input gradient gains nothing; its weight gradient takes 51 ms instead of 70 (two Zen 3 cores). With fewer channels on 8×8 pixels
/// two cores have too few tiles to share out.
package struct ConvolutionPlan: Equatable, Sendable {
  package var algorithm: ConvolutionAlgorithm
  private var ground: Ground

  /// What decided.
  private enum Ground: Equatable {
    case pinned
    case pinnedDoesNotFit(ConvolutionAlgorithm)
    case isProduct
    case kernel(Int)
    case stride(Int, padding: Int)
    case fewChannels(Int)
    case savesLittle(Double, least: Double)
    case savesMuch(Double)
  }

  /// The least factor of multiplications that Winograd must save. With stride 2 and 8×8 pixels it saves 1.5: that pays in the weight gradient,
  /// of the last row above; with fewer than 128 channels its tiles are too few for two cores.
  private static func leastSaving(_ pass: ConvolutionPass, stride: Int, channels: Int) -> Double {
    if stride == 1 { return 1.75 }
    return pass == .weightGradient && channels >= 128 ? 1.45 : 1.6
  }

  /// The least channels, in and out, for which Winograd pays.
  private static let leastChannels = 16

  /// - Parameter pinned: what the caller or the environment asks for.
  package init(
    _ pass: ConvolutionPass, _ s: ConvolutionShape, pinned: ConvolutionAlgorithm? = nil
  ) {
    if let pinned {
      self = pinned.fits(pass, s) ? Self(pinned, .pinned) : Self(.direct, .pinnedDoesNotFit(pinned))
    } else if ConvolutionAlgorithm.product.fits(pass, s) {
      self.init(.product, .isProduct)
    } else if !ConvolutionAlgorithm.winograd.fits(pass, s) {
      self.init(.direct, s.kernel != 3 ? .kernel(s.kernel) : .stride(s.stride, padding: s.padding))
    } else {
      let channels = min(s.inputChannels, s.outputChannels)
      let saving = s.winogradSaving(pass), least = Self.leastSaving(pass, stride: s.stride, channels: channels)
      if channels < Self.leastChannels {
        self.init(.direct, .fewChannels(channels))
      } else if saving < least {
        self.init(.direct, .savesLittle(saving, least: least))
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
    case .pinnedDoesNotFit(let other): "\(other.rawValue) is pinned, but does not fit this pass and shape"
    case .isProduct: "a 1×1 kernel with stride 1 is a product of pixels and weights"
    case .kernel(let kernel): "Winograd is for 3×3 kernels, this one is \(kernel)×\(kernel)"
    case .stride(2, let padding): "Winograd with stride 2 is for padding 1, this is padding \(padding)"
    case .stride(let stride, _): "Winograd is for strides 1 and 2, this is stride \(stride)"
    case .fewChannels(let channels):
      "\(channels) channels: Winograd's transforms pay from \(Self.leastChannels) on"
    case .savesLittle(let saving, let least):
      "Winograd would save a factor \(Self.oneDigit(saving)) of the multiplications, and pays from \(least) on"
    case .savesMuch(let saving): "saves a factor \(Self.oneDigit(saving)) of the multiplications"
    }
  }

  private static func oneDigit(_ value: Double) -> String { String(format: "%.1f", value) }
}

extension ConvolutionShape {
  /// The multiplications of a pass for each image and pair of an input and an output channel. The direct sum skips taps on padding;
  /// Winograd's tiles are whole ones throughout, 36 or 81 multiplications each.
  package func multiplications(_ pass: ConvolutionPass, by algorithm: ConvolutionAlgorithm) -> Int {
    switch algorithm {
    case .product: return outputHeight * outputWidth
    case .direct: return taps(height, outputHeight) * taps(width, outputWidth)
    case .winograd:
      let tiles = WinogradTiles(self, pass)
      return tiles.form.products * tiles.form.products * tiles.perImage
    }
  }

  /// Pairs of an output and a tap inside the image, along one axis.
  private func taps(_ inputs: Int, _ outputs: Int) -> Int {
    (0..<outputs).reduce(0) { sum, output in
      let first = output * stride - padding
      return sum + max(0, min(inputs, first + kernel) - max(0, first))
    }
  }

  fileprivate func winogradSaving(_ pass: ConvolutionPass) -> Double {
    Double(multiplications(pass, by: .direct)) / Double(max(1, multiplications(pass, by: .winograd)))
  }
}
