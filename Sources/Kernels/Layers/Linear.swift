import MicrokernelInterface

/// A fully connected layer: y = x · Wᵀ + b, with W [outputs, inputs] as PyTorch stores it.
package struct Linear {
  package let inputs: Int
  package let outputs: Int

  package init(inputs: Int, outputs: Int) {
    self.inputs = inputs
    self.outputs = outputs
  }

  /// x is [rows, inputs], y [rows, outputs], bias [outputs].
  package func forward(
    on engine: Engine, x: UnsafePointer<Float>, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>,
    y: UnsafeMutablePointer<Float>, rows: Int
  ) {
    engine.gemm(
      Matrix(x, rows: rows, columns: inputs), Matrix(weight, rows: outputs, columns: inputs).t, into: y, bias: bias)
  }

  /// dx (+)= dy · W, with dy [rows, outputs] and dx [rows, inputs].
  package func inputGradient(
    on engine: Engine, dy: UnsafePointer<Float>, weight: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>,
    rows: Int, accumulate: Bool = false
  ) {
    engine.gemm(
      Matrix(dy, rows: rows, columns: outputs), Matrix(weight, rows: outputs, columns: inputs), into: dx,
      accumulate: accumulate)
  }

  /// dW += dyᵀ · x and db += Σ dy over the rows, with x [rows, inputs], dy [rows, outputs], dW [outputs, inputs] and db [outputs].
  package func parameterGradient(
    on engine: Engine, x: UnsafePointer<Float>, dy: UnsafePointer<Float>, dWeight: UnsafeMutablePointer<Float>,
    dBias: UnsafeMutablePointer<Float>, rows: Int
  ) {
    engine.gemm(
      Matrix(dy, rows: rows, columns: outputs).t, Matrix(x, rows: rows, columns: inputs), into: dWeight,
      accumulate: true)
    engine.kernels.channelSums(dy, rows, outputs, dBias)
  }
}
