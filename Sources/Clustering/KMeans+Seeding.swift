import Basics

extension KMeans {
  /// k-means++: the first center is a point drawn uniformly, every further one a point drawn with probability
  /// proportional to D(x)², its squared distance from the nearest center so far. The expected inertia is then within a
  /// factor of 8·(ln k + 2) of the best possible (Arthur & Vassilvitskii, theorem 1.1).
  ///
  /// - Returns: k × d, row-major: points of the set, distinct ones as long as there are any.
  func seedCenters(_ points: PointSet, restart: UInt32) -> [Float] {
    var random = RandomStream(seed: seed, purpose: .kMeans, restart)
    var centers: [Float] = []
    centers.reserveCapacity(clusters * points.dimensions)
    var distances = [Float](repeating: .infinity, count: points.count)
    var chosen = min(Int(random.fraction() * Double(points.count)), points.count - 1)
    centers += points[chosen]
    for _ in 1..<clusters {
      points.lower(&distances, toCenter: chosen)
      chosen = Self.draw(weights: distances, fraction: random.fraction())
      centers += points[chosen]
    }
    return centers
  }

  /// The first index at which the running sum of `weights` exceeds `fraction` of its total; with no weight at all
  /// (every point is a center already) all indices are equally likely.
  ///
  /// - Parameters:
  ///   - weights: at least one, finite, 0 or more.
  ///   - fraction: in [0, 1).
  static func draw(weights: [Float], fraction: Double) -> Int {
    let total = weights.reduce(0.0) { $0 + Double($1) }
    guard total > 0 else { return min(Int(fraction * Double(weights.count)), weights.count - 1) }
    let target = fraction * total
    var sum = 0.0
    var last = 0
    for (index, weight) in weights.enumerated() where weight > 0 {
      sum += Double(weight)
      last = index
      if sum > target { break }
    }
    return last
  }
}

extension RandomStream {
  /// A uniform number in [0, 1): 53 bits.
  fileprivate mutating func fraction() -> Double {
    Double(next() >> 11) * 0x1p-53
  }
}
