import Basics
import Foundation
import Kernels
import Testing

@testable import Networks

@Suite struct GradientDescentTests {
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
      let optimizer = GradientDescent(count: count, momentum: settings.momentum, weightDecay: settings.decay)
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
    GradientDescent(count: 0, momentum: 0.9, weightDecay: 0).step(
      on: Engine(instructionSet: .portable, cores: Cores(threads: 2)), parameters: empty, gradients: empty, rate: 1)
    #expect(empty.values.isEmpty)
  }
}

@Suite struct LARSTests {
  private static func tensors(_ shapes: [[Int]]) -> [GradientDescent.Tensor] {
    shapes.map { GradientDescent.Tensor(count: $0.reduce(1, *), dimensions: $0.count) }
  }

  /// Five steps of the formula in Double beside those in Float: matrices and convolutions with decay and scale, vectors with neither; a
  /// tensor of zeros, one without a gradient, one longer than a task, and one of a single weight.
  ///
  /// A length is a sum of n squares whose terms are all positive, wrong by at most n/16 + 4 roundings in chunks of 4096 with 16 or
  /// fewer partial sums, here ≤ 1028 for portable's 4 lanes; halved by the root. Each step adds that of two lengths to v's own: about
  /// 1100 roundings of its scaled term.
  @Test(arguments: InstructionSet.available)
  func stepsFollowTheFormula(instructionSet: InstructionSet) {
    let shapes = [[3, 7], [33], [4096 * 2 + 5, 3], [16, 3, 3, 3], [1], [5, 5], [1, 1], [20_000], [6, 2]]
    let count = shapes.reduce(0) { $0 + $1.reduce(1, *) }
    let trust: Float = 0.01, decay: Float = 0.02, momentum: Float = 0.9, roundoff = 0x1p-24
    var results: [[UInt32]] = []
    for threads in [1, 2, 3] {
      let engine = Engine(instructionSet: instructionSet, cores: Cores(threads: threads))
      var stream = RandomStream(seed: 6, purpose: .benchmark)
      let parameters = FloatBuffer(count), gradients = FloatBuffer(count)
      parameters.fill(with: (0..<count).map { _ in stream.normal() })
      let zeros = shapes[..<5].reduce(0) { $0 + $1.reduce(1, *) }
      for i in zeros..<zeros + 25 { parameters.base[i] = 0 }
      let optimizer = GradientDescent(
        .lars(trust: trust), tensors: Self.tensors(shapes), momentum: momentum, weightDecay: decay)
      var w = parameters.values.map(Double.init), v = [Double](repeating: 0, count: count)
      var wBound = v, vBound = v
      for step in 0..<5 {
        let rate = 0.3 / Float(step + 1)
        // In the first step the last tensor has no gradient but its decay.
        gradients.fill(with: (0..<count).map { step == 0 && $0 >= count - 12 ? 0 : stream.normal() })
        optimizer.step(on: engine, parameters: parameters, gradients: gradients, rate: rate)
        var start = 0, within = true
        for shape in shapes {
          let range = start..<start + shape.reduce(1, *), isMatrix = shape.count > 1
          start = range.upperBound
          let d = range.map { Double(gradients.base[$0]) + (isMatrix ? Double(decay) * w[$0] : 0) }
          let wLength = w[range].reduce(0) { $0 + $1 * $1 }.squareRoot()
          let dLength = d.reduce(0) { $0 + $1 * $1 }.squareRoot()
          let scale = isMatrix && wLength > 0 && dLength > 0 ? Double(trust) * wLength / dLength : 1
          // Errors of w and of d shift both lengths by less than their largest share.
          let drift = wLength > 0 ? range.reduce(0) { $0 + wBound[$1] * wBound[$1] }.squareRoot() / wLength : 0
          for (i, d) in zip(range, d) {
            let term = scale * d
            let error =
              isMatrix
              ? abs(term) * (1100 * roundoff + (1 + Double(decay)) * drift) + scale * Double(decay) * wBound[i] : 0
            vBound[i] = Double(momentum) * vBound[i] + error + 6 * roundoff * (abs(v[i]) + abs(term))
            v[i] = Double(momentum) * v[i] + term
            w[i] -= Double(rate) * v[i]
            wBound[i] += Double(rate) * vBound[i] + 3 * roundoff * (abs(w[i]) + Double(rate) * abs(v[i]))
            let wError = abs(Double(parameters.base[i]) - w[i]), vError = abs(Double(optimizer.velocity.base[i]) - v[i])
            if !(wError <= wBound[i] && vError <= vBound[i]) { within = false }
          }
        }
        #expect(within, "step \(step)")
      }
      results.append(bits(parameters.values + optimizer.velocity.values))
    }
    #expect(results[1] == results[0] && results[2] == results[0])
  }

