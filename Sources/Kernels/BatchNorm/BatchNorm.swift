import MicrokernelInterface

/// Batch normalisation with an optional residual and ReLU, over rows of channels (a row is a pixel, or an image after pooling):
///
///     μ[c] = mean of x[·, c],   σ²[c] = mean of (x[·, c] − μ[c])²            over the rows of one group
///     y = relu( γ[c]·(x − μ[c])/√(σ²[c] + ε) + β[c] + residual )
///
/// Training: each group of rows (one augmented view of the batch) has its own statistics, and updates the running ones as
/// PyTorch does, first view first: running = (1 − m)·running + m·new, with the unbiased variance σ²·n/(n − 1).
/// Inference: the running statistics take their place.
///
/// x is read twice (once from memory, once from L2) and y written once. Statistics are summed in chunks of about 64 KiB:
/// in a chunk the mean first and then the squares around it, in Float; chunks are joined in Double, in order (both as in Chan, Golub
/// and LeVeque, "Algorithms for Computing the Sample Variance", 1983). The chunks depend on the shape alone, so results have the same
/// bits for any number of threads.
package struct BatchNorm {
  package let channels: Int
  package let epsilon: Float
  package let momentum: Float

  /// PyTorch's defaults: ε = 1e-5, momentum = 0.1.
  package init(channels: Int, epsilon: Float = 1e-5, momentum: Float = 0.1) {
    self.channels = channels
    self.epsilon = epsilon
    self.momentum = momentum
  }

  /// Where the layer's vectors lie, each [channels].
  package struct Parameters {
    package var gamma: UnsafeMutablePointer<Float>
    package var beta: UnsafeMutablePointer<Float>
    package var runningMean: UnsafeMutablePointer<Float>
    package var runningVariance: UnsafeMutablePointer<Float>

    package init(
      gamma: UnsafeMutablePointer<Float>, beta: UnsafeMutablePointer<Float>,
      runningMean: UnsafeMutablePointer<Float>, runningVariance: UnsafeMutablePointer<Float>
    ) {
      self.gamma = gamma
      self.beta = beta
      self.runningMean = runningMean
      self.runningVariance = runningVariance
    }
  }

  /// Rows of a chunk and of a group.
  fileprivate func chunkRows(_ rows: Int) -> Int { max(1, min(rows, 16_384 / channels)) }
  fileprivate func chunks(_ rows: Int) -> Int { (rows + chunkRows(rows) - 1) / chunkRows(rows) }
}

// MARK: - Forward

extension BatchNorm {
  /// Training forward.
  ///
  /// - Parameters:
  ///   - x, y: [groups · rows, channels]; may be the same memory if x is not needed afterwards.
  ///   - rows: rows of one group, at least 1.
  ///   - residual: [groups · rows, channels] added before ReLU, or nil.
  ///   - savedMean, savedInverse: [groups, channels], μ and 1/√(σ² + ε), kept for `backward`.
  package func forward(
    on engine: Engine, x: UnsafePointer<Float>, rows: Int, groups: Int, parameters: Parameters,
    residual: UnsafePointer<Float>?, relu: Bool, y: UnsafeMutablePointer<Float>,
    savedMean: UnsafeMutablePointer<Float>, savedInverse: UnsafeMutablePointer<Float>
  ) {
    let kernels = engine.kernels
    let chunks = chunks(rows), chunkRows = chunkRows(rows)
    // [groups, chunks, 3, channels]: each chunk's mean, the squares around it and the deviations from it, summed; then
    // [groups, channels], the scale.
    let statistics = engine.sharedScratch(groups * (3 * chunks + 1) * channels)
    engine.run(groups * chunks, flops: 16 * groups * rows * channels) { task, _ in
      let group = task / chunks, chunk = task % chunks
      let first = chunk * chunkRows, count = min(chunkRows, rows - chunk * chunkRows)
      let start = x + (group * rows + first) * channels
      let mean = statistics + task * 3 * channels
      let squares = mean + channels
      mean.update(repeating: 0, count: 3 * channels)
      kernels.channelSums(start, count, channels, mean)
      for c in 0..<channels { mean[c] /= Float(count) }
      kernels.channelSquares(start, mean, count, channels, squares, squares + channels)
    }
    let scales = statistics + groups * chunks * 3 * channels
    for group in 0..<groups {
      join(
        statistics + group * chunks * 3 * channels, rows: rows, parameters: parameters,
        mean: savedMean + group * channels, inverse: savedInverse + group * channels,
        scale: scales + group * channels)
    }
    engine.run(groups * chunks, flops: 32 * groups * rows * channels) { task, _ in
      let group = task / chunks, chunk = task % chunks
      let first = chunk * chunkRows, count = min(chunkRows, rows - chunk * chunkRows)
      let at = (group * rows + first) * channels
      let scale = scales + group * channels
      kernels.normForward(
        x + at, savedMean + group * channels, scale, parameters.beta, residual.map { $0 + at }, relu, count, channels,
        y + at)
    }
  }

  /// Inference forward, with the running statistics. x, y and residual are [rows, channels].
  package func inference(
    on engine: Engine, x: UnsafePointer<Float>, rows: Int, parameters: Parameters, residual: UnsafePointer<Float>?,
    relu: Bool, y: UnsafeMutablePointer<Float>
  ) {
    let kernels = engine.kernels
    let scale = engine.sharedScratch(channels)
    for c in 0..<channels {
      scale[c] = parameters.gamma[c] / (parameters.runningVariance[c] + epsilon).squareRoot()
    }
    let chunks = chunks(rows), chunkRows = chunkRows(rows)
    engine.run(chunks, flops: 32 * rows * channels) { chunk, _ in
      let first = chunk * chunkRows, count = min(chunkRows, rows - chunk * chunkRows)
      let at = first * channels
      kernels.normForward(
        x + at, parameters.runningMean, scale, parameters.beta, residual.map { $0 + at }, relu, count, channels, y + at)
    }
  }

