/// A matrix operand in memory that belongs to somebody else.
///
/// Element (i, j) is `base[i · stride + j]`, or `base[j · stride + i]` when `transposed`; `rows` and `columns` are those of
/// the matrix as it enters the product, after transposition.
package struct Matrix {
  package var base: UnsafePointer<Float>
  package var rows: Int
  package var columns: Int
  /// Floats from one row in memory to the next.
  package var stride: Int
  package var transposed: Bool

  /// A row-major matrix of `rows` × `columns`; `stride` is `columns` unless given.
  package init(_ base: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int? = nil) {
    self.base = base
    self.rows = rows
    self.columns = columns
    self.stride = stride ?? columns
    transposed = false
  }

  /// The same memory, read as the transposed matrix.
  package var t: Matrix {
    var m = self
    swap(&m.rows, &m.columns)
    m.transposed.toggle()
    return m
  }

  package subscript(i: Int, j: Int) -> Float {
    transposed ? base[j * stride + i] : base[i * stride + j]
  }
}