  /// Three steps of the published program's optimizer in PyTorch 2.13, Float: a matrix, a vector, a matrix of zeros, and a row that has no
  /// gradient in the second step; momentum 0.9, decay 0.125, trust 0.001, rates 0.5, 1, 1.5.
  @Test(arguments: InstructionSet.available)
  func stepsAreThePublishedPrograms(instructionSet: InstructionSet) {
    let start: [Float] = [
      -0.5, -0.625, -0.5625, 0.6875, -0.1875, 1.9375, -1.375, -0.75, 0.625, 0, 0, 0, 0, -0.875, -0.5625, 0.6875, 0.25,
    ]
    let steps: [[Float]] = [
      [
        -0.6875, 0.6875, 0.5625, -0.5625, 0.75, 0.0625, -1.1875, -0.5625, -0.8125, 0.875, 0.1875, 0.4375, -0.625, 0.25,
        0.5, -1.9375, -0.5625,
      ],
      [
        0.4375, -2.25, -0.1875, 1.0625, 0.3125, -0.0625, -1, 1.1875, -0.375, 1.1875, -0.8125, -0.875, 0, 0, 0, 0, 0,
      ],
      [
        0.0625, -0.5625, -0.0625, -0.125, -0.5, -0.5, -0.4375, -0.0625, 1.25, 1.1875, 1.5625, -0.875, -0.125, 0.4375,
        1.6875, 0.1875, -0.3125,
      ],
    ]
    let end: [Float] = [
      -0.49760905, -0.62035537, -0.56352705, 0.6873334, -0.18909077, 1.9368644, 4.7365623, -1.9759376, 1.7559376,
      -2.2902935, -0.49144778, -1.1421833, 1.6343611, -0.8735491, -0.5637187, 0.6886873, 0.25062123,
    ]
    let velocity: [Float] = [
      -0.00068488094, -0.0026754048, 9.480244e-05, 0.00016708323, -0.00019402255, -0.00013582164, -2.2993748, 0.550625,
      0.25437498, 0.70992935, 0.1528257, 0.3533344, -0.50624996, -0.00046825726, 0.0009297853, -0.00013954248,
      -0.00026225415,
    ]
    let engine = Engine(instructionSet: instructionSet, cores: Cores(threads: 1))
    let parameters = FloatBuffer(17), gradients = FloatBuffer(17)
    parameters.fill(with: start)
    let optimizer = GradientDescent(
      .lars, tensors: Self.tensors([[2, 3], [3], [2, 2], [1, 4]]), momentum: 0.9, weightDecay: 0.125)
    for (step, values) in steps.enumerated() {
      gradients.fill(with: values)
      optimizer.step(on: engine, parameters: parameters, gradients: gradients, rate: 0.5 * Float(step + 1))
      #expect(gradients.values == values)
    }
    // A handful of roundings on either side.
    for (found, wanted) in zip(parameters.values + optimizer.velocity.values, end + velocity) {
      #expect(abs(found - wanted) <= 16 * 0x1p-24 * abs(wanted) + 1e-9)
    }
  }

  @Test func settingsSurviveAJSONRoundTrip() throws {
    for (optimizer, text) in [
      (Optimizer.sgd, #"{"kind":"sgd"}"#), (.lars(trust: 0.5), #"{"kind":"lars","trust":0.5}"#),
    ] {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      #expect(String(decoding: try encoder.encode(optimizer), as: UTF8.self) == text)
      #expect(try JSONDecoder().decode(Optimizer.self, from: Data(text.utf8)) == optimizer)
    }
    #expect(Optimizer.lars == .lars(trust: 0.001))
    let error = #expect(throws: SeCuError.self) {
      try JSONDecoder().decode(Optimizer.self, from: Data(#"{"kind":"lar"}"#.utf8))
    }
    #expect(error?.problem == "expected one of sgd, lars, found \"lar\"" && error?.place == "kind")
    for text in ["{}", #"{"kind":"lars"}"#] {
      #expect(throws: DecodingError.self) { try JSONDecoder().decode(Optimizer.self, from: Data(text.utf8)) }
    }
  }
}
