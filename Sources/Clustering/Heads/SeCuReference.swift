import Foundation

/// The two losses of SeCu as the paper writes them, for one image and one head, in Double: the text to learn from, and what
/// `ClusterHeads` is tested against.
package enum SeCuReference {
  /// p_j = e^(s_j/t) / Σ_k e^(s_k/t).
  package static func softmax(_ similarities: [Double], temperature: Double) -> [Double] {
    let most = similarities.max() ?? 0
    let exponentials = similarities.map { exp(($0 - most) / temperature) }
    let sum = exponentials.reduce(0, +)
    return exponentials.map { $0 / sum }
  }

  /// The center loss of one view, ℓ_w = −log p_y, and its derivative with respect to the similarity x·w_y. The gradient
  /// reaches the assigned center alone: of ∂ℓ_w/∂(x·w_j) = −(1/t_w)(δ_jy − p_j) only j = y is kept, which is the
  /// paper's stable cluster discrimination (equation of ℓ_w with sg(w_k) for k ≠ y).
  package static func centerLoss(
    similarities: [Double], label: Int, temperature: Double
  ) -> (loss: Double, gradient: Double) {
    let p = softmax(similarities, temperature: temperature)
    return (-log(p[label]), -(1 - p[label]) / temperature)
  }

  /// The representation loss of one image: each view's cross-entropy against
  ///
  ///     target of view a = τ·onehot(y⁻) + (1 − τ)·sg(q^b),   q^v = softmax(x^v·W⁻/t_x)
  ///
  /// and the mirror for view b; with its derivatives with respect to the similarities x^v·w⁻_j: (q^v_j − target_j)/t_x.
  package static func representationLoss(
    first: [Double], second: [Double], label: Int, hardLabelWeight tau: Double, temperature: Double
  ) -> (losses: (Double, Double), gradients: ([Double], [Double])) {
    let a = softmax(first, temperature: temperature), b = softmax(second, temperature: temperature)
    func oneView(_ q: [Double], other: [Double]) -> (Double, [Double]) {
      let target = other.enumerated().map { (1 - tau) * $1 + ($0 == label ? tau : 0) }
      let loss = -zip(target, q).map { $0 * log($1) }.reduce(0, +)
      return (loss, zip(q, target).map { ($0 - $1) / temperature })
    }
    let (lossA, gradientA) = oneView(a, other: b)
    let (lossB, gradientB) = oneView(b, other: a)
    return ((lossA, lossB), (gradientA, gradientB))
  }
}
