import Basics
import Foundation
import Kernels
import Testing

@testable import Clustering

/// Features, clusters, and their scores by scikit-learn 1.9.1: silhouette_score(metric="cosine") and davies_bouldin_score, in Double.
struct SeparatedClusters: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let features: Features
  let labels: [Int]
  let silhouette, daviesBouldin: Double

  init(
    _ name: String, _ features: () throws -> Features, _ labels: [Int], _ silhouette: Double, _ daviesBouldin: Double
  ) throws {
    testDescription = name
    self.features = try features()
    self.labels = labels
    (self.silhouette, self.daviesBouldin) = (silhouette, daviesBouldin)
  }

  private static func vectors(_ values: [Float], _ dimension: Int) -> () throws -> Features {
    { try Features(normalizing: values, dimension: dimension) }
  }

  static func all() throws -> [SeparatedClusters] {
    [
      try .init(
        "four clusters", { try gridFeatures(40, 5) }, (0..<40).map { $0 % 4 }, -0.10359184124485543, 5.678153193644514),
      try .init(
        "a cluster of one", { try gridFeatures(13, 5) }, (0..<13).map { $0 == 7 ? 3 : $0 % 2 == 1 ? 9 : 0 },
        -0.14696401495473926, 2.227184873205514),
      try .init(
        "uneven, gaps between names", { try gridFeatures(60, 7) },
        (0..<60).map { $0 % 5 == 0 ? 100 : $0 % 3 != 0 ? 2 : 7 }, -0.06768415239556073, 9.542250221525459),
      try .init(
        "two equal means", vectors([3, 4, 4, 3, 4, 3, 3, 4, -1, 0, -4, 3], 2), [0, 0, 1, 1, 2, 2],
        -0.04884760921912625, 0.27749053978309707),
      try .init("no spread", vectors([3, 4, 3, 4, -4, 3, -4, 3], 2), [0, 0, 1, 1], 1, 0),
      try .init("all the same", vectors([3, 4, 3, 4, 3, 4, 3, 4, 3, 4], 2), [0, 0, 1, 1, 1], 0, 0),
      try .init(
        "a vector without length", vectors([0, 0, 0, 1, 2, 2, 2, 1, 2, -2, 1, 2, -1, 2, 2], 3), [0, 0, 0, 1, 1],
        0.32138111888111887, 0.8182294561875556),
    ]
  }
}

