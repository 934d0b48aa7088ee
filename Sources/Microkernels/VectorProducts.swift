import MicrokernelInterface

/// A vector times a matrix in memory: each value of the matrix is read once, in the order in which it lies there, so that the time is
/// that of reading it.
///
///     addScaledRows   y[j] += Σ_k x[k] · B[k, j]        rows of B weighed and added: 8 at a time, so that y, which
///                                                       stays in L1, is read and written once for every 8 rows
///     addDotProducts  y[r] += Σ_k x[k] · B[r, k]        rows of B times x: 4 at a time, which read x once
///
/// Rows of B lie `stride` floats apart.
extension EntryPoints {
  @inline(never)
  package static func addScaledRows(
    _ x: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ stride: Int, _ rows: Int, _ columns: Int,
    _ y: UnsafeMutablePointer<Float>
  ) {
    var k = 0
    while k + 8 <= rows {
      let b0 = b + k * stride, b3 = b0 + 3 * stride, b6 = b3 + 3 * stride
      let x0 = splat(x[k]), x1 = splat(x[k + 1]), x2 = splat(x[k + 2]), x3 = splat(x[k + 3])
      let x4 = splat(x[k + 4]), x5 = splat(x[k + 5]), x6 = splat(x[k + 6]), x7 = splat(x[k + 7])
      var j = 0
      while j + lanes <= columns {
        // Two sums, so that a multiply-add need not wait for all of those before it.
        var even = multiplyAdd(x0, load(b0 + j), load(y + j))
        var odd = x1 * load(b0 + stride + j)
        even = multiplyAdd(x2, load(b0 + 2 * stride + j), even)
        odd = multiplyAdd(x3, load(b3 + j), odd)
        even = multiplyAdd(x4, load(b3 + stride + j), even)
        odd = multiplyAdd(x5, load(b3 + 2 * stride + j), odd)
        even = multiplyAdd(x6, load(b6 + j), even)
        odd = multiplyAdd(x7, load(b6 + stride + j), odd)
        store(even + odd, y + j)
        j += lanes
      }
      while j < columns {
        var sum = y[j]
        var r = 0
        while r < 8 {
          sum = multiplyAdd(x[k + r], b0[r * stride + j], sum)
          r += 1
        }
        y[j] = sum
        j += 1
      }
      k += 8
    }
    while k < rows {
      let row = b + k * stride, weight = splat(x[k])
      var j = 0
      while j + lanes <= columns {
        store(multiplyAdd(weight, load(row + j), load(y + j)), y + j)
        j += lanes
      }
      while j < columns {
        y[j] = multiplyAdd(x[k], row[j], y[j])
        j += 1
      }
      k += 1
    }
  }

  @inline(never)
  package static func addDotProducts(
    _ x: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ stride: Int, _ rows: Int, _ columns: Int,
    _ y: UnsafeMutablePointer<Float>
  ) {
    var r = 0
    while r + 4 <= rows {
      let b0 = b + r * stride, b1 = b0 + stride, b2 = b1 + stride, b3 = b2 + stride
      var s0 = Lanes(), s1 = Lanes(), s2 = Lanes(), s3 = Lanes()
      var k = 0
      while k + lanes <= columns {
        let v = load(x + k)
        s0 = multiplyAdd(v, load(b0 + k), s0)
        s1 = multiplyAdd(v, load(b1 + k), s1)
        s2 = multiplyAdd(v, load(b2 + k), s2)
        s3 = multiplyAdd(v, load(b3 + k), s3)
        k += lanes
      }
      var t0 = total(s0), t1 = total(s1), t2 = total(s2), t3 = total(s3)
      while k < columns {
        t0 = multiplyAdd(x[k], b0[k], t0)
        t1 = multiplyAdd(x[k], b1[k], t1)
        t2 = multiplyAdd(x[k], b2[k], t2)
        t3 = multiplyAdd(x[k], b3[k], t3)
        k += 1
      }
      y[r] += t0
      y[r + 1] += t1
      y[r + 2] += t2
      y[r + 3] += t3
      r += 4
    }
    while r < rows {
      y[r] += dotProduct(x, b + r * stride, columns)
      r += 1
    }
  }
}
