/// ‖x − c‖² = Σ_i (x_i − c_i)² over `count` elements.
///
/// Direct rather than as x·x − 2x·c + c·c: it takes a third more operations, but never cancels: the result is 0 exactly
/// where x = c, never negative, and relatively within (count/8 + 11)·2⁻²⁴ of the true value: two roundings for the
/// difference (it is squared), one for the square, count/8 for the sum of a lane, at most eight for lanes and tail.
func squaredDistance(_ x: UnsafePointer<Float>, _ c: UnsafePointer<Float>, _ count: Int) -> Float {
  var sum = SIMD8<Float>()
  var i = 0
  while i + 8 <= count {
    let difference = load8(x + i) - load8(c + i)
    sum += difference * difference
    i += 8
  }
  return sum.sum() + squaredDistanceTail(x, c, from: i, count)
}

/// The squared distances of x from four consecutive centers, each with the same bits as `squaredDistance`: a load of x
/// serves four, and the eight accumulators of 128 bits leave a baseline x86-64 core registers to spare.
///
/// - Parameter centers: 4 × `count`, row-major.
func squaredDistances(
  _ x: UnsafePointer<Float>, fourCenters centers: UnsafePointer<Float>, _ count: Int
) -> SIMD4<Float> {
  let c0 = centers, c1 = c0 + count, c2 = c1 + count, c3 = c2 + count
  var s0 = SIMD8<Float>(), s1 = SIMD8<Float>(), s2 = SIMD8<Float>(), s3 = SIMD8<Float>()
  var i = 0
  while i + 8 <= count {
    let xs = load8(x + i)
    let d0 = xs - load8(c0 + i), d1 = xs - load8(c1 + i), d2 = xs - load8(c2 + i), d3 = xs - load8(c3 + i)
    s0 += d0 * d0
    s1 += d1 * d1
    s2 += d2 * d2
    s3 += d3 * d3
    i += 8
  }
  let tails = SIMD4(
    squaredDistanceTail(x, c0, from: i, count), squaredDistanceTail(x, c1, from: i, count),
    squaredDistanceTail(x, c2, from: i, count), squaredDistanceTail(x, c3, from: i, count))
  return SIMD4(s0.sum(), s1.sum(), s2.sum(), s3.sum()) + tails
}

/// sum_i += x_i over `count` elements.
func add(_ x: UnsafePointer<Float>, to sum: UnsafeMutablePointer<Double>, _ count: Int) {
  var i = 0
  while i < count {
    sum[i] += Double(x[i])
    i += 1
  }
}

@inline(__always)
private func load8(_ pointer: UnsafePointer<Float>) -> SIMD8<Float> {
  UnsafeRawPointer(pointer).loadUnaligned(as: SIMD8<Float>.self)
}

/// The elements `start`..<`count` that don't fill a vector.
@inline(__always)
private func squaredDistanceTail(
  _ x: UnsafePointer<Float>, _ c: UnsafePointer<Float>, from start: Int, _ count: Int
) -> Float {
  var sum: Float = 0
  var i = start
  while i < count {
    let difference = x[i] - c[i]
    sum += difference * difference
    i += 1
  }
  return sum
}
