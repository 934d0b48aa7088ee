import Clustering
import Kernels
import Networks

/// `loss`: what a step does besides its network: the heads' losses, soft-max, unit rows, and the descent.
extension Benchmark {
  static func losses(batch: Int) -> [Benchmark] {
    [heads(batch: batch, clusters: Array(stride(from: 10, through: 100, by: 10)), dimension: 128)]
      + [10, 100, 1000].map { softmax(rows: 2 * batch, columns: $0) }
      + [unitRows(rows: 2 * batch, columns: 128)]
      + [100_000, 10_000_000].map(momentumStep)
  }

  /// Both losses of all heads with their gradients. The FLOPs are those of the three matrix products (similarities to the
  /// current and to the frozen centers, gradient of the features), 2·2b·ΣK·d each; all else is overhead.
  static func heads(batch: Int, clusters: [Int], dimension: Int) -> Benchmark {
    let centers = clusters.reduce(0, +) * dimension, features = 2 * batch * dimension
    return Benchmark(
      "loss/heads/\(clusters.count)",
      [
        "operation": "heads", "batch": batch, "heads": clusters.count, "dimension": dimension,
      ], work: .flops(3 * 2 * 2 * batch * centers, bytes: 4 * (2 * centers + 2 * features))
    ) { engine in
      let heads = ClusterHeads(
        clusters: clusters, dimension: dimension, images: 50_000, batch: batch, constraint: .size(SizeConstraint()),
        losses: LossSettings())
      heads.initialize(seed: 0, on: engine)
      heads.beginEpoch(on: engine)
      let features = FloatBuffer.random(2 * batch * dimension, stream: 0), lengths = FloatBuffer(2 * batch)
      L2Normalize(columns: dimension).forward(
        on: engine, x: features.base, y: features.base, lengths: lengths.base, rows: 2 * batch)
      let gradient = FloatBuffer(features.count), ids = Array(0..<batch)
      return Prepared(result: gradient) {
        _ = heads.step(
          on: engine, features: features.base, ids: ids, firstEpoch: false, featureGradient: gradient.base)
      }
    }
  }

  /// The exponentials of each row, less its maximum, and their sum. Counts the bytes read and written, 8 a value, and 4 FLOPs a value: a
  /// multiplication, a subtraction, an exponential as one, and an addition.
  static func softmax(rows: Int, columns: Int) -> Benchmark {
    Benchmark(
      "loss/softmax/\(rows)x\(columns)", ["operation": "softmax", "rows": rows, "columns": columns],
      work: .bytes(8 * rows * columns, flops: 4 * rows * columns)
    ) { engine in
      let x = FloatBuffer.random(rows * columns, stream: 0), y = FloatBuffer(rows * columns)
      let chunk = 16, kernels = engine.kernels
      return Prepared(result: y) {
        engine.run((rows + chunk - 1) / chunk, flops: 30 * rows * columns) { task, _ in
          for row in task * chunk..<min(rows, (task + 1) * chunk) {
            _ = kernels.exponentialsAndSum(x.base + row * columns, 20, columns, y.base + row * columns)
          }
        }
      }
    }
  }

  /// Each row divided by its length. Counts the bytes of x and y, 8 a value, and 3 FLOPs a value.
  static func unitRows(rows: Int, columns: Int) -> Benchmark {
    Benchmark(
      "loss/unit-rows/\(rows)x\(columns)", ["operation": "unit-rows", "rows": rows, "columns": columns],
      work: .bytes(8 * rows * columns, flops: 3 * rows * columns)
    ) { engine in
      let x = FloatBuffer.random(rows * columns, stream: 0), y = FloatBuffer(rows * columns)
      let lengths = FloatBuffer(rows), normalize = L2Normalize(columns: columns)
      return Prepared(result: y) {
        normalize.forward(on: engine, x: x.base, y: y.base, lengths: lengths.base, rows: rows)
      }
    }
  }

  /// Gradient descent with momentum over `count` parameters: reads w, g and v, writes w and v: 20 bytes and 6 FLOPs a
  /// parameter.
  static func momentumStep(count: Int) -> Benchmark {
    Benchmark(
      "loss/momentum/\(count)", ["operation": "momentum", "count": count], work: .bytes(20 * count, flops: 6 * count)
    ) { engine in
      let parameters = FloatBuffer.random(count, stream: 0), gradients = FloatBuffer.random(count, stream: 1)
      let descent = GradientDescent(count: count, momentum: 0.9, weightDecay: 1e-4)
      return Prepared(result: parameters) {
        descent.step(on: engine, parameters: parameters, gradients: gradients, rate: 1e-6)
      }
    }
  }
}
