import Basics
import Kernels

/// How far apart clusters lie, judged by the features alone: for data without labels, and to compare numbers of clusters.
///
/// **Silhouette**, with cosine distance δ(x, y) = 1 − x·y. For x_i in cluster A of n_A images, and m_C the mean of cluster C's features:
///
///     a_i = mean of δ(x_i, y) over the other y in A      = n_A·(1 − x_i·m_A) / (n_A − 1)
///     b_i = least mean of δ(x_i, y) over y in C ≠ A      = min_{C ≠ A} (1 − x_i·m_C)
///     s_i = (b_i − a_i) / max(a_i, b_i)                  0 for an image alone in its cluster
///     silhouette = mean of s_i, −1 to 1, higher is better
///
/// The forms on the right hold because features have unit length: a mean of cosine distances is the distance from a mean. So every
/// image is judged against every other at the cost of one product, n×d by d×K, instead of n² distances, and nothing is sampled.
/// A distance has an error of up to (d + 3)·2⁻²⁴ (a dot product of vectors of length at most 1, the rounding of m and of x), and n_A/(n_A − 1) ≤ 2
/// times that in a_i. What is no larger counts as 0, so that features which are all the same score 0 and not the sign of a rounding.
///
/// **Davies–Bouldin index**, with Euclidean distance between unit features:
///
///     σ_C = mean of ‖x_i − m_C‖ over i in C
///     index = mean over C of max_{D ≠ C} (σ_C + σ_D) / ‖m_C − m_D‖,  0 or more, lower is better
///
/// Clusters without an image do not count. Two clusters with the same mean are no pair, and the index is 0 if all features of each
/// cluster, or all means, agree within 10⁻⁸: both as scikit-learn decides. Neither score exists for fewer than two clusters or for as
/// many clusters as images.
///
/// Sources: P. J. Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis", Journal of
/// Computational and Applied Mathematics 20, 1987; D. L. Davies, D. W. Bouldin, "A Cluster Separation Measure", IEEE Transactions on Pattern
/// Analysis and Machine Intelligence 1, 1979. Checked against scikit-learn (silhouette_score with metric="cosine", davies_bouldin_score).
public struct ClusterSeparation: Sendable, Equatable {
  /// The mean silhouette, −1 to 1.
  public var silhouette: Double
  /// The Davies–Bouldin index, 0 or more.
  public var daviesBouldin: Double

  /// Judges clusters by features.
  ///
  /// - Parameters:
  ///   - features: n × d.
  ///   - clusterLabels: the cluster of each image, 0 or more; they are names, so gaps don't matter.
  ///   - engine: what computes it. The result has the same bits for any number of threads.
  /// - Returns: nil if neither score exists.
  /// - Throws: `SeCuError` of kind `.badData` unless there is a label for each image.
  public init?(_ features: Features, clusterLabels: [Int], on engine: Engine) throws {
    try features.check(clusterLabels, name: "cluster labels")
    let names = Set(clusterLabels).sorted()
    guard names.count >= 2, names.count < features.count else { return nil }
    let places = Dictionary(uniqueKeysWithValues: zip(names, names.indices))
    let clusters = MeanClusters(features, labels: clusterLabels.map { places[$0] ?? 0 }, count: names.count, engine)
    silhouette = clusters.silhouette(on: engine)
    daviesBouldin = clusters.daviesBouldin(on: engine)
  }
}

/// Clusters that all have a feature, with their means.
private struct MeanClusters {
  let features: Features
  let labels: [Int]
  let sizes: [Int]
  /// m, [count, d]
  let means: [Float]

  init(_ features: Features, labels: [Int], count: Int, _ engine: Engine) {
    self.features = features
    self.labels = labels
    sizes = clusterSizes(labels, clusters: count)
    var means = [Float](repeating: 0, count: count * features.dimension)
    features.withPointer { x in
      let points = PointSet(
        values: x, count: features.count, dimensions: features.dimension, cores: engine.cores)
      _ = points.moveToMeans(&means, labels: labels)
    }
    self.means = means
  }

  func silhouette(on engine: Engine) -> Double {
    let d = features.dimension, k = sizes.count
    // Rows of at most 4 MiB of similarities at a time.
    let block = max(1, min(features.count, (1 << 20) / k))
    let similarities = FloatBuffer(block * k)
    var sum = 0.0
    features.withPointer { x in
      means.withUnsafeBufferPointer { means in
        guard let m = means.baseAddress else { return }
        for first in stride(from: 0, to: features.count, by: block) {
          let rows = min(block, features.count - first)
          engine.gemm(
            Matrix(x + first * d, rows: rows, columns: d), Matrix(m, rows: k, columns: d).t, into: similarities.base)
          for row in 0..<rows { sum += silhouette(of: first + row, x, similarities.base + row * k) }
        }
      }
    }
    return sum / Double(features.count)
  }

  /// s_i, given x_i·m of every cluster.
  private func silhouette(of i: Int, _ x: UnsafePointer<Float>, _ similarities: UnsafePointer<Float>) -> Double {
    let own = labels[i], size = Double(sizes[own])
    guard size > 1 else { return 0 }
    // x·x, which is 1 but for a vector without length.
    let isZero = (0..<features.dimension).allSatisfy { x[i * features.dimension + $0] == 0 }
    let distances = size - 1 - size * Double(similarities[own]) + (isZero ? 0 : 1)
    let a = distances / (size - 1)
    var greatest = -Float.infinity
    for c in 0..<sizes.count where c != own { greatest = max(greatest, similarities[c]) }
    let b = 1 - Double(greatest), rounding = 2 * Double(features.dimension + 3) * 0x1p-24
    if max(a, b) <= rounding { return 0 }
    return (max(0, b) - max(0, a)) / max(a, b)
  }

  func daviesBouldin(on engine: Engine) -> Double {
    let d = features.dimension, k = sizes.count
    return features.withPointer { x in
      means.withUnsafeBufferPointer { means in
        guard let m = means.baseAddress else { return 0 }
        var scatter = [Double](repeating: 0, count: k)
        for (i, label) in labels.enumerated() {
          scatter[label] += Double(squaredDistance(x + i * d, m + label * d, d)).squareRoot()
        }
        for c in 0..<k { scatter[c] /= Double(sizes[c]) }
        var worst = [Double](repeating: 0, count: k), farthest = worst
        worst.withUnsafeMutableBufferPointer { worst in
          farthest.withUnsafeMutableBufferPointer { farthest in
            // Safe: every cluster writes its own place.
            nonisolated(unsafe) let (worst, farthest) = (worst, farthest)
            engine.run(k, flops: 3 * k * k * d) { c, _ in
              for other in 0..<k where other != c {
                let distance = Double(squaredDistance(m + c * d, m + other * d, d)).squareRoot()
                farthest[c] = max(farthest[c], distance)
                if distance > 0 { worst[c] = max(worst[c], (scatter[c] + scatter[other]) / distance) }
              }
            }
          }
        }
        if scatter.allSatisfy({ $0 <= Self.nothing }) || farthest.allSatisfy({ $0 <= Self.nothing }) { return 0 }
        return worst.reduce(0, +) / Double(k)
      }
    }
  }

  /// A distance that counts as none.
  private static let nothing = 1e-8
}
