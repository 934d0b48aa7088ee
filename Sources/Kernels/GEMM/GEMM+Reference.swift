/// C[i, j] (+)= Σ_k A[i, k] · B[k, j] (+ bias[j]), written as it reads, with sums in Double: what `Engine.gemm` is tested
/// against.
///
/// - Parameters:
///   - c: row-major [a.rows, b.columns] with `cStride` floats a row.
///   - bias: b.columns values, or nil.
package func gemmReference(
  _ a: Matrix, _ b: Matrix, into c: UnsafeMutablePointer<Float>, cStride: Int, accumulate: Bool,
  bias: UnsafePointer<Float>? = nil
) {
  for i in 0..<a.rows {
    for j in 0..<b.columns {
      var sum = accumulate ? Double(c[i * cStride + j]) : 0
      for k in 0..<a.columns {
        sum += Double(a[i, k]) * Double(b[k, j])
      }
      if let bias { sum += Double(bias[j]) }
      c[i * cStride + j] = Float(sum)
    }
  }
}
