/// One tile of a matrix product, the unit of work of every convolution and GEMM in this project:
///
///     C[r, j] (+)= Σ over runs, Σ over k < depth   A[r, k] · B[k, j]   (+ bias[j])      r < rows, j < columns
///
///     A[r, k] = a[run.a + r · aRowStride + k · aDepthStride]
///     B[k, j] = b[run.b + k · bDepthStride + j]
///     C[r, j] = c[r · cRowStride + j]
///
/// A run is a stretch of the sum that lies evenly in memory: the whole depth of a GEMM block, one tap of a convolution,
/// one pixel of a weight gradient. All strides and offsets count floats.
///
/// B is read in whole vectors: `bOverread` floats after the last column must be readable; their values do not matter.
package struct Tile {
  package var a: UnsafePointer<Float>
  package var aRowStride: Int
  package var aDepthStride: Int
  package var b: UnsafePointer<Float>
  package var bDepthStride: Int
  package var c: UnsafeMutablePointer<Float>
  package var cRowStride: Int
  /// 0 ≤ rows ≤ the kernel's `tileRows`.
  package var rows: Int
  /// 0 ≤ columns ≤ the kernel's `tileColumns`.
  package var columns: Int
  package var runs: UnsafePointer<Run>
  package var runCount: Int
  package var depth: Int
  /// Adds to C instead of replacing it.
  package var accumulate: Bool
  /// One value a column, or nil.
  package var bias: UnsafePointer<Float>?

  /// Where one stretch of the sum starts in A and in B.
  package struct Run {
    package var a: Int
    package var b: Int

    @inlinable package init(a: Int, b: Int) {
      self.a = a
      self.b = b
    }
  }

  @inlinable package init(
    a: UnsafePointer<Float>, aRowStride: Int, aDepthStride: Int, b: UnsafePointer<Float>, bDepthStride: Int,
    c: UnsafeMutablePointer<Float>, cRowStride: Int, rows: Int, columns: Int, runs: UnsafePointer<Run>, runCount: Int,
    depth: Int, accumulate: Bool, bias: UnsafePointer<Float>? = nil
  ) {
    self.a = a
    self.aRowStride = aRowStride
    self.aDepthStride = aDepthStride
    self.b = b
    self.bDepthStride = bDepthStride
    self.c = c
    self.cRowStride = cRowStride
    self.rows = rows
    self.columns = columns
    self.runs = runs
    self.runCount = runCount
    self.depth = depth
    self.accumulate = accumulate
    self.bias = bias
  }
}

/// The most that a tile may read past the last column of B: one column short of two AVX-512 vectors.
package let bOverread = 31
