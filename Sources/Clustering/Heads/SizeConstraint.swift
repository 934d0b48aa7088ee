/// The size constraint: every one of the K clusters should hold at least γ·N/K of the N images. Solved online by dual variables ρ:
///
///     y_i = argmax_j ( s_ij + ρ_j )                               the whole batch against the old ρ
///     ρ_j ← max(0, ρ_j − η·( n_j/b − γ/K ))                       n_j of the batch's b images went to cluster j
///
/// A cluster that receives less than its share becomes more attractive. Without slack (γ = 1, all clusters equal) ρ may be
/// negative and is not clipped. Source: Q. Qian, "Stable Cluster Discrimination for Deep Clustering", ICCV 2023, the constraint
/// on cluster sizes.
public struct SizeConstraint: Codable, Hashable, Sendable {
  /// η, the step of the dual variables, 0 or more (published: 0.1, and 20 for ImageNet).
  public var dualRate: Float
  /// γ, the smallest cluster size as a share of N/K, 0 to 1.
  public var ratio: Float

  /// The published values.
  public init(dualRate: Float = 0.1, ratio: Float = 0.9) {
    self.dualRate = dualRate
    self.ratio = ratio
  }

  /// The cluster of one image: the first maximum of s_j + ρ_j.
  ///
  /// - Parameters:
  ///   - similarities: s, the mean of its views' similarities to the current unit centers, [clusters].
  ///   - duals: ρ, [clusters].
  func assign(_ similarities: UnsafePointer<Float>, duals: UnsafePointer<Float>, clusters: Int) -> Int {
    var best = 0
    var most = -Float.infinity
    for j in 0..<clusters {
      let score = similarities[j] + duals[j]
      if score > most {
        most = score
        best = j
      }
    }
    return best
  }

  /// Moves ρ after a batch of `batch` images, `counts[j]` of which went to cluster j.
  func update(_ duals: UnsafeMutablePointer<Float>, counts: [Int], batch: Int) {
    let clusters = Float(counts.count)
    for (j, count) in counts.enumerated() {
      duals[j] = duals[j] - dualRate / Float(batch) * Float(count) + dualRate * ratio / clusters
      if ratio < 1 { duals[j] = max(0, duals[j]) }
    }
  }
}
