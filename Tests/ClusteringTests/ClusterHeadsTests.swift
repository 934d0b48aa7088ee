import Basics
import Kernels
import Testing

@testable import Clustering

@Suite struct ClusterHeadsTests {
  /// Odd and even batches; K of 1, 2, and on both sides of vectors of 4, 8 and 16 lanes; temperatures that differ.
  static let shapes: [HeadProblem.Shape] = [
    .init(clusters: [2], dimension: 3, batch: 1),
    .init(clusters: [1], dimension: 4, batch: 3),
    .init(clusters: [10], dimension: 8, batch: 5),
    .init(clusters: [1, 2, 3, 7], dimension: 6, batch: 7),
    .init(
      clusters: [33, 17], dimension: 9, batch: 4,
      losses: LossSettings(hardLabelWeight: 0, representationTemperature: 0.1, centerTemperature: 1)),
    .init(
      clusters: [5, 5], dimension: 5, batch: 9,
      losses: LossSettings(hardLabelWeight: 1, representationTemperature: 1, centerTemperature: 0.1)),
    .init(clusters: [2], dimension: 3, batch: 1, usesPredictions: true),
    .init(clusters: [1, 17, 5], dimension: 6, batch: 3, usesPredictions: true),
    .init(clusters: [2, 1], dimension: 3, batch: 1, losses: LossSettings(discrimination: .crossEntropy)),
    .init(
      clusters: [18, 6], dimension: 7, batch: 4,
      losses: LossSettings(centerTemperature: 0.5, discrimination: .crossEntropy)),
    .init(
      clusters: [6, 9], dimension: 5, batch: 3, losses: LossSettings(discrimination: .crossEntropy),
      usesPredictions: true),
    .init(clusters: [17, 4], dimension: 6, batch: 5, losses: LossSettings(discrimination: .uniform)),
    .init(clusters: [5], dimension: 5, batch: 3, losses: LossSettings(discrimination: .uniform), usesPredictions: true),
    .init(
      clusters: [11, 11], dimension: 6, batch: 3, losses: LossSettings(discrimination: .crossEntropy),
      constraint: .instance),
  ]

  private let engines = InstructionSet.available.map { Engine(instructionSet: $0, cores: Cores(threads: 1)) }

  @Test(arguments: shapes, [true, false])
  func `a step's losses and labels are the formulas'`(shape: HeadProblem.Shape, firstEpoch: Bool) {
    for engine in engines {
      let problem = HeadProblem(shape, on: engine), isa = engine.instructionSet
      let reference = HeadReference(problem, firstEpoch: firstEpoch)
      let expected = reference.losses, found = problem.step(firstEpoch: firstEpoch)
      #expect(abs(found.representation - expected.representation) <= shape.tolerance * max(1, expected.representation))
      #expect(abs(found.center - expected.center) <= shape.tolerance * max(1, abs(expected.center)), "\(isa)")
      for (h, labels) in reference.labels.enumerated() {
        var stored = problem.labelsBefore[h]
        for (id, label) in zip(problem.ids, labels) { stored[id] = Int32(label) }
        #expect(problem.heads.labels[h] == stored, "\(isa)")
        var counts = [Int](repeating: 0, count: shape.clusters[h])
        for label in labels { counts[label] += 1 }
        #expect(problem.heads.counts[h] == counts, "\(isa)")
      }
    }
  }

  /// Central differences of the losses with their stop-gradients, through the normalisation of centers and of features: the
  /// centers' gradient comes from ℓ_w by the assigned center alone, the features' from ℓ_x alone.
  @Test(arguments: shapes, [true, false])
  func `a step's gradients are the losses' derivatives`(shape: HeadProblem.Shape, firstEpoch: Bool) {
    let expected = HeadReference(HeadProblem(shape, on: engines[0]), firstEpoch: firstEpoch).gradients
    for engine in engines {
      let problem = HeadProblem(shape, on: engine), isa = engine.instructionSet
      _ = problem.step(firstEpoch: firstEpoch)
      #expect(relativeError(problem.heads.gradients.values, expected.centers) <= shape.tolerance + 1e-6, "\(isa)")
      #expect(relativeError(problem.rawGradient, expected.raw) <= shape.tolerance + 1e-6, "\(isa)")
    }
  }

