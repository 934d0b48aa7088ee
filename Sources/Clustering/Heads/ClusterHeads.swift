import Basics
import Kernels

/// All clustering heads of a run: their centers, stored labels and dual variables.
///
/// Head h has K_h clusters. The centers of all heads are the rows of one matrix [ΣK, d], so that the similarities to all of
/// them are one product. They are normalised at each use and never in place: gradients pass the normalisation.
package final class ClusterHeads {
  /// K of each head.
  package let clusters: [Int]
  /// d.
  package let dimension: Int
  /// N, the images that have a stored label.
  package let images: Int
  package let constraint: AssignmentConstraint
  package let losses: LossSettings

  /// The centers as gradient descent sees them, [ΣK, d].
  package let centers: FloatBuffer
  package let gradients: FloatBuffer
  /// The unit centers w_j of this step, their raw lengths, and W⁻, the unit centers frozen at the start of the epoch.
  let unit: FloatBuffer
  let lengths: FloatBuffer
  let frozen: FloatBuffer
  /// ρ of all heads, [ΣK].
  package let duals: FloatBuffer
  /// y⁻: the cluster that each image was last assigned to, by head.
  package var labels: [[Int32]]
  /// By head, the images in each cluster: with the entropy constraint all that were ever assigned, where they are now; with the size
  /// constraint those that it received in this epoch.
  package var counts: [[Int]]
  /// Whether each image was ever assigned.
  package var isAssigned: [Bool]

  let memory: ClusterHeadsMemory
  let normalize: L2Normalize
  /// The first row of each head in the matrix of centers, and ΣK at the end.
  package let rowOffsets: [Int]

  /// - Parameters:
  ///   - clusters: K of each head, each at least 1.
  ///   - dimension: d.
  ///   - images: N.
  ///   - batch: the most images in a batch, not counting views.
  package init(
    clusters: [Int], dimension: Int, images: Int, batch: Int, constraint: AssignmentConstraint, losses: LossSettings
  ) {
    self.clusters = clusters
    self.dimension = dimension
    self.images = images
    self.constraint = constraint
    self.losses = losses
    rowOffsets = clusters.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    let total = rowOffsets[clusters.count]
    centers = FloatBuffer(total * dimension)
    gradients = FloatBuffer(total * dimension)
    unit = FloatBuffer(total * dimension)
    lengths = FloatBuffer(total)
    frozen = FloatBuffer(total * dimension)
    duals = FloatBuffer(total)
    // Before its first assignment an image is in cluster 1 (0 if there is no other), as in the published program.
    labels = clusters.map { [Int32](repeating: $0 > 1 ? 1 : 0, count: images) }
    counts = clusters.map { [Int](repeating: 0, count: $0) }
    isAssigned = [Bool](repeating: false, count: images)
    normalize = L2Normalize(columns: dimension)
    memory = ClusterHeadsMemory(batch: batch, total: total, heads: clusters.count)
  }

  /// The bytes that heads of these sizes take, as a Double, since absurd sizes overflow an Int.
  ///
  /// - Parameters: as `init` has them.
  package static func bytes(clusters: [Int], dimension: Int, images: Int, batch: Int) -> Double {
    let total = clusters.reduce(0) { $0 + Double($1) }, heads = Double(clusters.count), rows = 2 * Double(batch)
    let perCenter = 4 * Double(dimension) + 2 + 3 * rows
    return 4 * (total * perCenter + heads * (2 * rows + Double(images)))
  }

  /// ΣK.
  package var total: Int { rowOffsets[clusters.count] }

  /// Draws every center from the unit sphere, uniformly; each head has a stream of its own.
  package func initialize(seed: UInt64, on engine: Engine) {
    for h in clusters.indices {
      var stream = RandomStream(seed: seed, purpose: .centers, UInt32(h))
      for i in rowOffsets[h] * dimension..<rowOffsets[h + 1] * dimension { centers.base[i] = stream.normal() }
    }
    normalize.forward(on: engine, x: centers.base, y: centers.base, lengths: lengths.base, rows: total)
  }

  /// Starts an epoch: freezes W⁻ at the current centers, and with the size constraint counts afresh.
  package func beginEpoch(on engine: Engine) {
    normalize.forward(on: engine, x: centers.base, y: frozen.base, lengths: lengths.base, rows: total)
    if case .size = constraint { counts = clusters.map { [Int](repeating: 0, count: $0) } }
  }

  /// W⁻ as the rows of a matrix, to be saved with a run that stops inside an epoch.
  package var frozenCenters: FloatBuffer { frozen }

  /// The cluster of each row of `features` [rows, d] (unit length) in head `h`, with clean images and without duals, and the
  /// soft-max probability of the best and index of the second-best cluster: what evaluation and prediction report.
  package func predict(
    _ features: UnsafePointer<Float>, rows: Int, head h: Int, on engine: Engine
  ) -> [Prediction] {
    let k = clusters[h]
    normalize.forward(on: engine, x: centers.base, y: unit.base, lengths: lengths.base, rows: total)
    let similarities = FloatBuffer(rows * k)
    engine.gemm(
      Matrix(features, rows: rows, columns: dimension),
      Matrix(unit.base + rowOffsets[h] * dimension, rows: k, columns: dimension).t, into: similarities.base)
    var predictions = (0..<rows).map { row in
      let s = similarities.base + row * k
      var best = 0, second = k > 1 ? 1 : 0
      if k > 1, s[1] > s[0] { swap(&best, &second) }
      for j in 2..<max(2, k) {
        if s[j] > s[best] {
          (best, second) = (j, best)
        } else if s[j] > s[second] {
          second = j
        }
      }
      return Prediction(cluster: best, confidence: 0, second: second)
    }
    Softmax(columns: k, temperature: losses.representationTemperature).forward(
      on: engine, x: similarities.base, y: similarities.base, rows: rows)
    for row in predictions.indices {
      predictions[row].confidence = similarities.base[row * k + predictions[row].cluster]
    }
    return predictions
  }

  /// One image's cluster in one head.
  package struct Prediction: Sendable, Equatable {
    package var cluster: Int
    /// Soft-max probability at temperature t_x, 0 to 1.
    package var confidence: Float
    /// The next best cluster; the same one if there is no other.
    package var second: Int
  }
}

