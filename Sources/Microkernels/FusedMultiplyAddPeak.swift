extension EntryPoints {
  /// Multiply-adds on registers alone: the most that one core of this machine can do, against which kernels are judged.
  ///
  /// Eight or sixteen independent sums (as many as leave registers over) hide the latency of the multiply-add, 4 cycles on most
  /// cores, 2 of them a cycle.
  /// - Returns: a number that depends on all sums, so that none can be left out; `peakFlopsPerStep` FLOPs are done a step.
  @inline(never)
  package static func multiplyAddPeak(_ steps: Int) -> Float {
    let x = splat(0.999_999), y = splat(Float(steps & 1) + 1e-6)
    var s0 = x, s1 = x, s2 = x, s3 = x, s4 = x, s5 = x, s6 = x, s7 = x
    #if AVX512 || arch(arm64)
      var s8 = x, s9 = x, s10 = x, s11 = x, s12 = x, s13 = x, s14 = x, s15 = x
    #endif
    var i = steps
    while i > 0 {
      s0 = multiplyAdd(s0, x, y)
      s1 = multiplyAdd(s1, x, y)
      s2 = multiplyAdd(s2, x, y)
      s3 = multiplyAdd(s3, x, y)
      s4 = multiplyAdd(s4, x, y)
      s5 = multiplyAdd(s5, x, y)
      s6 = multiplyAdd(s6, x, y)
      s7 = multiplyAdd(s7, x, y)
      #if AVX512 || arch(arm64)
        s8 = multiplyAdd(s8, x, y)
        s9 = multiplyAdd(s9, x, y)
        s10 = multiplyAdd(s10, x, y)
        s11 = multiplyAdd(s11, x, y)
        s12 = multiplyAdd(s12, x, y)
        s13 = multiplyAdd(s13, x, y)
        s14 = multiplyAdd(s14, x, y)
        s15 = multiplyAdd(s15, x, y)
      #endif
      i -= 1
    }
    var s = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7
    #if AVX512 || arch(arm64)
      s += s8 + s9 + s10 + s11 + s12 + s13 + s14 + s15
    #endif
    return total(s)
  }

  package static var peakFlopsPerStep: Int {
    #if AVX512 || arch(arm64)
      2 * 16 * lanes
    #else
      2 * 8 * lanes
    #endif
  }
}
