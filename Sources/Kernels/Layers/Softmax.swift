import Foundation
import MicrokernelInterface

/// Soft-max and its logarithm along rows, at a temperature t:
///
///     softmax(x)[j] = e^(x[j]/t) / Σ_k e^(x[k]/t)
///     logSoftmax(x)[j] = x[j]/t − ln Σ_k e^(x[k]/t)
///
/// The row's maximum is subtracted first, so that no exponential overflows. Relative error of a soft-max, absolute error of its logarithm: the
/// sum's γ(columns), as in Winograd.swift, and 2⁻²⁴ times 2·|x[j] − max|/t for the argument of an exponential, 3 for itself (`exponential` in
/// the microkernels) and 2 for the quotient; the logarithm's own rounding comes to it.
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

  /// x and y are [rows, columns] and may not overlap.
  package func logForward(
    on engine: Engine, x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>, rows: Int
  ) {
    let kernels = engine.kernels
    engine.runRows(rows, flopsPerRow: 60 * columns) { r in
      let row = y + r * columns, input = x + r * columns
      let (most, sum) = kernels.exponentialsAndSum(input, scale, columns, row)
      let logSum = log(sum)
      for j in 0..<columns { row[j] = scale * (input[j] - most) - logSum }
    }
  }
}
