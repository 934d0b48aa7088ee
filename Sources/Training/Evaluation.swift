import Basics
import Clustering
import Imaging
import Kernels

/// Which head a run is judged by.
public enum EvaluatedHead {
  /// The head whose number of clusters is the number of classes; else the smallest that has more; else the largest. Without
  /// classes, the first.
  ///
  /// - Parameters:
  ///   - heads: K of each head, at least one.
  ///   - classes: the number of classes, or nil.
  /// - Returns: an index into `heads`.
  public static func index(heads: [Int], classes: Int?) -> Int {
    guard let classes else { return 0 }
    if let exact = heads.firstIndex(of: classes) { return exact }
    let larger = heads.indices.filter { heads[$0] > classes }.min { heads[$0] < heads[$1] }
    return larger ?? heads.indices.max { heads[$0] < heads[$1] } ?? 0
  }
}

extension ImageSource {
  /// The number of classes, where they are known.
  public var classCount: Int? {
    classNames?.count ?? labels.map { Set($0).count }
  }
}

/// The clusters of a whole data set: clean images, running batch-norm statistics, the nearest unit center by cosine, no duals.
public struct Evaluation: Sendable {
  /// The head's index.
  public var head: Int
  /// The head's number of clusters, K.
  public var clusters: Int
  /// One an image, in the images' order.
  public var assignments: [ClusterAssignment]
  /// ACC, NMI, ARI and purity, where the data has classes.
  public var scores: ClusteringScores?

  /// Images in each cluster.
  public var sizes: [Int] { clusterSizes(assignments.map(\.cluster), clusters: clusters) }
}

extension Trainer {
  /// Clusters the images that this run learns from.
  ///
  /// - Throws: what reading an image throws.
  public func evaluate() throws -> Evaluation {
    try learner.evaluate(viewMaker, head: evaluatedHead)
  }
}

/// Which features of the encoder a score looks at.
public enum FeatureKind: String, CaseIterable, Codable, Sendable {
  /// What clusters are made of: the projector's output, scaled to unit length.
  case projection
  /// The mean over pixels before the projector, scaled to unit length: what linear probes are usually fitted to.
  case backbone
}

extension Learner {
  /// Clusters all images of `viewMaker` by head `head`, batch by batch, so that no more features are in memory than a batch has.
  package func evaluate(_ viewMaker: ViewMaker, head: Int) throws -> Evaluation {
    var assignments: [ClusterAssignment] = []
    assignments.reserveCapacity(viewMaker.images.count)
    try eachBatch(viewMaker) { projections, rows in
      assignments += heads.predict(projections, rows: rows, head: head, on: engine)
    }
    return try evaluation(assignments, of: viewMaker.images, head: head)
  }

  /// Calls `body` with the projections of all images of `viewMaker`, [rows, d], some at a time and in order.
  ///
  /// - Throws: what `body` and reading an image throw; `SeCuError` of kind `.badData` for features that are not finite.
  private func eachBatch(_ viewMaker: ViewMaker, _ body: (UnsafePointer<Float>, _ rows: Int) throws -> Void) throws {
    let count = viewMaker.images.count, most = network.batch
    let clean = FloatBuffer(most * viewMaker.viewShape.count)
    for first in stride(from: 0, to: count, by: most) {
      let ids = Array(first..<min(count, first + most))
      try viewMaker.cleanViews(of: ids, cores: engine.cores, into: clean.base)
      let projections = embed(clean.base, count: ids.count)
      if let broken = (0..<ids.count * heads.dimension).first(where: { !projections[$0].isFinite }) {
        throw SeCuError(
          .badData, "image \(first + broken / heads.dimension) has features that are not finite",
          at: viewMaker.images.name,
          remedy: "The encoder's weights are no good: take those of a run that did not diverge")
      }
      try body(projections, ids.count)
    }
  }

  /// The features of all images of `viewMaker`, [N, d]: clean views, running batch-norm statistics.
  package func features(_ viewMaker: ViewMaker, _ kind: FeatureKind = .projection) throws -> Features {
    let dimension = kind == .projection ? heads.dimension : network.backboneDimension
    var values: [Float] = []
    values.reserveCapacity(viewMaker.images.count * dimension)
    try eachBatch(viewMaker) { projections, rows in
      let batch = kind == .projection ? projections : network.backboneFeatures
      values += UnsafeBufferPointer(start: batch, count: rows * dimension)
    }
    switch kind {
    case .projection: return Features(unit: values, dimension: dimension)
    case .backbone: return try Features(normalizing: values, dimension: dimension)
    }
  }

  /// Clusters `images` by their projections and head `head`.
  package func evaluate(_ projections: Features, of images: any ImageSource, head: Int) throws -> Evaluation {
    var assignments: [ClusterAssignment] = []
    assignments.reserveCapacity(projections.count)
    projections.withPointer { x in
      for first in stride(from: 0, to: projections.count, by: network.batch) {
        let rows = min(network.batch, projections.count - first)
        assignments += heads.predict(x + first * projections.dimension, rows: rows, head: head, on: engine)
      }
    }
    return try evaluation(assignments, of: images, head: head)
  }

  private func evaluation(
    _ assignments: [ClusterAssignment], of images: any ImageSource, head: Int
  ) throws -> Evaluation {
    let scores = try images.labels.map {
      try ClusteringScores(clusterLabels: assignments.map(\.cluster), classLabels: $0)
    }
    return Evaluation(head: head, clusters: heads.clusters[head], assignments: assignments, scores: scores)
  }
}
