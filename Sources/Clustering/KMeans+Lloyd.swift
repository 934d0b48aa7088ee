import Basics

extension KMeans {
  /// Lloyd's iterations: move each center to the mean of its points, give each point to its nearest center, repeat.
  /// Neither step can raise the inertia, and neither can handing the farthest point to a center without points.
  ///
  /// - Parameters:
  ///   - start: k × d centers to begin with.
  ///   - threshold: ends the run when the squared movements of the centers sum to this or less.
  /// - Returns: assignments that belong to the returned centers: the run ends after assigning, not after moving.
  func lloyd(_ points: PointSet, from start: [Float], threshold: Double) -> Solution {
    var centers = start
    var labels = [Int](repeating: 0, count: points.count)
    var distances = [Float](repeating: 0, count: points.count)
    points.assign(to: centers, labels: &labels, distances: &distances)
    var inertias = [Self.sum(distances)]
    while inertias.count <= maxIterations {
      Self.fillEmptyClusters(clusters, labels: &labels, distances: &distances)
      let previousLabels = labels, previousCenters = centers
      var movement = points.moveToMeans(&centers, labels: labels)
      if isSpherical {
        centers = Features.unitLength(centers, points.dimensions)
        movement = Self.squaredDistance(centers, previousCenters)
      }
      points.assign(to: centers, labels: &labels, distances: &distances)
      inertias.append(Self.sum(distances))
      if labels == previousLabels { break }
      if movement <= threshold, !clusterSizes(labels, clusters: clusters).contains(0) { break }
    }
    return Solution(assignments: labels, centers: centers, inertias: inertias)
  }

  /// Gives every cluster without a point the point that is farthest from its own center, the first of equals, taken
  /// from a cluster that keeps at least one. Points that lie on their center stay: moving them would gain nothing.
  static func fillEmptyClusters(_ clusters: Int, labels: inout [Int], distances: inout [Float]) {
    var sizes = clusterSizes(labels, clusters: clusters)
    for cluster in 0..<clusters where sizes[cluster] == 0 {
      var farthest: Int?
      for i in labels.indices where sizes[labels[i]] > 1 && distances[i] > (farthest.map { distances[$0] } ?? 0) {
        farthest = i
      }
      guard let farthest else { return }
      sizes[labels[farthest]] -= 1
      sizes[cluster] = 1
      labels[farthest] = cluster
      distances[farthest] = 0
    }
  }

  private static func squaredDistance(_ a: [Float], _ b: [Float]) -> Double {
    zip(a, b).reduce(0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }
  }

  static func sum(_ distances: [Float]) -> Double {
    distances.reduce(0) { $0 + Double($1) }
  }
}
