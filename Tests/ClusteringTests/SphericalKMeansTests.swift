import Basics
import Testing

@testable import Clustering

@Suite struct SphericalKMeansTests {
  /// Points in three directions, at lengths that plain k-means would go by.
  private static let points: [Float] = [
    1, 0.1, 100, 9, 0.01, 0, -0.2, 3, 0, 50, 2, 70, -5, -5.5, -0.02, -0.02, -300, -290,
  ]

  @Test func `directions decide and lengths do not`() throws {
    let solution = try KMeans(clusters: 3, isSpherical: true).fit(Self.points, dimensions: 2)
    let a = solution.assignments
    #expect(Set(a[0..<3]).count == 1 && Set(a[3..<6]).count == 1 && Set(a[6..<9]).count == 1)
    #expect(Set(a).count == 3)
    let plain = try KMeans(clusters: 3).fit(Self.points, dimensions: 2).assignments
    #expect(Set(plain[0..<3]).count > 1)
  }

  @Test(arguments: 0..<4 as Range<UInt64>)
  func `centers have unit length and point along the sum of their points`(seed: UInt64) throws {
    let n = 300, d = 7, k = 9
    let points = normals(n * d, seed: seed)
    let solution = try KMeans(clusters: k, restarts: 1, tolerance: 0, seed: seed, isSpherical: true).fit(
      points, dimensions: d)
    let unit = Features.unitLength(points, d)
    for j in 0..<k {
      var sum = [Double](repeating: 0, count: d)
      for i in 0..<n where solution.assignments[i] == j {
        for c in 0..<d { sum[c] += Double(unit[i * d + c]) }
      }
      let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
      for c in 0..<d { #expect(abs(Double(solution.centers[j * d + c]) - sum[c] / length) < 1e-5) }
    }
    // Each point is nearest to its own center by cosine.
    for i in 0..<n {
      let cosines = (0..<k).map { j in
        (0..<d).reduce(0.0) { $0 + Double(unit[i * d + $1]) * Double(solution.centers[j * d + $1]) }
      }
      #expect(cosines[solution.assignments[i]] >= (cosines.max() ?? 0) - 1e-6)
    }
    for (before, after) in zip(solution.inertias, solution.inertias.dropFirst()) {
      #expect(after <= before * (1 + 1e-5))
    }
  }

  /// What moves is the unit center: the mean of its points is shorter, and further off however little it turns.
  @Test func `a tolerance ends a run`() throws {
    let points = normals(2000 * 4, seed: 11)
    func iterations(_ tolerance: Double) throws -> Int {
      try KMeans(clusters: 20, restarts: 1, tolerance: tolerance, isSpherical: true).fit(points, dimensions: 4)
        .iterations
    }
    #expect(try iterations(0.01) < iterations(0))
  }

  @Test func `scaling points changes nothing`() throws {
    let points = normals(200 * 5, seed: 11), settings = KMeans(clusters: 6, restarts: 2, isSpherical: true)
    let scaled = points.enumerated().map { $1 * Float(1 << ($0 / 5 % 4)) }
    #expect(
      try settings.fit(points, dimensions: 5).assignments == settings.fit(scaled, dimensions: 5).assignments)
  }

  @Test func `a point without length is a point`() throws {
    let solution = try KMeans(clusters: 2, isSpherical: true).fit([0, 0, 1, 1, 2, 2, -1, -1], dimensions: 2)
    #expect(solution.assignments[1] == solution.assignments[2])
    #expect(solution.assignments[1] != solution.assignments[3])
    #expect(solution.centers.allSatisfy { $0.isFinite })
  }
}
