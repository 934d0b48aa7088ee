import Basics
import Testing

@testable import Clustering

@Suite struct SizeConstraintTests {
  /// Images with fixed random similarities to K clusters, assigned batch by batch and epoch by epoch.
  private struct Stream {
    let constraint: SizeConstraint
    let images: Int
    let clusters: Int
    let similarities: [Float]
    var duals: [Float]

    /// The first clusters are the more attractive ones, so that sizes differ without a constraint.
    init(_ constraint: SizeConstraint, images: Int = 240, clusters: Int = 6) {
      var random = RandomStream(seed: 2, purpose: .benchmark)
      (self.constraint, self.images, self.clusters) = (constraint, images, clusters)
      similarities = (0..<images * clusters).map { 0.3 * random.normal() - 0.1 * Float($0 % clusters) }
      duals = [Float](repeating: 0, count: clusters)
    }

    func assign(_ image: Int) -> Int {
      similarities.withUnsafeBufferPointer { s in
        let row = s.baseAddress! + image * clusters
        return constraint.assign(row, duals: duals, clusters: clusters)
      }
    }

    /// One epoch in batches; the sizes that result.
    mutating func epoch(batch: Int = 20, afterBatch: ([Float]) -> Void = { _ in }) -> [Int] {
      var sizes = [Int](repeating: 0, count: clusters)
      for first in stride(from: 0, to: images, by: batch) {
        let labels = (first..<min(images, first + batch)).map(assign)
        var counts = [Int](repeating: 0, count: clusters)
        for label in labels { counts[label] += 1 }
        for j in sizes.indices { sizes[j] += counts[j] }
        constraint.update(&duals, counts: counts, batch: labels.count)
        afterBatch(duals)
      }
      return sizes
    }
  }

  @Test func `duals move by the published formula`() {
    let counts = [7, 0, 3, 0, 0], before: [Float] = [0.02, 0.5, 0, 0, 0.3]
    for (rate, ratio) in [(Float(0.1), Float(0.9)), (0.1, 1), (20, 0.4), (0.1, 0), (0, 0.9)] {
      var duals = before
      SizeConstraint(dualRate: rate, ratio: ratio).update(&duals, counts: counts, batch: 10)
      for j in counts.indices {
        let moved = Double(before[j]) - Double(rate) * (Double(counts[j]) / 10 - Double(ratio) / 5)
        let expected = ratio < 1 ? max(0, moved) : moved
        #expect(abs(Double(duals[j]) - expected) <= Double(max(rate, 1)) * 0x1p-23, "rate \(rate), ratio \(ratio)")
      }
    }
  }

  @Test func `the best sum of similarity and dual wins, the first of equals`() {
    let constraint = SizeConstraint()
    func best(_ similarities: [Float], _ duals: [Float]) -> Int {
      constraint.assign(similarities, duals: duals, clusters: similarities.count)
    }
    #expect(best([0, 0.5, 0.55], [0, 0, 0]) == 2)
    #expect(best([0, 0.5, 0.55], [0, 0.1, 0]) == 1)
    #expect(best([0, 0.5, 0.55], [9, 0, 0]) == 0)
    #expect(best([2, 2, 2], [0, 0, 0]) == 0)
    #expect(best([-6], [0]) == 0)
    // Numbers that are none must not lead out of the clusters.
    #expect(best([.nan, .nan], [0, 0]) == 0)
    #expect(best([.nan, -1], [0, 0]) == 1)
  }

  @Test(arguments: [Float(0.1), 0.5, 0.9, 0.999]) func `duals are never negative with slack`(ratio: Float) {
    var stream = Stream(SizeConstraint(dualRate: 0.3, ratio: ratio))
    for _ in 0..<20 {
      _ = stream.epoch { duals in #expect(duals.allSatisfy { $0 >= 0 }) }
    }
  }

  /// Without slack the duals only trade: Σ ρ_j changes by η·(Σ n_j/b − 1) = 0.
  @Test func `without slack the duals' sum stays zero`() {
    var stream = Stream(SizeConstraint(dualRate: 0.05, ratio: 1))
    for _ in 0..<50 { _ = stream.epoch(batch: 17) }
    #expect(abs(stream.duals.reduce(0, +)) < 1e-4)
    #expect(stream.duals.contains { $0 < 0 })
  }

  @Test func `without slack the sizes become equal`() {
    var stream = Stream(SizeConstraint(dualRate: 0.02, ratio: 1))
    func imbalance(_ sizes: [Int]) -> Int { sizes.map { abs($0 - 40) }.max() ?? 0 }
    let first = imbalance(stream.epoch())
    for _ in 0..<100 { _ = stream.epoch() }
    let last = imbalance(stream.epoch())
    #expect(first > 20)
    #expect(last <= 3, "\(last)")
  }

  @Test func `with slack every cluster gets its share, and large ones stay larger`() {
    var free = Stream(SizeConstraint(dualRate: 0.02, ratio: 0)),
      bound = Stream(SizeConstraint(dualRate: 0.02, ratio: 0.6))
    let unbound = free.epoch()
    for _ in 0..<100 { _ = bound.epoch() }
    let sizes = bound.epoch()
    // 0.6 · 240/6 images.
    #expect(unbound.contains { $0 < 20 })
    #expect(sizes.allSatisfy { $0 >= 24 - 2 }, "\(sizes)")
    #expect((sizes.max() ?? 0) > 50, "\(sizes)")
  }

  @Test func `a ratio of 0 never changes anything`() {
    var stream = Stream(SizeConstraint(dualRate: 1e6, ratio: 0))
    let nearest = (0..<240).map { stream.assign($0) }
    for _ in 0..<5 {
      _ = stream.epoch { duals in #expect(duals.allSatisfy { $0 == 0 }) }
      #expect((0..<240).map { stream.assign($0) } == nearest)
    }
  }
}
