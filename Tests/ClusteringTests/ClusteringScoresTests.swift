import Basics
import Foundation
import Testing

@testable import Clustering

/// Labels and their scores by scikit-learn 1.9.1 (normalized_mutual_info_score, adjusted_rand_score) and SciPy
/// (linear_sum_assignment).
struct ScoredLabels: Sendable, CustomTestStringConvertible {
  let name: String
  let clusters: [Int]
  let classes: [Int]
  let accuracy, nmi, ari: Double
  var testDescription: String { name }

  init(_ name: String, _ clusters: [Int], _ classes: [Int], _ accuracy: Double, _ nmi: Double, _ ari: Double) {
    self.name = name
    self.clusters = clusters
    self.classes = classes
    self.accuracy = accuracy
    self.nmi = nmi
    self.ari = ari
  }

  static func labels(_ count: Int, _ label: (Int) -> Int) -> [Int] { (0..<count).map(label) }

  static let all = [
    ScoredLabels(
      "noisy names", labels(400) { $0 % 7 == 0 ? $0 / 7 % 5 : $0 % 5 }, labels(400) { $0 % 5 },
      0.885, 0.7954179378756476, 0.7513806286855703),
    ScoredLabels(
      "fewer clusters", labels(300) { $0 * $0 % 4 }, labels(300) { $0 % 6 },
      0.3333333333333333, 0.5578858913022593, 0.3295964125560538),
    ScoredLabels(
      "more clusters", labels(500) { ($0 * $0 * 7 + $0 / 3) % 9 }, labels(500) { $0 / 125 },
      0.12, 0.0007214712163331011, -0.008345885507026836),
    ScoredLabels(
      "gaps between names", labels(200) { 1000 * ($0 * $0 % 11) }, labels(200) { $0 * $0 * $0 % 11 + 3 },
      0.55, 0.8495169603058204, 0.6356787382159906),
    ScoredLabels(
      "independent", labels(12) { $0 % 2 }, labels(12) { $0 / 2 % 3 },
      0.3333333333333333, 0, -0.13793103448275862),
    ScoredLabels("below chance", [0, 0, 1, 1], [0, 1, 0, 1], 0.5, 0, -0.5),
    ScoredLabels(
      "greedy matching fails", [0, 0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1, 0, 0, 0, 0],
      0.6666666666666666, 0.25612715585086976, 0.024096385542168676),
    ScoredLabels("one cluster", labels(6) { _ in 0 }, [0, 0, 1, 1, 2, 2], 0.3333333333333333, 0, 0),
    ScoredLabels("a cluster each", labels(6) { $0 }, [0, 0, 1, 1, 2, 2], 0.5, 0.7601875334318686, 0),
    ScoredLabels("a cluster each, one class", [0, 1, 2], [5, 5, 5], 0.3333333333333333, 0, 0),
    ScoredLabels("a cluster and a class each", [0, 1, 2], [2, 1, 0], 1, 1, 1),
    ScoredLabels("one cluster, one class", [3, 3, 3], [1, 1, 1], 1, 1, 1),
    ScoredLabels("one sample", [3], [8], 1, 1, 1),
  ]
}

@Suite struct ClusteringScoresTests {
  /// ACC and ARI are quotients of whole numbers, so rounding is all that may differ. The error of NMI is that of the
  /// logarithms: a few ulps of 1, over entropies of about 1.
  @Test(arguments: ScoredLabels.all)
  func scoresEqualScikitLearns(labels: ScoredLabels) throws {
    let scores = try ClusteringScores(clusterLabels: labels.clusters, classLabels: labels.classes)
    #expect(scores.accuracy == labels.accuracy)
    #expect(abs(scores.ari - labels.ari) <= 2 * labels.ari.ulp)
    #expect(abs(scores.nmi - labels.nmi) <= 16 * .ulpOfOne)
  }

  @Test(arguments: ScoredLabels.all)
  func scoresAreSymmetric(labels: ScoredLabels) throws {
    let scores = try ClusteringScores(clusterLabels: labels.clusters, classLabels: labels.classes)
    let mirrored = try ClusteringScores(clusterLabels: labels.classes, classLabels: labels.clusters)
    #expect(scores.accuracy == mirrored.accuracy)
    #expect(scores.ari == mirrored.ari)
    #expect(abs(scores.nmi - mirrored.nmi) <= 16 * .ulpOfOne)
  }

  @Test(arguments: ScoredLabels.all)
  func namesAndOrderDoNotMatter(labels: ScoredLabels) throws {
    let scores = try ClusteringScores(clusterLabels: labels.clusters, classLabels: labels.classes)
    var random = RandomStream(seed: 5, purpose: .benchmark)
    let names = random.permutation(10_001), order = random.permutation(labels.clusters.count)
    let renamed = try ClusteringScores(
      clusterLabels: order.map { names[labels.clusters[$0]] }, classLabels: order.map { labels.classes[$0] })
    #expect(renamed.accuracy == scores.accuracy)
    #expect(renamed.ari == scores.ari)
    #expect(renamed.purity == scores.purity)
    #expect(abs(renamed.nmi - scores.nmi) <= 16 * .ulpOfOne)
  }

  @Test func renamedClassesAgreePerfectly() throws {
    let classes = (0..<1000).map { $0 * $0 % 13 }
    let scores = try ClusteringScores(clusterLabels: classes.map { 40 - 3 * $0 }, classLabels: classes)
    #expect([scores.accuracy, scores.nmi, scores.ari, scores.purity] == [1, 1, 1, 1])
    #expect(scores.matches.allSatisfy { 40 - 3 * $0.matchedClass! == $0.cluster && $0.agreeing == $0.size })
  }

