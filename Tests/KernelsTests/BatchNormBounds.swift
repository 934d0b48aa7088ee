import Kernels

/// How far `BatchNorm` may be from `BatchNormReference` in one group, from the roundings of each step.
///
/// A chunk's first mean is a sum of `chunk` floats, off by up to δ = (γ(chunk) + u)·mean |x|; the sum of the deviations from it
/// corrects it. Chunks are joined in Double, and the result is rounded. With d = x − μ:
///
///     |Δμ|       ≤ (γ(chunk) + u)·(mean |d| + δ) + u·|μ|
///     |Δσ²|      ≤ γ(chunk + 3)·(σ² + δ²) + 4·|Δμ|·σ + 4·Δμ²        the squares lie around a mean that is off by up to δ
///     ρ          = 2u + |Δσ²| / 2(σ² + ε)                    relative error of i = 1/√(σ² + ε)
///     |Δy|       ≤ |γ|·i·(|Δμ| + ρ·|d|) + roundings of x·scale + shift + residual
///
/// and likewise backward, where the errors of Σ g and Σ g·d take the place of Δμ. γ is the likely one: sums of thousands
/// would otherwise be allowed a hundred times the error that they have.
struct BatchNormBounds {
  let mean: [Double]
  let variance: [Double]
  private(set) var y: [Double]
  private(set) var dx: [Double]
  private(set) var dGamma: [Double] = []
  private(set) var dBeta: [Double] = []

  /// - Parameters: those of the reference, whose result is `r`; `chunk` is the most rows that are summed in Float.
  init(
    _ r: BatchNormReference.Result, x: [Float], rows: Int, channels: Int, gamma: [Float], beta: [Float],
    epsilon: Double, residual: [Float]?, chunk: Int
  ) {
    let u = unitRoundoff, n = Double(rows)
    var means: [Double] = [], variances: [Double] = []
    y = [Double](repeating: 0, count: x.count)
    dx = y
    for c in 0..<channels {
      let places = (0..<rows).map { $0 * channels + c }
      let size = places.reduce(0) { $0 + Double(abs(x[$1])) } / n
      let spread = places.reduce(0) { $0 + abs(Double(x[$1]) - r.mean[c]) } / n
      let firstError = (likelyGamma(chunk) + u) * size
      let meanError = (likelyGamma(chunk) + u) * (spread + firstError) + u * abs(r.mean[c])
      let variance = r.variance[c]
      let varianceError =
        likelyGamma(chunk + 3) * (variance + firstError * firstError) + 4 * meanError * variance.squareRoot() + 4
        * meanError * meanError
      means.append(meanError)
      variances.append(varianceError)

      let inverse = 1 / (variance + epsilon).squareRoot()
      let relative = 2 * u + varianceError / (2 * (variance + epsilon))
      let scale = Double(abs(gamma[c])) * inverse
      // g and d of every row: the reference's gradient before ReLU, and the distance from the mean.
      let g = places.map { r.residualGradient[$0] }, d = places.map { Double(x[$0]) - r.mean[c] }
      let sizeG = g.reduce(0) { $0 + abs($1) }
      let sumG = g.reduce(0, +), sumGD = zip(g, d).reduce(0) { $0 + $1.0 * $1.1 }
      let sumGError = likelyGamma(chunk) * sizeG
      let sumGDError =
        likelyGamma(chunk + 2) * zip(g, d).reduce(0) { $0 + abs($1.0 * $1.1) } + meanError * (sizeG + sumGError)
      dBeta.append(sumGError + u * abs(sumG))
      dGamma.append(inverse * sumGDError + (relative + 2 * u) * abs(sumGD) * inverse)

      let slope = scale * inverse * inverse * abs(sumGD) / n
      let slopeError = scale * inverse * inverse * sumGDError / n + (3 * relative + 2 * u) * slope
      for (row, i) in places.enumerated() {
        let value = Double(abs(x[i]))
        let shift = Double(abs(beta[c])) + abs(r.mean[c]) * scale
        let added = Double(abs(residual?[i] ?? 0))
        y[i] = scale * (meanError + relative * abs(d[row])) + 4 * u * (value * scale + shift) + 2 * u * added
        dx[i] =
          scale * ((relative + 3 * u) * abs(g[row]) + sumGError / n + relative * abs(sumG) / n)
          + slopeError * abs(d[row]) + slope * meanError
          + 6 * u * (slope * (value + abs(r.mean[c])) + scale * abs(sumG) / n + scale * abs(g[row]))
      }
    }
    (mean, variance) = (means, variances)
  }
}
