import Kernels

/// A `ResNet` turned into layers, parameters and memory: made once, before the first batch. Nothing large is allocated here.
struct NetworkPlan {
  private(set) var layers: [any Layer] = []
  private(set) var layout = ParameterLayout()
  /// The value that holds the mean over pixels, which the projector reads, and its length for one image. It outlives a forward
  /// pass, as the projector's backward needs it.
  private(set) var backbone = 0
  private(set) var backboneDimension = 0
  /// The value that holds the projection, and the number of layers that lead to it.
  private(set) var projection = 0
  private(set) var projectionLayers = 0
  /// The number of parameters of these layers, which come first.
  private(set) var projectionParameters = 0
  /// The value that holds the prediction, where there is a predictor.
  private(set) var prediction: Int?
  private(set) var memory = NetworkMemory()
  /// Floats kept by all batch norms between forward and backward.
  private(set) var savedFloats = 0

  private let batch: Int
  private let groups: Int
  private var valueFloats: [Int]

  /// - Parameters:
  ///   - network: validated.
  ///   - batch: the most images at a time, all views together.
  ///   - groups: the most views in a batch.
  ///   - placesInMemory: false leaves `memory` empty, which takes no time for networks of thousands of layers.
  /// - Throws: `SeCuError` of kind `.usage` for sizes that no machine's memory holds.
  init(_ network: ResNet, batch: Int, groups: Int, placesInMemory: Bool = true) throws {
    self.batch = batch
    self.groups = groups
    valueFloats = [batch * network.height * network.width * network.channels]
    var size = (height: network.height, width: network.width, channels: network.channels)
    var x = stem(network, &size)
    for (stage, width) in network.widths.enumerated() {
      for block in 0..<network.blocks[stage] {
        let stride = stage > 0 && block == 0 ? 2 : 1
        let inner = network.block.convolutions(width: width, stride: stride)
        x = self.block("layer\(stage + 1).\(block)", x, &size, inner)
      }
    }
    let pooled = newValue(size.channels)
    layers.append(
      AveragePoolLayer(
        pool: GlobalAveragePool(pixels: size.height * size.width, channels: size.channels), input: x, output: pooled))
    (backbone, backboneDimension) = (pooled, size.channels)
    projection = projector(network.projector, pooled, size.channels, network.dimension)
    (projectionLayers, projectionParameters) = (layers.count, layout.parameterCount)
    if let hidden = network.predictor {
      let inner = hiddenLayer("predictor", at: 0, projection, network.dimension, hidden)
      prediction = linear("predictor.3", inner, hidden, network.dimension)
    }
    markAccumulation()
    guard placesInMemory else { return }
    leaveStatisticsToConvolutions()
    leaveNormsToReaders()
    restoreBlocks()
    memory = try NetworkMemory(layers, valueFloats: valueFloats, outputs: outputs, batch: batch)
  }

  /// Bytes of everything that a `Network` allocates.
  var bytes: Double {
    4
      * (Double(memory.arenaFloats) + Double(savedFloats) + 2 * Double(layout.parameterCount)
        + Double(layout.statisticsCount))
  }

  /// The values that the losses read, and whose gradients they write.
  private var outputs: [Int] { [projection] + (prediction.map { [$0] } ?? []) }

  // MARK: - Layers

  private typealias Size = (height: Int, width: Int, channels: Int)

  private mutating func newValue(_ floatsPerImage: Int) -> Int {
    valueFloats.append(batch * floatsPerImage)
    return valueFloats.count - 1
  }

  private mutating func stem(_ network: ResNet, _ size: inout Size) -> Int {
    let isLarge = network.stem == .large, width = network.widths[0]
    let first = convolution("conv1", 0, &size, to: width, kernel: isLarge ? 7 : 3, stride: isLarge ? 2 : 1)
    let x = norm("bn1", first, size, relu: true)
    switch network.stem {
    case .small: return x
    case .pooled: return maxPool(x, &size, kernel: 2)
    case .large: return maxPool(x, &size, kernel: 3)
    }
  }

