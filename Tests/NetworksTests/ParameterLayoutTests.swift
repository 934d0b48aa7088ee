import Basics
import Testing

@testable import Networks

@Suite struct ParameterLayoutTests {
  /// The names and shapes that PyTorch's `state_dict()` lists, in its order, for the usual small network.
  @Test func namesAndShapesArePyTorchs() throws {
    let description = ResNet(
      height: 8, width: 8, channels: 3, widths: [16, 32, 64], blocks: [1, 1, 1], dimension: 128)
    let layout = try Network(description, batch: 2).layout
    let wanted: [(String, [Int])] = [
      ("conv1.weight", [16, 3, 3, 3]), ("bn1.weight", [16]), ("bn1.bias", [16]),
      ("layer1.0.conv1.weight", [16, 16, 3, 3]), ("layer1.0.bn1.weight", [16]), ("layer1.0.bn1.bias", [16]),
      ("layer1.0.conv2.weight", [16, 16, 3, 3]), ("layer1.0.bn2.weight", [16]), ("layer1.0.bn2.bias", [16]),
      ("layer2.0.conv1.weight", [32, 16, 3, 3]), ("layer2.0.bn1.weight", [32]), ("layer2.0.bn1.bias", [32]),
      ("layer2.0.conv2.weight", [32, 32, 3, 3]), ("layer2.0.bn2.weight", [32]), ("layer2.0.bn2.bias", [32]),
      ("layer2.0.shortcut.0.weight", [32, 16, 1, 1]), ("layer2.0.shortcut.1.weight", [32]),
      ("layer2.0.shortcut.1.bias", [32]),
      ("layer3.0.conv1.weight", [64, 32, 3, 3]), ("layer3.0.bn1.weight", [64]), ("layer3.0.bn1.bias", [64]),
      ("layer3.0.conv2.weight", [64, 64, 3, 3]), ("layer3.0.bn2.weight", [64]), ("layer3.0.bn2.bias", [64]),
      ("layer3.0.shortcut.0.weight", [64, 32, 1, 1]), ("layer3.0.shortcut.1.weight", [64]),
      ("layer3.0.shortcut.1.bias", [64]),
      ("fc.0.weight", [64, 64]), ("fc.0.bias", [64]), ("fc.1.weight", [64]), ("fc.1.bias", [64]),
      ("fc.3.weight", [128, 64]), ("fc.3.bias", [128]),
    ]
    #expect(layout.parameters.map(\.name) == wanted.map(\.0))
    #expect(layout.parameters.map(\.shape) == wanted.map(\.1))
    let norms = [
      "bn1", "layer1.0.bn1", "layer1.0.bn2", "layer2.0.bn1", "layer2.0.bn2", "layer2.0.shortcut.1", "layer3.0.bn1",
      "layer3.0.bn2", "layer3.0.shortcut.1", "fc.1",
    ]
    #expect(layout.batchNorms == norms)
    #expect(layout.statistics.map(\.name) == norms.flatMap { ["\($0).running_mean", "\($0).running_var"] })
    let channels = [16, 16, 16, 32, 32, 32, 64, 64, 64, 64]
    #expect(layout.statistics.map(\.shape) == channels.flatMap { [[$0], [$0]] })
  }

  /// A stage whose first block keeps size and width, and any later block, has no shortcut of its own.
  @Test func blocksAreNumberedAndOnlyChangesHaveShortcuts() throws {
    let description = ResNet(height: 4, width: 4, channels: 1, widths: [8, 8], blocks: [2, 2], dimension: 2)
    let names = try Network(description, batch: 2).layout.parameters.map(\.name)
    #expect(names.filter { $0.contains("shortcut.0") } == ["layer2.0.shortcut.0.weight"])
    for block in ["layer1.0", "layer1.1", "layer2.0", "layer2.1"] {
      #expect(names.contains("\(block).conv1.weight") && names.contains("\(block).bn2.bias"))
    }
  }

  /// Tensors follow each other without gaps or overlaps, parameters and statistics each in an array of their own.
  @Test func placesAreContiguous() throws {
    let description = ResNet(height: 4, width: 4, channels: 2, widths: [5, 7], blocks: [2, 1], dimension: 3)
    let network = try Network(description, batch: 2)
    for (entries, count) in [
      (network.layout.parameters, network.parameters.count), (network.layout.statistics, network.statistics.count),
    ] {
      var next = 0
      for entry in entries {
        #expect(entry.offset == next)
        next += entry.shape.reduce(1, *)
      }
      #expect(next == count)
    }
    #expect(Set(network.layout.parameters.map(\.name)).count == network.layout.parameters.count)
  }

  /// [out, in, ky, kx] in a file, [tap][in][out] in memory.
  @Test func convolutionWeightsChangeTheirOrder() {
    let shape = [2, 3, 2, 2]
    // Each weight is its own index in PyTorch's order.
    let file = (0..<24).map(Float.init)
    let memory = ParameterLayout.memoryOrder(file, shape: shape)
    for o in 0..<2 {
      for i in 0..<3 {
        for tap in 0..<4 { #expect(memory[(tap * 3 + i) * 2 + o] == Float((o * 3 + i) * 4 + tap)) }
      }
    }
    #expect(ParameterLayout.pyTorchOrder(memory, shape: shape) == file)
  }

  @Test(arguments: [[16, 3, 3, 3], [5, 7, 1, 1], [1, 1, 7, 7], [64, 33, 3, 3], [10, 20], [17], [3, 1]])
  func conversionSurvivesARoundTrip(shape: [Int]) {
    var stream = RandomStream(seed: 2, purpose: .benchmark)
    let values = (0..<shape.reduce(1, *)).map { _ in stream.normal() }
    #expect(ParameterLayout.pyTorchOrder(ParameterLayout.memoryOrder(values, shape: shape), shape: shape) == values)
    #expect(ParameterLayout.memoryOrder(ParameterLayout.pyTorchOrder(values, shape: shape), shape: shape) == values)
    if shape.count < 4 { #expect(ParameterLayout.memoryOrder(values, shape: shape) == values) }
  }
}
