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
/// B is read in whole vectors, one a row where `columns` ≤ the kernel's `lanes`, else two: what they have past the last column must be
/// readable, no more than `bOverread` floats with any instruction set; its values do not matter. C may not overlap A or B.
///
/// Public, since the compiler inlines no other initialiser into Kernels, whose innermost loops make tiles. No product exports this module.
@frozen
public struct Tile {
  /// A[0, 0] of a single run; else what the runs count from.
  public var a: UnsafePointer<Float>
  /// From A[r, k] to A[r + 1, k].
  public var aRowStride: Int
  /// From A[r, k] to A[r, k + 1].
  public var aDepthStride: Int
  /// B[0, 0] of a single run; else what the runs count from.
  public var b: UnsafePointer<Float>
  /// From B[k, j] to B[k + 1, j].
  public var bDepthStride: Int
  /// C[0, 0].
  public var c: UnsafeMutablePointer<Float>
  /// From C[r, j] to C[r + 1, j].
  public var cRowStride: Int
  /// Any number: as many as the kernel's `tileRows` are computed at a time.
  public var rows: Int
  /// 0 ≤ columns ≤ the kernel's `tileColumns`.
  public var columns: Int
  /// Tiles side by side that differ in their columns alone: B's are `bPanelStride` floats apart, C's and the bias's `columns`.
  public var panels: Int
  /// From a tile's B to the next one's.
  public var bPanelStride: Int
  /// Nil for a single run, which starts at `a` and `b`.
  public var runs: UnsafePointer<Run>?
  /// 0 or more. Without any, C becomes the bias or zero, or with `accumulate` stays what it is, plus the bias.
  public var runCount: Int
  /// The products of one run, 0 or more.
  public var depth: Int
  /// Adds to C instead of replacing it.
  public var accumulate: Bool
  /// One value a column, or nil.
  public var bias: UnsafePointer<Float>?

  /// Where one stretch of the sum starts in A and in B.
  @frozen
  public struct Run {
    /// Floats from the tile's `a` to the run's A[0, 0].
    public var a: Int
    /// Floats from the tile's `b` to the run's B[0, 0].
    public var b: Int

    /// - Parameters: as the properties have them.
    @inlinable public init(a: Int, b: Int) {
      self.a = a
      self.b = b
    }
  }

  /// Where a single run starts is added to `a` and `b`: a kernel waits for what it reads before its first step.
  @inlinable public init(
    a: UnsafePointer<Float>, aRowStride: Int, aDepthStride: Int, b: UnsafePointer<Float>, bDepthStride: Int,
    c: UnsafeMutablePointer<Float>, cRowStride: Int, rows: Int, columns: Int, panels: Int = 1,
    bPanelStride: Int = 0, runs: UnsafePointer<Run>? = nil, runCount: Int = 1, depth: Int, accumulate: Bool,
    bias: UnsafePointer<Float>? = nil
  ) {
    let only = runCount == 1 ? runs?.pointee : nil
    self.a = a + (only?.a ?? 0)
    self.aRowStride = aRowStride
    self.aDepthStride = aDepthStride
    self.b = b + (only?.b ?? 0)
    self.bDepthStride = bDepthStride
    self.c = c
    self.cRowStride = cRowStride
    self.rows = rows
    self.columns = columns
    self.panels = panels
    self.bPanelStride = bPanelStride
    self.runs = only == nil ? runs : nil
    self.runCount = runCount
    self.depth = depth
    self.accumulate = accumulate
    self.bias = bias
  }
}

/// More than any tile reads past the last column of B.
package let bOverread = 31
