import Kernels

/// A batch norm with its parameters, and what it normalises: all that makes its result, for whoever computes it.
struct Norm {
  let batchNorm: BatchNorm
  /// Rows of channels in one image: its pixels.
  let pixels: Int
  /// Where γ lies among the network's parameters; β comes after it.
  let gamma: Int
  /// Where the running means lie among the network's statistics; the running variances come after them.
  let runningMean: Int
  /// Where the batch statistics are kept between forward and backward.
  let saved: Int
  let relu: Bool
  /// The value that is normalised.
  let input: Int

  func parameters(_ pass: Pass) -> BatchNorm.Parameters {
    let channels = batchNorm.channels
    return BatchNorm.Parameters(
      gamma: pass.parameters + gamma, beta: pass.parameters + gamma + channels,
      runningMean: pass.statistics + runningMean, runningVariance: pass.statistics + runningMean + channels)
  }

  func saved(_ pass: Pass) -> BatchNorm.Saved {
    BatchNorm.Saved(pass.savedStatistics + saved, groups: pass.groups, channels: batchNorm.channels)
  }

  /// What makes the result of the input, for a convolution that does it itself; after forward.
  func inputNormalization(_ pass: Pass) -> InputNormalization {
    InputNormalization(
      saved: saved(pass), beta: pass.parameters + gamma + batchNorm.channels, channels: batchNorm.channels,
      imagesPerGroup: pass.training ? pass.count / pass.groups : pass.count)
  }

  func branch(_ pass: Pass) -> BatchNorm.Branch {
    BatchNorm.Branch(x: pass.value(input), parameters: parameters(pass), saved: saved(pass))
  }

  func gradient(_ pass: Pass) -> BatchNorm.BranchGradient {
    BatchNorm.BranchGradient(
      dx: pass.gradient(input), dGamma: pass.parameterGradients + gamma,
      dBeta: pass.parameterGradients + gamma + batchNorm.channels)
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

  /// Whether backward makes the gradients of the batch norm on the shortcut as well: of one without a ReLU of its own.
  var joinsResidual: Bool { residualNorm?.relu == false }

  /// Whether the end of a block makes this layer's gradients: without a ReLU, nobody else computes its output.
  private var isJoined: Bool { !storesOutput && !norm.relu }

  func forward(_ pass: Pass) {
    let x = pass.value(norm.input), residual = residualNorm == nil ? residual.map(pass.value) : nil
    let y = storesOutput && residualNorm == nil ? pass.mutableValue(output) : nil
    if pass.training {
      norm.batchNorm.forward(
        on: pass.engine, x: x, rows: pass.count / pass.groups * norm.pixels, groups: pass.groups,
        parameters: norm.parameters(pass), residual: residual, relu: norm.relu, y: y, saved: norm.saved(pass),
        statistics: statistics?.of(pass))
    } else {
      norm.batchNorm.inference(
        on: pass.engine, x: x, rows: pass.count * norm.pixels, parameters: norm.parameters(pass), residual: residual,
        relu: norm.relu, y: y, saved: norm.saved(pass))
    }
    if residualNorm != nil { addNorms(pass, into: pass.mutableValue(output)) }
  }

  /// Makes the output of both batch norms, whose statistics have been taken.
  func addNorms(_ pass: Pass, into y: UnsafeMutablePointer<Float>) {
    guard let residualNorm else { return }
    let groups = pass.training ? pass.groups : 1
    norm.batchNorm.normalize(
      on: pass.engine, norm.branch(pass), residualNorm.branch(pass), secondReLU: residualNorm.relu,
      rows: pass.count / groups * norm.pixels, groups: groups, y: y)
  }

  func backward(_ pass: Pass) {
    if isJoined { return }
    let rows = pass.count / pass.groups * norm.pixels
    if let residualNorm, joinsResidual {
      norm.batchNorm.backward(
        on: pass.engine, dy: pass.gradient(output), y: pass.value(restored ?? output), rows: rows,
        groups: pass.groups, norm.branch(pass), into: norm.gradient(pass), residualNorm.branch(pass),
        into: residualNorm.gradient(pass))
    } else {
      let gradient = norm.gradient(pass)
      norm.batchNorm.backward(
        on: pass.engine, dy: pass.gradient(output),
        mask: !norm.relu ? .none : residual == nil ? .input : .output(pass.value(restored ?? output)),
        x: pass.value(norm.input), rows: rows, groups: pass.groups, parameters: norm.parameters(pass),
        saved: norm.saved(pass), dx: gradient.dx, dGamma: gradient.dGamma, dBeta: gradient.dBeta,
        residualGradient: residual.map(pass.gradient))
    }
    pass.ended(.backward, output)
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
