extension EntryPoints {
  /// Multiply-adds on registers alone: the most that one core of this machine can do, against which kernels are judged.
  ///
  /// Independent sums hide the latency of the multiply-add, as many as registers allow: 12 with AVX2, of which 5 cycles of latency and 2
  /// multiply-adds a cycle need 10, and 16 elsewhere. SSE2 has no such instruction. There a tile's products are apart from its sums, so that
  /// only additions wait for each other, and multiplications and additions are here each by themselves, 7 of either.
  ///
  /// - Returns: a number that depends on all sums, so that none can be left out; `peakFlopsPerStep` FLOPs are done a step.
  @inline(never)
  package static func multiplyAddPeak(_ steps: Int) -> Float {
    #if AVX512 || AVX2 || arch(arm64)
      fusedPeak(steps)
    #else
      separatePeak(steps)
    #endif
  }

  package static var peakFlopsPerStep: Int {
    #if AVX512 || arch(arm64)
      2 * 16 * lanes
    #elseif AVX2
      2 * 12 * lanes
    #else
      2 * 7 * lanes
    #endif
  }
}

#if AVX512 || AVX2 || arch(arm64)
  @inline(__always)
  private func fusedPeak(_ steps: Int) -> Float {
    let x = splat(0.999_999), y = splat(Float(steps & 1) + 1e-6)
    var s0 = x, s1 = x, s2 = x, s3 = x, s4 = x, s5 = x, s6 = x, s7 = x, s8 = x, s9 = x, s10 = x, s11 = x
    #if !AVX2
      var s12 = x, s13 = x, s14 = x, s15 = x
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
      s8 = multiplyAdd(s8, x, y)
      s9 = multiplyAdd(s9, x, y)
      s10 = multiplyAdd(s10, x, y)
      s11 = multiplyAdd(s11, x, y)
      #if !AVX2
        s12 = multiplyAdd(s12, x, y)
        s13 = multiplyAdd(s13, x, y)
        s14 = multiplyAdd(s14, x, y)
        s15 = multiplyAdd(s15, x, y)
      #endif
      i -= 1
    }
    var s = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11
    #if !AVX2
      s += s12 + s13 + s14 + s15
    #endif
    return total(s)
  }
#else
  @inline(__always)
  private func separatePeak(_ steps: Int) -> Float {
    // One, though the compiler can't know it: products that shrank would end as denormals, which are slow.
    let x = splat(Float(steps & 1) * 1e-12 + 1), y = splat(Float(steps & 1) + 1e-6)
    var p0 = x, p1 = x, p2 = x, p3 = x, p4 = x, p5 = x, p6 = x
    var s0 = Lanes(), s1 = Lanes(), s2 = Lanes(), s3 = Lanes(), s4 = Lanes(), s5 = Lanes(), s6 = Lanes()
    var i = steps
    while i > 0 {
      p0 *= x
      s0 += y
      p1 *= x
      s1 += y
      p2 *= x
      s2 += y
      p3 *= x
      s3 += y
      p4 *= x
      s4 += y
      p5 *= x
      s5 += y
      p6 *= x
      s6 += y
      i -= 1
    }
    return total(p0 + p1 + p2 + p3 + p4 + p5 + p6 + s0 + s1 + s2 + s3 + s4 + s5 + s6)
  }
#endif
