import Basics

/// k-means: the k centers that make the sum of squared distances from each point to its nearest center small.
///
///     inertia = Σ_i min_j ‖x_i − c_j‖²,   x: n × d points,   c: k × d centers
///
/// k-means++ picks starting centers (`KMeans+Seeding.swift`), Lloyd's iterations improve them until nothing changes
/// (`KMeans+Lloyd.swift`), and the best of several restarts is kept. Cost: about 3·n·k·d operations for an iteration
/// and for seeding. The result has the same bits for every number of threads.
///
/// Spherical k-means looks at directions alone: points have unit length, and so have centers after each move. Then
/// ‖x − c‖² = 2 − 2·x·c, and the nearest center is the one of the largest cosine.
///
/// Sources: S. P. Lloyd, "Least Squares Quantization in PCM", IEEE Transactions on Information Theory 28, 1982;
/// D. Arthur, S. Vassilvitskii, "k-means++: The Advantages of Careful Seeding", SODA 2007;
/// I. S. Dhillon, D. S. Modha, "Concept Decompositions for Large Sparse Text Data Using Clustering", Machine Learning 42, 2001.
public struct KMeans: Codable, Sendable, Equatable {
  /// k, the number of clusters: 1…n.
  public var clusters: Int
  /// How many times to start anew, 1 to 2³² − 1; the run of lowest inertia wins, the first of equals.
  public var restarts: Int
  /// The most iterations of one run, at least 1.
  public var maxIterations: Int
  /// A run ends when centers move by a squared distance of at most this share of the mean variance of a coordinate, in
  /// total; 0 or more, finite. 0 runs until no point changes its cluster.
  public var tolerance: Double
  /// Seed of the random starting centers.
  public var seed: UInt64
  /// Whether points and centers are scaled to unit length. A point without length stays zero: it is equally
  /// far from all centers.
  public var isSpherical: Bool

  /// - Parameters: as the properties have them; the defaults are scikit-learn's, but for ten restarts.
  public init(
    clusters: Int, restarts: Int = 10, maxIterations: Int = 300, tolerance: Double = 1e-4, seed: UInt64 = 0,
    isSpherical: Bool = false
  ) {
    self.clusters = clusters
    self.restarts = restarts
    self.maxIterations = maxIterations
    self.tolerance = tolerance
    self.seed = seed
    self.isSpherical = isSpherical
  }

  /// What the best run arrived at.
  public struct Solution: Sendable, Equatable {
    /// The nearest center of each point, 0..<k. Every center has a point unless fewer than k points are distinct or
    /// the iterations ran out.
    public var assignments: [Int]
    /// k × d, row-major.
    public var centers: [Float]
    /// The inertia of the starting centers and after each iteration; it never rises but for rounding.
    public var inertias: [Double]
    /// The sum of squared distances from each point to its center.
    public var inertia: Double { inertias.last ?? 0 }
    /// How many times the centers were moved.
    public var iterations: Int { inertias.count - 1 }
  }

  /// Clusters points.
  ///
  /// - Parameters:
  ///   - points: n × d, row-major, finite. No coordinate may be so large that a squared distance overflows a Float
  ///     (about 10¹⁸ for d = 64).
  ///   - dimensions: d, at least 1.
  ///   - cores: the cores that share the work.
  /// - Throws: `SeCuError`, of kind `.usage` for a setting out of its range (k above n among them) and `badData` for
  ///   points that can't be clustered.
  public func fit(_ points: [Float], dimensions: Int, cores: Cores = Cores()) throws -> Solution {
    guard dimensions >= 1, points.count.isMultiple(of: dimensions) else {
      throw SeCuError(
        .badData, "expected points of \(dimensions) coordinates each, found \(points.count) numbers", at: "points",
        remedy: "Give n × d numbers for n points of d coordinates")
    }
    try checkSettings(count: points.count / dimensions)
    try Self.checkFinite(points, dimensions)
    let points = isSpherical ? Features.unitLength(points, dimensions) : points
    return points.withUnsafeBufferPointer { values in
      let set = PointSet(
        values: values.baseAddress!, count: points.count / dimensions, dimensions: dimensions, cores: cores)
      let threshold = tolerance * set.meanVariance()
      var best: Solution?
      for restart in 0..<restarts {
        let seeds = seedCenters(set, restart: UInt32(restart))
        let solution = lloyd(set, from: seeds, threshold: threshold)
        if best.map({ solution.inertia < $0.inertia }) ?? true { best = solution }
      }
      return best!
    }
  }

  private func checkSettings(count: Int) throws {
    guard clusters >= 1, clusters <= count else {
      throw SeCuError(
        .usage, "expected 1 to \(count) clusters for \(count) points, found \(clusters)", at: "clusters",
        remedy: "Ask for fewer clusters than points")
    }
    guard (1...Int(UInt32.max)).contains(restarts) else {
      throw SeCuError(
        .usage, "expected 1 to \(UInt32.max) restarts, found \(restarts)", at: "restarts", remedy: "10 is usual")
    }
    guard maxIterations >= 1 else {
      throw SeCuError(
        .usage, "expected at least 1 iteration, found \(maxIterations)", at: "maxIterations", remedy: "300 is usual")
    }
    guard tolerance >= 0, tolerance.isFinite else {
      throw SeCuError(
        .usage, "expected a finite tolerance of 0 or more, found \(tolerance)", at: "tolerance",
        remedy: "1e-4 is usual")
    }
  }

  /// Magnitudes up to `limit` keep the largest squared distance, d·(2·limit)², within a Float.
  private static func checkFinite(_ points: [Float], _ dimensions: Int) throws {
    let limit = (Float.greatestFiniteMagnitude / (8 * Float(dimensions))).squareRoot()
    guard let bad = points.firstIndex(where: { !($0.magnitude <= limit) }) else { return }
    throw SeCuError(
      .badData, "expected a finite number of magnitude up to \(limit), found \(points[bad])", at: "points",
      position: "point \(bad / dimensions), coordinate \(bad % dimensions)",
      remedy: points[bad].isFinite ? "Scale the points down" : "Remove the point or repair what computed it")
  }
}
