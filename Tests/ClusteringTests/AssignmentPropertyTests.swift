import Basics
import Foundation
import Kernels
import Testing

@testable import Clustering

/// What must hold of assignments whatever the data: counts, ranges, bounds of the duals, and what the constraints promise.
@Suite struct AssignmentPropertyTests {
  /// Single images, a last batch that is short, two clusters, more clusters than images in a batch and than images at all.
  struct Case: CustomTestStringConvertible {
    var images: Int, batch: Int, clusters: [Int], constraint: AssignmentConstraint
    var testDescription: String { "N \(images), b \(batch), K \(clusters), \(constraint)" }
  }

  static let cases: [Case] = [(40, 1, [2]), (61, 7, [150, 2]), (30, 30, [2, 300]), (103, 16, [40]), (2, 2, [2])]
    .flatMap { images, batch, clusters in
      [
        AssignmentConstraint.size(SizeConstraint()), .size(SizeConstraint(dualRate: 20, ratio: 1)),
        .entropy(.published),
        .entropy(EntropyConstraint(alpha: 1e4)),
      ].map { Case(images: images, batch: batch, clusters: clusters, constraint: $0) }
    }

  @Test(arguments: cases, [UInt64(1), 2])
  func `counts add up, labels are clusters, losses are numbers`(shape: Case, seed: UInt64) {
    var problem = FixedFeatures(
      images: shape.images, clusters: shape.clusters, batch: shape.batch, constraint: shape.constraint, seed: seed)
    let heads = problem.heads
    var isEntropy = false
    if case .entropy = shape.constraint { isEntropy = true }
    for epoch in 0..<4 {
      var seen: [Int] = []
      problem.epoch { ids in
        seen += ids
        for h in shape.clusters.indices {
          let sizes = heads.labels[h].reduce(into: [Int](repeating: 0, count: shape.clusters[h])) { $0[Int($1)] += 1 }
          let sum = heads.counts[h].reduce(0, +), least = heads.counts[h].min() ?? 0
          // With the entropy constraint all that were ever assigned, where they are now; else those of this epoch.
          #expect(sum == (isEntropy && epoch > 0 ? shape.images : seen.count))
          if seen.count == shape.images { #expect(heads.counts[h] == sizes) }
          #expect(least >= 0)
        }
      }
      let losses = problem.step(Array(seen.suffix(shape.batch)))
      #expect(losses.representation.isFinite && losses.center.isFinite)
      let areFinite = heads.gradients.values.allSatisfy(\.isFinite)
      #expect(areFinite)
    }
  }

  @Test func `features that are no numbers get a cluster`() {
    for constraint in [AssignmentConstraint.size(SizeConstraint()), .entropy(.published)] {
      let engine = Engine(instructionSet: .portable, cores: Cores(threads: 1))
      let heads = ClusterHeads(
        clusters: [3, 40], dimension: 2, images: 4, batch: 2, constraint: constraint, losses: LossSettings())
      heads.initialize(seed: 1, on: engine)
      heads.beginEpoch(on: engine)
      let x = FloatBuffer(8), gradient = FloatBuffer(8)
      x.fill(with: [.nan, 0, 1, 0, .infinity, 1, 0, -.infinity])
      for _ in 0..<3 {
        for ids in [[0, 1], [2, 3]] {
          _ = heads.step(
            on: engine, features: x.base, ids: ids, firstEpoch: false, featureGradient: gradient.base)
        }
      }
      for h in [0, 1] { #expect(heads.labels[h].allSatisfy { (0..<heads.clusters[h]).contains(Int($0)) }) }
    }
  }

  // MARK: - Size

  /// Let D be the most that one image's similarities differ. Cluster j receives images only if ρ_j ≥ ρ_k − D for all k, and loses at
  /// most η then.
  ///
  /// Without slack Σ ρ stays 0, so the largest is at least 0 and none falls below −D − η; each is therefore at most
  /// (K − 1)·(D + η). With slack ρ ≥ 0, and Σ ρ falls unless some dual is clipped, which received images with less than η: all
  /// are then below D + η, and Σ ρ, hence each, at most K·(D + η) + η.
  @Test(arguments: [Float(0.1), 1, 20], [Float(0.4), 0.9, 1])
  func `duals stay in their bounds`(rate: Float, ratio: Float) {
    for seed in [UInt64(1), 2, 3] {
      var problem = FixedFeatures(
        images: 60, clusters: [5, 2], batch: 20, constraint: .size(SizeConstraint(dualRate: rate, ratio: ratio)),
        seed: seed)
      let heads = problem.heads
      var (least, most) = ([0.0, 0.0], [0.0, 0.0])
      for _ in 0..<40 {
        problem.epoch { _ in
          let duals = heads.duals.values.map(Double.init)
          for h in [0, 1] {
            let own = duals[heads.rowOffsets[h]..<heads.rowOffsets[h + 1]]
            (least[h], most[h]) = (min(least[h], own.min() ?? 0), max(most[h], own.max() ?? 0))
          }
        }
      }
      for h in [0, 1] {
        let k = Double(heads.clusters[h]), step = problem.spread(head: h) + Double(rate), slack = ratio < 1
        let bounds = slack ? 0...k * step + Double(rate) : -step...(k - 1) * step
        // Floats' rounding, 2⁻²⁴ of the largest in each of 120 steps.
        let rounding = 120 * 0x1p-24 * bounds.upperBound
        #expect(least[h] >= bounds.lowerBound - (slack ? 0 : rounding), "seed \(seed)")
        #expect(most[h] <= bounds.upperBound + rounding, "seed \(seed)")
        #expect(most[h] > 0)
      }
    }
  }

  /// Over T steps ρ_j(T) = η·T·(γ/K − mean share of j), plus what was clipped; so the bounds of the duals bound the mean sizes. Without
  /// slack every cluster's tends to N/K, with slack none stays below γN/K.
  @Test(arguments: [Float(1), 0.6]) func `mean sizes approach what the constraint asks for`(ratio: Float) {
    for seed in [UInt64(1), 2, 3] {
      let images = 60, batch = 20, k = 5, epochs = 400, rate = 0.5
      var problem = FixedFeatures(
        images: images, clusters: [k], batch: batch,
        constraint: .size(SizeConstraint(dualRate: Float(rate), ratio: ratio)), seed: seed)
      let heads = problem.heads
      var sum = [Int](repeating: 0, count: k)
      for _ in 0..<epochs {
        problem.epoch()
        for j in 0..<k { sum[j] += heads.counts[0][j] }
      }
      let step = problem.spread(head: 0) + rate, steps = Double(epochs * images / batch),
        asked = Double(ratio) / Double(k)
      let most = (ratio < 1 ? Double(k) * step + rate : Double(k - 1) * step) / (rate * steps)
      let shares = sum.map { Double($0) / Double(epochs * images) }
      #expect(most < 0.02)
      #expect(shares.allSatisfy { $0 >= asked - most }, "\(shares)")
      if ratio == 1 { #expect(shares.allSatisfy { $0 <= asked + step / (rate * steps) + 1e-6 }, "\(shares)") }
      // Left alone, they would not have been.
      var alone = FixedFeatures(
        images: images, clusters: [k], batch: batch, constraint: .size(SizeConstraint(ratio: 0)), seed: seed)
      alone.epoch()
      let smallest = alone.heads.counts[0].min() ?? 0
      #expect(Double(smallest) < (asked - most) * Double(images), "seed \(seed)")
    }
  }

  // MARK: - Entropy

  /// An image by itself goes where −s + α·Δ is least, and Δ is the exact change of Σ P ln P: the objective can't rise.
  @Test(arguments: [Float(0.01), 0.12, 1, 10], [2, 6, 30])
  func `one image at a time, the objective never rises`(alphaPerImage: Float, clusters: Int) {
    let images = 60, alpha = Double(alphaPerImage) * Double(images)
    var problem = FixedFeatures(
      images: images, clusters: [clusters], batch: 1,
      constraint: .entropy(EntropyConstraint(alpha: alphaPerImage, isPerImage: true)), seed: 7)
    problem.epoch()
    var objectives = [problem.objective(alpha: alpha)]
    for _ in 0..<3 {
      let reader = problem
      problem.epoch { _ in objectives.append(reader.objective(alpha: alpha)) }
    }
    // The error of Δ in floats, as `costOfMovingIsTheChangeOfTheSum` has it, and that of a similarity.
    let rounding = alpha * 16 * 0.37 * 0x1p-24 + 0x1p-20
    for (before, after) in zip(objectives, objectives.dropFirst()) { #expect(after <= before + rounding) }
    let settles = problem.settle()
    #expect(settles)
  }

  /// A theorem of single moves. Where no move pays at α₁, a move by which −Σ s rises by c and H by h has c ≥ α₁·h; one that pays at
  /// α₂ > α₁ has c < α₂·h; so (α₂ − α₁)·h > 0.
  @Test(arguments: [2, 6, 30], [UInt64(1), 2, 3])
  func `where nothing moves, a larger α moves images only towards more entropy`(clusters: Int, seed: UInt64) throws {
    let images = 60
    var moves = 0
    for alpha in [Float(0), 0.02, 0.1, 0.5] {
      func problem(_ alpha: Float) -> FixedFeatures {
        FixedFeatures(
          images: images, clusters: [clusters], batch: 1,
          constraint: .entropy(EntropyConstraint(alpha: alpha, isPerImage: true)), seed: seed)
      }
      var settled = problem(alpha), other = problem(alpha + 0.2)
      let settles = settled.settle()
      try #require(settles)
      other.epoch()
      // Three roundings of Δ as above, times α₁ + α₂ over α₂ − α₁.
      let rounding = 3 * 16 * 0.37 * 0x1p-24 * Double(2 * alpha + 0.2) / 0.2 + 0x1p-20 / (0.2 * Double(images))
      let entropy = settled.entropy()
      for image in 0..<images {
        other.heads.labels = settled.heads.labels
        other.heads.counts = settled.heads.counts
        other.step([image])
        if other.heads.labels != settled.heads.labels {
          moves += 1
          #expect(other.entropy() > entropy - rounding)
        }
      }
    }
    #expect(moves > 0)
  }

  /// For assignments that minimise −Σ s − α·H exactly, a larger α never lowers H: a theorem. The greedy procedure stops in local
  /// minima, where it need not hold (in a trial with α in steps of 10 % the final entropy did fall now and then, by up to 0.04). What is
  /// claimed here is that a doubling of α from nothing to 1 an image, eight times the published weight, is more than the difference
  /// between local minima: the final entropy does not fall on these random data, for batches of up to the mean cluster size.
  @Test(arguments: [(2, 1), (2, 60), (6, 1), (6, 7), (6, 20), (30, 1), (30, 4)])
  func `doubling α does not lower the final entropy`(clusters: Int, batch: Int) {
    let images = 120
    var rise = 0.0
    for seed in [UInt64(1), 2, 3] {
      func final(_ constraint: EntropyConstraint) -> (entropy: Double, labels: [Int32]) {
        var problem = FixedFeatures(
          images: images, clusters: [clusters], batch: batch, constraint: .entropy(constraint), seed: seed)
        _ = problem.settle(epochs: 30)
        return (problem.entropy(), problem.heads.labels[0])
      }
      var entropies: [Double] = []
      for alpha in [Float(0), 0.03125, 0.0625, 0.125, 0.25, 0.5, 1] {
        let found = final(EntropyConstraint(alpha: alpha, isPerImage: true))
        entropies.append(found.entropy)
        // The same weight by its other name.
        if alpha == 0.125 {
          let other = final(EntropyConstraint(alpha: alpha * Float(images)))
          #expect(found.labels == other.labels)
        }
      }
      for (less, more) in zip(entropies, entropies.dropFirst()) {
        #expect(more >= less - 1e-12, "seed \(seed): \(entropies)")
      }
      rise += (entropies.last ?? 0) - (entropies.first ?? 0)
    }
    #expect(rise > 0.1)
  }

  /// Where it ends: a whole batch is assigned against the same old counts. When α outweighs every similarity and the batch is larger than
  /// clusters are, all of it goes to what was smallest, and the sizes never come to rest.
  @Test func `an α beyond all similarities lets large batches overshoot`() {
    func mean(_ alpha: Float, batch: Int) -> Double {
      let entropies = (1...5).map { seed in
        var problem = FixedFeatures(
          images: 120, clusters: [30], batch: batch,
          constraint: .entropy(EntropyConstraint(alpha: alpha, isPerImage: true)), seed: UInt64(seed))
        _ = problem.settle(epochs: 20)
        return problem.entropy()
      }
      return entropies.reduce(0, +) / 5
    }
    let (moderate, large) = (mean(0.25, batch: 20), mean(4, batch: 20))
    let (moderateAlone, largeAlone) = (mean(0.25, batch: 1), mean(4, batch: 1))
    #expect(large < moderate)
    #expect(largeAlone > moderateAlone)
  }

  // MARK: - Symmetry

  static let permuted: [HeadProblem.Shape] = [
    .init(clusters: [7, 40], dimension: 6, batch: 9),
    .init(clusters: [7, 40], dimension: 6, batch: 9, constraint: .entropy(.published)),
    .init(
      clusters: [7, 40], dimension: 6, batch: 9, losses: LossSettings(discrimination: .crossEntropy),
      usesPredictions: true),
    .init(clusters: [7, 40], dimension: 6, batch: 9, losses: LossSettings(discrimination: .uniform)),
  ]

  /// The numbers of clusters are names: other names for the same centers give the same clusters, losses and gradients.
  @Test(arguments: permuted) func `permuted centers permute labels`(shape: HeadProblem.Shape) {
    let engine = Engine(instructionSet: InstructionSet.available.last ?? .portable, cores: Cores(threads: 1))
    let plain = HeadProblem(shape, on: engine), other = HeadProblem(shape, on: engine), d = shape.dimension
    var random = RandomStream(seed: 4, purpose: .benchmark)
    let names = shape.clusters.map { random.permutation($0) }
    for (h, k) in shape.clusters.enumerated() {
      plain.heads.counts[h] = (0..<k).map { $0 % 4 }
      for j in 0..<k {
        let from = other.heads.rowOffsets[h] + j, to = other.heads.rowOffsets[h] + names[h][j]
        for c in 0..<d {
          other.heads.centers.base[to * d + c] = plain.heads.centers.base[from * d + c]
          other.heads.frozen.base[to * d + c] = plain.heads.frozen.base[from * d + c]
        }
        other.heads.duals.base[to] = plain.heads.duals.base[from]
        other.heads.counts[h][names[h][j]] = plain.heads.counts[h][j]
      }
      other.heads.labels[h] = plain.heads.labels[h].map { Int32(names[h][Int($0)]) }
    }
    for firstEpoch in [true, false] {
      let expected = plain.step(firstEpoch: firstEpoch), found = other.step(firstEpoch: firstEpoch)
      #expect(abs(found.representation - expected.representation) <= shape.tolerance * expected.representation)
      #expect(abs(found.center - expected.center) <= shape.tolerance * max(1, abs(expected.center)))
      #expect(relativeError(other.rawGradient, plain.rawGradient.map(Double.init)) <= shape.tolerance)
      var gradients = [Double](repeating: 0, count: plain.heads.gradients.count)
      for h in shape.clusters.indices {
        #expect(other.heads.labels[h] == plain.heads.labels[h].map { Int32(names[h][Int($0)]) })
        for j in 0..<shape.clusters[h] {
          #expect(other.heads.counts[h][names[h][j]] == plain.heads.counts[h][j])
          let from = other.heads.rowOffsets[h] + j, to = other.heads.rowOffsets[h] + names[h][j]
          for c in 0..<d { gradients[to * d + c] = Double(plain.heads.gradients.base[from * d + c]) }
        }
      }
      #expect(relativeError(other.heads.gradients.values, gradients) <= shape.tolerance)
    }
  }

  // MARK: - Instances

  @Test func `every image is a cluster of its own`() {
    var problem = FixedFeatures(images: 17, clusters: [17, 17], batch: 4, constraint: .instance, seed: 1)
    let own = (0..<17).map(Int32.init), heads = problem.heads
    #expect(heads.labels == [own, own])
    for _ in 0..<3 {
      problem.epoch()
      #expect(heads.labels == [own, own])
      #expect(heads.counts == [[Int](repeating: 1, count: 17), [Int](repeating: 1, count: 17)])
      #expect(heads.duals.values.allSatisfy { $0 == 0 })
    }
    problem.step([16, 3])
    #expect(heads.labels == [own, own])
  }
}
