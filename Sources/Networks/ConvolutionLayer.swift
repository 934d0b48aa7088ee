import Kernels

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
