/// The learnable parameters and the running statistics of a network: names, shapes and places in two flat arrays.
///
/// Names and shapes are PyTorch's. In memory a convolution's weight lies tap × in × out rather than PyTorch's out × in × tap;
/// `pyTorchOrder` and `memoryOrder` convert at the file's border.
public struct ParameterLayout: Sendable {
  /// One named tensor.
  public struct Entry: Sendable, Hashable {
    /// PyTorch's name, such as `layer1.0.conv1.weight`.
    public var name: String
    /// PyTorch's shape: [out, in, kernel, kernel], [out, in] or [channels].
    public var shape: [Int]
    /// First float in the flat array.
    public var offset: Int

    /// Floats.
    public var count: Int { shape.reduce(1, *) }
  }

  /// What gradient descent changes: weights, biases, γ and β.
  public private(set) var parameters: [Entry] = []
  /// Running means and variances.
  public private(set) var statistics: [Entry] = []
  /// The names of the batch norms, each of which has a `num_batches_tracked` in PyTorch's files.
  public private(set) var batchNorms: [String] = []

  /// Floats of all parameters.
  public var parameterCount: Int { parameters.last.map { $0.offset + $0.count } ?? 0 }
  /// Floats of all statistics.
  public var statisticsCount: Int { statistics.last.map { $0.offset + $0.count } ?? 0 }

  /// Appends a parameter and returns its offset.
  mutating func add(_ name: String, _ shape: [Int]) -> Int {
    let entry = Entry(name: name, shape: shape, offset: parameterCount)
    parameters.append(entry)
    return entry.offset
  }

  /// Appends γ, β, running mean and running variance of `name`; returns the offsets of γ and of the running mean, each of which
  /// is followed by its partner.
  mutating func addBatchNorm(_ name: String, channels: Int) -> (gamma: Int, mean: Int) {
    let gamma = add("\(name).weight", [channels])
    _ = add("\(name).bias", [channels])
    let mean = statisticsCount
    statistics.append(Entry(name: "\(name).running_mean", shape: [channels], offset: mean))
    statistics.append(Entry(name: "\(name).running_var", shape: [channels], offset: mean + channels))
    batchNorms.append(name)
    return (gamma, mean)
  }

  /// The values of one tensor in PyTorch's order, from its values in memory.
  package static func pyTorchOrder(_ values: [Float], shape: [Int]) -> [Float] {
    guard shape.count == 4 else { return values }
    var ordered = values
    forEachWeight(shape) { memory, file in ordered[file] = values[memory] }
    return ordered
  }

  /// The values of one tensor as they lie in memory, from PyTorch's order.
  package static func memoryOrder(_ values: [Float], shape: [Int]) -> [Float] {
    guard shape.count == 4 else { return values }
    var ordered = values
    forEachWeight(shape) { memory, file in ordered[memory] = values[file] }
    return ordered
  }

  /// Calls `body` with both indices of every weight of a convolution: [tap][in][out] and [out][in][tap].
  private static func forEachWeight(_ shape: [Int], _ body: (_ memory: Int, _ file: Int) -> Void) {
    let (outputs, inputs, taps) = (shape[0], shape[1], shape[2] * shape[3])
    for tap in 0..<taps {
      for i in 0..<inputs {
        for o in 0..<outputs {
          body((tap * inputs + i) * outputs + o, (o * inputs + i) * taps + tap)
        }
      }
    }
  }
}