  private mutating func block(
    _ name: String, _ x: Int, _ size: inout Size, _ convolutions: [ResNet.Block.Convolution]
  ) -> Int {
    let first = layers.count
    var inner = size, y = x, width = 0, stride = 1
    var last = (gamma: 0, mean: 0)
    for (i, step) in convolutions.enumerated() {
      y = convolution("\(name).conv\(i + 1)", y, &inner, to: step.width, kernel: step.kernel, stride: step.stride)
      (width, stride) = (step.width, stride * step.stride)
      last = layout.addBatchNorm("\(name).bn\(i + 1)", channels: width)
      if i < convolutions.count - 1 { y = norm(last, y, inner, relu: true, residual: nil) }
    }
    // Parameters keep PyTorch's order: the last batch norm stands before the shortcut, though it runs after it.
    var shortcut = x
    if stride != 1 || size.channels != width {
      let projected = convolution("\(name).shortcut.0", x, &size, to: width, kernel: 1, stride: stride)
      // It goes first, so that backward it comes last: adding its gradient to every fourth pixel is less than writing zeros to the others.
      layers.insert(layers.removeLast(), at: first)
      shortcut = norm("\(name).shortcut.1", projected, size, relu: false)
    }
    size = inner
    return norm(last, y, inner, relu: true, residual: shortcut)
  }

  private mutating func projector(_ kind: ResNet.Projector, _ x: Int, _ inputs: Int, _ outputs: Int) -> Int {
    let first = hiddenLayer("fc", at: 0, x, inputs, inputs)
    switch kind {
    case .twoLayers: return linear("fc.3", first, inputs, outputs)
    case .threeLayers:
      let second = hiddenLayer("fc", at: 3, first, inputs, inputs)
      return norm("fc.7", linear("fc.6", second, inputs, outputs), (1, 1, outputs), relu: false)
    }
  }

  /// Linear, batch norm and ReLU, numbered from `first` as PyTorch's `Sequential` numbers them.
  private mutating func hiddenLayer(_ name: String, at first: Int, _ x: Int, _ inputs: Int, _ outputs: Int) -> Int {
    norm("\(name).\(first + 1)", linear("\(name).\(first)", x, inputs, outputs), (1, 1, outputs), relu: true)
  }

  private mutating func convolution(
    _ name: String, _ x: Int, _ size: inout Size, to width: Int, kernel: Int, stride: Int
  ) -> Int {
    let shape = ConvolutionShape(
      batch: batch, height: size.height, width: size.width, inputChannels: size.channels, outputChannels: width,
      kernel: kernel, stride: stride, padding: kernel / 2)
    let weight = layout.add("\(name).weight", [width, size.channels, kernel, kernel])
    size = (shape.outputHeight, shape.outputWidth, width)
    let y = newValue(size.height * size.width * width)
    layers.append(ConvolutionLayer(convolution: Convolution(shape), weight: weight, input: x, output: y))
    return y
  }

  /// Max-pooling with stride 2 and padding 1.
  private mutating func maxPool(_ x: Int, _ size: inout Size, kernel: Int) -> Int {
    let shape = ConvolutionShape(
      batch: batch, height: size.height, width: size.width, inputChannels: size.channels,
      outputChannels: size.channels, kernel: kernel, stride: 2, padding: 1)
    (size.height, size.width) = (shape.outputHeight, shape.outputWidth)
    let y = newValue(size.height * size.width * size.channels)
    layers.append(MaxPoolLayer(pool: MaxPool(shape), input: x, output: y))
    return y
  }

  private mutating func norm(_ name: String, _ x: Int, _ size: Size, relu: Bool) -> Int {
    norm(layout.addBatchNorm(name, channels: size.channels), x, size, relu: relu, residual: nil)
  }

  private mutating func norm(
    _ place: (gamma: Int, mean: Int), _ x: Int, _ size: Size, relu: Bool, residual: Int?
  ) -> Int {
    let y = newValue(size.height * size.width * size.channels)
    layers.append(
      NormLayer(
        norm: Norm(
          batchNorm: BatchNorm(channels: size.channels), pixels: size.height * size.width, gamma: place.gamma,
          runningMean: place.mean, saved: savedFloats, relu: relu, input: x),
        residual: residual, output: y))
    savedFloats += BatchNorm.Saved.floats(groups: groups, channels: size.channels)
    return y
  }

