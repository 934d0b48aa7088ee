import Basics
import Kernels

/// A `ResNet` turned into layers, parameters and memory: made once, before the first batch.
struct NetworkPlan {
  private(set) var layers: [any Layer] = []
  private(set) var layout = ParameterLayout()
  /// The value that holds the features.
  private(set) var output = 0
  /// The value that holds the mean over pixels, which the projector reads, and its length for one image. It outlives a forward
  /// pass, as the projector's backward needs it.
  private(set) var backbone = 0
  private(set) var backboneDimension = 0
  private(set) var valueOffsets: [Int] = []
  private(set) var gradientOffsets: [Int] = []
  private(set) var arenaFloats = 0
  /// Floats kept by all batch norms between forward and backward.
  private(set) var savedFloats = 0

  private let batch: Int
  private let groups: Int
  private var valueFloats: [Int]

  /// - Parameters:
  ///   - batch: the most images at a time, all views together.
  ///   - groups: the most views in a batch.
  /// - Throws: `SeCuError` of kind `.usage` if a batch needs more memory than this machine has.
  init(_ network: ResNet, batch: Int, groups: Int) throws {
    self.batch = batch
    self.groups = groups
    valueFloats = [batch * network.height * network.width * network.channels]
    var size = (height: network.height, width: network.width, channels: network.channels)
    var x = norm("bn1", convolution("conv1", 0, &size, to: network.widths[0], kernel: 3, stride: 1), size, relu: true)
    for (stage, width) in network.widths.enumerated() {
      for block in 0..<network.blocks[stage] {
        let stride = stage > 0 && block == 0 ? 2 : 1
        x = basicBlock("layer\(stage + 1).\(block)", x, &size, to: width, stride: stride)
      }
    }
    let pooled = newValue(size.channels)
    layers.append(
      AveragePoolLayer(
        pool: GlobalAveragePool(pixels: size.height * size.width, channels: size.channels), input: x, output: pooled))
    (backbone, backboneDimension) = (pooled, size.channels)
    let hidden = linear("fc.0", pooled, size.channels, size.channels)
    let active = norm("fc.1", hidden, (1, 1, size.channels), relu: true)
    output = linear("fc.3", active, size.channels, network.dimension)
    try placeInMemory()
  }

  // MARK: - Layers

  private typealias Size = (height: Int, width: Int, channels: Int)

  private mutating func newValue(_ floatsPerImage: Int) -> Int {
    valueFloats.append(batch * floatsPerImage)
    return valueFloats.count - 1
  }

  private mutating func basicBlock(_ name: String, _ x: Int, _ size: inout Size, to width: Int, stride: Int) -> Int {
    var inner = size
    let first = convolution("\(name).conv1", x, &inner, to: width, kernel: 3, stride: stride)
    let middle = norm("\(name).bn1", first, inner, relu: true)
    let second = convolution("\(name).conv2", middle, &inner, to: width, kernel: 3, stride: 1)
    // Parameters keep PyTorch's order: bn2 stands before the shortcut, though it runs after it.
    let last = layout.addBatchNorm("\(name).bn2", channels: width)
    var shortcut = x
    if stride != 1 || size.channels != width {
      let projected = convolution("\(name).shortcut.0", x, &size, to: width, kernel: 1, stride: stride)
      shortcut = norm("\(name).shortcut.1", projected, size, relu: false)
    }
    size = inner
    return norm(last, second, inner, relu: true, residual: shortcut)
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

  private mutating func norm(_ name: String, _ x: Int, _ size: Size, relu: Bool) -> Int {
    norm(layout.addBatchNorm(name, channels: size.channels), x, size, relu: relu, residual: nil)
  }

  private mutating func norm(
    _ place: (gamma: Int, mean: Int), _ x: Int, _ size: Size, relu: Bool, residual: Int?
  ) -> Int {
    let y = newValue(size.height * size.width * size.channels)
    layers.append(
      NormLayer(
        norm: BatchNorm(channels: size.channels), pixels: size.height * size.width, gamma: place.gamma,
        runningMean: place.mean, saved: savedFloats, relu: relu, input: x, residual: residual, output: y))
    savedFloats += 2 * groups * size.channels
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

  // MARK: - Memory

  /// Finds when each value and each gradient is needed, and places them in the arena.
  private mutating func placeInMemory() throws {
    let count = valueFloats.count
    let end = 2 * layers.count
    var values = [ClosedRange<Int>?](repeating: nil, count: count)
    var gradients = values
    func extend(_ lifetime: inout ClosedRange<Int>?, to time: Int) {
      lifetime = min(lifetime?.lowerBound ?? time, time)...max(lifetime?.upperBound ?? time, time)
    }
    for (i, layer) in layers.enumerated() {
      for value in layer.inputs + [layer.output] { extend(&values[value], to: i) }
      for value in layer.savedValues { extend(&values[value], to: end - 1 - i) }
      for value in layer.inputs + [layer.output] { extend(&gradients[value], to: end - 1 - i) }
    }
    // The loss reads the features and writes their gradient between forward and backward.
    extend(&values[output], to: layers.count)
    extend(&gradients[output], to: layers.count - 1)
    markAccumulation()

    // The image, value 0, lies with the caller and has no gradient.
    let ids = Array(1..<count)
    let tensors =
      ids.compactMap { id in values[id].map { ArenaPlan.Tensor(floats: valueFloats[id], lifetime: $0) } }
      + ids.compactMap { id in gradients[id].map { ArenaPlan.Tensor(floats: valueFloats[id], lifetime: $0) } }
    try checkMemory(tensors)
    let plan = ArenaPlan(tensors)
    valueOffsets = [0] + plan.offsets[..<ids.count]
    gradientOffsets = [0] + plan.offsets[ids.count...]
    arenaFloats = plan.floats
  }

  /// Throws if parameters, their gradients, and what forward leaves for backward don't fit this machine's memory.
  private func checkMemory(_ tensors: [ArenaPlan.Tensor]) throws {
    // In Double: what fits no machine may not fit an Int either.
    let kept = tensors.filter { $0.lifetime.contains(layers.count) }.reduce(0) { $0 + Double($1.floats) }
    let needed = 4 * (kept + 2 * Double(layout.parameterCount))
    try Machine.checkMemory(
      needed, for: "batches of \(batch) images", at: "network", remedy: "Make the batch or the network smaller")
  }

  /// Of several readers of a value, the one whose backward runs first writes the gradient and the others add to it. Adding is
  /// what convolutions can do; the residual of a batch norm runs before any of them.
  private mutating func markAccumulation() {
    var written = Set<Int>()
    for i in layers.indices.reversed() {
      if var convolution = layers[i] as? ConvolutionLayer, written.contains(convolution.input) {
        convolution.accumulates = true
        layers[i] = convolution
      }
      written.formUnion(layers[i].inputs)
    }
  }
}
