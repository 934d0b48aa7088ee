import Foundation

/// The two losses of SeCu as the paper writes them, for one image and one head, in Double: the text to learn from, and what
/// `ClusterHeads` is tested against.
///
/// x^a and x^b are the image's unit rows in views a and b; w_j the K unit centers of now, w⁻_j those that were frozen when the epoch began,
/// the rows of W and W⁻; y the label of this step and y⁻ the one stored before it; t_w and t_x the temperatures and τ the weight of
/// `LossSettings`. sg(·) is a constant to the gradient ("stop gradient"). Arrays have K values, labels are in 0 ..< K.
package enum SeCuReference {
  /// p_j = e^(s_j/t) / Σ_k e^(s_k/t).
  package static func softmax(_ similarities: [Double], temperature: Double) -> [Double] {
    let most = similarities.max() ?? 0
    let exponentials = similarities.map { exp(($0 - most) / temperature) }
    let sum = exponentials.reduce(0, +)
    return exponentials.map { $0 / sum }
  }

  /// The center loss of one row x, and its derivatives with respect to the similarities x·w_j, as `Discrimination` lists them.
  ///
  /// SeCu's is ℓ_w = −log p_y, and its gradient reaches the assigned center alone: of ∂ℓ_w/∂(x·w_j) = −(1/t_w)([j = y] − p_j) only
  /// j = y is kept, which is the paper's stable cluster discrimination (equation of ℓ_w with sg(w_k) for k ≠ y).
  ///
  /// - Parameters:
  ///   - similarities: x·w_j for all j.
  ///   - label: y.
  ///   - temperature: t_w.
  package static func centerLoss(
    similarities: [Double], label: Int, temperature: Double, discrimination: Discrimination = .stable
  ) -> (loss: Double, gradient: [Double]) {
    let p = softmax(similarities, temperature: temperature)
    let isOwn = similarities.indices.map { $0 == label ? 1.0 : 0 }
    return switch discrimination {
    case .stable: (-log(p[label]), isOwn.map { -$0 * (1 - p[label]) / temperature })
    case .crossEntropy: (-log(p[label]), zip(p, isOwn).map { ($0 - $1) / temperature })
    case .uniform: (-similarities[label] / temperature, isOwn.map { -$0 / temperature })
    }
  }

  /// The representation loss of one row of view a: the cross-entropy of q = softmax(x·W⁻/t_x) against
  ///
  ///     target of view a = τ·onehot(y⁻) + (1 − τ)·sg(q^b),   q^b = softmax(x^b·W⁻/t_x)
  ///
  /// with its derivatives with respect to the similarities x·w⁻_j: (q_j − target_j)/t_x. The row is the image's projection or its
  /// prediction; x^b is its projection in the other view.
  ///
  /// - Parameters:
  ///   - similarities: x·w⁻_j for all j.
  ///   - otherView: x^b·w⁻_j for all j.
  ///   - label: y⁻, in the first epoch y.
  ///   - tau: τ.
  ///   - temperature: t_x.
  package static func rowLoss(
    similarities: [Double], otherView: [Double], label: Int, hardLabelWeight tau: Double, temperature: Double
  ) -> (loss: Double, gradient: [Double]) {
    let q = softmax(similarities, temperature: temperature)
    let target = softmax(otherView, temperature: temperature).enumerated().map {
      (1 - tau) * $1 + ($0 == label ? tau : 0)
    }
    let loss = -zip(target, q).map { $0 * log($1) }.reduce(0, +)
    return (loss, zip(q, target).map { ($0 - $1) / temperature })
  }

  /// The representation loss of one image: that of each view's projection against the other's. ℓ_x is the mean of both, and of all images
  /// and heads.
  ///
  /// - Parameters:
  ///   - first: x^a·w⁻_j for all j.
  ///   - second: x^b·w⁻_j for all j.
  ///   - label, tau, temperature: as `rowLoss` has them.
  /// - Returns: for each view its loss and its derivatives with respect to `first` and `second`.
  package static func representationLoss(
    first: [Double], second: [Double], label: Int, hardLabelWeight tau: Double, temperature: Double
  ) -> (losses: (Double, Double), gradients: ([Double], [Double])) {
    func loss(_ own: [Double], _ other: [Double]) -> (loss: Double, gradient: [Double]) {
      rowLoss(similarities: own, otherView: other, label: label, hardLabelWeight: tau, temperature: temperature)
    }
    let (a, b) = (loss(first, second), loss(second, first))
    return ((a.loss, b.loss), (a.gradient, b.gradient))
  }
}
