import Basics
import Foundation
import Kernels

@testable import Clustering

/// Images with fixed random features before heads with fixed random centers: what remains of training is assignment.
struct FixedFeatures {
  let heads: ClusterHeads
  let images: Int
  let batch: Int
  /// s_ij of each head, in Double: [head][image][cluster].
  let similarities: [[[Double]]]
  private let engine: Engine
  private let dimension = 8
  /// Both views of every image, [2N, d]: view a of all, then view b.
  private let features: FloatBuffer
  private let batchFeatures: FloatBuffer
  private let gradient: FloatBuffer
  private var random: RandomStream
  private var epochs = 0

  /// Features lean towards one direction, so that sizes differ without a constraint.
  init(images: Int, clusters: [Int], batch: Int, constraint: AssignmentConstraint, seed: UInt64) {
    (self.images, self.batch) = (images, batch)
    engine = Engine(instructionSet: .portable, cores: Cores(threads: 1))
    let d = dimension
    heads = ClusterHeads(
      clusters: clusters, dimension: d, images: images, batch: batch, constraint: constraint, losses: LossSettings())
    heads.initialize(seed: seed, on: engine)
    random = RandomStream(seed: seed, purpose: .benchmark)
    (features, batchFeatures) = (FloatBuffer(2 * images * d), FloatBuffer(2 * batch * d))
    gradient = FloatBuffer(2 * batch * d)
    for i in 0..<images * d {
      let common = random.normal() + (i % d == 0 ? 2 : 0)
      features.base[i] = common + 0.3 * random.normal()
      features.base[images * d + i] = common + 0.3 * random.normal()
    }
    let lengths = FloatBuffer(2 * images)
    L2Normalize(columns: d).forward(
      on: engine, x: features.base, y: features.base, lengths: lengths.base, rows: 2 * images)
    let x = features.values.map(Double.init), w = heads.centers.values.map(Double.init), heads = heads
    similarities = clusters.indices.map { h in
      (0..<images).map { i in
        (heads.rowOffsets[h]..<heads.rowOffsets[h + 1]).map { j in
          (0..<d).reduce(0) { $0 + (x[i * d + $1] + x[(images + i) * d + $1]) / 2 * w[j * d + $1] }
        }
      }
    }
  }

  /// The most that one image's similarities to the centers of a head differ.
  func spread(head h: Int) -> Double {
    similarities[h].map { ($0.max() ?? 0) - ($0.min() ?? 0) }.max() ?? 0
  }

  /// One step on the images `ids`.
  @discardableResult
  mutating func step(_ ids: [Int]) -> ClusterHeads.StepLosses {
    for (i, id) in ids.enumerated() {
      for view in [0, 1] {
        (batchFeatures.base + (view * ids.count + i) * dimension)
          .update(from: features.base + (view * images + id) * dimension, count: dimension)
      }
    }
    return heads.step(
      on: engine, features: batchFeatures.base, ids: ids, firstEpoch: epochs == 0, featureGradient: gradient.base)
  }

  /// One pass over the images in random order.
  ///
  /// - Returns: how many labels of the first head changed.
  @discardableResult
  mutating func epoch(afterStep: (_ ids: [Int]) -> Void = { _ in }) -> Int {
    heads.beginEpoch(on: engine)
    let before = heads.labels[0], order = random.permutation(images)
    for first in stride(from: 0, to: images, by: batch) {
      let ids = Array(order[first..<min(images, first + batch)])
      step(ids)
      afterStep(ids)
    }
    epochs += 1
    return zip(before, heads.labels[0]).count { $0 != $1 }
  }

  /// Assigns for `epochs` epochs, or until an epoch after the first moves nothing.
  ///
  /// - Returns: whether it settled.
  mutating func settle(epochs limit: Int = 60) -> Bool {
    epoch()
    return (1..<limit).contains { _ in epoch() == 0 }
  }

  /// −Σ P ln P of the stored labels of head `h`, in Double.
  func entropy(head h: Int = 0) -> Double {
    var counts = [Int](repeating: 0, count: heads.clusters[h])
    for label in heads.labels[h] { counts[Int(label)] += 1 }
    return counts.reduce(0) { $1 > 0 ? $0 - Double($1) / Double(images) * log(Double($1) / Double(images)) : $0 }
  }

  /// What the entropy constraint minimises: −Σ s_{i,y_i} − α·H, of head `h`.
  func objective(alpha: Double, head h: Int = 0) -> Double {
    heads.labels[h].enumerated().reduce(0) { $0 - similarities[h][$1.offset][Int($1.element)] } - alpha
      * entropy(head: h)
  }
}