  /// By hand: the largest count of each row.
  static let purities: [(counts: [[Int]], purity: Double)] = [
    ([[1, 9, 0], [0, 0, 0], [3, 8, 0], [0, 1, 2], [2, 0, 0]], 21.0 / 26), ([[5, 3], [4, 0]], 0.75),
    ([[2, 2, 2]], 1.0 / 3), ([[1, 0], [1, 0], [0, 1]], 1.0), ([[0, 7]], 1.0),
  ]

  @Test(arguments: purities)
  func purityIsTheShareOfTheCommonestClasses(counts: [[Int]], purity: Double) throws {
    #expect(try ClusteringScores(ContingencyTable(counts: counts)).purity == purity)
  }

  /// Many-to-one matches are one-to-one matches with fewer rules, and splitting a cluster only adds choices.
  @Test(arguments: ScoredLabels.all)
  func purityIsAtLeastAccuracyAndNeverFallsBySplitting(labels: ScoredLabels) throws {
    let scores = try ClusteringScores(clusterLabels: labels.clusters, classLabels: labels.classes)
    #expect(scores.purity >= scores.accuracy)
    let split = labels.clusters.enumerated().map { 2 * $1 + ($0 / 3) % 2 }
    #expect(try ClusteringScores(clusterLabels: split, classLabels: labels.classes).purity >= scores.purity)
  }

  @Test func clustersAreMatchedWithClasses() throws {
    let scores = try ClusteringScores(
      ContingencyTable(counts: [[1, 9, 0], [0, 0, 0], [3, 8, 0], [0, 1, 2], [2, 0, 0]]))
    #expect(
      scores.matches == [
        ClusteringScores.Match(cluster: 0, matchedClass: 1, size: 10, agreeing: 9),
        ClusteringScores.Match(cluster: 2, matchedClass: 0, size: 11, agreeing: 3),
        ClusteringScores.Match(cluster: 3, matchedClass: 2, size: 3, agreeing: 2),
        ClusteringScores.Match(cluster: 4, matchedClass: nil, size: 2, agreeing: 0),
      ])
    #expect(scores.accuracy == 14.0 / 26)
  }

  /// Expected values from exact fractions (ARI) and 40 decimal digits (NMI); the last table is as large as one can be.
  @Test(arguments: [
    ([[400_000_000, 100_000_000], [99_999_999, 400_000_001]], 0.36000000176, 0.2780719071126377),
    ([[250_000_001, 250_000_000], [249_999_999, 250_000_000]], -9.99999998e-10, 2.8853900817779267e-18),
    ([[4_000_000_000, 94_967_295], [100_000_000, 100_000_000]], 0.4585706376023067, 0.25398031696194645),
  ])
  func hugeCountsAreExact(counts: [[Int]], ari: Double, nmi: Double) throws {
    let scores = try ClusteringScores(ContingencyTable(counts: counts))
    #expect(abs(scores.ari - ari) <= 2 * ari.ulp)
    #expect(abs(scores.nmi - nmi) <= 16 * .ulpOfOne)
  }

  /// Counts that are products a_i·b_j: knowing the cluster says nothing about the class.
  @Test(arguments: [[1, 2, 3], [7, 5, 11, 13], [1, 1, 1, 9]], [[1, 2], [3, 10, 17], [6, 6, 7, 1, 1]])
  func independentCountsShareNoInformation(a: [Int], b: [Int]) throws {
    let table = try ContingencyTable(counts: a.map { row in b.map { row * $0 } })
    #expect(try ClusteringScores(table).nmi == 0)
  }

  /// Of n samples with clusters drawn uniformly from K, let X_p = 1 for the pairs in one cluster (mean q = 1/K), Y_p = 1
  /// for those in one class (mean r), p over the T = C(n,2) pairs. The X_p are pairwise independent, so the numerator
  /// of ARI, Σ X_p(Y_p − r), has variance q(1−q)·r(1−r)·T. The denominator is T(q(1−r) + r(1−q))/2 to first order,
  /// which is at least T·√(q(1−q)·r(1−r)) (arithmetic and geometric mean). So ARI has standard deviation ≤ 1/√T.
  @Test(arguments: 0..<20 as Range<UInt32>)
  func randomLabelsScoreNoAgreement(seed: UInt32) throws {
    let n = 2000
    var random = RandomStream(seed: 9, purpose: .benchmark, seed)
    let clusters = (0..<n).map { _ in Int.random(in: 0..<7, using: &random) }
    let scores = try ClusteringScores(clusterLabels: clusters, classLabels: (0..<n).map { $0 % 10 })
    #expect(abs(scores.ari) < 6 / (Double(n) * Double(n - 1) / 2).squareRoot())
    #expect(scores.nmi > 0)
  }

  @Test func scoresSurviveJSON() throws {
    let scores = try ClusteringScores(clusterLabels: [0, 1, 2, 2, 2], classLabels: [1, 1, 4, 4, 1])
    #expect(try JSONDecoder().decode(ClusteringScores.self, from: JSONEncoder().encode(scores)) == scores)
  }

  @Test func labelsThatCannotBeScoredAreRefused() {
    #expect(throws: SeCuError.self) { try ClusteringScores(clusterLabels: [0], classLabels: [0, 1]) }
    let numbers = Array(0..<12_000)
    let error = #expect(throws: SeCuError.self) { try ClusteringScores(clusterLabels: numbers, classLabels: numbers) }
    #expect(error?.problem.contains("12000 clusters × 12000") == true)
  }
}
