import Kernels

/// One operation of a network, forward and backward. Values are activations, known by number; every value but the image has a
/// gradient.
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

struct ConvolutionLayer: Layer {
  let convolution: Convolution
  let weight: Int
  let input: Int
  let output: Int
  var accumulates = false
  /// The batch norm with ReLU that makes the input, if this layer applies it itself.
  private var norm: Norm?
  /// What makes the input anew before backward, if it is not kept until then.
  private var restoration: Restoration?
  /// Where forward in training puts the sums that the batch norm behind it needs.
  var statistics: NormStatistics?

  init(convolution: Convolution, weight: Int, input: Int, output: Int) {
    self.convolution = convolution
    self.weight = weight
    self.input = input
    self.output = output
  }

  var inputs: [Int] { [input] }
  var forwardValues: [Int] { [norm?.input ?? input, output] + (statistics.map { [$0.value] } ?? []) }
  var savedValues: [Int] { restoration?.values ?? [norm?.input ?? input] }
  mutating func addsToGradient(of input: Int) { accumulates = true }

  /// Restores the input before backward reads it.
  mutating func restoreInput(by restoration: Restoration) { self.restoration = restoration }

  /// Reads what the batch norm reads, and normalises it.
  mutating func takeOver(_ norm: Norm) { self.norm = norm }

  func forward(_ pass: Pass) {
    convolution.forward(
      on: pass.engine, x: pass.value(norm?.input ?? input), normalizing: norm?.inputNormalization(pass),
      w: pass.parameters + weight, y: pass.mutableValue(output), count: pass.count, statistics: statistics?.of(pass))
  }

  func backward(_ pass: Pass) {
    let dy = pass.gradient(output)
    restoration?.run(pass)
    convolution.weightGradient(
      on: pass.engine, x: pass.value(restoration?.value ?? norm?.input ?? input),
      normalizing: norm?.inputNormalization(pass), dy: dy, dw: pass.parameterGradients + weight, count: pass.count,
      accumulate: false)
    pass.ended(.weightGradient, output)
    if input == 0 { return }
    convolution.inputGradient(
      on: pass.engine, dy: dy, w: pass.parameters + weight, dx: pass.gradient(input), count: pass.count,
      accumulate: accumulates)
    pass.ended(.inputGradient, output)
  }
}

/// A batch norm with its parameters, and what it normalises: all that makes its result, for whoever computes it.
struct Norm {
  let norm: BatchNorm
  /// Rows of channels in one image: its pixels.
  let pixels: Int
  let gamma: Int
  let runningMean: Int
  /// Where the batch statistics are kept between forward and backward.
  let saved: Int
  let relu: Bool
  let input: Int

  func parameters(_ pass: Pass) -> BatchNorm.Parameters {
    let channels = norm.channels
    return BatchNorm.Parameters(
      gamma: pass.parameters + gamma, beta: pass.parameters + gamma + channels,
      runningMean: pass.statistics + runningMean, runningVariance: pass.statistics + runningMean + channels)
  }

  func saved(_ pass: Pass) -> BatchNorm.Saved {
    BatchNorm.Saved(pass.savedStatistics + saved, groups: pass.groups, channels: norm.channels)
  }

  /// What makes the result of the input, for a convolution that does it itself; after forward.
  func inputNormalization(_ pass: Pass) -> InputNormalization {
    InputNormalization(
      saved: saved(pass), beta: pass.parameters + gamma + norm.channels, channels: norm.channels,
      imagesPerGroup: pass.training ? pass.count / pass.groups : pass.count)
  }

  func branch(_ pass: Pass) -> BatchNorm.Branch {
    BatchNorm.Branch(x: pass.value(input), parameters: parameters(pass), saved: saved(pass))
  }

  func gradient(_ pass: Pass) -> BatchNorm.BranchGradient {
    BatchNorm.BranchGradient(
      dx: pass.gradient(input), dGamma: pass.parameterGradients + gamma,
      dBeta: pass.parameterGradients + gamma + norm.channels)
  }
}

/// Batch norm, then the residual if there is one, then ReLU if asked for.
struct NormLayer: Layer {
  let norm: Norm
  let residual: Int?
  let output: Int
  /// False if all readers of the output compute it themselves: forward then takes the statistics only.
  var storesOutput = true
  /// The batch norm that makes the residual, if this layer computes that itself.
  var residualNorm: Norm?
  /// Whether the layer that adds this one's output makes its gradients too.
  var isJoined = false
  /// The value that holds the output during backward, if it is not kept from forward till then.
  var restored: Int?
  /// Where the convolution that makes the input has summed it up.
  var statistics: NormStatistics?

