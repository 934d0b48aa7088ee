import Kernels

/// One operation of a network, forward and backward. Values are activations, known by number; every value but the image has a
/// gradient.
///
/// In all layers `input`, `residual` and `output` are numbers of values, and `weight`, `bias` and `gamma` places in the flat array of parameters, in
/// floats.
protocol Layer {
  /// The values that forward depends on, and the one that it makes.
  var inputs: [Int] { get }
  var output: Int { get }
  /// The values that forward reads or writes.
  var forwardValues: [Int] { get }
  /// The values that backward reads again; the others are free once forward has passed.
  var savedValues: [Int] { get }
  /// What the layer is, and where its first parameter lies, by whose name it goes; nil for a layer without.
  var description: LayerDescription.Kind { get }
  var firstParameter: Int? { get }
  /// Whether backward writes the gradient of its first input over that of its output, which nobody else reads: the first input has no
  /// other reader, and both are of one size.
  var overwritesGradient: Bool { get }

  func forward(_ pass: Pass)
  /// Writes the gradients of the inputs, or adds to those that `addsToGradient` named. Tells `pass` of each piece of it that ends.
  func backward(_ pass: Pass)

  /// Makes backward add to the gradient of this input, which another reader of the same value has already written.
  mutating func addsToGradient(of input: Int)
}

extension Layer {
  var forwardValues: [Int] { inputs + [output] }
  var overwritesGradient: Bool { false }

  /// For layers whose inputs have no other reader that runs backward before them.
  mutating func addsToGradient(of input: Int) {
    preconditionFailure("\(Self.self) can't add to the gradient of value \(input)")
  }
}

/// What a layer sees while a batch passes: where everything lies, and how much of it is in use.
struct Pass {
  let engine: Engine
  /// Images in this batch, all views together.
  let count: Int
  /// Views: the batch consists of this many equal groups, each with batch statistics of its own.
  let groups: Int
  let training: Bool
  /// The images themselves, NHWC: value 0.
  let images: UnsafePointer<Float>
  let arena: UnsafeMutablePointer<Float>
  let valueOffsets: [Int]
  let gradientOffsets: [Int]
  let parameters: UnsafeMutablePointer<Float>
  let parameterGradients: UnsafeMutablePointer<Float>
  let statistics: UnsafeMutablePointer<Float>
  /// The statistics that backward needs, `BatchNorm.Saved` at `saved` of each batch norm.
  let savedStatistics: UnsafeMutablePointer<Float>
  let observer: NetworkObserver?

  /// Tells the observer, if there is one, that a piece of the layer which makes value `output` has ended.
  func ended(_ kind: NetworkOperation.Kind, _ output: Int) {
    observer?(NetworkOperation(kind: kind, output: output))
  }

  func value(_ id: Int) -> UnsafePointer<Float> {
    id == 0 ? images : UnsafePointer(arena + valueOffsets[id])
  }

  func mutableValue(_ id: Int) -> UnsafeMutablePointer<Float> { arena + valueOffsets[id] }

  func gradient(_ id: Int) -> UnsafeMutablePointer<Float> { arena + gradientOffsets[id] }
}

struct MaxPoolLayer: Layer {
  let pool: MaxPool
  let input: Int
  let output: Int

  var inputs: [Int] { [input] }
  var savedValues: [Int] { [input, output] }

  func forward(_ pass: Pass) {
    pool.forward(on: pass.engine, x: pass.value(input), y: pass.mutableValue(output), count: pass.count)
  }

  func backward(_ pass: Pass) {
    pool.backward(
      on: pass.engine, x: pass.value(input), y: pass.value(output), dy: pass.gradient(output),
      dx: pass.gradient(input), count: pass.count)
    pass.ended(.backward, output)
  }
}

struct AveragePoolLayer: Layer {
  let pool: GlobalAveragePool
  let input: Int
  let output: Int

  var inputs: [Int] { [input] }
  var savedValues: [Int] { [] }

  func forward(_ pass: Pass) {
    pool.forward(on: pass.engine, x: pass.value(input), y: pass.mutableValue(output), count: pass.count)
  }

  func backward(_ pass: Pass) {
    pool.backward(on: pass.engine, dy: pass.gradient(output), dx: pass.gradient(input), count: pass.count)
    pass.ended(.backward, output)
  }
}

struct LinearLayer: Layer {
  let linear: Linear
  let weight: Int
  let bias: Int
  let input: Int
  let output: Int
  var accumulates = false

  var inputs: [Int] { [input] }
  var savedValues: [Int] { [input] }
  mutating func addsToGradient(of input: Int) { accumulates = true }

  func forward(_ pass: Pass) {
    linear.forward(
      on: pass.engine, x: pass.value(input), weight: pass.parameters + weight, bias: pass.parameters + bias,
      y: pass.mutableValue(output), rows: pass.count)
  }

  func backward(_ pass: Pass) {
    let dy = pass.gradient(output)
    linear.parameterGradient(
      on: pass.engine, x: pass.value(input), dy: dy, dWeight: pass.parameterGradients + weight,
      dBias: pass.parameterGradients + bias, rows: pass.count)
    pass.ended(.weightGradient, output)
    linear.inputGradient(
      on: pass.engine, dy: dy, weight: pass.parameters + weight, dx: pass.gradient(input), rows: pass.count,
      accumulate: accumulates)
    pass.ended(.inputGradient, output)
  }
}