  private mutating func linear(_ name: String, _ x: Int, _ inputs: Int, _ outputs: Int) -> Int {
    let weight = layout.add("\(name).weight", [outputs, inputs])
    let bias = layout.add("\(name).bias", [outputs])
    let y = newValue(outputs)
    layers.append(
      LinearLayer(
        linear: Linear(inputs: inputs, outputs: outputs), weight: weight, bias: bias, input: x, output: y))
    return y
  }

  /// Several readers of a value add up its gradient: the one whose backward runs first writes it and the others add to it. The losses
  /// have written the projection's gradient before any of them.
  private mutating func markAccumulation() {
    var written: Set<Int> = [projection]
    for i in layers.indices.reversed() {
      for input in Set(layers[i].inputs) where !written.insert(input).inserted { layers[i].addsToGradient(of: input) }
    }
  }
}

extension NetworkPlan {
  /// Lets convolutions sum up their results for the batch norms that read them.
  private mutating func leaveStatisticsToConvolutions() {
    for i in layers.indices {
      guard var norm = layers[i] as? NormLayer,
        let maker = layers.firstIndex(where: { $0.output == norm.norm.input }),
        var convolution = layers[maker] as? ConvolutionLayer, convolution.convolution.sumsUpItsOutput
      else { continue }
      let made = convolution.convolution
      valueFloats.append(
        OutputStatistics.floats(
          parts: made.mostOutputParts(groups: groups), groups: groups, channels: made.shape.outputChannels))
      norm.statistics = NormStatistics(convolution: made, value: valueFloats.count - 1)
      convolution.statistics = norm.statistics
      layers[i] = norm
      layers[maker] = convolution
    }
  }
}

extension NetworkPlan {
  /// Lets those that read the result of a batch norm compute it themselves, where that spares writing or keeping it:
  ///
  /// - convolutions apply the batch norm and ReLU before them, if all that would read the result in backward are such convolutions;
  /// - the end of a block applies the batch norm that its shortcut comes from, and makes both gradients if nothing else reads that.
  ///
  /// What nobody reads in forward is never written.
  private mutating func leaveNormsToReaders() {
    var readers: [Int: [Int]] = [:]
    for i in layers.indices { for input in Set(layers[i].inputs) { readers[input, default: []].append(i) } }
    for i in layers.indices {
      guard var norm = layers[i] as? NormLayer, norm.residual == nil else { continue }
      let behind = readers[norm.output] ?? []
      let convolutions = behind.filter { (layers[$0] as? ConvolutionLayer)?.convolution.normalizesInput == true }
      let ends = behind.filter { (layers[$0] as? NormLayer)?.residual == norm.output }
      let isShortcut = !norm.norm.relu && behind.count == 1 && !ends.isEmpty
      guard isShortcut || norm.norm.relu && !convolutions.isEmpty && behind.count == convolutions.count + ends.count
      else { continue }
      norm.storesOutput = false
      layers[i] = norm
      for reader in convolutions {
        guard var convolution = layers[reader] as? ConvolutionLayer else { continue }
        convolution.takeOver(norm.norm)
        layers[reader] = convolution
      }
      for reader in ends {
        guard var end = layers[reader] as? NormLayer else { continue }
        end.residualNorm = norm.norm
        layers[reader] = end
      }
    }
  }
}

extension NetworkPlan {
  /// Lets go of what a block makes if one convolution alone reads it in backward and the block's shortcut ends in a batch norm: that
  /// convolution restores it. In a stage of several blocks this is the first one's.
  private mutating func restoreBlocks() {
    for i in layers.indices {
      guard var end = layers[i] as? NormLayer, end.residualNorm != nil else { continue }
      let readers = layers.indices.filter { $0 != i && layers[$0].savedValues.contains(end.output) }
      guard readers.count == 1, var reader = layers[readers[0]] as? ConvolutionLayer else { continue }
      let restored = newValue(valueFloats[end.output] / batch)
      end.restored = restored
      reader.restoreInput(by: Restoration(end: end, value: restored))
      layers[i] = end
      layers[readers[0]] = reader
    }
  }
}
