import Basics
import Interchange
import Kernels
import Networks
import Testing

/// A compact ResNet against PyTorch's: features, gradients of all parameters, moved statistics, and inference after that.
///
/// **Tolerance.** Each value is a chain of some ten layers, each a sum of n ≤ 9·64 products whose rounding errors behave like a random
/// walk: √n·2⁻²⁴ ≈ 1.4e-6 of the layer's scale, twice as batch norm divides by a deviation that has errors of its own. Ten
/// layers forward and ten back, on both sides of the comparison, stay within 4·√20·1.4e-6 ≈ 2.5e-5 of a tensor's largest value.
///
/// An activation within rounding of zero may take the other side of its ReLU, which moves gradients by a share of their own size. So
/// the network must agree in every tensor for some initial weights within eight units in the last place of the file's;
/// `GoldenTrainingTests` says more.
@Suite struct GoldenNetworkTests {
  static let tolerance = 2.5e-5

  @Test(arguments: InstructionSet.available)
  func networkMatchesPyTorch(instructionSet: InstructionSet) throws {
    let file = try Golden.file("compact")
    let engine = makeEngine(instructionSet, 2)
    var errors: [String: Double] = [:]
    for nudge in FloatBuffer.nudges {
      errors = try Self.errors(file, engine, nudge: nudge)
      if errors.values.allSatisfy({ $0 < Self.tolerance }) { break }
    }
    #expect(errors.count > 10)
    for (key, error) in errors { #expect(error < Self.tolerance, "\(key)") }
  }

  /// The error of every tensor as a share of its largest value.
  private static func errors(_ file: SafeTensors, _ engine: Engine, nudge: Int) throws -> [String: Double] {
    let x = try file.nhwc("x")
    let (count, dimension) = (x.shape[0], try file.floats("y").shape[1])
    let start = file.subset("start.")
    let widths = Self.widths(start)
    let network = try Network(
      ResNet(
        height: x.shape[2], width: x.shape[3], channels: x.shape[1], widths: widths, blocks: widths.map { _ in 1 },
        dimension: dimension), batch: count, groups: 1)
    try network.load(start, name: "compact")
    network.parameters.nudge(nudge)
    let images = FloatBuffer(x.values)

    var found: [String: [Float]] = [:]
    let y = network.forward(on: engine, images: images.base, count: count, groups: 1, training: true)
    found["y"] = Array(UnsafeBufferPointer(start: y, count: count * dimension))
    for (i, value) in try file.floats("dy").values.enumerated() { network.outputGradient[i] = value }
    network.backward(on: engine, images: images.base, count: count, groups: 1)
    for entry in network.layout.parameters {
      let gradient = network.gradients.values[entry.offset..<entry.offset + entry.count]
      found["grad.\(entry.name)"] = ParameterLayout.pyTorchOrder(Array(gradient), shape: entry.shape)
    }
    for entry in network.layout.statistics {
      found["after.\(entry.name)"] = Array(network.statistics.values[entry.offset..<entry.offset + entry.count])
    }
    let clean = network.forward(on: engine, images: images.base, count: count, groups: 1, training: false)
    found["y_eval"] = Array(UnsafeBufferPointer(start: clean, count: count * dimension))

    var errors: [String: Double] = [:]
    for (key, values) in found { errors[key] = relativeError(values, try file.floats(key).values) }
    // A bias before batch norm has no influence: its gradient is zero, and what both sides find is the rounding of a sum over the
    // rows whose terms are as large as those of the weight's gradient.
    let bias = "grad.fc.0.bias", terms = try file.floats("grad.fc.0.weight").values.map { abs($0) }.max() ?? 1
    errors[bias] = Double((found[bias]?.map { abs($0) }.max() ?? .infinity) / terms)
    return errors
  }

  /// The widths of the stages, from the shapes of their first convolutions.
  private static func widths(_ start: SafeTensors) -> [Int] {
    var widths: [Int] = []
    while let tensor = start.tensors["layer\(widths.count + 1).0.conv1.weight"] { widths.append(tensor.shape[0]) }
    return widths
  }
}
