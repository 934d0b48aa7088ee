import MicrokernelInterface

/// Batch normalisation with an optional residual and ReLU, over rows of channels (a row is a pixel, or an image after pooling):
///
///     μ[c] = mean of x[·, c],   σ²[c] = mean of (x[·, c] − μ[c])²            over the rows of one group
///     y = relu( γ[c]·(x − μ[c])/√(σ²[c] + ε) + β[c] + residual )
///
/// Training: each group of rows (one augmented view of the batch) has its own statistics, and updates the running ones as
/// PyTorch does, first view first: running = (1 − m)·running + m·new, with the unbiased variance σ²·n/(n − 1), or σ² itself where n is 1 and
/// PyTorch refuses.
/// Inference: the running statistics take their place.
///
/// x is read twice and y written once. A convolution before it can spare the first time by summing up what it writes
/// (`OutputStatistics`), and one behind it the second, and storing y, by normalising what it reads (`InputNormalization`). All passes wait
/// for memory. Statistics that are taken here are summed in chunks of about 64 KiB, 128 KiB from 512 channels on:
/// in a chunk the mean first and then the squares around it, in Float; chunks are joined in Double, in order (both as in Chan, Golub
/// and LeVeque, "Algorithms for Computing the Sample Variance", 1983). The chunks depend on the shape alone, so results have the same
/// bits for any number of threads.
///
/// `BatchNormReference` computes the same as the formulas read. Error of statistics that are taken here, but for terms of second order and
/// with u = 2⁻²⁴ and the γ(k) of Winograd.swift, which is not the scale γ[c]:
///
///     |Δμ| ≤ γ(chunk)·mean |x − μ| + u·|μ|,    |Δσ²| ≤ γ(chunk + 3)·σ² + 4·|Δμ|·σ          chunk: `chunkRows`
package struct BatchNorm {
  package let channels: Int
  /// ε and m: PyTorch's defaults.
  package let epsilon: Float = 1e-5, momentum: Float = 0.1

  package init(channels: Int) {
    self.channels = channels
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

  /// What is kept of a pass's statistics, each [groups, channels]: μ, i = 1/√(σ² + ε) and γ·i.
  package struct Saved {
    package let mean: UnsafeMutablePointer<Float>
    package let inverse: UnsafeMutablePointer<Float>
    package let scale: UnsafeMutablePointer<Float>

    /// The three one after the other in `floats(groups:channels:)` floats.
    package init(_ base: UnsafeMutablePointer<Float>, groups: Int, channels: Int) {
      mean = base
      inverse = base + groups * channels
      scale = base + 2 * groups * channels
    }

    /// What `init` wants, in floats.
    package static func floats(groups: Int, channels: Int) -> Int { 3 * groups * channels }
  }

  /// How the rows of a group are normalised.
  func normalization(_ group: Int, _ saved: Saved, _ beta: UnsafePointer<Float>) -> ChannelNormalization {
    ChannelNormalization(
      center: saved.mean + group * channels, scale: saved.scale + group * channels, shift: beta)
  }

  /// Rows of a chunk, 1 … `rows`, which are a group's. With many channels they are more, since to join a chunk costs as much as to add up
  /// three rows.
  package func chunkRows(_ rows: Int) -> Int {
    max(1, min(rows, max(16_384 / channels, min(64, 32_768 / channels))))
  }
  func chunks(_ rows: Int) -> Int { (rows + chunkRows(rows) - 1) / chunkRows(rows) }
}

// MARK: - Forward

extension BatchNorm {
  /// Training forward.
  ///
  /// - Parameters:
  ///   - x, y: [groups · rows, channels]; may be the same memory if x is not needed afterwards. Without y, only the statistics are
  ///     taken.
  ///   - rows: rows of one group, at least 1.
  ///   - residual: [groups · rows, channels] added before ReLU, or nil.
  ///   - saved: receives what `backward` needs.
  ///   - statistics: what the convolution that made x has summed up of it, or nil.
  package func forward(
    on engine: Engine, x: UnsafePointer<Float>, rows: Int, groups: Int, parameters: Parameters,
    residual: UnsafePointer<Float>?, relu: Bool, y: UnsafeMutablePointer<Float>?, saved: Saved,
    statistics: OutputStatistics? = nil
  ) {
    if let statistics, statistics.total() {
      for group in 0..<groups {
        save(
          0..<channels, group, mean: statistics.mean(group), squares: statistics.squares(group), rows: rows, parameters,
          saved)
      }
    } else {
      takeStatistics(on: engine, x: x, rows: rows, groups: groups, parameters: parameters, saved: saved)
    }
    guard let y else { return }
    normalize(
      on: engine, x: x, rows: rows, groups: groups, parameters: parameters, residual: residual, relu: relu, y: y,
      saved: saved)
  }

  private func takeStatistics(
    on engine: Engine, x: UnsafePointer<Float>, rows: Int, groups: Int, parameters: Parameters, saved: Saved
  ) {
    let kernels = engine.kernels
    // [groups, chunks, 3, channels]: each chunk's mean, the squares around it and the deviations from it, summed.
    let statistics = engine.sharedScratch(groups * 3 * chunks(rows) * channels)
    runChunks(on: engine, rows: rows, groups: groups, flops: 16) { task, _, at, count in
      let start = x + at
      let mean = statistics + task * 3 * channels
      let squares = mean + channels
      mean.update(repeating: 0, count: 3 * channels)
      kernels.channelSums(start, count, channels, mean)
      for c in 0..<channels { mean[c] /= Float(count) }
      kernels.channelSquares(start, mean, count, channels, squares, squares + channels)
    }
    join(statistics, rows: rows, groups: groups, parameters: parameters, saved, on: engine)
  }

  /// The y of `forward`, or of `inference` with one group, from what they saved: at any later time the same bits.
  ///
  /// - Parameters: as `forward` has them; residual and y may be the same memory.
  package func normalize(
    on engine: Engine, x: UnsafePointer<Float>, rows: Int, groups: Int, parameters: Parameters,
    residual: UnsafePointer<Float>?, relu: Bool, y: UnsafeMutablePointer<Float>, saved: Saved
  ) {
    let kernels = engine.kernels
    runChunks(on: engine, rows: rows, groups: groups, flops: 32) { _, group, at, count in
      kernels.normForward(
        x + at, normalization(group, saved, parameters.beta), residual.map { $0 + at }, relu, count, channels, y + at,
        channels)
    }
  }

  /// Inference forward, with the running statistics. x, y and residual are [rows, channels].
  ///
  /// - Parameters:
  ///   - y: as `forward` has it; without it, only `saved` is made.
  ///   - saved: receives the running mean and γ/√(running variance + ε), as one group.
  package func inference(
    on engine: Engine, x: UnsafePointer<Float>, rows: Int, parameters: Parameters, residual: UnsafePointer<Float>?,
    relu: Bool, y: UnsafeMutablePointer<Float>?, saved: Saved
  ) {
    for c in 0..<channels {
      let deviation = (parameters.runningVariance[c] + epsilon).squareRoot()
      saved.mean[c] = parameters.runningMean[c]
      saved.scale[c] = parameters.gamma[c] / deviation
    }
    guard let y else { return }
    normalize(
      on: engine, x: x, rows: rows, groups: 1, parameters: parameters, residual: residual, relu: relu, y: y,
      saved: saved)
  }

  /// Joins the chunks of each group to what is saved of it, and moves the running statistics:
  ///
  ///     μ = Σ_k n_k·μ_k / n,    n·σ² = Σ_k ( S_k + n_k·(μ_k − μ)² )      chunk k: n_k rows, mean μ_k, squares S_k around it
  ///
  /// A chunk's mean m in Float is rounded; what the deviations D from it add up to puts it right: μ_k = m + D/n_k,
  /// S_k = squares − D²/n_k.
  private func join(
    _ statistics: UnsafePointer<Float>, rows: Int, groups: Int, parameters: Parameters, _ saved: Saved,
    on engine: Engine
  ) {
    let chunks = chunks(rows), chunkRows = chunkRows(rows), n = Double(rows)
    runChannelBlocks(groups * chunks, on: engine) { block, average, squares in
      for group in 0..<groups {
        average.update(repeating: 0, count: block.count)
        squares.update(repeating: 0, count: block.count)
        for chunk in 0..<chunks {
          let count = Double(min(chunkRows, rows - chunk * chunkRows))
          let mean = statistics + (group * chunks + chunk) * 3 * channels + block.lowerBound
          let deviations = mean + 2 * channels
          for c in 0..<block.count { average[c] += (count * Double(mean[c]) + Double(deviations[c])) / n }
        }
        for chunk in 0..<chunks {
          let count = Double(min(chunkRows, rows - chunk * chunkRows)), share = 1 / count
          let mean = statistics + (group * chunks + chunk) * 3 * channels + block.lowerBound
          let around = mean + channels, deviations = mean + 2 * channels
          for c in 0..<block.count {
            let correction = Double(deviations[c]) * share
            let delta = Double(mean[c]) + correction - average[c]
            squares[c] += max(0, Double(around[c]) - correction * Double(deviations[c])) + count * delta * delta
          }
        }
        save(block, group, mean: average, squares: squares, rows: rows, parameters, saved)
      }
    }
  }

  /// Saves the statistics of some channels of a group, and moves the running ones.
  ///
  /// - Parameters:
  ///   - mean, squares: μ and n·σ² of these channels.
  private func save(
    _ block: Range<Int>, _ group: Int, mean: UnsafePointer<Double>, squares: UnsafePointer<Double>, rows: Int,
    _ parameters: Parameters, _ saved: Saved
  ) {
    let n = Double(rows)
    for (i, c) in block.enumerated() {
      let variance = squares[i] / n, unbiased = rows > 1 ? squares[i] / (n - 1) : variance
      let inverse = Float(1 / (variance + Double(epsilon)).squareRoot()), mean = Float(mean[i])
      saved.mean[group * channels + c] = mean
      saved.inverse[group * channels + c] = inverse
      saved.scale[group * channels + c] = parameters.gamma[c] * inverse
      parameters.runningMean[c] = (1 - momentum) * parameters.runningMean[c] + momentum * mean
      parameters.runningVariance[c] = (1 - momentum) * parameters.runningVariance[c] + momentum * Float(unbiased)
    }
  }
}

extension BatchNorm {
  /// Calls `body` for each chunk of all groups: its number, its group, where its values start, and its rows.
  ///
  /// - Parameter flops: the cost of a value.
  func runChunks(
    on engine: Engine, rows: Int, groups: Int, flops: Int,
    _ body: (_ chunk: Int, _ group: Int, _ at: Int, _ rows: Int) -> Void
  ) {
    let chunks = chunks(rows), chunkRows = chunkRows(rows)
    engine.sweep(groups * chunks, flops: flops * groups * rows * channels) { task, _ in
      let group = task / chunks, first = task % chunks * chunkRows
      body(task, group, (group * rows + first) * channels, min(chunkRows, rows - first))
    }
  }

  /// Calls `body` for each 64 channels, with two sums in Double for each of them. The loops over chunks are outside those over
  /// channels, so that the chunks' results are read in the order in which they lie.
  ///
  /// - Parameter chunks: the chunks that are joined, of all groups.
  func runChannelBlocks(
    _ chunks: Int, on engine: Engine,
    _ body: (_ channels: Range<Int>, UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>) -> Void
  ) {
    let width = 64
    engine.run((channels + width - 1) / width, flops: 64 * chunks * channels) { task, _ in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * width) { sums in
        guard let first = sums.baseAddress else { return }
        body(task * width..<min(channels, (task + 1) * width), first, first + width)
      }
    }
  }
}
