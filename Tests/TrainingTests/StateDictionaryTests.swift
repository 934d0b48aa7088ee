import Basics
import Foundation
import Interchange
import Kernels
import Networks
import Testing

@testable import Training

@Suite struct StateDictionaryTests {
  private func network(seed: UInt64 = 1, widths: [Int] = [4, 6]) throws -> Network {
    let network = try Network(
      ResNet(height: 6, width: 6, channels: 3, widths: widths, blocks: widths.map { _ in 1 }, dimension: 5), batch: 4)
    network.initialize(seed: seed)
    for i in 0..<network.statistics.count { network.statistics.base[i] += 0.01 * Float(i) }
    network.batchesTracked = 34
    return network
  }

  @Test func `names and shapes are PyTorch's`() throws {
    let tensors = try network().stateDictionary()
    func norm(_ name: String, _ channels: Int) -> [String: [Int]] {
      [
        "\(name).weight": [channels], "\(name).bias": [channels], "\(name).running_mean": [channels],
        "\(name).running_var": [channels], "\(name).num_batches_tracked": [],
      ]
    }
    var expected: [String: [Int]] = [
      "conv1.weight": [4, 3, 3, 3],
      "layer1.0.conv1.weight": [4, 4, 3, 3], "layer1.0.conv2.weight": [4, 4, 3, 3],
      "layer2.0.conv1.weight": [6, 4, 3, 3], "layer2.0.conv2.weight": [6, 6, 3, 3],
      "layer2.0.shortcut.0.weight": [6, 4, 1, 1],
      "fc.0.weight": [6, 6], "fc.0.bias": [6], "fc.3.weight": [5, 6], "fc.3.bias": [5],
    ]
    for (name, channels) in [
      ("bn1", 4), ("layer1.0.bn1", 4), ("layer1.0.bn2", 4), ("layer2.0.bn1", 6), ("layer2.0.bn2", 6),
      ("layer2.0.shortcut.1", 6), ("fc.1", 6),
    ] {
      expected.merge(norm(name, channels)) { $1 }
    }
    #expect(tensors.mapValues(\.shape) == expected)
    for (name, tensor) in tensors {
      #expect(tensor.dataType == (name.hasSuffix("num_batches_tracked") ? .int64 : .float32), "\(name)")
    }
  }

  /// PyTorch's weight[out][in][y][x] is the memory's [y·3 + x][in][out].
  @Test func `a convolution's weights are reordered`() throws {
    let network = try network()
    let entry = try #require(network.layout.parameters.first { $0.name == "layer2.0.conv1.weight" })
    let file = try SafeTensors(tensors: network.stateDictionary()).floats(entry.name).values
    for (o, i, y, x) in [(0, 0, 0, 0), (5, 3, 2, 2), (4, 1, 0, 2), (1, 2, 2, 1)] {
      let memory = network.parameters.base[entry.offset + ((y * 3 + x) * 4 + i) * 6 + o]
      #expect(file[((o * 4 + i) * 3 + y) * 3 + x] == memory)
    }
  }

  @Test func `what a file lacks or has otherwise is told with the way out`() throws {
    let network = try network()
    var file = SafeTensors(tensors: try network.stateDictionary())
    file.tensors = file.tensors.filter { !$0.key.contains(".running_") }
    let missing = try failure(.badData) { try network.load(file, name: "file") }
    #expect(missing.remedy == "Save the network's state_dict(), which has them")

    let grey = try Network(
      ResNet(height: 6, width: 6, channels: 1, widths: [4, 6], blocks: [1, 1], dimension: 5), batch: 4)
    let colours = try failure(.badData) {
      try grey.load(SafeTensors(tensors: network.stateDictionary()), name: "file")
    }
    #expect(colours.remedy == "The file's network is for images of 3 channels, this one for 1")
  }

  @Test func `a file brings back every bit`() throws {
    let saved = try network(seed: 1), loaded = try network(seed: 2)
    #expect(loaded.parameters.values != saved.parameters.values)
    loaded.batchesTracked = 0
    let bytes = try SafeTensors(tensors: saved.stateDictionary()).serialized()
    try loaded.load(SafeTensors(data: bytes, name: "encoder"), name: "encoder")
    #expect(loaded.parameters.values == saved.parameters.values)
    #expect(loaded.statistics.values == saved.statistics.values)
    #expect(loaded.batchesTracked == 34)
    #expect(try loaded.stateDictionary() == saved.stateDictionary())
  }

  @Test(arguments: ["module.", "encoder.", "module.encoder."])
  func `prefixes that PyTorch's wrappers add are dropped`(prefix: String) throws {
    let saved = try network(seed: 1), loaded = try network(seed: 2)
    var file = SafeTensors()
    for (name, tensor) in try saved.stateDictionary() { file.tensors[prefix + name] = tensor }
    try loaded.load(file, name: "encoder")
    #expect(loaded.parameters.values == saved.parameters.values)
  }

