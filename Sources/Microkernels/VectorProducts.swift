/// A vector times a matrix in memory, y[j] += Σ_k x[k] · B[k, j]: rows of B, `stride` floats apart, weighed and added.
///
/// Each value of B is read once, so that the time is that of reading it. Eight rows go side by side: y, which stays in L1, is read and
/// written once for all of them. Every y[j] adds its terms one after the other in the order of k, as a tile does. y may not overlap x or B.
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
        var sum = multiplyAdd(x0, load(b0 + j), load(y + j))
        sum = multiplyAdd(x1, load(b0 + stride + j), sum)
        sum = multiplyAdd(x2, load(b0 + 2 * stride + j), sum)
        sum = multiplyAdd(x3, load(b3 + j), sum)
        sum = multiplyAdd(x4, load(b3 + stride + j), sum)
        sum = multiplyAdd(x5, load(b3 + 2 * stride + j), sum)
        sum = multiplyAdd(x6, load(b6 + j), sum)
        sum = multiplyAdd(x7, load(b6 + stride + j), sum)
        store(sum, y + j)
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
}
