import Foundation
import Interchange
import Kernels
import Networks
import Testing

/// A network in a file of PyTorch's tensors, and the project's own of the same shape and weights.
struct GoldenNetwork {
  let expected: [String: [Float]]
  let network: Network
  private let images: FloatBuffer
  private let count: Int
  private let start: FloatBuffer
  private let statistics: FloatBuffer

  init(_ example: GoldenNetworkTests.Case) throws {
    let file = try Golden.file(example.name), start = file.subset("start.")
    let x = try file.nhwc("x")
    count = x.shape[0]
    network = try Network(Self.description(start, image: x.shape, stem: example.stem), batch: count, groups: 1)
    try network.load(start, name: example.name)
    images = FloatBuffer(x.values)
    self.start = FloatBuffer(network.parameters.values)
    statistics = FloatBuffer(network.statistics.values)
    var expected: [String: [Float]] = [:]
    for key in file.tensors.keys where key != "x" && !key.hasPrefix("start.") {
      expected[key] = try file.floats(key).values
    }
    self.expected = expected
  }

  /// The network that has parameters of these names and shapes.
  private static func description(_ start: SafeTensors, image: [Int], stem: ResNet.Stem) throws -> ResNet {
    func shape(_ name: String) -> [Int]? { start.tensors["\(name).weight"]?.shape }
    var widths: [Int] = [], blocks: [Int] = []
    while let first = shape("layer\(widths.count + 1).0.conv1") {
      let stage = "layer\(widths.count + 1)"
      widths.append(first[0])
      blocks.append((1...).first { shape("\(stage).\($0).conv1") == nil } ?? 1)
    }
    let projector = shape("fc.6") == nil ? ResNet.Projector.twoLayers : .threeLayers
    return ResNet(
      height: image[2], width: image[3], channels: image[1], stem: shape("conv1")?.last == 7 ? .large : stem,
      block: shape("layer1.0.conv3") == nil ? .basic : .bottleneck, widths: widths, blocks: blocks,
      projector: projector,
      dimension: try #require(shape(projector == .twoLayers ? "fc.3" : "fc.6"))[0], predictor: shape("predictor.0")?[0])
  }

  /// Everything that the file has, as this project computes it from the file's weights moved by `nudge`.
  func run(_ engine: Engine, nudge: Int) -> [String: [Float]] {
    network.parameters.base.update(from: start.base, count: start.count)
    network.statistics.base.update(from: statistics.base, count: statistics.count)
    network.parameters.nudge(nudge)
    var found: [String: [Float]] = [:]
    let floats = count * network.description.dimension
    func forward(training: Bool) -> [Float] {
      let y = network.forward(on: engine, images: images.base, count: count, groups: 1, training: training)
      return Array(UnsafeBufferPointer(start: y, count: floats))
    }
    found["y"] = forward(training: true)
    if let prediction = network.prediction { found["p"] = Array(UnsafeBufferPointer(start: prediction, count: floats)) }
    network.outputGradient.update(from: expected["dy"] ?? [], count: floats)
    network.predictionGradient?.update(from: expected["dp"] ?? [], count: floats)
    network.backward(on: engine, images: images.base, count: count, groups: 1)
    for entry in network.layout.parameters {
      let values = Array(UnsafeBufferPointer(start: network.gradients.base + entry.offset, count: entry.count))
      found["grad.\(entry.name)"] = ParameterLayout.pyTorchOrder(values, shape: entry.shape)
    }
    for entry in network.layout.statistics {
      found["after.\(entry.name)"] = Array(
        UnsafeBufferPointer(start: network.statistics.base + entry.offset, count: entry.count))
    }
    found["y_eval"] = forward(training: false)
    return found
  }

  /// The distance of every tensor, by `measure`.
  func distances(
    _ found: [String: [Float]], _ expected: [String: [Float]], by measure: ([Float], [Float]) -> Double
  ) -> [String: Double] {
    var errors: [String: Double] = [:]
    for (key, values) in found { errors[key] = measure(values, expected[key] ?? []) }
    // A bias before batch norm has no influence: its gradient is zero, and what both sides find is the rounding of a sum over the
    // rows whose terms are as large as those of the weight's gradient.
    for norm in network.layout.batchNorms {
      guard let (sequence, index) = Self.place(norm), let bias = found["grad.\(sequence).\(index - 1).bias"] else {
        continue
      }
      let terms = (expected["grad.\(sequence).\(index - 1).weight"] ?? []).map { abs($0) }.max() ?? 1
      errors["grad.\(sequence).\(index - 1).bias"] = Double((bias.map { abs($0) }.max() ?? .infinity) / terms)
    }
    return errors
  }

  /// How far each tensor moves when every weight is moved by one unit in the last place, where no activation takes another side: the distance
  /// from each of `count` runs, at most 9, to the one nearest to it, in the middle one of them.
  func sensitivity(_ engine: Engine, runs count: Int) -> [String: Double] {
    let runs = (0..<count).map { run(engine, nudge: $0) }
    var nearest: [String: [Double]] = [:]
    for i in runs.indices {
      for j in 0..<i {
        for (key, distance) in distances(runs[i], runs[j], by: relativeLength) {
          var least = nearest[key] ?? Array(repeating: .infinity, count: count)
          for run in [i, j] { least[run] = min(least[run], distance) }
          nearest[key] = least
        }
      }
    }
    return nearest.mapValues { $0.sorted()[count / 2] }
  }

  /// The number of a module in its sequence, such as 1 of `fc` for `fc.1`.
  private static func place(_ name: String) -> (sequence: String, index: Int)? {
    guard let dot = name.lastIndex(of: "."), let index = Int(name[name.index(after: dot)...]) else { return nil }
    return (String(name[..<dot]), index)
  }
}

/// The length of the difference as a share of the expected length.
func relativeLength(_ found: [Float], _ expected: [Float]) -> Double {
  guard found.count == expected.count else { return .infinity }
  var difference = 0.0, length = 0.0, i = 0
  while i < found.count {
    let d = Double(found[i]) - Double(expected[i])
    difference += d * d
    length += Double(expected[i]) * Double(expected[i])
    i += 1
  }
  return length == 0 ? difference.squareRoot() : (difference / length).squareRoot()
}