  var inputs: [Int] { [norm.input] + (residual.map { [$0] } ?? []) }
  var forwardValues: [Int] {
    [norm.input] + (residual.map { [residualNorm?.input ?? $0] } ?? []) + (storesOutput ? [output] : [])
      + (statistics.map { [$0.value] } ?? [])
  }
  var savedValues: [Int] {
    [norm.input] + (joinsResidual ? residualNorm.map { [$0.input] } ?? [] : [])
      + (norm.relu && residual != nil ? [restored ?? output] : [])
  }
  var overwritesGradient: Bool { true }

  /// Whether backward makes the gradients of the batch norm on the shortcut as well.
  private var joinsResidual: Bool { residualNorm?.relu == false }

  func forward(_ pass: Pass) {
    let x = pass.value(norm.input), residual = residualNorm == nil ? residual.map(pass.value) : nil
    let y = storesOutput && residualNorm == nil ? pass.mutableValue(output) : nil
    if pass.training {
      norm.norm.forward(
        on: pass.engine, x: x, rows: pass.count / pass.groups * norm.pixels, groups: pass.groups,
        parameters: norm.parameters(pass), residual: residual, relu: norm.relu, y: y, saved: norm.saved(pass),
        statistics: statistics?.of(pass))
    } else {
      norm.norm.inference(
        on: pass.engine, x: x, rows: pass.count * norm.pixels, parameters: norm.parameters(pass), residual: residual,
        relu: norm.relu, y: y, saved: norm.saved(pass))
    }
    if residualNorm != nil { addNorms(pass, into: pass.mutableValue(output)) }
  }

  /// Makes the output of both batch norms, whose statistics have been taken.
  fileprivate func addNorms(_ pass: Pass, into y: UnsafeMutablePointer<Float>) {
    guard let residualNorm else { return }
    let groups = pass.training ? pass.groups : 1
    norm.norm.normalize(
      on: pass.engine, norm.branch(pass), residualNorm.branch(pass), secondReLU: residualNorm.relu,
      rows: pass.count / groups * norm.pixels, groups: groups, y: y)
  }

  func backward(_ pass: Pass) {
    if isJoined { return }
    let rows = pass.count / pass.groups * norm.pixels
    if let residualNorm, joinsResidual {
      norm.norm.backward(
        on: pass.engine, dy: pass.gradient(output), y: pass.value(restored ?? output), rows: rows,
        groups: pass.groups, norm.branch(pass), into: norm.gradient(pass), residualNorm.branch(pass),
        into: residualNorm.gradient(pass))
    } else {
      let gradient = norm.gradient(pass)
      norm.norm.backward(
        on: pass.engine, dy: pass.gradient(output),
        mask: !norm.relu ? .none : residual == nil ? .input : .output(pass.value(restored ?? output)),
        x: pass.value(norm.input), rows: rows, groups: pass.groups, parameters: norm.parameters(pass),
        saved: norm.saved(pass), dx: gradient.dx, dGamma: gradient.dGamma, dBeta: gradient.dBeta,
        residualGradient: residual.map(pass.gradient))
    }
    pass.ended(.backward, output)
  }
}

/// What a convolution sums up for the batch norm behind it.
struct NormStatistics {
  let convolution: Convolution
  /// The value that holds the sums from the one layer to the other.
  let value: Int

  /// Nil outside of training, and where the convolution takes none.
  func of(_ pass: Pass) -> OutputStatistics? {
    guard pass.training, let parts = convolution.outputParts(count: pass.count, groups: pass.groups, on: pass.engine)
    else { return nil }
    return OutputStatistics(
      pass.mutableValue(value), parts: parts, channels: convolution.shape.outputChannels,
      imagesPerGroup: pass.count / pass.groups, groups: pass.groups)
  }
}

/// The end of a residual block, made anew for backward: y = relu(norm(x) + norm'(x')).
///
/// A pass over it costs less than its memory: it is as large as any value of its stage, and would wait from forward to backward.
struct Restoration {
  let end: NormLayer
  let value: Int

  /// What it reads and writes.
  var values: [Int] { [end.norm.input, value] + (end.residualNorm.map { [$0.input] } ?? []) }

  func run(_ pass: Pass) {
    end.addNorms(pass, into: pass.mutableValue(value))
    pass.ended(.restoring, end.output)
  }
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