  /// Joins the chunks of one group to mean and variance, moves the running statistics, and leaves the scale.
  private func join(
    _ chunkStatistics: UnsafePointer<Float>, rows: Int, parameters: Parameters, mean: UnsafeMutablePointer<Float>,
    inverse: UnsafeMutablePointer<Float>, scale: UnsafeMutablePointer<Float>
  ) {
    let chunks = chunks(rows), chunkRows = chunkRows(rows)
    for c in 0..<channels {
      var total = 0.0, average = 0.0, squares = 0.0
      for chunk in 0..<chunks {
        let count = Double(min(chunkRows, rows - chunk * chunkRows))
        let statistics = chunkStatistics + chunk * 3 * channels
        // The mean of floats is rounded; what the deviations from it add up to puts it right.
        let correction = Double(statistics[2 * channels + c]) / count
        let chunkMean = Double(statistics[c]) + correction
        let chunkSquares = Double(statistics[channels + c]) - correction * correction * count
        let delta = chunkMean - average
        squares += max(0, chunkSquares) + delta * delta * total * count / (total + count)
        total += count
        average += delta * count / total
      }
      let variance = squares / total
      let unbiased = rows > 1 ? squares / (total - 1) : variance
      mean[c] = Float(average)
      inverse[c] = Float(1 / (variance + Double(epsilon)).squareRoot())
      scale[c] = parameters.gamma[c] * inverse[c]
      parameters.runningMean[c] = (1 - momentum) * parameters.runningMean[c] + momentum * Float(average)
      parameters.runningVariance[c] = (1 - momentum) * parameters.runningVariance[c] + momentum * Float(unbiased)
    }
  }
}

// MARK: - Backward

extension BatchNorm {
  /// Backward of the training forward, with g = dy where y > 0 (dy itself without ReLU), x̂ = (x − μ)·i, i = 1/√(σ² + ε):
  ///
  ///     dγ = Σ g·x̂,   dβ = Σ g
  ///     dx = γ·i·( g − mean(g) − x̂·mean(g·x̂) )          means over the rows of a group
  ///        = g·a + x·b + (−a·mean(g) − b·μ),   a = γ·i,   b = −a·i²·mean(g·(x − μ)):  two multiply-adds a value
  ///     residual's gradient = g
  ///
  /// - Parameters:
  ///   - dy: gradient of y; may be the same memory as dx.
  ///   - y: forward's output if it applied ReLU, else nil.
  ///   - dGamma, dBeta: [channels], added to.
  ///   - residualGradient: receives g, or nil.
  package func backward(
    on engine: Engine, dy: UnsafePointer<Float>, y: UnsafePointer<Float>?, x: UnsafePointer<Float>, rows: Int,
    groups: Int, gamma: UnsafePointer<Float>, savedMean: UnsafePointer<Float>, savedInverse: UnsafePointer<Float>,
    dx: UnsafeMutablePointer<Float>, dGamma: UnsafeMutablePointer<Float>, dBeta: UnsafeMutablePointer<Float>,
    residualGradient: UnsafeMutablePointer<Float>?
  ) {
    let kernels = engine.kernels
    let chunks = chunks(rows), chunkRows = chunkRows(rows)
    let sums = engine.sharedScratch((groups * chunks * 2 + groups * 3) * channels)
    engine.run(groups * chunks, flops: 24 * groups * rows * channels) { task, _ in
      let group = task / chunks, chunk = task % chunks
      let first = chunk * chunkRows, count = min(chunkRows, rows - chunk * chunkRows)
      let at = (group * rows + first) * channels
      let sum = sums + task * 2 * channels
      sum.update(repeating: 0, count: 2 * channels)
      kernels.normGradientSums(
        dy + at, y.map { $0 + at }, x + at, savedMean + group * channels, count, channels, sum, sum + channels)
    }
    let coefficients = sums + groups * chunks * 2 * channels
    for group in 0..<groups {
      let gScale = coefficients + group * 3 * channels
      let xScale = gScale + channels, shift = xScale + channels
      for c in 0..<channels {
        var sumG = 0.0, sumGD = 0.0
        for chunk in 0..<chunks {
          sumG += Double(sums[((group * chunks + chunk) * 2) * channels + c])
          sumGD += Double(sums[((group * chunks + chunk) * 2 + 1) * channels + c])
        }
        let inverse = Double(savedInverse[group * channels + c]), mean = Double(savedMean[group * channels + c])
        dGamma[c] += Float(sumGD * inverse)
        dBeta[c] += Float(sumG)
        let scale = Double(gamma[c]) * inverse
        let slope = -scale * inverse * inverse * sumGD / Double(rows)
        gScale[c] = Float(scale)
        xScale[c] = Float(slope)
        shift[c] = Float(-scale * sumG / Double(rows) - slope * mean)
      }
    }
    engine.run(groups * chunks, flops: 48 * groups * rows * channels) { task, _ in
      let group = task / chunks, chunk = task % chunks
      let first = chunk * chunkRows, count = min(chunkRows, rows - chunk * chunkRows)
      let at = (group * rows + first) * channels
      let gScale = coefficients + group * 3 * channels
      kernels.normGradient(
        dy + at, y.map { $0 + at }, x + at, gScale, gScale + channels, gScale + 2 * channels, count, channels,
        dx + at, residualGradient.map { $0 + at })
    }
  }
}
