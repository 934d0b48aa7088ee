import Basics
import Foundation
import Kernels
import Testing

@testable import Clustering

@Suite struct EntropyConstraintTests {
  /// Σ_j P_j ln P_j in Double.
  private func negativeEntropy(_ counts: [Int]) -> Double {
    let total = Double(counts.reduce(0, +))
    return counts.reduce(0) { $1 > 0 ? $0 + Double($1) / total * log(Double($1) / total) : $0 }
  }

  /// Δ is the change of Σ P ln P that a move makes. Each f is a product of numbers of at most 1 with two roundings and an error of its
  /// logarithm: four of them are wrong by at most 4·4·2⁻²⁴ of 0.37, the largest |p ln p|.
  @Test func costOfMovingIsTheChangeOfTheSum() throws {
    let counts = [5, 0, 1, 20, 14]
    let costs = try #require(EntropyConstraint(alpha: 1).costs(counts, isFirst: false, images: 40))
    for from in counts.indices where counts[from] > 0 {
      for to in counts.indices where to != from {
        var moved = counts
        moved[from] -= 1
        moved[to] += 1
        let change = negativeEntropy(moved) - negativeEntropy(counts)
        #expect(abs(Double(costs.leaving[from] + costs.joining[to]) - change) < 16 * 0.37 * 0x1p-24)
      }
    }
  }

  @Test func ofEqualCostsTheFirstWins() {
    let similarities: [Float] = [0.1, 0.4, 0.4]
    similarities.withUnsafeBufferPointer { s in
      guard let s = s.baseAddress else { return }
      let constraint = EntropyConstraint(alpha: 100)
      #expect(constraint.assign(s, old: 0, costs: nil, clusters: 3) == 1)
      #expect(
        constraint.assign(s, old: 0, costs: constraint.costs([5, 5, 5], isFirst: true, images: 100), clusters: 3) == 1)
    }
  }

  @Test func firstBatchIsFreeAndLaterOnesPreferSmallClusters() throws {
    let constraint = EntropyConstraint(alpha: 100)
    #expect(constraint.costs([0, 0, 0], isFirst: true, images: 10) == nil)
    let similarities: [Float] = [0.5, 0.4, 0.3]
    similarities.withUnsafeBufferPointer { s in
      guard let s = s.baseAddress else { return }
      #expect(constraint.assign(s, old: 0, costs: nil, clusters: 3) == 0)
      let crowded = constraint.costs([8, 1, 8], isFirst: true, images: 100)
      #expect(constraint.assign(s, old: 0, costs: crowded, clusters: 3) == 1)
      // Without weight, only the similarity counts.
      let free = EntropyConstraint(alpha: 0).costs([8, 1, 8], isFirst: false, images: 17)
      #expect(constraint.assign(s, old: 2, costs: free, clusters: 3) == 0)
    }
  }

  @Test func alphaPerImageGrowsWithTheData() throws {
    let perImage = try #require(
      EntropyConstraint(alpha: 0.12, isPerImage: true).costs([1, 1], isFirst: false, images: 50_000))
    #expect(perImage.alpha == 6000)
  }

  /// A large weight leaves no cluster more than a few images from the mean.
  @Test func aLargeWeightEvensOut() {
    var problem = FixedFeatures(
      images: 103, clusters: [7], batch: 16, constraint: .entropy(EntropyConstraint(alpha: 1000)), seed: 3)
    for _ in 0..<4 { problem.epoch() }
    #expect(problem.entropy() > 0.99 * log(7))
  }

  @Test func constraintsSurviveJSON() throws {
    for constraint in [
      AssignmentConstraint.size(SizeConstraint(dualRate: 0.2, ratio: 0.5)), .entropy(.published),
      .entropy(EntropyConstraint(alpha: 6000)), .instance,
    ] {
      let text = try JSONEncoder().encode(constraint)
      #expect(try JSONDecoder().decode(AssignmentConstraint.self, from: text) == constraint)
    }
    let instance = Data(#"{"kind": "instance"}"#.utf8)
    #expect(try JSONDecoder().decode(AssignmentConstraint.self, from: instance) == .instance)
    let unknown = Data(#"{"kind": "entropie"}"#.utf8)
    let error = #expect(throws: SeCuError.self) {
      try JSONDecoder().decode(AssignmentConstraint.self, from: unknown)
    }
    #expect(error?.kind == .badData && error?.remedy == "Did you mean \"entropy\"?")
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(AssignmentConstraint.self, from: Data("{}".utf8)) }
  }
}
