import Foundation

/// The entropy constraint: cluster sizes should be even, over all N images and not only over a batch. Solved online and greedily.
///
/// Minimised is −Σ s_{i,y_i} + α·Σ_j P_j ln P_j with P_j = N_j/M, where N_j images are in cluster j now, and M have a cluster: all N after
/// the first pass, or nearly (see below). With f(p) = p·ln p, f(0) = 0, moving image i from cluster l to cluster k changes the second sum by
///
///     Δ_ik = f(P_l − 1/M) − f(P_l) + f(P_k + 1/M) − f(P_k),   Δ_il = 0
///     y_i = argmin_k ( −s_ik + α·Δ_ik )                                  the whole batch against the old N_j
///
/// An image that has no cluster yet only joins: P_j = N_j/(M + 1) and Δ_ik = f(P_k + 1/(M + 1)) − f(P_k);
/// the very first batch, M = 0, is free. Counts therefore always add up to the number of images seen: after one pass N, or N − 1 where
/// the pass leaves one image out (`TrainingSettings.stepsPerPass`). To first order only α/N matters. Source: Q. Qian, "Stable Cluster
/// Discrimination for Deep Clustering", ICCV 2023, the constraint on entropy; computed in Float, as the published program does. That program
/// goes through the data once an epoch and lets all images of the first epoch join. With several passes an epoch, that each image joins once
/// is this project's.
public struct EntropyConstraint: Codable, Hashable, Sendable {
  /// α, or α/N if `isPerImage`; 0 or more, and with 0 nothing is constrained.
  public var alpha: Float
  /// Whether `alpha` is multiplied by the number of images: a recipe then carries over to a data set of another size.
  public var isPerImage: Bool

  /// - Parameters: as the properties have them.
  public init(alpha: Float, isPerImage: Bool = false) {
    self.alpha = alpha
    self.isPerImage = isPerImage
  }

  /// CIFAR-10's α = 6000 for 50,000 images, as a number that carries over.
  public static let published = EntropyConstraint(alpha: 0.12, isPerImage: true)

  /// What joining and leaving each cluster costs, for the images of one batch.
  struct Costs {
    /// f(P + 1/B) − f(P), what Σ P ln P changes by when an image joins, with B = M + 1 for images that have no cluster yet and B = M for those
    /// that move; `assign` multiplies it by α.
    var joining: [Float]
    /// f(P − 1/B) − f(P): empty for images that have no cluster yet.
    var leaving: [Float]
    var alpha: Float
  }

  /// - Parameters:
  ///   - counts: N_j before the batch.
  ///   - isFirst: for images that have no cluster yet.
  ///   - images: N.
  /// - Returns: nil if nothing constrains the batch: it is the very first.
  func costs(_ counts: [Int], isFirst: Bool, images: Int) -> Costs? {
    let assigned = counts.reduce(0, +)
    if assigned == 0 { return nil }
    let base = Float(isFirst ? assigned + 1 : assigned)
    let shares = counts.map { Float($0) / base }
    return Costs(
      joining: shares.map { Self.f($0 + 1 / base) - Self.f($0) },
      leaving: isFirst ? [] : shares.map { Self.f($0 - 1 / base) - Self.f($0) },
      alpha: isPerImage ? alpha * Float(images) : alpha)
  }

  /// The cluster of one image: the first minimum of −s + α·Δ.
  ///
  /// - Parameters:
  ///   - similarities: s, the mean of its views' similarities to the current unit centers, [clusters].
  ///   - old: the image's cluster so far; not looked at if it has none.
  func assign(_ similarities: UnsafePointer<Float>, old: Int, costs: Costs?, clusters: Int) -> Int {
    var best = 0
    var least = Float.infinity
    for k in 0..<clusters {
      var cost = -similarities[k]
      if let costs {
        if costs.leaving.isEmpty {
          cost += costs.alpha * costs.joining[k]
        } else if k != old {
          cost += costs.alpha * (costs.leaving[old] + costs.joining[k])
        }
      }
      if cost < least {
        least = cost
        best = k
      }
    }
    return best
  }

  private static func f(_ p: Float) -> Float { p > 0 ? p * log(p) : 0 }
}
