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

  /// The names that PyTorch lists for the published networks, made by the rule of their modules, and the totals that it counts.
  @Test func publishedNetworksHavePyTorchsParameters() throws {
    func norm(_ name: String) -> [String] { ["\(name).weight", "\(name).bias"] }
    for (network, convolutions, projector, count, total, trunk, statistics) in [
      (ResNet.resNet18(), 2, ["fc.0", "fc.1", "fc.3"], 66, 11_498_176, 11_168_832, 10_624),
      (.resNet18STL, 2, ["fc.0", "fc.1", "fc.3"], 66, 11_498_176, 11_168_832, 10_624),
      // The predictor's 128·2048 + 2048, 2·2048 and 2048·128 + 128 parameters come on top of the encoder's 32,171,456.
      (
        .resNet50, 3, ["fc.0", "fc.1", "fc.3", "fc.4", "fc.6", "fc.7", "predictor.0", "predictor.1", "predictor.3"],
        177,
        32_702_016, 23_508_032, 65_664
      ),
    ] {
      var names = ["conv1.weight"] + norm("bn1")
      for (stage, blocks) in network.blocks.enumerated() {
        for block in 0..<blocks {
          let name = "layer\(stage + 1).\(block)"
          for i in 1...convolutions { names += ["\(name).conv\(i).weight"] + norm("\(name).bn\(i)") }
          // The first stage of bottlenecks widens too.
          if block == 0, stage > 0 || convolutions == 3 {
            names += ["\(name).shortcut.0.weight"] + norm("\(name).shortcut.1")
          }
        }
      }
      names += projector.flatMap(norm)
      let layout = try NetworkPlan(network, batch: 2, groups: 2).layout
      #expect(layout.parameters.map(\.name) == names)
      #expect(names.count == count)
      #expect(layout.parameterCount == total)
      #expect(layout.parameters.first { $0.name == "fc.0.weight" }?.offset == trunk)
      #expect(layout.statisticsCount == statistics)
    }
  }

  /// Some shapes of ResNet-50, as torchvision's has them.
  @Test func bottlenecksHaveTorchvisionsShapes() throws {
    let layout = try NetworkPlan(.resNet50, batch: 2, groups: 2).layout
    let shapes = Dictionary(uniqueKeysWithValues: layout.parameters.map { ($0.name, $0.shape) })
    let wanted: [String: [Int]] = [
      "conv1.weight": [64, 3, 7, 7], "layer1.0.conv1.weight": [64, 64, 1, 1], "layer1.0.conv3.weight": [256, 64, 1, 1],
      "layer1.0.shortcut.0.weight": [256, 64, 1, 1], "layer1.1.conv1.weight": [64, 256, 1, 1],
      "layer2.0.conv1.weight": [128, 256, 1, 1], "layer2.0.conv2.weight": [128, 128, 3, 3],
      "layer4.0.shortcut.0.weight": [2048, 1024, 1, 1], "layer4.2.bn3.bias": [2048],
      "fc.0.weight": [2048, 2048], "fc.4.bias": [2048], "fc.6.weight": [128, 2048], "fc.7.weight": [128],
      "predictor.0.weight": [2048, 128], "predictor.1.weight": [2048], "predictor.3.weight": [128, 2048],
    ]
    for (name, shape) in wanted { #expect(shapes[name] == shape, "\(name)") }
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
