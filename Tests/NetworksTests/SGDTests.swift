import Basics
import Kernels
import Testing

@testable import Networks

@Suite struct SGDTests {
  /// Five steps of PyTorch's formula, v ← momentum·v + (g + decay·w), w ← w − rate·v, in Double beside those in Float.
  ///
  /// A step adds up to four roundings of v's terms and two of w's to what the steps before left of theirs; the bounds are
  /// carried along. The count is longer than one task (16384), and not a whole number of vectors.
  @Test(arguments: InstructionSet.available, [(Float(0.9), Float(5e-4)), (0, 0), (0.5, 0.1)])
  func stepsFollowTheFormula(instructionSet: InstructionSet, settings: (momentum: Float, decay: Float)) {
    let count = 16_384 * 2 + 37, roundoff = 0x1p-24
    var results: [[UInt32]] = []
    for threads in [1, 2, 3] {
      let engine = Engine(instructionSet: instructionSet, cores: Cores(threads: threads))
      var stream = RandomStream(seed: 6, purpose: .benchmark)
      let parameters = FloatBuffer(count), gradients = FloatBuffer(count)
      parameters.fill(with: (0..<count).map { _ in stream.normal() })
      let optimizer = SGD(count: count, momentum: settings.momentum, weightDecay: settings.decay)
      var w = parameters.values.map(Double.init), v = [Double](repeating: 0, count: count)
      var wBound = v, vBound = v
      let momentum = Double(settings.momentum), decay = Double(settings.decay)
      for step in 0..<5 {
        // The rate changes from step to step, as a schedule changes it.
        let rate = 0.1 / Float(step + 1)
        gradients.fill(with: (0..<count).map { _ in stream.normal() })
        optimizer.step(on: engine, parameters: parameters, gradients: gradients, rate: rate)
        var within = true
        for i in 0..<count {
          let g = Double(gradients.base[i])
          vBound[i] =
            momentum * vBound[i] + decay * wBound[i]
            + 4.1 * roundoff * (momentum * abs(v[i]) + abs(g) + decay * abs(w[i]))
          v[i] = momentum * v[i] + (g + decay * w[i])
          w[i] -= Double(rate) * v[i]
          wBound[i] += Double(rate) * vBound[i] + 3 * roundoff * (abs(w[i]) + Double(rate) * abs(v[i]))
          let wError = abs(Double(parameters.base[i]) - w[i]), vError = abs(Double(optimizer.velocity.base[i]) - v[i])
          if !(wError <= wBound[i] && vError <= vBound[i]) { within = false }
        }
        #expect(within, "step \(step)")
      }
      results.append(bits(parameters.values + optimizer.velocity.values))
    }
    #expect(results[1] == results[0] && results[2] == results[0])
  }

  @Test func noParametersNeedNothing() {
    let empty = FloatBuffer(0)
    SGD(count: 0, momentum: 0.9, weightDecay: 0).step(
      on: Engine(instructionSet: .portable, cores: Cores(threads: 2)), parameters: empty, gradients: empty, rate: 1)
    #expect(empty.values.isEmpty)
  }
}
