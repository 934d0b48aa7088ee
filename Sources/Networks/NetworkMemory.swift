import Basics

/// Where the values of a network and their gradients lie in the arena.
struct NetworkMemory {
  private(set) var valueOffsets: [Int] = []
  private(set) var gradientOffsets: [Int] = []
  private(set) var arenaFloats = 0

  init() {}

  /// Finds when each value and each gradient is needed, and places them.
  ///
  /// - Parameters:
  ///   - layers: in the order of forward.
  ///   - valueFloats: floats of each value; value 0, the images, lies with the caller and has no gradient.
  ///   - outputs: the values that the losses read between forward and backward, and whose gradients they write there.
  ///   - batch: the images of a batch, for the message.
  /// - Throws: `SeCuError` of kind `.usage` for sizes that no machine's memory holds.
  init(_ layers: [any Layer], valueFloats: [Int], outputs: [Int], batch: Int) throws {
    let end = 2 * layers.count
    var values = [ClosedRange<Int>?](repeating: nil, count: valueFloats.count)
    var gradients = values
    /// Where a value's gradient lies: with that of another value, or on its own.
    var home = Array(valueFloats.indices)
    func extend(_ lifetime: inout ClosedRange<Int>?, to time: Int) {
      lifetime = min(lifetime?.lowerBound ?? time, time)...max(lifetime?.upperBound ?? time, time)
    }
    for layer in layers.reversed() where layer.overwritesGradient { home[layer.inputs[0]] = home[layer.output] }
    for (i, layer) in layers.enumerated() {
      for value in layer.forwardValues { extend(&values[value], to: i) }
      for value in layer.savedValues { extend(&values[value], to: end - 1 - i) }
      for value in layer.inputs + [layer.output] { extend(&gradients[home[value]], to: end - 1 - i) }
    }
    // The losses come between both passes: they read the outputs' values, and their gradients must be there before the last layer's backward.
    for output in outputs {
      extend(&values[output], to: layers.count)
      extend(&gradients[home[output]], to: layers.count - 1)
    }

    // What is never needed takes no place.
    let tensors = [values, gradients].flatMap { lifetimes in
      zip(valueFloats, lifetimes).dropFirst().map { floats, lifetime in
        ArenaPlan.Tensor(floats: lifetime == nil ? 0 : floats, lifetime: lifetime ?? 0...0)
      }
    }
    // In Double: what fits no machine may not fit an Int either.
    let kept = tensors.filter { $0.lifetime.contains(layers.count) }.reduce(0) { $0 + Double($1.floats) }
    if kept > 0x1p40 { try Self.check(4 * kept, batch: batch) }
    let plan = ArenaPlan(tensors)
    valueOffsets = [0] + plan.offsets[..<(valueFloats.count - 1)]
    let gradientPlaces = [0] + plan.offsets[(valueFloats.count - 1)...]
    gradientOffsets = home.map { gradientPlaces[$0] }
    arenaFloats = plan.floats
  }

  /// - Throws: `SeCuError` of kind `.usage` if a network of so many bytes does not fit this machine's memory.
  static func check(_ bytes: Double, batch: Int) throws {
    try Machine.checkMemory(
      bytes, for: "batches of \(batch) images", at: "network", remedy: "Make the batch or the network smaller")
  }
}
