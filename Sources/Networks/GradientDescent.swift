import Kernels

/// Gradient descent with momentum and weight decay, over tensors that lie one after the other in a flat array.
///
/// **SGD**, as PyTorch's `torch.optim.SGD` defines it; the decay reaches every parameter, batch norm and biases too:
///
///     v ← momentum · v + (g + weightDecay · w)
///     w ← w − rate · v
///
/// **LARS** (You, Gitman and Ginsburg, "Large Batch Training of Convolutional Networks", 2017), in the form of SeCu's published program.
/// Tensors of one dimension, which are biases and batch norms, get neither decay nor scaling:
///
///     d = g + weightDecay · w,   q = trust · ‖w‖ / ‖d‖, or 1 where either length is 0        two dimensions or more
///     d = g,                     q = 1                                                       one dimension
///     v ← momentum · v + q · d
///     w ← w − rate · v
///
/// The rate stands outside of v, so that a change of the rate takes effect at once. ‖·‖ is the root of the sum of squares over the whole
/// tensor: summed in chunks of 4096, in Float, which are added in Double, in order, so that the number of threads changes no bit.
///
/// One instance holds the velocities of one flat array of parameters.
package final class GradientDescent {
  /// A tensor of the flat array, which begins where the one before ends.
  package struct Tensor {
    /// Its floats.
    package var count: Int
    /// 1 for a vector, 2 for a matrix, 4 for a convolution.
    package var dimensions: Int

    package init(count: Int, dimensions: Int) {
      self.count = count
      self.dimensions = dimensions
    }
  }

  /// v, one for each parameter; 0 before the first step.
  package let velocity: FloatBuffer
  private let optimizer: Optimizer
  private let tensors: [Tensor]
  private let momentum: Float
  private let weightDecay: Float

  /// - Parameters:
  ///   - optimizer: SGD or LARS.
  ///   - tensors: the parameters, in the order of the array.
  ///   - momentum: 0 ..< 1.
  ///   - weightDecay: 0 or more.
  package init(_ optimizer: Optimizer, tensors: [Tensor], momentum: Float, weightDecay: Float) {
    self.optimizer = optimizer
    self.tensors = tensors
    self.momentum = momentum
    self.weightDecay = weightDecay
    velocity = FloatBuffer(tensors.reduce(0) { $0 + $1.count })
  }

  /// SGD, to which it makes no difference where a tensor ends.
  package convenience init(count: Int, momentum: Float, weightDecay: Float) {
    self.init(
      .sgd, tensors: [Tensor(count: count, dimensions: 1)], momentum: momentum, weightDecay: weightDecay)
  }

  /// Moves `parameters`, which have as many floats as all tensors together, along `gradients`, which stay as they are.
  package func step(on engine: Engine, parameters: FloatBuffer, gradients: FloatBuffer, rate: Float) {
    switch optimizer {
    case .sgd:
      moveAll(on: engine, parameters, gradients, rate, 0..<velocity.count, weightDecay)
    case .lars(let trust):
      var start = 0
      for tensor in tensors {
        let range = start..<start + tensor.count
        if tensor.dimensions > 1 {
          moveScaled(on: engine, parameters, gradients, rate, range, trust)
        } else {
          moveAll(on: engine, parameters, gradients, rate, range, 0)
        }
        start = range.upperBound
      }
    }
  }

  private func moveAll(
    on engine: Engine, _ parameters: FloatBuffer, _ gradients: FloatBuffer, _ rate: Float, _ range: Range<Int>,
    _ weightDecay: Float
  ) {
    let chunk = 16_384, kernels = engine.kernels
    engine.run((range.count + chunk - 1) / chunk, flops: 64 * range.count) { task, _ in
      let start = range.lowerBound + task * chunk, count = min(chunk, range.upperBound - start)
      kernels.momentumStep(
        parameters.base + start, gradients.base + start, velocity.base + start, count, rate, momentum, weightDecay)
    }
  }

  /// The step of a tensor whose length decides how far it goes: once through for both lengths, once more to move.
  private func moveScaled(
    on engine: Engine, _ parameters: FloatBuffer, _ gradients: FloatBuffer, _ rate: Float, _ range: Range<Int>,
    _ trust: Float
  ) {
    let chunk = 4096, chunks = (range.count + chunk - 1) / chunk, kernels = engine.kernels
    let squares = engine.sharedScratch(2 * chunks)
    engine.reserveWorkerScratch(chunk)
    /// Leaves d of one chunk in the worker's memory.
    func decayed(_ task: Int, _ worker: Int) -> (d: UnsafeMutablePointer<Float>, start: Int, count: Int) {
      let start = range.lowerBound + task * chunk, count = min(chunk, range.upperBound - start)
      let d = engine.workerScratch(worker)
      d.update(from: gradients.base + start, count: count)
      kernels.scaleAndAdd(weightDecay, parameters.base + start, 1, d, count)
      return (d, start, count)
    }
    engine.run(chunks, flops: 64 * range.count) { task, worker in
      let (d, start, count) = decayed(task, worker), w = parameters.base + start
      squares[2 * task] = kernels.dotProduct(w, w, count)
      squares[2 * task + 1] = kernels.dotProduct(d, d, count)
    }
    func length(_ first: Int) -> Float {
      Float(stride(from: first, to: 2 * chunks, by: 2).reduce(0.0) { $0 + Double(squares[$1]) }.squareRoot())
    }
    let weightLength = length(0), updateLength = length(1)
    let scale = weightLength > 0 && updateLength > 0 ? trust * weightLength / updateLength : 1
    engine.run(chunks, flops: 64 * range.count) { task, worker in
      let (d, start, count) = decayed(task, worker)
      kernels.scale(d, scale, count, d)
      kernels.momentumStep(parameters.base + start, d, velocity.base + start, count, rate, momentum, 0)
    }
  }
}

extension ParameterLayout {
  /// The parameters as gradient descent sees them.
  package var tensors: [GradientDescent.Tensor] {
    parameters.map { GradientDescent.Tensor(count: $0.count, dimensions: $0.shape.count) }
  }
}
