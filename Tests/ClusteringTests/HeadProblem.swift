import Basics
import Kernels

@testable import Clustering

/// A batch of random features before some heads in the middle of a run. The same shape and seed give the same numbers on
/// every engine.
struct HeadProblem {
  /// Sizes of a problem.
  struct Shape: CustomStringConvertible, Sendable {
    var clusters: [Int]
    var dimension: Int
    var batch: Int
    var losses = LossSettings()
    var usesPredictions = false
    var constraint = AssignmentConstraint.size(SizeConstraint(dualRate: 0.1, ratio: 0.9))

    /// N.
    var images: Int { 3 * batch + 2 }
    /// The rows of the batch: both views' projections, then both views' predictions.
    var rows: Int { batch * (usesPredictions ? 4 : 2) }

    var description: String {
      "K \(clusters), d \(dimension), b \(batch), \(losses.discrimination)\(usesPredictions ? ", predictions" : "")"
    }

    /// What rounding may do, as a share of the largest value: similarities are sums of d products of unit vectors, wrong by
    /// about √d·2⁻²⁴, and divided by a temperature; eight standard deviations.
    var tolerance: Double {
      let coldest = Double(min(losses.representationTemperature, losses.centerTemperature))
      return 8 * Double(dimension).squareRoot() * 0x1p-24 / coldest
    }
  }

  let shape: Shape
  let heads: ClusterHeads
  let engine: Engine
  /// Projections and predictions before normalisation, [rows, d], which are what the network makes, and after it.
  let raw: FloatBuffer
  let features: FloatBuffer
  private let lengths: FloatBuffer
  let featureGradient: FloatBuffer
  /// The batch's images, no two the same.
  let ids: [Int]
  /// What held before the step.
  let centersBefore: [Float]
  let frozenBefore: [Float]
  let dualsBefore: [Float]
  let labelsBefore: [[Int32]]

  /// - Parameter room: the most images that the heads take in a batch, beyond those in this one.
  init(_ shape: Shape, on engine: Engine, room: Int = 0, seed: UInt64 = 1) {
    (self.shape, self.engine) = (shape, engine)
    var random = RandomStream(seed: seed, purpose: .benchmark)
    let images = shape.images, rows = shape.rows, d = shape.dimension
    heads = ClusterHeads(
      clusters: shape.clusters, dimension: d, images: images, batch: shape.batch + room,
      constraint: shape.constraint, losses: shape.losses, usesPredictions: shape.usesPredictions)
    for i in 0..<heads.centers.count { heads.centers.base[i] = random.normal() }
    heads.beginEpoch(on: engine)
    // Since then the centers have moved and grown, and images have labels.
    for i in 0..<heads.centers.count { heads.centers.base[i] = 2 * heads.centers.base[i] + 0.5 * random.normal() }
    for i in 0..<heads.duals.count { heads.duals.base[i] = 0.2 * random.uniform() }
    for h in shape.clusters.indices where shape.constraint != .instance {
      heads.labels[h] = (0..<images).map { _ in Int32(random.nextWord() % UInt32(shape.clusters[h])) }
    }
    ids = Array(random.permutation(images).prefix(shape.batch))
    raw = FloatBuffer(rows * d)
    for i in 0..<raw.count { raw.base[i] = 3 * random.normal() }
    (features, lengths, featureGradient) = (FloatBuffer(rows * d), FloatBuffer(rows), FloatBuffer((rows + 1) * d))
    L2Normalize(columns: d).forward(on: engine, x: raw.base, y: features.base, lengths: lengths.base, rows: rows)
    (centersBefore, frozenBefore) = (heads.centers.values, heads.frozenCenters.values)
    (dualsBefore, labelsBefore) = (heads.duals.values, heads.labels)
  }

  func step(firstEpoch: Bool) -> ClusterHeads.StepLosses {
    let predictions = 2 * shape.batch * shape.dimension
    return heads.step(
      on: engine, features: features.base,
      predictions: shape.usesPredictions ? UnsafePointer(features.base + predictions) : nil, ids: ids,
      firstEpoch: firstEpoch, featureGradient: featureGradient.base,
      predictionGradient: shape.usesPredictions ? featureGradient.base + predictions : nil)
  }

  /// ∂L/∂raw rows, from the gradient that the last step left for the unit rows.
  var rawGradient: [Float] {
    let result = FloatBuffer(raw.count)
    L2Normalize(columns: shape.dimension).backward(
      on: engine, dy: featureGradient.base, y: features.base, lengths: lengths.base, dx: result.base,
      rows: shape.rows)
    return result.values
  }
}