@Suite struct ClusterSeparationTests {
  /// A distance 1 − x·m is off by δ = 2(d + 3)·2⁻²⁴ at most. s = (b − a)/max(a, b) then moves by at most 4δ/max(a, b), and distances here
  /// are above 0.05 where they are not 0. Davies–Bouldin: a Euclidean distance is off by about the same δ relative to 1, of distances
  /// above 0.05 both above and below the line, times the index.
  @Test(arguments: try SeparatedClusters.all()) func `scores equal scikit-learn's`(sample: SeparatedClusters) throws {
    let delta = 2 * Double(sample.features.dimension + 3) * 0x1p-24
    for instructionSet in InstructionSet.available {
      let engine = Engine(instructionSet: instructionSet, cores: Cores(threads: 1))
      let found = try #require(
        try ClusterSeparation(sample.features, clusterLabels: sample.labels, on: engine))
      #expect(abs(found.silhouette - sample.silhouette) <= 4 * delta / 0.05)
      #expect(abs(found.daviesBouldin - sample.daviesBouldin) <= 2 * delta / 0.05 * sample.daviesBouldin)
    }
  }

  /// The silhouette as Rousseeuw writes it, from all pairs, in Double.
  @Test func `means of distances are distances from means`() throws {
    let features = try gridFeatures(301, 9), labels = (0..<301).map { $0 * $0 % 11 }
    let d = features.dimension, x = features.values.map(Double.init)
    func distance(_ i: Int, _ j: Int) -> Double {
      let products = (0..<d).map { x[i * d + $0] * x[j * d + $0] }
      return 1 - products.reduce(0, +)
    }
    var sum = 0.0
    for i in 0..<301 {
      var totals: [Int: (sum: Double, count: Int)] = [:]
      for j in 0..<301 where j != i {
        totals[labels[j], default: (0, 0)].sum += distance(i, j)
        totals[labels[j], default: (0, 0)].count += 1
      }
      guard let own = totals.removeValue(forKey: labels[i]) else { continue }
      let a = own.sum / Double(own.count), b = totals.values.map { $0.sum / Double($0.count) }.min() ?? 0
      sum += (b - a) / max(a, b)
    }
    let found = try #require(try ClusterSeparation(features, clusterLabels: labels, on: makeEngine()))
    #expect(abs(found.silhouette - sum / 301) <= 8 * Double(d + 3) * 0x1p-24 / 0.05)
  }

  /// A block of the product has 2²⁰ similarities, 1398 rows of 750: two equal vectors a cluster are as well apart there as behind it.
  @Test func `images behind the first block are judged like the others`() throws {
    var random = RandomStream(seed: 6, purpose: .benchmark)
    let one = (0..<750 * 16).map { _ in random.normal() }
    let features = try Features(normalizing: one + one, dimension: 16)
    let labels = (0..<1500).map { $0 % 750 }
    let found = try #require(try ClusterSeparation(features, clusterLabels: labels, on: makeEngine()))
    #expect(found.silhouette > 0.999)
  }

  @Test func `names of clusters don't matter, nor does the number of threads`() throws {
    let features = try gridFeatures(300, 16), labels = (0..<300).map { $0 * $0 % 7 }
    let straight = try ClusterSeparation(features, clusterLabels: labels, on: makeEngine())
    #expect(straight != nil)
    for threads in [2, 3] {
      #expect(try ClusterSeparation(features, clusterLabels: labels, on: makeEngine(threads: threads)) == straight)
    }
    #expect(try ClusterSeparation(features, clusterLabels: labels.map { 1000 * $0 + 5 }, on: makeEngine()) == straight)
  }

  @Test func `tight bunches score near 1, shuffled labels near 0, misplaced vectors below`() throws {
    let (features, labels) = try bunches([[1, 0, 0], [0, 1, 0], [0, 0, 1]], count: 30, spread: 0.01, seed: 1)
    let engine = makeEngine()
    let tight = try #require(try ClusterSeparation(features, clusterLabels: labels, on: engine))
    #expect(tight.silhouette > 0.99 && tight.daviesBouldin < 0.05)
    let mixed = try #require(
      try ClusterSeparation(features, clusterLabels: labels.indices.map { $0 % 3 }, on: engine))
    #expect(abs(mixed.silhouette) < 0.1 && mixed.daviesBouldin > 5)
    // Two bunches under one name lie between.
    let merged = try #require(
      try ClusterSeparation(features, clusterLabels: labels.map { $0 == 2 ? 1 : $0 }, on: engine))
    #expect(merged.silhouette < tight.silhouette && merged.daviesBouldin > tight.daviesBouldin)
    #expect(merged.silhouette > mixed.silhouette && merged.daviesBouldin < mixed.daviesBouldin)
    // Five of each bunch keep its name; the other 75 share one, and each lies nearer to the five than to the others of its name.
    let misplaced = try #require(
      try ClusterSeparation(features, clusterLabels: labels.enumerated().map { $0 % 30 < 5 ? $1 : 3 }, on: engine))
    #expect(misplaced.silhouette < -0.6)
  }

  /// Rounding may make a vector more than its own length: no distance is below 0 for that.
  @Test(arguments: InstructionSet.available) func `no silhouette is above 1`(instructionSet: InstructionSet) throws {
    let engine = Engine(instructionSet: instructionSet, cores: Cores(threads: 1))
    var random = RandomStream(seed: 7, purpose: .benchmark)
    for _ in 0..<60 {
      let two = (0..<2 * 5).map { _ in random.normal() }
      let features = try Features(normalizing: two + two, dimension: 5)
      let found = try #require(try ClusterSeparation(features, clusterLabels: [0, 1, 0, 1], on: engine))
      #expect(found.silhouette <= 1 && found.silhouette > 0.99)
    }
  }

  /// Spread, but about means that are 2·10⁻⁹ apart.
  @Test func `means that agree within 1e-8 are no clusters to tell apart`() throws {
    let features = try Features(normalizing: [3, 4, 0, 4, 3, 0, 3, 4, 1e-8, 4, 3, 1e-8], dimension: 3)
    let found = try #require(try ClusterSeparation(features, clusterLabels: [0, 0, 1, 1], on: makeEngine()))
    #expect(found.daviesBouldin == 0)
  }

  @Test func `scores that do not exist are nil`() throws {
    let features = try gridFeatures(5, 3), engine = makeEngine()
    #expect(try ClusterSeparation(features, clusterLabels: [4, 4, 4, 4, 4], on: engine) == nil)
    #expect(try ClusterSeparation(features, clusterLabels: [0, 1, 2, 3, 4], on: engine) == nil)
    #expect(try ClusterSeparation(features, clusterLabels: [0, 1, 2, 3, 3], on: engine) != nil)
    #expect(try ClusterSeparation(Features(unit: [], dimension: 3), clusterLabels: [], on: engine) == nil)
    let error = #expect(throws: SeCuError.self) {
      try ClusterSeparation(features, clusterLabels: [0, 1], on: engine)
    }
    #expect(error?.problem == "expected 5 labels, one a vector, found 2")
  }
}

@Suite struct FeaturesTests {
  @Test func `vectors are scaled to unit length`() throws {
    let features = try Features(normalizing: [3, 4, 0, 0, -1e-30, 0, 1e30, 1e30], dimension: 2)
    #expect(features.values.prefix(6).elementsEqual([0.6, 0.8, 0, 0, -1, 0]))
    #expect(features.values[6] == Float(0.5.squareRoot()) && features.values[7] == features.values[6])
    #expect(features.count == 4)
    #expect(features.subset([2, 0, 2]).values == [-1, 0, 0.6, 0.8, -1, 0])
  }

  @Test func `numbers that are no vectors are refused`() {
    let ragged = #expect(throws: SeCuError.self) { try Features(normalizing: [1, 2, 3], dimension: 2) }
    #expect(ragged?.problem == "expected vectors of 2 numbers each, found 3 numbers")
    #expect(throws: SeCuError.self) { try Features(normalizing: [], dimension: 0) }
    let infinite = #expect(throws: SeCuError.self) { try Features(normalizing: [1, 2, 3, .infinity], dimension: 2) }
    #expect(infinite?.position == "vector 1, number 1")
  }
}
