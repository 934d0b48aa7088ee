import Kernels

/// Stochastic gradient descent with momentum and weight decay, as PyTorch's `torch.optim.SGD` defines it; the
/// decay reaches every parameter, batch norm and biases too.
///
///     v ← momentum · v + (g + weightDecay · w)
///     w ← w − rate · v
///
/// One instance holds the velocities of one flat array of parameters.
package final class SGD {
  package let velocity: FloatBuffer
  private let momentum: Float
  private let weightDecay: Float

  package init(count: Int, momentum: Float, weightDecay: Float) {
    velocity = FloatBuffer(count)
    self.momentum = momentum
    self.weightDecay = weightDecay
  }

  package func step(on engine: Engine, parameters: FloatBuffer, gradients: FloatBuffer, rate: Float) {
    let chunk = 16_384, kernels = engine.kernels
    engine.run((velocity.count + chunk - 1) / chunk, flops: 64 * velocity.count) { task, _ in
      let start = task * chunk, count = min(chunk, velocity.count - task * chunk)
      kernels.momentumStep(
        parameters.base + start, gradients.base + start, velocity.base + start, count, rate, momentum, weightDecay)
    }
  }
}
