import Kernels

/// `norm`: batch norm and ReLU in training, NHWC. Forward counts the bytes of x and y; forward and backward together count
/// them twice. Whatever else a pass reads is its own affair: the fewer bytes it moves, the higher its rate. The limit counts every tensor
/// that a pass has to read or write, which for backward is dy, x and dx. FLOPs by the
/// formulas: 4 a value for the statistics, 2 to normalise, 1 for ReLU; 4 for backward's sums and 4 for dx.
extension Benchmark {
  enum NormalizationPass: String, CaseIterable {
    case forward = "fwd"
    case forwardAndBackward = "fwd_bwd"
  }

  /// Three stages of ResNet-18 and the first of the compact network.
  static func normalizations(batch: Int) -> [Benchmark] {
    NormalizationPass.allCases.flatMap { pass in
      [(64, 32), (128, 16), (512, 4), (16, 32)].map { normalization(pass, batch: batch, channels: $0, size: $1) }
    }
  }

  /// - Parameters:
  ///   - batch: images, all in one group of statistics.
  ///   - size: height and width in pixels.
  static func normalization(_ pass: NormalizationPass, batch: Int, channels: Int, size: Int) -> Benchmark {
    let rows = batch * size * size
    let bytes = 2 * 4 * rows * channels
    return Benchmark(
      "norm/\(pass.rawValue)/\(channels)-\(size)px",
      ["pass": pass.rawValue, "batch": batch, "c": channels, "size": size],
      work: pass == .forward
        ? .bytes(bytes, flops: 7 * rows * channels)
        : .bytes(2 * bytes, flops: 15 * rows * channels, moved: 5 * 4 * rows * channels)
    ) { engine in
      let norm = BatchNorm(channels: channels)
      let x = FloatBuffer.random(rows * channels, stream: 0), y = FloatBuffer(rows * channels)
      let gamma = FloatBuffer.random(channels, stream: 1), beta = FloatBuffer.random(channels, stream: 2)
      let running = FloatBuffer(2 * channels)
      let saved = FloatBuffer(BatchNorm.Saved.floats(groups: 1, channels: channels))
      // Made by each call, which keeps the buffers alive.
      let parameters = {
        BatchNorm.Parameters(
          gamma: gamma.base, beta: beta.base, runningMean: running.base, runningVariance: running.base + channels)
      }
      let statistics = { BatchNorm.Saved(saved.base, groups: 1, channels: channels) }
      let forward = {
        norm.forward(
          on: engine, x: x.base, rows: rows, groups: 1, parameters: parameters(), residual: nil, relu: true,
          y: y.base, saved: statistics())
      }
      if pass == .forward { return Prepared(result: y, run: forward) }
      let dy = FloatBuffer.random(rows * channels, stream: 3), dx = FloatBuffer(rows * channels)
      let gradients = FloatBuffer(2 * channels)
      return Prepared(result: dx) {
        forward()
        gradients.setToZero()
        norm.backward(
          on: engine, dy: dy.base, mask: .input, x: x.base, rows: rows, groups: 1, parameters: parameters(),
          saved: statistics(), dx: dx.base, dGamma: gradients.base, dBeta: gradients.base + channels,
          residualGradient: nil)
      }
    }
  }
}
