import MicrokernelInterface

/// L2 normalisation of rows: y = x / max(‖x‖, 1e-12), as PyTorch's `F.normalize`. Relative error: that of ‖x‖, at most γ(columns)/2 with γ as
/// in Winograd.swift, and three roundings.
package struct L2Normalize {
  package let columns: Int
  private static let leastLength: Float = 1e-12

  package init(columns: Int) {
    self.columns = columns
  }

  /// x and y are [rows, columns] and may be the same memory; `lengths` [rows] receives max(‖x‖, 1e-12).
  package func forward(
    on engine: Engine, x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>, lengths: UnsafeMutablePointer<Float>,
    rows: Int
  ) {
    let kernels = engine.kernels
    engine.runRows(rows, flopsPerRow: 16 * columns) { r in
      let row = x + r * columns
      let length = max(kernels.dotProduct(row, row, columns).squareRoot(), Self.leastLength)
      lengths[r] = length
      kernels.scale(row, 1 / length, columns, y + r * columns)
    }
  }

  /// dx = (dy − y·(y·dy)) / length, with length = max(‖x‖, 1e-12); PyTorch leaves the second term out where ‖x‖ was below 1e-12.
  ///
  /// - Parameters:
  ///   - dy, dx: [rows, columns]; may be the same memory.
  ///   - y, lengths: as forward left them.
  package func backward(
    on engine: Engine, dy: UnsafePointer<Float>, y: UnsafePointer<Float>, lengths: UnsafePointer<Float>,
    dx: UnsafeMutablePointer<Float>, rows: Int
  ) {
    let kernels = engine.kernels
    engine.runRows(rows, flopsPerRow: 16 * columns) { r in
      let unit = y + r * columns, gradient = dy + r * columns
      let along = kernels.dotProduct(unit, gradient, columns)
      if UnsafePointer(dx) != dy { (dx + r * columns).update(from: gradient, count: columns) }
      kernels.scaleAndAdd(-along / lengths[r], unit, 1 / lengths[r], dx + r * columns, columns)
    }
  }
}
