import Basics
import Testing

@testable import Clustering

@Suite struct KMeansTests {
  // MARK: Seeding

  @Test(arguments: [(0.0, 1), (0.24, 1), (0.25, 3), (0.74, 3), (0.75, 4), (0.999, 4)])
  func drawFollowsTheWeights(fraction: Double, index: Int) {
    #expect(KMeans.draw(weights: [0, 1, 0, 2, 1, 0], fraction: fraction) == index)
  }

  @Test func drawWithoutWeightIsUniform() {
    let drawn = (0..<8).map { KMeans.draw(weights: [0, 0, 0, 0], fraction: Double($0) / 8) }
    #expect(drawn == [0, 0, 1, 1, 2, 2, 3, 3])
  }

  @Test func seedsAreDistinctPointsAndDifferByRestart() {
    let points = normals(40 * 3, seed: 3)
    let all = Set((0..<40).map { Array(row(points, $0, 3)) })
    let seeds = withPoints(points, 3) { set in
      (0..<4).map { KMeans(clusters: 40, seed: 1).seedCenters(set, restart: $0) }
    }
    for centers in seeds { #expect(Set((0..<40).map { Array(row(centers, $0, 3)) }) == all) }
    #expect(Set(seeds).count == 4)
  }

  // MARK: Runs

  @Test func emptyClustersTakeTheFarthestPoints() {
    var labels = [0, 0, 0, 2, 0], distances: [Float] = [1, 4, 0, 9, 4]
    KMeans.fillEmptyClusters(4, labels: &labels, distances: &distances)
    #expect(labels == [0, 1, 0, 2, 3], "a cluster of one point keeps it")
    #expect(distances == [1, 0, 0, 9, 0])
    // The last point of a cluster stays, though two others ask for it.
    (labels, distances) = ([0, 0], [1, 2])
    KMeans.fillEmptyClusters(3, labels: &labels, distances: &distances)
    #expect(labels == [0, 1])
  }

  @Test func pointsOnTheirCenterFillNoCluster() {
    var labels = [0, 0, 0], distances: [Float] = [0, 0, 0]
    KMeans.fillEmptyClusters(3, labels: &labels, distances: &distances)
    #expect(labels == [0, 0, 0])
  }

  /// Assigning takes the minimum, a mean minimises its cluster's sum, so only rounding can raise the inertia: that of
  /// the distances, and that of the means, which is of second order.
  @Test(arguments: [2, 5, 30], 0..<3 as Range<UInt64>)
  func inertiaNeverRises(k: Int, seed: UInt64) throws {
    let solution = try KMeans(clusters: k, restarts: 1, tolerance: 0, seed: seed).fit(
      normals(600 * 5, seed: seed), dimensions: 5, cores: Cores(threads: 1))
    #expect(solution.iterations > 1)
    for (before, after) in zip(solution.inertias, solution.inertias.dropFirst()) {
      #expect(after <= before * (1 + 2 * tolerance(5)))
    }
  }

  @Test func solutionIsAFixedPoint() throws {
    let n = 500, d = 6, k = 8
    let points = normals(n * d, seed: 4)
    let solution = try KMeans(clusters: k, restarts: 2, tolerance: 0).fit(points, dimensions: d)
    var inertia = 0.0
    for i in 0..<n {
      let truth = (0..<k).map { distance(row(points, i, d), row(solution.centers, $0, d)) }
      #expect(truth[solution.assignments[i]] <= truth.min()! * (1 + 2 * tolerance(d)))
      inertia += truth[solution.assignments[i]]
    }
    #expect(abs(solution.inertia - inertia) <= tolerance(d) * inertia)
    for j in 0..<k {
      let members = (0..<n).filter { solution.assignments[$0] == j }
      for c in 0..<d {
        let mean = members.reduce(0.0) { $0 + Double(points[$1 * d + c]) } / Double(members.count)
        #expect(solution.centers[j * d + c] == Float(mean), "multiples of 2⁻⁸ add without rounding")
      }
    }
  }

  /// The same bits for every number of threads; assigning takes five pieces here.
  @Test func threadsDoNotChangeTheSolution() throws {
    let points = normals(3000 * 67, seed: 5)
    let settings = KMeans(clusters: 23, restarts: 2, maxIterations: 6, seed: 8)
    let one = try settings.fit(points, dimensions: 67, cores: Cores(threads: 1))
    for threads in [1, 2, 3, 7] {
      #expect(try settings.fit(points, dimensions: 67, cores: Cores(threads: threads)) == one)
    }
  }

  @Test func seedsDecideTheSolution() throws {
    let points = normals(300 * 4, seed: 6)
    let solutions = try (0..<3).map {
      try KMeans(clusters: 12, restarts: 1, seed: $0).fit(points, dimensions: 4).assignments
    }
    #expect(Set(solutions).count == 3)
  }

  /// Every restart finds both pairs; the first names them.
  @Test func ofEqualRestartsTheFirstWins() throws {
    let points: [Float] = [0, 1, 100, 101]
    for seed in 0..<10 as Range<UInt64> {
      let one = try KMeans(clusters: 2, restarts: 1, seed: seed).fit(points, dimensions: 1, cores: Cores(threads: 1))
      let many = try KMeans(clusters: 2, restarts: 10, seed: seed).fit(points, dimensions: 1, cores: Cores(threads: 1))
      #expect(one.inertia == 1 && many.assignments == one.assignments)
    }
  }

  @Test func moreRestartsNeverScoreWorse() throws {
    let points = normals(200 * 3, seed: 7)
    let inertias = try (1...6).map { try KMeans(clusters: 9, restarts: $0).fit(points, dimensions: 3).inertia }
    #expect(inertias == inertias.sorted(by: >))
    #expect(inertias[5] < inertias[0])
  }

  /// The optimum over all 3⁹ labellings of nine points.
  @Test(arguments: 0..<4 as Range<UInt64>)
  func smallProblemsReachTheOptimum(seed: UInt64) throws {
    let points = normals(9 * 2, seed: 100 + seed)
    var optimum = Double.infinity
    for code in 0..<19683 {
      var rest = code
      let labels = (0..<9).map { _ in
        defer { rest /= 3 }
        return rest % 3
      }
      var inertia = 0.0
      for cluster in 0..<3 {
        let members = (0..<9).filter { labels[$0] == cluster }
        for c in 0..<2 {
          let values = members.map { Double(points[$0 * 2 + c]) }
          let mean = values.reduce(0, +) / Double(max(1, values.count))
          inertia += values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        }
      }
      optimum = min(optimum, inertia)
    }
    let found = try KMeans(clusters: 3, restarts: 50, tolerance: 0).fit(points, dimensions: 2).inertia
    #expect(abs(found - optimum) <= 1e-6 * optimum)
  }

  /// Centers 20 standard deviations apart: a point on the wrong side would be 10 out.
  @Test func separatedBlobsAreRecovered() throws {
    let k = 6, d = 10, perBlob = 50
    var points = normals(k * perBlob * d, seed: 8)
    let classes = (0..<k * perBlob).map { $0 % k }
    for (i, blob) in classes.enumerated() { points[i * d + blob] += 20 }
    let solution = try KMeans(clusters: k).fit(points, dimensions: d)
    #expect(try ClusteringScores(clusterLabels: solution.assignments, classLabels: classes).accuracy == 1)
  }

  @Test func aClusterForEachPointHasNoInertia() throws {
    let points = normals(33 * 5, seed: 9)
    let solution = try KMeans(clusters: 33, restarts: 1).fit(points, dimensions: 5)
    #expect(solution.inertia == 0)
    #expect(Set(solution.assignments) == Set(0..<33))
  }

  @Test func oneClusterIsTheMean() throws {
    let solution = try KMeans(clusters: 1).fit([1, 2, 3, 6, 8, 1], dimensions: 2)
    #expect(solution.centers == [4, 3])
    #expect(solution.inertia == 9 + 1 + 1 + 9 + 16 + 4)
  }

  @Test func unreachableStartingCentersGetPoints() {
    let points = normals(200 * 2, seed: 10)
    let far: [Float] = [0, 0, 500, 0, 0, 500, -500, 0, 0, -500]
    let solution = withPoints(points, 2) { KMeans(clusters: 5).lloyd($0, from: far, threshold: 0) }
    #expect(Set(solution.assignments) == Set(0..<5))
    #expect(solution.inertias == solution.inertias.sorted(by: >))
  }

  @Test func fewerDistinctPointsThanClustersEnd() throws {
    let solution = try KMeans(clusters: 4).fit([1, 1, 1, 7, 7], dimensions: 1)
    #expect(solution.inertia == 0)
    #expect(solution.centers.allSatisfy { $0 == 1 || $0 == 7 })
    #expect(Set(solution.assignments).count == 2)
  }

  @Test func iterationsAndToleranceEndARun() throws {
    let points = normals(2000 * 4, seed: 11)
    func iterations(_ maximum: Int, _ tolerance: Double) throws -> Int {
      try KMeans(clusters: 20, restarts: 1, maxIterations: maximum, tolerance: tolerance).fit(points, dimensions: 4)
        .iterations
    }
    let exact = try iterations(300, 0)
    #expect(exact > 5)
    #expect(try iterations(3, 0) == 3)
    #expect(try iterations(300, 0.01) < exact)
    #expect(try iterations(300, 1e9) == 1)
  }

  @Test func aRunEndsWhenNoPointChangesItsCluster() {
    let solution = withPoints([0, 1, 10, 11], 1) { KMeans(clusters: 2).lloyd($0, from: [0, 10], threshold: 0) }
    #expect(solution.centers == [0.5, 10.5])
    #expect(solution.inertias == [2, 1])
  }

  /// Moving all centers at once can leave one without a point, which no tolerance excuses.
  @Test func toleranceDoesNotEndARunWithAnEmptyCluster() {
    for seed in 0..<300 as Range<UInt64> {
      let points = normals(12 * 2, seed: seed), start = normals(5 * 2, seed: 1000 + seed)
      let solution = withPoints(points, 2) { KMeans(clusters: 5).lloyd($0, from: start, threshold: .infinity) }
      #expect(Set(solution.assignments).count == 5)
    }
  }

  // MARK: Mistakes

  @Test(arguments: [
    (KMeans(clusters: 0), "clusters"), (KMeans(clusters: -1), "clusters"), (KMeans(clusters: 4), "clusters"),
    (KMeans(clusters: 2, restarts: 0), "restarts"), (KMeans(clusters: 2, restarts: .max), "restarts"),
    (KMeans(clusters: 2, maxIterations: 0), "maxIterations"), (KMeans(clusters: 2, tolerance: -1), "tolerance"),
    (KMeans(clusters: 2, tolerance: .nan), "tolerance"), (KMeans(clusters: 2, tolerance: .infinity), "tolerance"),
  ])
  func settingsOutOfRangeAreRefused(settings: KMeans, place: String) {
    let error = #expect(throws: SeCuError.self) { try settings.fit([1, 2, 3], dimensions: 1) }
    #expect(error?.kind == .usage)
    #expect(error?.place == place)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity, .greatestFiniteMagnitude, 1e19])
  func pointsThatCannotBeMeasuredAreRefused(bad: Float) {
    let error = #expect(throws: SeCuError.self) {
      try KMeans(clusters: 1).fit([0, 1, 2, bad, 4, 5], dimensions: 2)
    }
    #expect(error?.kind == .badData)
    #expect(error?.position == "point 1, coordinate 1")
  }

  @Test func pointsOfNoShapeAreRefused() {
    for dimensions in [0, -1, 2, .max] {
      #expect(throws: SeCuError.self) { try KMeans(clusters: 1).fit([1, 2, 3], dimensions: dimensions) }
    }
    #expect(throws: SeCuError.self) { try KMeans(clusters: 1).fit([], dimensions: 2) }
  }

  /// The sum over coordinates is what must be finite: with 8 of them, each must be √8 times smaller than alone.
  @Test func theLimitFallsWithTheDimensions() throws {
    let points = [Float](repeating: 4e18, count: 8) + [Float](repeating: -4e18, count: 8)
    #expect(try KMeans(clusters: 1).fit(points, dimensions: 1).inertia.isFinite)
    let error = #expect(throws: SeCuError.self) { try KMeans(clusters: 1).fit(points, dimensions: 8) }
    #expect(error?.remedy == "Scale the points down")
  }

  @Test func pointsNearTheLimitStayFinite() throws {
    let solution = try KMeans(clusters: 2, restarts: 1).fit([4e18, -4e18, 4e18, -4e18], dimensions: 1)
    #expect(solution.inertia == 0)
    #expect(solution.assignments[0] == solution.assignments[2])
    #expect(try KMeans(clusters: 1).fit([4e18, -4e18], dimensions: 1).inertia.isFinite)
  }
}
