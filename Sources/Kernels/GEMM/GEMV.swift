import MicrokernelInterface

/// Products with a single row or column: y (+)= x · M (+ bias), with x of length `depth` and M [depth, columns].
///
/// The matrix is read once from wherever it lies, and nothing is copied but x or y if they do not lie in one piece. M in rows of
/// `columns` is weighed row by row (`addScaledRows`); Mᵀ in rows of `depth` gives one dot product a column
/// (`addDotProducts`). Tasks are stretches of y, whose number does not depend on the cores.
///
///     one row      C[0, ·]  =  A[0, ·] · B               x = A[0, ·],  M = B,   y = C[0, ·]
///     one column   C[·, 0]ᵀ =  B[·, 0]ᵀ · Aᵀ             x = B[·, 0],  M = Aᵀ,  y = C[·, 0], `cStride` apart
extension Engine {
  func multiplyVector(_ product: VectorProduct) {
    let m = product.matrix, depth = m.rows, count = m.columns
    let copiesX = product.xStride != 1, copiesY = product.yStride != 1
    let xFloats = (depth + 15) / 16 * 16
    let scratch = sharedScratch(xFloats + count)
    if copiesX {
      for k in 0..<depth { scratch[k] = product.x[k * product.xStride] }
    }
    let x = copiesX ? UnsafePointer(scratch) : product.x
    let y = copiesY ? scratch + xFloats : product.y
    let kernels = kernels
    let chunk = VectorProduct.columnsPerTask
    run((count + chunk - 1) / chunk, flops: 16 * depth * count) { task, _ in
      let start = task * chunk, columns = min(chunk, count - start)
      product.start(y + start, start..<start + columns)
      if m.transposed {
        kernels.addDotProducts(x, m.base + start * m.stride, m.stride, columns, depth, y + start)
      } else {
        kernels.addScaledRows(x, m.base + start, m.stride, depth, columns, y + start)
      }
      guard copiesY else { return }
      for j in start..<start + columns { product.y[j * product.yStride] = y[j] }
    }
  }
}

/// The operands of `multiplyVector`.
struct VectorProduct {
  /// 1 KiB of y: it stays in L1 while the matrix goes by.
  static let columnsPerTask = 256

  /// x[k] is `x[k · xStride]`.
  var x: UnsafePointer<Float>
  var xStride: Int
  var matrix: Matrix
  /// y[j] is `y[j · yStride]`.
  var y: UnsafeMutablePointer<Float>
  var yStride: Int
  var accumulate: Bool
  var bias: UnsafePointer<Float>?
  /// 1, or 0 if there is one bias for all of y.
  var biasStride: Int

  /// What the sums in `range` begin with.
  fileprivate func start(_ sums: UnsafeMutablePointer<Float>, _ range: Range<Int>) {
    var i = 0
    for j in range {
      var value = accumulate ? y[j * yStride] : 0
      if let bias { value += bias[j * biasStride] }
      sums[i] = value
      i += 1
    }
  }

  /// The product that `Engine.gemm` is asked for, if it has a single row or column.
  init?(
    _ a: Matrix, _ b: Matrix, into c: UnsafeMutablePointer<Float>, cStride: Int, accumulate: Bool,
    bias: UnsafePointer<Float>?
  ) {
    if a.rows == 1 {
      (x, xStride) = (a.base, a.transposed ? a.stride : 1)
      (matrix, y, yStride, biasStride) = (b, c, 1, 1)
    } else if b.columns == 1 {
      (x, xStride) = (b.base, b.transposed ? 1 : b.stride)
      (matrix, y, yStride, biasStride) = (a.t, c, cStride, 0)
    } else {
      return nil
    }
    self.accumulate = accumulate
    self.bias = bias
  }
}
