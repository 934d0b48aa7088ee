import Basics
import Foundation
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
  /// How images are assigned.
  package let constraint: AssignmentConstraint
  /// What both losses are computed with.
  package let losses: LossSettings

  /// The centers v_j as gradient descent sees them, [ΣK, d].
  package let centers: FloatBuffer
  /// ∂L/∂centers of the last step, [ΣK, d], through the normalisation.
  package let gradients: FloatBuffer
  /// The unit centers w_j = v_j/‖v_j‖ of this step, [ΣK, d], v_j being the rows of `centers`.
  let unit: FloatBuffer
  /// ‖v_j‖, [ΣK].
  let lengths: FloatBuffer
  /// W⁻: the unit centers frozen at the start of the epoch, [ΣK, d].
  let frozen: FloatBuffer
  /// ρ of all heads, [ΣK].
  package let duals: FloatBuffer
  /// y⁻: the cluster that each image was last assigned to, by head.
  package var labels: [[Int32]]
  /// By head, the images in each cluster: with the entropy constraint all that were ever assigned, where they are now; otherwise
  /// those that it received in this epoch.
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
  ///   - images: N; with the constraint `instance` no more than any head has clusters, since image i is cluster i.
  ///   - batch: the most images in a batch, not counting views.
  ///   - usesPredictions: whether steps get predictions beside the features.
  package init(
    clusters: [Int], dimension: Int, images: Int, batch: Int, constraint: AssignmentConstraint, losses: LossSettings,
    usesPredictions: Bool = false
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
    if case .instance = constraint {
      precondition(clusters.allSatisfy { $0 >= images }, "\(images) images need a cluster each, heads have \(clusters)")
      labels = clusters.map { _ in (0..<images).map(Int32.init) }
    } else {
      // Before its first assignment an image is in cluster 1 (0 if there is no other), as in the published program.
      labels = clusters.map { [Int32](repeating: $0 > 1 ? 1 : 0, count: images) }
    }
    counts = clusters.map { [Int](repeating: 0, count: $0) }
    isAssigned = [Bool](repeating: false, count: images)
    normalize = L2Normalize(columns: dimension)
    memory = ClusterHeadsMemory(
      batch: batch, total: total, heads: clusters.count, outputs: usesPredictions ? 2 : 1)
  }

  /// The bytes that heads of these sizes take; a Double, since absurd sizes overflow an Int. Left out are a few bytes for each image of the
  /// run (`isAssigned`), each image of the batch (`imageLosses`) and each cluster (`counts`).
  ///
  /// - Parameters: as `init` has them.
  package static func bytes(
    clusters: [Int], dimension: Int, images: Int, batch: Int, usesPredictions: Bool = false
  ) -> Double {
    let total = clusters.reduce(0) { $0 + Double($1) }, heads = Double(clusters.count)
    let rows = Double(batch) * (usesPredictions ? 4 : 2)
    // centers, gradients, unit, frozen; lengths, duals; current, logits
    let perCenter = 4 * Double(dimension) + 2 + 2 * rows
    // centerWeights; newLabels, oldLabels; labels
    return 4 * (total * perCenter + heads * (rows + 2 * Double(batch) + Double(images)))
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

  /// Starts an epoch: freezes W⁻ at the current centers, and unless the constraint is on entropy counts afresh.
  package func beginEpoch(on engine: Engine) {
    normalize.forward(on: engine, x: centers.base, y: frozen.base, lengths: lengths.base, rows: total)
    switch constraint {
    case .size, .instance: counts = clusters.map { [Int](repeating: 0, count: $0) }
    case .entropy: break
    }
  }

  /// W⁻ as the rows of a matrix, to be saved with a run that stops inside an epoch.
  package var frozenCenters: FloatBuffer { frozen }

  /// How far the centers of each head have turned since the epoch began: the mean over its centers of the angle between w⁻_j and w_j,
  /// in degrees, 0 to 180. It falls towards 0 when clustering settles. Centers that stand still may show 1e-5, as W⁻ is rounded.
  package func centerMovement() -> [Double] {
    clusters.indices.map { h in
      let angles = (rowOffsets[h]..<rowOffsets[h + 1]).map { row in
        angle(centers.base + row * dimension, frozen.base + row * dimension)
      }
      return angles.reduce(0, +) / Double(clusters[h]) * 180 / .pi
    }
  }

  /// The angle between two vectors in radians, accurate also for small ones, where the cosine is not: with u and v scaled to equal
  /// lengths, 2·atan(‖u − v‖/‖u + v‖).
  private func angle(_ u: UnsafePointer<Float>, _ v: UnsafePointer<Float>) -> Double {
    var uu = 0.0, vv = 0.0
    for k in 0..<dimension {
      uu += Double(u[k]) * Double(u[k])
      vv += Double(v[k]) * Double(v[k])
    }
    let (uLength, vLength) = (uu.squareRoot(), vv.squareRoot())
    var difference = 0.0, sum = 0.0
    for k in 0..<dimension {
      let a = Double(u[k]) * vLength, b = Double(v[k]) * uLength
      difference += (a - b) * (a - b)
      sum += (a + b) * (a + b)
    }
    return 2 * atan2(difference.squareRoot(), sum.squareRoot())
  }

  /// The cluster of each row of `features` [rows, d] (unit length) in head `h`, y = argmax_j x·w_j with the unit centers w and without
  /// duals: what evaluation and prediction report.
  package func predict(
    _ features: UnsafePointer<Float>, rows: Int, head h: Int, on engine: Engine
  ) -> [ClusterAssignment] {
    let k = clusters[h]
    normalize.forward(on: engine, x: centers.base, y: unit.base, lengths: lengths.base, rows: total)
    let similarities = FloatBuffer(rows * k)
    engine.gemm(
      Matrix(features, rows: rows, columns: dimension),
      Matrix(unit.base + rowOffsets[h] * dimension, rows: k, columns: dimension).t, into: similarities.base)
    var assignments = (0..<rows).map { row in
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
      return ClusterAssignment(cluster: best, confidence: 0, second: second)
    }
    Softmax(columns: k, temperature: losses.representationTemperature).forward(
      on: engine, x: similarities.base, y: similarities.base, rows: rows)
    for row in assignments.indices {
      assignments[row].confidence = similarities.base[row * k + assignments[row].cluster]
    }
    return assignments
  }
}
