import Kernels
import Testing

@testable import Networks

@Suite struct ObservationTests {
  /// A small network with a pooled stem: every kind of layer.
  private static let description = ResNet(
    height: 7, width: 10, channels: 3, stem: .pooled, widths: [8, 12], blocks: [1, 1], dimension: 9)

  @Test func `layers go by the names of their parameters`() throws {
    let layers = try Network(Self.description, batch: 4).layerDescriptions
    #expect(
      layers.map(\.name) == [
        "conv1", "bn1", "maxpool", "layer1.0.conv1", "layer1.0.bn1", "layer1.0.conv2", "layer1.0.bn2",
        "layer2.0.shortcut.0", "layer2.0.conv1", "layer2.0.bn1", "layer2.0.conv2", "layer2.0.shortcut.1",
        "layer2.0.bn2", "mean", "fc.0", "fc.1", "fc.3",
      ])
    #expect(Set(layers.map(\.output)).count == layers.count)
    guard case .convolution(let first) = layers[0].kind else { throw Unexpected() }
    #expect(first.shape.batch == 4 && first.shape.inputChannels == 3 && first.shape.outputChannels == 8)
  }

  private struct Unexpected: Error {}

  @Test func `an observer is told of each pass of each layer in order, and changes nothing`() throws {
    let plain = try Trial(Self.description, count: 4), observed = try Trial(Self.description, count: 4)
    var operations: [NetworkOperation] = []
    observed.network.observer = { operations.append($0) }
    #expect(bits(observed.step().gradients) == bits(plain.step().gradients))

    let layers = observed.network.layerDescriptions
    func expected(_ layer: LayerDescription) -> [NetworkOperation.Kind] {
      // The end of the block makes the gradients of the batch norm on its shortcut.
      if layer.name.hasSuffix("shortcut.1") { return [] }
      return switch layer.kind {
      case .convolution(let convolution):
        convolution.shape.inputChannels == 3 ? [.weightGradient] : [.weightGradient, .inputGradient]
      case .linear: [.weightGradient, .inputGradient]
      case .batchNorm, .pooling: [.backward]
      }
    }
    let forward = layers.map { NetworkOperation(kind: .forward, output: $0.output) }
    let backward = layers.reversed().flatMap { layer in
      expected(layer).map { NetworkOperation(kind: $0, output: layer.output) }
    }
    #expect(operations == forward + [NetworkOperation(kind: .clearing, output: 0)] + backward)

    operations = []
    observed.network.observer = nil
    observed.step()
    #expect(operations.isEmpty)
  }
}
