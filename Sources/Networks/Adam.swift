import Foundation
import Kernels

/// Adam with weight decay added to the gradient, as PyTorch's `torch.optim.Adam` defines it:
///
///     g ← g + weightDecay · w
///     m ← β₁·m + (1 − β₁)·g                         mean of the gradients
///     v ← β₂·v + (1 − β₂)·g²                        mean of their squares
///     w ← w − rate · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)         in step t = 1, 2, …
///
/// with β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸. One instance holds the moments of one flat array of parameters.
///
/// Source: D. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, algorithm 1.
package final class Adam {
  /// m, one for each parameter; 0 before the first step.
  package let firstMoment: FloatBuffer
  /// v, likewise.
  package let secondMoment: FloatBuffer
  /// t, the steps that were made.
  package var steps = 0
  private let weightDecay: Float
  // Double, so that 1 − β₂ rounds once: 1 − Float(0.999) would be off by 1.3·10⁻⁵ of itself.
  private static let (beta1, beta2): (Double, Double) = (0.9, 0.999)
  private static let epsilon: Float = 1e-8

  /// - Parameters:
  ///   - count: the parameters of the flat array.
  ///   - weightDecay: 0 or more.
  package init(count: Int, weightDecay: Float) {
    firstMoment = FloatBuffer(count)
    secondMoment = FloatBuffer(count)
    self.weightDecay = weightDecay
  }

  /// - Parameters:
  ///   - parameters, gradients: as many as the moments.
  ///   - rate: the learning rate.
  ///   - range: the parameters to move; all if nil. Others keep their moments too, as parameters without a gradient do in PyTorch. The
  ///     step counts for all alike.
  package func step(
    on engine: Engine, parameters: FloatBuffer, gradients: FloatBuffer, rate: Float, range: Range<Int>? = nil
  ) {
    steps += 1
    let stride = Float(Double(rate) / (1 - pow(Self.beta1, Double(steps))))
    let scale = Float(1 / (1 - pow(Self.beta2, Double(steps))).squareRoot())
    let (keep1, add1) = (Float(Self.beta1), Float(1 - Self.beta1))
    let (keep2, add2) = (Float(Self.beta2), Float(1 - Self.beta2))
    let chunk = 16_384, range = range ?? 0..<firstMoment.count
    let (w, gradients, m, v) = (parameters.base, gradients.base, firstMoment.base, secondMoment.base)
    engine.run((range.count + chunk - 1) / chunk, flops: 64 * range.count) { task, _ in
      let first = range.lowerBound + task * chunk
      for i in first..<min(range.upperBound, first + chunk) {
        let g = gradients[i] + weightDecay * w[i]
        m[i] = keep1 * m[i] + add1 * g
        v[i] = keep2 * v[i] + add2 * g * g
        w[i] -= stride * m[i] / (v[i].squareRoot() * scale + Self.epsilon)
      }
    }
  }
}
