import Basics
import Foundation
import Kernels
import Testing

@testable import Clustering

@Suite struct HeadPredictionTests {
  /// Heads of 1, 2, 5 and 40 clusters with random centers that are not of unit length, and random unit rows.
  private struct Problem {
    let heads = ClusterHeads(
      clusters: [1, 2, 5, 40], dimension: 7, images: 4, batch: 2, constraint: .size(.init()),
      losses: .init(centerTemperature: 1))
    let rows = FloatBuffer(23 * 7)
    let lengths = FloatBuffer(23)

    init(_ engine: Engine) {
      var random = RandomStream(seed: 8, purpose: .benchmark)
      for i in 0..<heads.centers.count { heads.centers.base[i] = 4 * random.normal() }
      for i in 0..<rows.count { rows.base[i] = random.normal() }
      // Duals belong to training: they must not show.
      for i in 0..<heads.duals.count { heads.duals.base[i] = 9 * random.uniform() }
      L2Normalize(columns: 7).forward(on: engine, x: rows.base, y: rows.base, lengths: lengths.base, rows: 23)
    }
  }

  @Test(arguments: InstructionSet.available)
  func `the nearest center, its probability, and the next`(instructionSet: InstructionSet) throws {
    let engine = Engine(instructionSet: instructionSet, cores: Cores(threads: 2))
    let problem = Problem(engine), heads = problem.heads
    for h in heads.clusters.indices {
      let found = heads.predict(problem.rows.base, rows: 23, head: h, on: engine)
      try #require(found.count == 23)
      for (r, prediction) in found.enumerated() {
        let x = row(problem.rows.values, r, 7).map(Double.init)
        let similarities = (heads.rowOffsets[h]..<heads.rowOffsets[h + 1]).map { center in
          let w = row(heads.centers.values, center, 7).map(Double.init)
          let length = w.reduce(0) { $0 + $1 * $1 }.squareRoot()
          return zip(x, w).reduce(0) { $0 + $1.0 * $1.1 } / length
        }
        let order = similarities.indices.sorted { similarities[$0] > similarities[$1] }
        #expect(prediction.cluster == order[0])
        #expect(prediction.second == (order.count > 1 ? order[1] : 0))
        let p = SeCuReference.softmax(similarities, temperature: Double(heads.losses.representationTemperature))
        // As in training: √d·2⁻²⁴ in a similarity, over the temperature, with eight standard deviations.
        #expect(abs(Double(prediction.confidence) - p[order[0]]) <= 8 * 7.0.squareRoot() * 0x1p-24 / 0.05)
      }
    }
  }

  @Test func `equal centers share, and the first is chosen`() throws {
    let engine = Engine(instructionSet: .portable, cores: Cores(threads: 1))
    let heads = ClusterHeads(
      clusters: [4], dimension: 3, images: 2, batch: 1, constraint: .size(.init()), losses: .init())
    heads.centers.fill(with: [0, 0, 2, 1, 0, 0, 5, 0, 0, 9, 0, 0])
    let x = FloatBuffer(3)
    x.fill(with: [1, 0, 0])
    let found = heads.predict(x.base, rows: 1, head: 0, on: engine)
    #expect(found.map(\.cluster) == [1])
    #expect(found.map(\.second) == [2])
    let confidence = try #require(found.first).confidence, third: Float = 1 / 3
    #expect(abs(confidence - third) < 1e-6)
    #expect(heads.predict(x.base, rows: 0, head: 0, on: engine).isEmpty)
  }

  @Test func `a prediction leaves training as it is`() {
    let problem = HeadProblem(
      .init(clusters: [4, 9], dimension: 6, batch: 5), on: Engine(instructionSet: .portable, cores: Cores(threads: 1)))
    let other = HeadProblem(problem.shape, on: problem.engine)
    _ = problem.heads.predict(problem.features.base, rows: 10, head: 1, on: problem.engine)
    #expect(problem.step(firstEpoch: false) == other.step(firstEpoch: false))
    #expect(problem.heads.centers.values == problem.centersBefore)
    #expect(problem.heads.labels == other.heads.labels)
  }
}
