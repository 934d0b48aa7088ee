import Basics
import Clustering
import Foundation
import Interchange
import Kernels
import Networks
import Testing

@testable import Training

/// One clustering head on fixed features, step by step, against PyTorch's: labels, duals and counts, losses, gradients, centers.
///
/// **Tolerance.** Similarities are sums of d ≤ 128 products of unit vectors, wrong by about √d·2⁻²⁴ ≤ 7e-7; divided by the temperature
/// 0.05 that is 1.4e-5 in a logit and as a share of a probability. Centers collect such errors over the steps, with a gain
/// below 1/(1 − momentum) = 10: 1.4e-4 of the largest value.
@Suite struct GoldenHeadTests {
  @Test(arguments: InstructionSet.available, ["size", "entropy"])
  func headMatchesPyTorch(instructionSet: InstructionSet, constraint: String) throws {
    try check(Golden.file("head_\(constraint)"), instructionSet)
  }

  /// Both losses of projections and predictions, as the ImageNet program takes them; and what SeCu is compared with: cross-entropy,
  /// k-means' centers, and a cluster for every image.
  @Test(
    arguments: InstructionSet.available,
    ["predictions_size", "predictions_entropy", "cross_entropy", "uniform", "instance"])
  func variantMatchesPyTorch(instructionSet: InstructionSet, variant: String) throws {
    try check(Golden.file("head_\(variant)"), instructionSet)
  }

  private func check(_ file: SafeTensors, _ instructionSet: InstructionSet) throws {
    func float(_ key: String) throws -> Float { Float(try file.number(key)) }
    let (k, dimension, n) = (Int(try file.number("k")), Int(try file.number("dim")), Int(try file.number("n")))
    let batch = Int(try file.number("batch"))
    let engine = makeEngine(instructionSet, 2)
    let names = ["z1", "z2", "p1", "p2"].filter { file.tensors[$0] != nil }, usesPredictions = names.count == 4
    let outputs = try names.map { try file.floats($0).values }
    let heads = ClusterHeads(
      clusters: [k], dimension: dimension, images: n, batch: batch,
      constraint: try file.constraint(),
      losses: LossSettings(
        hardLabelWeight: try float("tau"), representationTemperature: try float("tx"),
        centerTemperature: try float("tw"),
        discrimination: try #require(Discrimination(rawValue: file.metadata["discrimination"] ?? "stable"))),
      usesPredictions: usesPredictions)
    heads.centers.fill(with: try file.transposed("center"))
    let optimizer = GradientDescent(
      count: k * dimension, momentum: try float("momentum"), weightDecay: try float("weight_decay"))
    let stepsPerEpoch = (n + batch - 1) / batch
    let features = FloatBuffer(4 * batch * dimension), gradient = FloatBuffer(4 * batch * dimension)
    var counts = [Int](repeating: 0, count: k)
    let tolerance = 1.4e-4

    for step in 0..<Int(try file.number("steps")) {
      if step % stepsPerEpoch == 0 { heads.beginEpoch(on: engine) }
      let ids = try file.integers("\(step).ids").values.map(Int.init)
      let block = ids.count * dimension
      for (o, output) in outputs.enumerated() {
        for (i, id) in ids.enumerated() {
          features.copy(output[id * dimension..<(id + 1) * dimension], to: o * block + i * dimension)
        }
      }
      let losses = heads.step(
        on: engine, features: features.base,
        predictions: usesPredictions ? UnsafePointer(features.base + 2 * block) : nil, ids: ids,
        firstEpoch: step < stepsPerEpoch, featureGradient: gradient.base,
        predictionGradient: usesPredictions ? gradient.base + 2 * block : nil)

      let labels = ids.map { Int(heads.labels[0][$0]) }
      let expected = try file.integers("\(step).labels").values.map(Int.init)
      try #require(labels == expected, "step \(step)")
      if case .entropy = heads.constraint {
        counts = heads.counts[0]
      } else {
        // The file's counts run through; this project's begin anew with every epoch.
        for label in labels { counts[label] += 1 }
      }
      #expect(try counts.map(Float.init) == file.floats("\(step).count").values, "step \(step)")
      #expect(relativeError(heads.duals.values, try file.floats("\(step).dual").values) < tolerance, "step \(step)")
      #expect(abs(losses.representation - Double(try file.floats("\(step).loss_x").values[0])) < tolerance)
      #expect(abs(losses.center - Double(try file.floats("\(step).loss_c").values[0])) < tolerance)
      for (o, name) in names.enumerated() {
        let found = Array(gradient.values[o * block..<(o + 1) * block])
        #expect(
          relativeError(found, try file.floats("\(step).d\(name)").values) < tolerance, "step \(step), \(name)")
      }
      #expect(
        relativeError(heads.gradients.values, try file.transposed("\(step).dcenter")) < tolerance, "step \(step)")
      optimizer.step(
        on: engine, parameters: heads.centers, gradients: heads.gradients, rate: Float(try file.number("lr")))
      #expect(
        relativeError(heads.centers.values, try file.transposed("\(step).center_after")) < tolerance, "step \(step)")
    }
  }
}
