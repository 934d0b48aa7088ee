import Basics
import Foundation
import Kernels
import Testing

@testable import Networks

@Suite struct AdamTests {
  /// Three steps of PyTorch 2.13's `Adam(lr=0.1, weight_decay=0.01)`. One gradient is 0 at first, where only the decay is left.
  @Test(arguments: InstructionSet.available)
  func `steps are PyTorch's`(instructionSet: InstructionSet) {
    let engine = Engine(instructionSet: instructionSet, cores: Cores(threads: 2))
    let parameters = FloatBuffer(4), gradients = FloatBuffer(4)
    parameters.fill(with: [1, -0.5, 0.25, 0])
    let adam = Adam(count: 4, weightDecay: 0.01)
    let steps: [(gradient: [Float], after: [Float])] = [
      ([0.5, -1, 0, 2], [0.90000004, -0.4, 0.1500004, -0.09999999]),
      ([0.25, 1, 0, -2], [0.8065551, -0.40481335, 0.054251805, -0.09471184]),
      ([-0.5, 0.125, 3, 0], [0.7934861, -0.4139655, -0.009701379, -0.09060268]),
    ]
    for (gradient, after) in steps {
      gradients.fill(with: gradient)
      adam.step(on: engine, parameters: parameters, gradients: gradients, rate: 0.1)
      // A step is at most about the rate and rounded ten times or so.
      for (found, expected) in zip(parameters.values, after) { #expect(abs(found - expected) <= 16 * 0x1p-24) }
    }
  }

  /// Longer than two tasks (16384) and no whole number of vectors: the formula in Double, and the same bits for any number of
  /// threads.
  @Test func `every parameter takes its step`() {
    let count = 16_384 * 2 + 37
    var results: [[UInt32]] = []
    for threads in [1, 2, 3] {
      let engine = Engine(instructionSet: .portable, cores: Cores(threads: threads))
      var stream = RandomStream(seed: 6, purpose: .benchmark)
      let parameters = FloatBuffer(count), gradients = FloatBuffer(count)
      parameters.fill(with: (0..<count).map { _ in stream.normal() })
      let adam = Adam(count: count, weightDecay: 0.001)
      var w = parameters.values.map(Double.init), m = [Double](repeating: 0, count: count), v = m
      for t in 1...4 {
        gradients.fill(with: (0..<count).map { _ in stream.normal() })
        adam.step(on: engine, parameters: parameters, gradients: gradients, rate: 0.01)
        // Each step rounds w to half a unit (of at most 8) and adds a move of at most 0.04 with ten roundings.
        let bound = Double(t) * 2 * 0x1p-24
        var within = true
        for i in 0..<count {
          let g = Double(gradients.base[i]) + 0.001 * w[i]
          m[i] = 0.9 * m[i] + 0.1 * g
          v[i] = 0.999 * v[i] + 0.001 * g * g
          w[i] -= 0.01 * m[i] / (1 - pow(0.9, Double(t))) / ((v[i] / (1 - pow(0.999, Double(t)))).squareRoot() + 1e-8)
          if !(abs(Double(parameters.base[i]) - w[i]) <= bound * max(1, abs(w[i]))) { within = false }
        }
        #expect(within, "step \(t)")
      }
      results.append(bits(parameters.values + adam.firstMoment.values + adam.secondMoment.values))
    }
    #expect(results[1] == results[0] && results[2] == results[0])
  }

  @Test func `parameters outside the range stay`() {
    let engine = Engine(instructionSet: .portable, cores: Cores(threads: 1))
    let parameters = FloatBuffer(9), gradients = FloatBuffer(9)
    parameters.fill(with: [Float](repeating: 1, count: 9))
    gradients.fill(with: [Float](repeating: 1, count: 9))
    let adam = Adam(count: 9, weightDecay: 0.1)
    adam.step(on: engine, parameters: parameters, gradients: gradients, rate: 0.5, range: 3..<5)
    #expect(parameters.values == [1, 1, 1, 0.5, 0.5, 1, 1, 1, 1])
    #expect(adam.firstMoment.values.enumerated().allSatisfy { ($1 == 0) == !(3..<5).contains($0) })
  }
}
