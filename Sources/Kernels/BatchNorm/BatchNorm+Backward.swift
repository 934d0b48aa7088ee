import MicrokernelInterface

extension BatchNorm {
  /// Backward of the training forward, with g = dy where y > 0 (dy itself without ReLU), d = x − μ, i = 1/√(σ² + ε):
  ///
  ///     dγ = Σ g·d·i,   dβ = Σ g
  ///     dx = γ·i·( g − mean(g) − d·i²·mean(g·d) )          means over the rows of a group
  ///        = g·a + d·b + c,   a = γ·i,   b = −a·i²·mean(g·d),   c = −a·mean(g):  two multiply-adds a value
  ///     residual's gradient = g
  ///
  /// - Parameters:
  ///   - dy: gradient of y, [groups · rows, channels]; may be the same memory as dx, which saves reading what is about to be overwritten.
  ///   - mask: where y > 0 is read from; `.input`, which spares reading y, if forward had no residual.
  ///   - x, rows, groups, parameters, saved: as forward had and left them.
  ///   - dx: [groups · rows, channels], overwritten.
  ///   - dGamma, dBeta: [channels], added to.
  ///   - residualGradient: receives g, [groups · rows, channels], or nil; not the same memory as dx.
  package func backward(
    on engine: Engine, dy: UnsafePointer<Float>, mask: ReLUMask, x: UnsafePointer<Float>, rows: Int, groups: Int,
    parameters: Parameters, saved: Saved, dx: UnsafeMutablePointer<Float>, dGamma: UnsafeMutablePointer<Float>,
    dBeta: UnsafeMutablePointer<Float>, residualGradient: UnsafeMutablePointer<Float>?
  ) {
    let kernels = engine.kernels, chunks = chunks(rows)
    let sums = engine.sharedScratch((groups * chunks * 2 + groups * 2) * channels)
    runChunks(on: engine, rows: rows, groups: groups, flops: 24) { task, group, at, count in
      let sum = sums + task * 2 * channels
      sum.update(repeating: 0, count: 2 * channels)
      kernels.normGradientSums(
        dy + at, mask.advanced(by: at), x + at, normalization(group, saved, parameters.beta), count, channels, sum,
        sum + channels)
    }
    let coefficients = sums + groups * chunks * 2 * channels
    runChannelBlocks(groups * chunks, on: engine) { block, sumG, sumGD in
      for group in 0..<groups {
        let first = sums + group * chunks * 2 * channels + block.lowerBound
        addUp(first, stride: 2 * channels, chunks, into: sumG, count: block.count)
        addUp(first + channels, stride: 2 * channels, chunks, into: sumGD, count: block.count)
        let slope = coefficients + group * 2 * channels
        putCoefficients(
          block, group, sumG, sumGD, saved, rows: rows, dGamma: dGamma, dBeta: dBeta, slope: slope,
          offset: slope + channels)
      }
    }
    runChunks(on: engine, rows: rows, groups: groups, flops: 48) { _, group, at, count in
      let slope = coefficients + group * 2 * channels
      kernels.normGradient(
        dy + at, mask.advanced(by: at), x + at, normalization(group, saved, parameters.beta), slope, slope + channels,
        count, channels, dx + at, residualGradient.map { $0 + at })
    }
  }

  /// Adds up one sum of each chunk, for `count` channels, in order and in Double.
  func addUp(
    _ first: UnsafePointer<Float>, stride: Int, _ chunks: Int, into sum: UnsafeMutablePointer<Double>, count: Int
  ) {
    sum.update(repeating: 0, count: count)
    for chunk in 0..<chunks {
      let part = first + chunk * stride
      for c in 0..<count { sum[c] += Double(part[c]) }
    }
  }

  /// dγ, dβ, and b and c of dx for some channels of a group, from Σ g and Σ g·d over its rows.
  func putCoefficients(
    _ block: Range<Int>, _ group: Int, _ sumG: UnsafePointer<Double>, _ sumGD: UnsafePointer<Double>, _ saved: Saved,
    rows: Int, dGamma: UnsafeMutablePointer<Float>, dBeta: UnsafeMutablePointer<Float>,
    slope: UnsafeMutablePointer<Float>, offset: UnsafeMutablePointer<Float>
  ) {
    for (i, c) in block.enumerated() {
      let inverse = Double(saved.inverse[group * channels + c]), scale = Double(saved.scale[group * channels + c])
      dGamma[c] += Float(sumGD[i] * inverse)
      dBeta[c] += Float(sumG[i])
      slope[c] = Float(-scale * inverse * inverse * sumGD[i] / Double(rows))
      offset[c] = Float(-scale * sumG[i] / Double(rows))
    }
  }
}
