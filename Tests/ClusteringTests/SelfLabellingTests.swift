import Basics
import Foundation
import Kernels
import Testing

@testable import Clustering

@Suite struct SelfLabellingTests {
  /// Weak and strong unit features of b images before heads of which the one at 1 teaches itself.
  private struct Problem {
    let heads: ClusterHeads
    let engine: Engine
    let weak: FloatBuffer
    let strong: FloatBuffer
    let gradient: FloatBuffer
    let ids: [Int]
    let d = 6, b = 24

    init(_ engine: Engine, temperature: Float = 0.2) {
      self.engine = engine
      var random = RandomStream(seed: 3, purpose: .benchmark)
      heads = ClusterHeads(
        clusters: [3, 5], dimension: d, images: 40, batch: b, constraint: .size(.init()),
        losses: .init(representationTemperature: temperature))
      for i in 0..<heads.centers.count { heads.centers.base[i] = 2 * random.normal() }
      (weak, strong, gradient) = (FloatBuffer(b * d), FloatBuffer(b * d), FloatBuffer(b * d))
      let lengths = FloatBuffer(b)
      for buffer in [weak, strong] {
        for i in 0..<buffer.count { buffer.base[i] = random.normal() }
        L2Normalize(columns: d).forward(on: engine, x: buffer.base, y: buffer.base, lengths: lengths.base, rows: b)
      }
      ids = Array(random.permutation(40).prefix(b))
    }

    func step(threshold: Float) -> ClusterHeads.SelfLabels {
      heads.selfLabel(
        on: engine, weak: weak.base, strong: strong.base, ids: ids, head: 1, .init(threshold: threshold),
        strongGradient: gradient.base)
    }
  }

  /// The formulas of `SelfLabelling`, one image after the other in Double; similarities of all rows to raw centers.
  private struct Reference {
    let weak: [Double], strong: [Double], d: Int, clusters: Int, temperature: Double

    func probabilities(_ features: [Double], _ i: Int, _ centers: [Double]) -> [Double] {
      let s = (0..<clusters).map { j in
        let w = centers[j * d..<(j + 1) * d], x = features[i * d..<(i + 1) * d]
        let length = w.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return zip(x, w).reduce(0) { $0 + $1.0 * $1.1 } / length
      }
      return SeCuReference.softmax(s, temperature: temperature)
    }

    /// The kept images with their labels.
    func kept(threshold: Double, _ centers: [Double]) -> [(image: Int, label: Int)] {
      (0..<weak.count / d).compactMap { i in
        let p = probabilities(weak, i, centers)
        let label = p.indices.max { p[$0] < p[$1] } ?? 0
        return p[label] > threshold ? (i, label) : nil
      }
    }

    func loss(_ kept: [(image: Int, label: Int)], _ strong: [Double], _ centers: [Double]) -> Double {
      let weights = kept.map { one in Double(kept.count) / Double(kept.count { $0.label == one.label }) }
      let sum = zip(kept, weights).reduce(0) {
        $0 - $1.1 * log(probabilities(strong, $1.0.image, centers)[$1.0.label])
      }
      return sum / weights.reduce(0, +)
    }
  }

  @Test(arguments: InstructionSet.available, [0, 0.6, 0.9])
  func `loss, labels and gradients are the formulas'`(instructionSet: InstructionSet, threshold: Double) throws {
    let problem = Problem(Engine(instructionSet: instructionSet, cores: Cores(threads: 2)))
    let d = problem.d, first = problem.heads.rowOffsets[1]
    let centers = Array(problem.heads.centers.values.map(Double.init)[(first * d)...])
    let reference = Reference(
      weak: problem.weak.values.map(Double.init), strong: problem.strong.values.map(Double.init), d: d, clusters: 5,
      temperature: 0.2)
    let kept = reference.kept(threshold: threshold, centers)
    try #require(threshold > 0 ? (1..<problem.b).contains(kept.count) : kept.count == problem.b)

    let found = problem.step(threshold: Float(threshold))
    // Similarities are off by about √d·2⁻²⁴, divided by the temperature; eight standard deviations.
    let tolerance = 8 * Double(d).squareRoot() * 0x1p-24 / 0.2
    let loss = reference.loss(kept, reference.strong, centers)
    #expect(found.kept == kept.count)
    #expect(abs(found.loss - loss) <= tolerance * max(1, loss))
    let highest = (0..<problem.b).compactMap { reference.probabilities(reference.weak, $0, centers).max() }.max() ?? 0
    #expect(abs(Double(found.highest) - highest) <= tolerance)
    for i in 0..<problem.b {
      let p = reference.probabilities(reference.weak, i, centers)
      #expect(Int(problem.heads.labels[1][problem.ids[i]]) == p.indices.max { p[$0] < p[$1] })
    }
    let ofStrong = centralDifferences(at: reference.strong) { reference.loss(kept, $0, centers) }
    let ofCenters = centralDifferences(at: centers) { reference.loss(kept, reference.strong, $0) }
    #expect(relativeError(problem.gradient.values, ofStrong) <= tolerance + 1e-6)
    let gradients = problem.heads.gradients.values
    #expect(relativeError(Array(gradients[(first * d)...]), ofCenters) <= tolerance + 1e-6)
    #expect(gradients[..<(first * d)].allSatisfy { $0 == 0 })
  }

  @Test func `nothing above the threshold teaches nothing`() {
    let problem = Problem(Engine(instructionSet: .portable, cores: Cores(threads: 1)), temperature: 100)
    problem.gradient.base.update(repeating: 7, count: problem.gradient.count)
    let found = problem.step(threshold: 0.99)
    #expect(found.kept == 0)
    #expect(found.loss == 0)
    // At temperature 100 all five are about as likely.
    #expect(abs(found.highest - 0.2) < 0.01)
    #expect(problem.gradient.values.allSatisfy { $0 == 0 })
    #expect(problem.heads.gradients.values.allSatisfy { $0 == 0 })
  }

  @Test func `a label must pass the threshold, not reach it`() {
    let problem = Problem(Engine(instructionSet: .portable, cores: Cores(threads: 1)), temperature: 0.001)
    let found = problem.step(threshold: 1)
    #expect(found.highest == 1 && found.kept == 0)
  }

  @Test func `every cluster that occurs weighs the same`() {
    // All strong views are one and the same row; the weak ones are 23 times center 0 and once center 1.
    let problem = Problem(Engine(instructionSet: .portable, cores: Cores(threads: 1)), temperature: 0.05)
    let d = problem.d, first = problem.heads.rowOffsets[1]
    for j in 0..<5 {
      for c in 0..<d { problem.heads.centers.base[(first + j) * d + c] = c == j ? 1 : 0 }
    }
    for i in 0..<problem.b {
      for c in 0..<d {
        problem.weak.base[i * d + c] = c == (i == 7 ? 1 : 0) ? 1 : 0
        problem.strong.base[i * d + c] = c == 5 ? 1 : 0
      }
    }
    let found = problem.step(threshold: 0.99)
    #expect(found.keptIn == [problem.b - 1, 1, 0, 0, 0])
    // The strong view is as far from all five centers.
    #expect(abs(found.loss - log(5)) < 1e-6)
    let gradients = problem.heads.gradients.values
    let pull = (0..<2).map { gradients[(first + $0) * d + 5] }
    #expect(abs(pull[0] - pull[1]) < 1e-5)
    #expect(pull[0] < 0)
  }
}