/// The buffers of a step, made once.
final class ClusterHeadsMemory {
  /// Similarities to the current centers and to the frozen ones, [2b, ΣK]; the latter become the gradient.
  let current: FloatBuffer
  let logits: FloatBuffer
  let exponentials: FloatBuffer
  /// (1 − p)·(1/t_w), by head and row of the batch: [heads, 2b].
  let centerWeights: FloatBuffer
  /// Both losses of each image, summed over heads and views: [b, 2].
  let imageLosses: UnsafeMutablePointer<Double>
  /// Fresh labels and the labels before them, by head and image: [heads, b].
  let newLabels: UnsafeMutablePointer<Int32>
  let oldLabels: UnsafeMutablePointer<Int32>

  init(batch: Int, total: Int, heads: Int) {
    current = FloatBuffer(2 * batch * total)
    logits = FloatBuffer(2 * batch * total)
    exponentials = FloatBuffer(2 * batch * total)
    centerWeights = FloatBuffer(2 * batch * heads)
    imageLosses = .allocate(capacity: 2 * batch)
    imageLosses.initialize(repeating: 0, count: 2 * batch)
    newLabels = .allocate(capacity: batch * heads)
    newLabels.initialize(repeating: 0, count: batch * heads)
    oldLabels = .allocate(capacity: batch * heads)
    oldLabels.initialize(repeating: 0, count: batch * heads)
  }

  deinit {
    imageLosses.deallocate()
    newLabels.deallocate()
    oldLabels.deallocate()
  }
}