  /// torchvision's name of a shortcut, and what the published program keeps beside its encoder.
  @Test func `a state of the published program is read`() throws {
    let saved = try network(seed: 1), loaded = try network(seed: 2)
    var file = SafeTensors()
    for (name, tensor) in try saved.stateDictionary() {
      file.tensors["module.encoder." + name.replacingOccurrences(of: "shortcut", with: "downsample")] = tensor
    }
    #expect(file.tensors.keys.contains("module.encoder.layer2.0.downsample.0.weight"))
    for name in ["center_0", "counter_0", "ldual_0", "assign_labels_0", "center_12"] {
      file.tensors["module." + name] = try .init([1, 2] as [Float], shape: [2])
    }
    try loaded.load(file, name: "encoder")
    #expect(loaded.parameters.values == saved.parameters.values)
    #expect(loaded.statistics.values == saved.statistics.values)
    file.tensors["center_x"] = try .init([1] as [Float], shape: [1])
    #expect(try failure(.badData) { try loaded.load(file, name: "encoder") }.problem == "unknown: center_x")
  }

  @Test func `counts of batches may be missing`() throws {
    let saved = try network(seed: 1), loaded = try network(seed: 2)
    let tensors = try saved.stateDictionary().filter { !$0.key.hasSuffix("num_batches_tracked") }
    loaded.batchesTracked = 7
    try loaded.load(SafeTensors(tensors: tensors), name: "encoder")
    #expect(loaded.parameters.values == saved.parameters.values)
    #expect(loaded.batchesTracked == 7)
  }

  @Test func `what does not fit is named, and changes nothing`() throws {
    let network = try network()
    let parameters = network.parameters.values, statistics = network.statistics.values
    func refusal(
      at place: String = "e.safetensors", _ change: (inout [String: SafeTensors.Tensor]) throws -> Void
    ) throws -> String {
      var tensors = try self.network(seed: 2).stateDictionary()
      try change(&tensors)
      let error = try failure(.badData) { try network.load(SafeTensors(tensors: tensors), name: "e.safetensors") }
      #expect(error.place == place, "\(error)")
      #expect(network.parameters.values == parameters && network.statistics.values == statistics)
      #expect(network.batchesTracked == 34)
      return error.problem
    }
    #expect(try refusal { $0["bn1.running_var"] = nil } == "missing: bn1.running_var")
    let variance = try refusal {
      $0["bn1.running_var"] = try .init([-0.5] + [Float](repeating: 1, count: 3), shape: [4])
    }
    #expect(variance == "tensor bn1.running_var holds the variance -0.5, expected 0 or more")
    #expect(try refusal { $0["fc.9.weight"] = try .init([1] as [Float], shape: [1]) } == "unknown: fc.9.weight")
    let swapped = try refusal { $0["layer1.0.conv3.weight"] = $0.removeValue(forKey: "layer1.0.conv1.weight") }
    #expect(swapped == "missing: layer1.0.conv1.weight; unknown: layer1.0.conv3.weight")
    let shape = try refusal { $0["fc.3.weight"] = try .init([Float](repeating: 0, count: 30), shape: [6, 5]) }
    #expect(shape == "tensor fc.3.weight has shape [6, 5], expected [5, 6]")
    // A wrong type is found by the file, which calls itself so when it was not read from a disk.
    let bias = try refusal(at: "safetensors") {
      $0["fc.3.bias"] = try .init([Int64](repeating: 0, count: 5), shape: [5])
    }
    #expect(bias.contains("I64"))
    let counter = "bn1.num_batches_tracked"
    let fraction = try refusal(at: "safetensors") { $0[counter] = try .init([1.5] as [Float], shape: []) }
    #expect(fraction.contains(counter))
    for count in [-1, Int64.max] {
      #expect(try refusal { $0[counter] = try .init([count], shape: []) }.contains("no count of batches"))
    }
    #expect(try refusal { $0[counter] = try .init([Int64](), shape: [0]) }.contains("no count of batches"))
    #expect(try refusal { $0 = [:] }.contains("and "))
  }

  @Test func `an encoder of another network is refused`() throws {
    let other = try network(widths: [4, 6, 8])
    let error = try failure(.badData) {
      try network().load(SafeTensors(tensors: other.stateDictionary()), name: "encoder")
    }
    #expect(error.problem.hasPrefix("unknown: layer3.0."), "\(error)")
    #expect(error.remedy?.contains("choose that by --network, --widths") == true, "\(error)")
  }

  @Test func `what to do about names follows from them`() throws {
    let network = try network()
    func remedy(_ name: (String) -> String, _ more: String...) throws -> String? {
      let tensor = try SafeTensors.Tensor([1] as [Float], shape: [1])
      let renamed = try network.stateDictionary().map { (name($0.key), $0.value) } + more.map { ($0, tensor) }
      let file = SafeTensors(tensors: Dictionary(uniqueKeysWithValues: renamed))
      return try failure(.badData) { try network.load(file, name: "e") }.remedy
    }
    #expect(try remedy { "backbone.\($0)" } == "Remove 'backbone.' from the names")
    #expect(try remedy({ $0 }, "fc2.weight", "head") == "Remove what the network does not have")
    #expect(try remedy { $0 == "fc.3.bias" ? "x.y" : $0 }?.hasPrefix("The file belongs to another network") == true)
  }
}
