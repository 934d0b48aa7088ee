import Basics
import Foundation
import Interchange
import Kernels
import Networks
import Testing

/// Single layers, forward and backward, against PyTorch's.
///
/// **Tolerance.** Both sides sum n products in some order: they differ by at most 2·√n·2⁻²⁴ (a random walk of roundings) times four
/// standard deviations, as a share of the tensor's largest value. Winograd's algorithm is less exact: four times as much, of which a third
/// was measured over twelve seeds (`WinogradTests` has its bound).
@Suite struct GoldenLayerTests {
  private static func tolerance(terms: Int) -> Double { 8 * Double(terms).squareRoot() * 0x1p-24 + 0x1p-22 }

  @Test(arguments: InstructionSet.available)
  func convolutions(instructionSet: InstructionSet) throws {
    let file = try Golden.file("layers")
    let engine = makeEngine(instructionSet, 2)
    let cases = file.tensors.keys.filter { $0.hasSuffix(".stride_pad") }.map { String($0.dropLast(11)) }
    try #require(!cases.isEmpty)
    for name in cases {
      let x = try file.nhwc("\(name).x"), dy = try file.nhwc("\(name).dy"), w = try file.floats("\(name).w")
      let place = try file.integers("\(name).stride_pad").values.map(Int.init)
      let shape = ConvolutionShape(
        batch: x.shape[0], height: x.shape[2], width: x.shape[3], inputChannels: x.shape[1],
        outputChannels: w.shape[0], kernel: w.shape[2], stride: place[0], padding: place[1])
      let input = FloatBuffer(x.values), gradient = FloatBuffer(dy.values)
      let weight = FloatBuffer(ParameterLayout.memoryOrder(w.values, shape: w.shape))
      for algorithm in [ConvolutionAlgorithm.direct, nil] {
        let convolution = Convolution(shape, algorithm: algorithm), share = algorithm == nil ? 4.0 : 1
        let y = FloatBuffer(shape.outputCount), dx = FloatBuffer(shape.inputCount), dw = FloatBuffer(shape.weightCount)
        convolution.forward(on: engine, x: input.base, w: weight.base, y: y.base, count: shape.batch)
        convolution.inputGradient(
          on: engine, dy: gradient.base, w: weight.base, dx: dx.base, count: shape.batch, accumulate: false)
        convolution.weightGradient(
          on: engine, x: input.base, dy: gradient.base, dw: dw.base, count: shape.batch, accumulate: false)
        let taps = shape.kernel * shape.kernel
        let pixels = shape.batch * shape.outputHeight * shape.outputWidth
        for (key, found, expected, terms) in [
          ("y", y.values, try file.nhwc("\(name).y").values, taps * shape.inputChannels),
          ("dx", dx.values, try file.nhwc("\(name).dx").values, taps * shape.outputChannels),
          ("dw", dw.values, ParameterLayout.memoryOrder(try file.floats("\(name).dw").values, shape: w.shape), pixels),
        ] {
          #expect(relativeError(found, expected) < share * Self.tolerance(terms: terms), "\(name).\(key)")
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func batchNorm(instructionSet: InstructionSet) throws {
    let file = try Golden.file("layers")
    let engine = makeEngine(instructionSet, 2)
    let x = try file.nhwc("batchnorm.x"), dy = try file.nhwc("batchnorm.dy")
    let channels = x.shape[1], rows = x.values.count / channels
    let norm = BatchNorm(channels: channels)
    let gamma = FloatBuffer(try file.floats("batchnorm.gamma").values)
    let beta = FloatBuffer(try file.floats("batchnorm.beta").values)
    let mean = FloatBuffer(channels), variance = FloatBuffer([Float](repeating: 1, count: channels))
    let input = FloatBuffer(x.values), gradient = FloatBuffer(dy.values)
    let y = FloatBuffer(x.values.count), dx = FloatBuffer(x.values.count)
    let statistics = FloatBuffer(BatchNorm.Saved.floats(groups: 1, channels: channels))
    let saved = BatchNorm.Saved(statistics.base, groups: 1, channels: channels)
    let parameters = BatchNorm.Parameters(
      gamma: gamma.base, beta: beta.base, runningMean: mean.base, runningVariance: variance.base)
    let dGamma = FloatBuffer(channels), dBeta = FloatBuffer(channels)
    norm.forward(
      on: engine, x: input.base, rows: rows, groups: 1, parameters: parameters, residual: nil, relu: false, y: y.base,
      saved: saved)
    norm.backward(
      on: engine, dy: gradient.base, mask: .none, x: input.base, rows: rows, groups: 1, parameters: parameters,
      saved: saved, dx: dx.base, dGamma: dGamma.base, dBeta: dBeta.base, residualGradient: nil)
    let tolerance = Self.tolerance(terms: rows)
    #expect(relativeError(y.values, try file.nhwc("batchnorm.y").values) < tolerance)
    #expect(relativeError(dx.values, try file.nhwc("batchnorm.dx").values) < tolerance)
    #expect(relativeError(dGamma.values, try file.floats("batchnorm.dgamma").values) < tolerance)
    #expect(relativeError(dBeta.values, try file.floats("batchnorm.dbeta").values) < tolerance)
    #expect(relativeError(mean.values, try file.floats("batchnorm.running_mean").values) < tolerance)
    #expect(relativeError(variance.values, try file.floats("batchnorm.running_var").values) < tolerance)
  }

  @Test(arguments: InstructionSet.available)
  func maxPools(instructionSet: InstructionSet) throws {
    let file = try Golden.file("layers")
    let engine = makeEngine(instructionSet, 2)
    // (kernel, stride, padding) of the two stems; the file does not hold them.
    for (name, kernel, stride, padding) in [("maxpool_stl", 2, 2, 1), ("maxpool_imagenet", 3, 2, 1)] {
      let x = try file.nhwc("\(name).x"), dy = try file.nhwc("\(name).dy")
      let shape = ConvolutionShape(
        batch: x.shape[0], height: x.shape[2], width: x.shape[3], inputChannels: x.shape[1],
        outputChannels: x.shape[1], kernel: kernel, stride: stride, padding: padding)
      let pool = MaxPool(shape)
      let input = FloatBuffer(x.values), gradient = FloatBuffer(dy.values)
      let y = FloatBuffer(shape.outputCount), dx = FloatBuffer(shape.inputCount)
      pool.forward(on: engine, x: input.base, y: y.base, count: shape.batch)
      pool.backward(on: engine, x: input.base, y: y.base, dy: gradient.base, dx: dx.base, count: shape.batch)
      #expect(try y.values == file.nhwc("\(name).y").values, "\(name)")
      #expect(relativeError(dx.values, try file.nhwc("\(name).dx").values) < Self.tolerance(terms: 4), "\(name)")
    }
  }

  @Test(arguments: InstructionSet.available)
  func linear(instructionSet: InstructionSet) throws {
    let file = try Golden.file("layers")
    let engine = makeEngine(instructionSet, 2)
    let x = try file.floats("linear.x"), w = try file.floats("linear.w")
    let (rows, inputs, outputs) = (x.shape[0], x.shape[1], w.shape[0])
    let layer = Linear(inputs: inputs, outputs: outputs)
    let input = FloatBuffer(x.values), weight = FloatBuffer(w.values)
    let bias = FloatBuffer(try file.floats("linear.b").values), dy = FloatBuffer(try file.floats("linear.dy").values)
    let y = FloatBuffer(rows * outputs), dx = FloatBuffer(rows * inputs)
    let dw = FloatBuffer(inputs * outputs), db = FloatBuffer(outputs)
    layer.forward(on: engine, x: input.base, weight: weight.base, bias: bias.base, y: y.base, rows: rows)
    layer.inputGradient(on: engine, dy: dy.base, weight: weight.base, dx: dx.base, rows: rows)
    layer.parameterGradient(
      on: engine, x: input.base, dy: dy.base, dWeight: dw.base, dBias: db.base, rows: rows)
    for (key, found, terms) in [("y", y, inputs), ("dx", dx, outputs), ("dw", dw, rows), ("db", db, rows)] {
      let expected = try file.floats("linear.\(key)").values
      #expect(relativeError(found.values, expected) < Self.tolerance(terms: terms), "linear.\(key)")
    }
  }

  @Test(arguments: InstructionSet.available)
  func l2Normalize(instructionSet: InstructionSet) throws {
    let file = try Golden.file("layers")
    let engine = makeEngine(instructionSet, 2)
    let x = try file.floats("l2normalize.x")
    let (rows, columns) = (x.shape[0], x.shape[1])
    let layer = L2Normalize(columns: columns)
    let input = FloatBuffer(x.values), dy = FloatBuffer(try file.floats("l2normalize.dy").values)
    let y = FloatBuffer(rows * columns), dx = FloatBuffer(rows * columns), lengths = FloatBuffer(rows)
    layer.forward(on: engine, x: input.base, y: y.base, lengths: lengths.base, rows: rows)
    layer.backward(on: engine, dy: dy.base, y: y.base, lengths: lengths.base, dx: dx.base, rows: rows)
    let tolerance = Self.tolerance(terms: columns)
    #expect(relativeError(y.values, try file.floats("l2normalize.y").values) < tolerance)
    #expect(relativeError(dx.values, try file.floats("l2normalize.dx").values) < tolerance)
  }
}
