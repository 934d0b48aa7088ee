import Kernels

/// `gemm`: C = A · B with A [m, k] and B [k, n], both row-major. 2·m·n·k FLOPs.
extension Benchmark {
  /// Squares, the products of a network's heads and linear layers, one row, a convolution as a product, and 1000 classes.
  static var matrixProducts: [Benchmark] {
    let sizes = [
      (64, 64, 64), (128, 128, 128), (256, 256, 256), (512, 512, 512), (1024, 1024, 1024), (2048, 2048, 2048),
      (128, 128, 512), (128, 512, 512), (256, 100, 128), (128, 10, 128), (1, 512, 512), (16384, 64, 576),
      (2048, 1000, 128),
    ]
    return sizes.map(matrixProduct)
  }

  static func matrixProduct(m: Int, n: Int, k: Int) -> Benchmark {
    Benchmark(
      "gemm/\(m)x\(n)x\(k)", ["m": m, "n": n, "k": k], work: .flops(2 * m * n * k, bytes: 4 * (m * k + k * n + m * n)),
      plan: { engine in
        // Sizes decide: the operands need not exist.
        let plan = withUnsafePointer(to: Float()) {
          engine.gemmPlan(Matrix($0, rows: m, columns: k), Matrix($0, rows: k, columns: n))
        }
        return Plan(algorithm: plan.name, reason: plan.reason, flops: 2 * m * n * k)
      }
    ) { engine in
      let a = FloatBuffer.random(m * k, stream: 0), b = FloatBuffer.random(k * n, stream: 1)
      let c = FloatBuffer(m * n)
      return Prepared(result: c) {
        engine.gemm(Matrix(a.base, rows: m, columns: k), Matrix(b.base, rows: k, columns: n), into: c.base)
      }
    }
  }
}
