import Kernels
import Networks
import Training

/// A part of a step with its name, its group and its work.
struct ProfiledPart {
  /// The layer's name as in PyTorch, or what the step does.
  let name: String
  /// `fwd`, `dgrad`, `wgrad`, `bwd`, `again` (values that forward did not keep, made once more for backward) or nothing.
  let pass: String
  /// What the summary adds up.
  let group: String
  /// Nil for work that is not counted.
  let work: Benchmark.Work?
  let plan: Benchmark.Plan?

  init(_ name: String, pass: String = "", group: String, work: Benchmark.Work?, plan: Benchmark.Plan? = nil) {
    (self.name, self.pass, self.group, self.work, self.plan) = (name, pass, group, work, plan)
  }
}

extension Learner {
  /// - Parameter images: b, the images of a step, each in two views.
  func profiled(_ part: StepProfile.Part, images: Int) -> ProfiledPart {
    switch part {
    case .augmentation: ProfiledPart("augmentation", group: "augmentation", work: nil)
    case .learner(let part): profiled(part, rows: 2 * images)
    case .network(let operation): profiled(operation, rows: 2 * images)
    }
  }

  private func profiled(_ part: StepPart, rows: Int) -> ProfiledPart {
    let features = rows * heads.dimension, centers = heads.centers.count, parameters = network.parameters.count
    return switch part {
    case .normalization: ProfiledPart("unit features", pass: "fwd", group: "losses", work: .bytes(8 * features))
    case .normalizationGradient:
      ProfiledPart("unit features", pass: "bwd", group: "losses", work: .bytes(12 * features))
    case .losses:
      // Similarities to the current and to the frozen centers, and the gradient of the features.
      ProfiledPart(
        "heads", group: "losses",
        work: .flops(6 * rows * centers, bytes: 4 * (2 * centers + 2 * features)))
    case .encoderDescent:
      ProfiledPart("descent of the encoder", group: "optimiser", work: .bytes(20 * parameters, flops: 6 * parameters))
    case .centerDescent:
      ProfiledPart("descent of the centers", group: "optimiser", work: .bytes(20 * centers, flops: 6 * centers))
    }
  }

  private func profiled(_ operation: NetworkOperation, rows: Int) -> ProfiledPart {
    guard let layer = network.layerDescriptions.first(where: { $0.output == operation.output }) else {
      return ProfiledPart("gradients to zero", group: "optimiser", work: .bytes(4 * network.parameters.count))
    }
    let pass = operation.kind.rawValue, isForward = operation.kind == .forward
    func part(_ group: String, _ work: Benchmark.Work, _ plan: Benchmark.Plan? = nil) -> ProfiledPart {
      ProfiledPart(layer.name, pass: pass, group: "\(group) \(pass)", work: work, plan: plan)
    }
    switch layer.kind {
    case .convolution(let convolution):
      var shape = convolution.shape
      shape.batch = rows
      let pass: ConvolutionPass =
        switch operation.kind {
        case .inputGradient: .inputGradient
        case .weightGradient: .weightGradient
        case .forward, .backward, .restoring, .clearing: .forward
        }
      let plan = convolution.plan(pass, on: engine)
      return part(
        "convolution", .flops(shape.flops, bytes: shape.bytes(pass)), Benchmark.Plan(plan, pass, shape))
    case .batchNorm(
      let pixels, let channels, let relu, let hasResidual, let takesStatistics, let storesOutput, let joinsResidual):
      // Forward reads x, where it does not know its statistics already or writes y, and the residual; backward reads dy, x and, for the ReLU of a sum, y, and
      // writes dx and the residual's gradient, for which a batch norm on the shortcut reads its own x. What is made again reads the x of
      // both batch norms.
      let values = rows * pixels * channels, residual = hasResidual ? 1 : 0
      let passes =
        operation.kind == .restoring
        ? 3
        : isForward
          ? (storesOutput || !takesStatistics ? 1 : 0) + residual + (storesOutput ? 1 : 0)
          : 3 + residual + (relu ? residual : 0) + (joinsResidual ? 1 : 0)
      // Forward may find its statistics made by the convolution before, and leave normalising to those that read y. What is made again
      // is the sum of two batch norms and its ReLU.
      let each =
        operation.kind == .restoring ? 6 : isForward ? (takesStatistics ? 0 : 4) + (storesOutput ? 3 : 0) : 8
      return part("batch norm", .bytes(4 * values * passes, flops: each * values))
    case .pooling(let inputs, let outputs):
      return part("pooling", .bytes(4 * rows * (inputs + outputs), flops: rows * inputs))
    case .linear(let inputs, let outputs):
      let weights = inputs * outputs
      return part(
        "linear", .flops(2 * rows * weights, bytes: 4 * (rows * (inputs + outputs) + weights)))
    }
  }
}
