import MicrokernelInterface

/// Soft-max along rows, at a temperature t:
///
///     softmax(x)[j] = e^(x[j]/t) / Σ_k e^(x[k]/t)
///
/// The row's maximum is subtracted first, so that no exponential overflows. Relative error: the sum's γ(columns), as in Winograd.swift, and 2⁻²⁴
/// times 2·|x[j] − max|/t for the argument of an exponential, 3 for itself (`exponential` in the microkernels) and 2 for the quotient.
package struct Softmax {
  package let columns: Int
  private let scale: Float

  /// - Parameter temperature: t, above 0.
  package init(columns: Int, temperature: Float = 1) {
    self.columns = columns
    scale = 1 / temperature
  }

  /// x and y are [rows, columns] and may be the same memory.
  package func forward(
    on engine: Engine, x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>, rows: Int
  ) {
    let kernels = engine.kernels
    engine.runRows(rows, flopsPerRow: 60 * columns) { r in
      let row = y + r * columns
      let (_, sum) = kernels.exponentialsAndSum(x + r * columns, scale, columns, row)
      kernels.scale(row, 1 / sum, columns, row)
    }
  }
}
