/// Batch normalisation as its formulas read, in Double: what `BatchNorm` is tested against.
package enum BatchNormReference {
  /// Everything that one group's forward and backward produce.
  package struct Result {
    package var y: [Double] = []
    package var mean: [Double] = []
    package var variance: [Double] = []
    package var dx: [Double] = []
    package var dGamma: [Double] = []
    package var dBeta: [Double] = []
    package var residualGradient: [Double] = []
  }

  /// - Parameters: x, dy, residual are [rows, channels], row-major; gamma and beta [channels].
  package static func run(
    x: [Float], rows: Int, channels: Int, gamma: [Float], beta: [Float], epsilon: Double, residual: [Float]?,
    relu: Bool, dy: [Float]
  ) -> Result {
    var r = Result()
    r.y = [Double](repeating: 0, count: rows * channels)
    r.dx = r.y
    r.residualGradient = r.y
    let n = Double(rows)
    for c in 0..<channels {
      let column = (0..<rows).map { Double(x[$0 * channels + c]) }
      let mean = column.reduce(0, +) / n
      let variance = column.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / n
      let inverse = 1 / (variance + epsilon).squareRoot()
      let normalised = column.map { ($0 - mean) * inverse }
      var g = [Double](repeating: 0, count: rows)
      for row in 0..<rows {
        let i = row * channels + c
        let before = Double(gamma[c]) * normalised[row] + Double(beta[c]) + Double(residual?[i] ?? 0)
        r.y[i] = relu ? max(0, before) : before
        g[row] = relu && before <= 0 ? 0 : Double(dy[i])
        r.residualGradient[i] = g[row]
      }
      let meanG = g.reduce(0, +) / n
      let meanGX = zip(g, normalised).map(*).reduce(0, +) / n
      for row in 0..<rows {
        r.dx[row * channels + c] = Double(gamma[c]) * inverse * (g[row] - meanG - normalised[row] * meanGX)
      }
      r.mean.append(mean)
      r.variance.append(variance)
      r.dGamma.append(meanGX * n)
      r.dBeta.append(meanG * n)
    }
    return r
  }
}