  @Test func `a center that no image of the batch belongs to gets no gradient`() {
    let problem = HeadProblem(.init(clusters: [20, 30], dimension: 6, batch: 4), on: engines[0])
    _ = problem.step(firstEpoch: false)
    var still = 0
    for h in [0, 1] {
      let labels = Set(problem.ids.map { Int(problem.heads.labels[h][$0]) })
      for j in 0..<problem.heads.clusters[h] {
        let row = row(problem.heads.gradients.values, problem.heads.rowOffsets[h] + j, 6)
        let isZero = row.allSatisfy { $0 == 0 }
        #expect(isZero != labels.contains(j), "head \(h), center \(j)")
        if isZero { still += 1 }
      }
    }
    #expect(still >= 42)
  }

  @Test func `with cross-entropy every center gets a gradient`() {
    let shape = HeadProblem.Shape(
      clusters: [20, 30], dimension: 6, batch: 4, losses: LossSettings(discrimination: .crossEntropy))
    let problem = HeadProblem(shape, on: engines[0])
    _ = problem.step(firstEpoch: false)
    for center in 0..<50 { #expect(row(problem.heads.gradients.values, center, 6).contains { $0 != 0 }, "\(center)") }
  }

  /// The mean over four rows of which two and two are the same is the mean over two, and so are the losses. Halving is exact.
  @Test func `predictions that are the projections change nothing`() {
    for firstEpoch in [true, false] {
      let plain = HeadProblem(.init(clusters: [6, 9], dimension: 7, batch: 5), on: engines[0])
      var shape = plain.shape
      shape.usesPredictions = true
      let problem = HeadProblem(shape, on: engines[0]), count = plain.raw.count
      for i in 0..<2 * count { problem.features.base[i] = plain.features.base[i % count] }
      let alone = plain.step(firstEpoch: firstEpoch), both = problem.step(firstEpoch: firstEpoch)
      #expect(abs(alone.representation - both.representation) < 1e-12)
      #expect(abs(alone.center - both.center) < 1e-12)
      #expect(plain.heads.labels == problem.heads.labels)
      let halves = plain.featureGradient.values.prefix(count).map { $0 / 2 }
      #expect(Array(problem.featureGradient.values.prefix(2 * count)) == halves + halves)
      let gradient = plain.heads.gradients.values.map(Double.init)
      #expect(relativeError(problem.heads.gradients.values, gradient) < shape.tolerance)
    }
  }

  @Test func `heads with room for predictions work without`() {
    let shape = HeadProblem.Shape(clusters: [4, 9], dimension: 7, batch: 3)
    let plain = HeadProblem(shape, on: engines[0])
    var roomy = shape
    roomy.usesPredictions = true
    let other = HeadProblem(roomy, on: engines[0])
    for i in 0..<plain.features.count { other.features.base[i] = plain.features.base[i] }
    let losses = other.heads.step(
      on: engines[0], features: other.features.base, ids: plain.ids, firstEpoch: false,
      featureGradient: other.featureGradient.base)
    #expect(losses == plain.step(firstEpoch: false))
    #expect(other.heads.gradients.values == plain.heads.gradients.values)
    #expect(Array(other.featureGradient.values.prefix(plain.raw.count)) == plain.featureGradient.values.dropLast(7))
  }

  @Test func `one cluster teaches nothing`() {
    for firstEpoch in [true, false] {
      let problem = HeadProblem(.init(clusters: [1], dimension: 4, batch: 3), on: engines[0])
      let losses = problem.step(firstEpoch: firstEpoch)
      #expect(abs(losses.representation) < 1e-6)
      #expect(abs(losses.center) < 1e-6)
      #expect(problem.heads.gradients.values.allSatisfy { $0 == 0 })
      #expect(problem.rawGradient.allSatisfy { abs($0) < 1e-6 })
    }
  }

  /// The label in ℓ_x is the one stored before the batch; the first epoch has none yet and takes the fresh one.
  @Test func `the stored label counts after the first epoch`() {
    let shape = HeadProblem.Shape(clusters: [6], dimension: 5, batch: 4)
    let fresh = HeadProblem(shape, on: engines[0]), stored = HeadProblem(shape, on: engines[0])
    let again = HeadProblem(shape, on: engines[0])
    let first = fresh.step(firstEpoch: true), later = stored.step(firstEpoch: false)
    #expect(first.center == later.center)
    #expect(first.representation != later.representation)
    // Once the fresh labels are the stored ones, both are the same.
    again.heads.labels = fresh.heads.labels
    #expect(again.step(firstEpoch: false).representation == first.representation)
  }

  @Test func `a batch may be smaller than the heads have room for`() {
    let shape = HeadProblem.Shape(clusters: [4, 9], dimension: 7, batch: 3)
    let exact = HeadProblem(shape, on: engines[0]), roomy = HeadProblem(shape, on: engines[0], room: 5)
    let last = roomy.featureGradient.base + 2 * 3 * 7
    last.update(repeating: 123, count: 7)
    #expect(exact.step(firstEpoch: false) == roomy.step(firstEpoch: false))
    #expect(exact.heads.gradients.values == roomy.heads.gradients.values)
    #expect(exact.rawGradient == roomy.rawGradient)
    #expect((0..<7).allSatisfy { last[$0] == 123 })
  }

  /// With α beyond all similarities it joins the smallest cluster. To be taken from cluster 1, where labels begin, would leave sizes as uneven.
  @Test func `an image that was never assigned only joins`() {
    let heads = ClusterHeads(
      clusters: [3], dimension: 3, images: 13, batch: 1, constraint: .entropy(EntropyConstraint(alpha: 100)),
      losses: .init())
    heads.centers.fill(with: [1, 0, 0, 0, 1, 0, 0, 0, 1])
    heads.beginEpoch(on: engines[0])
    heads.counts = [[3, 4, 5]]
    let x = FloatBuffer(6), gradient = FloatBuffer(6)
    x.fill(with: [0.6, 0.8, 0, 0.6, 0.8, 0])
    _ = heads.step(on: engines[0], features: x.base, ids: [7], firstEpoch: true, featureGradient: gradient.base)
    #expect(heads.labels[0][7] == 0)
    #expect(heads.counts == [[4, 4, 5]])
  }

  /// Enough work to be cut for several threads.
  static let largeShapes: [HeadProblem.Shape] = [
    .init(clusters: [100, 37, 200], dimension: 40, batch: 66),
    .init(clusters: [100, 37, 200], dimension: 40, batch: 66, usesPredictions: true),
    .init(clusters: [300, 100], dimension: 40, batch: 65, losses: LossSettings(discrimination: .crossEntropy)),
  ]

  @Test(arguments: InstructionSet.available, largeShapes)
  func `threads change no bit`(instructionSet: InstructionSet, shape: HeadProblem.Shape) {
    func outcome(_ threads: Int) -> [[Float]] {
      let problem = HeadProblem(shape, on: Engine(instructionSet: instructionSet, cores: Cores(threads: threads)))
      let losses = problem.step(firstEpoch: false)
      let heads = problem.heads
      return [
        [Float(losses.representation), Float(losses.center)], heads.gradients.values, problem.rawGradient,
        heads.duals.values, heads.labels.flatMap { $0.map(Float.init) },
      ]
    }
    let one = outcome(1)
    for threads in [2, 3] { #expect(outcome(threads) == one) }
  }

  // MARK: - Beginning

  @Test func `centers begin on the unit sphere, each head by its own random numbers`() {
    func heads(_ clusters: [Int], seed: UInt64 = 5) -> ClusterHeads {
      let heads = ClusterHeads(
        clusters: clusters, dimension: 6, images: 9, batch: 2, constraint: .size(.init()), losses: .init())
      heads.initialize(seed: seed, on: engines[0])
      return heads
    }
    let two = heads([4, 3])
    for center in 0..<7 {
      let length = row(two.centers.values, center, 6).reduce(0) { $0 + Double($1) * Double($1) }
      #expect(abs(length - 1) < 1e-6)
    }
    #expect(Set(two.centers.values).count == 42)
    // A wider first head leaves the second as it is.
    #expect(heads([9, 3]).centers.values.suffix(18) == two.centers.values.suffix(18))
    #expect(heads([4, 3], seed: 6).centers.values != two.centers.values)
    #expect(two.labels == [[Int32](repeating: 1, count: 9), [Int32](repeating: 1, count: 9)])
    #expect(heads([1]).labels == [[Int32](repeating: 0, count: 9)])
    #expect(two.duals.values.allSatisfy { $0 == 0 })
  }

  @Test func `an epoch freezes the centers and counts anew`() {
    let problem = HeadProblem(.init(clusters: [4, 3], dimension: 6, batch: 5), on: engines[0])
    let heads = problem.heads
    _ = problem.step(firstEpoch: false)
    let labels = heads.labels, duals = heads.duals.values
    #expect(heads.frozenCenters.values == problem.frozenBefore)
    #expect(heads.counts.map { $0.reduce(0, +) } == [5, 5])
    _ = problem.step(firstEpoch: false)
    #expect(heads.counts.map { $0.reduce(0, +) } == [10, 10])
    heads.labels = labels
    heads.duals.fill(with: duals)
    heads.beginEpoch(on: problem.engine)
    #expect(heads.counts == [[0, 0, 0, 0], [0, 0, 0]])
    #expect(heads.labels == labels)
    #expect(heads.duals.values == duals)
    #expect(heads.centers.values == problem.centersBefore)
    for center in 0..<7 {
      let raw = row(heads.centers.values, center, 6).map(Double.init)
      let length = raw.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let frozen = Array(row(heads.frozenCenters.values, center, 6))
      #expect(relativeError(frozen, raw.map { $0 / length }) < 0x1p-21)
    }
  }

  /// Angles by construction, whatever the centers' lengths; far smaller ones than a cosine in Float could tell from 0.
  @Test func `center movement is the mean angle`() {
    let heads = ClusterHeads(
      clusters: [2, 3], dimension: 4, images: 9, batch: 2, constraint: .size(.init()), losses: .init())
    let before: [[Float]] = [[1, 0, 0, 0], [0, 3, 0, 0], [0, 0, 1, 0], [0, 0, 0, 2], [5, 0, 0, 0]]
    heads.centers.fill(with: before.flatMap(\.self))
    heads.beginEpoch(on: engines[0])
    #expect(heads.centerMovement().allSatisfy { $0 < 1e-5 })
    let after: [[Float]] = [[0, 7, 0, 0], [0, -1, 0, 0], [0, 0, 9, 0], [0, 0, 3e-5, 3], [0.5, 0.5, 0, 0]]
    heads.centers.fill(with: after.flatMap(\.self))
    let movement = heads.centerMovement()
    #expect(movement.count == 2)
    #expect(abs(movement[0] - 135) < 1e-5)
    #expect(abs(movement[1] - (0 + 1e-5 * 180 / Double.pi + 45) / 3) < 1e-5)
    heads.beginEpoch(on: engines[0])
    #expect(heads.centerMovement().allSatisfy { $0 < 1e-5 })
  }

  @Test(arguments: [false, true]) func `the memory that is announced is the memory that is taken`(predictions: Bool) {
    let shape = HeadProblem.Shape(clusters: [40, 7, 3], dimension: 11, batch: 13, usesPredictions: predictions)
    let heads = HeadProblem(shape, on: engines[0]).heads, memory = heads.memory
    let buffers = [
      heads.centers, heads.gradients, heads.unit, heads.lengths, heads.frozen, heads.duals, memory.current,
      memory.logits, memory.centerWeights,
    ]
    let labels = 3 * heads.images + 2 * 3 * 13
    let taken = 4 * Double(buffers.reduce(0) { $0 + $1.count } + labels)
    let announced = ClusterHeads.bytes(
      clusters: shape.clusters, dimension: 11, images: heads.images, batch: 13, usesPredictions: predictions)
    #expect(announced == taken)
    let absurd = ClusterHeads.bytes(clusters: [.max, .max], dimension: .max, images: .max, batch: .max)
    #expect(absurd > 1e38)
  }
}
