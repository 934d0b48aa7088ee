import MicrokernelInterface

/// The end of a residual block whose shortcut ends in a batch norm as well:
///
///     y = relu( norm(x) + norm'(x') )                               norm' with a ReLU of its own, or without
///
/// Where one batch norm would write its result and the other read it, and backward the same with the gradient, both are applied in one pass
/// over x and x'. Forward reads or writes three arrays where it would be five one after the other, backward ten where it would be thirteen;
/// the bits are the same.
extension BatchNorm {
  /// One of the two: what it normalises, its parameters, and what its `forward` or `inference` saved.
  package struct Branch {
    package let x: UnsafePointer<Float>
    package let parameters: Parameters
    package let saved: Saved

    package init(x: UnsafePointer<Float>, parameters: Parameters, saved: Saved) {
      (self.x, self.parameters, self.saved) = (x, parameters, saved)
    }
  }

  /// What `backward` makes of one of them: dx [groups · rows, channels], and dγ and dβ [channels], which are added to.
  package struct BranchGradient {
    package let dx: UnsafeMutablePointer<Float>
    package let dGamma: UnsafeMutablePointer<Float>
    package let dBeta: UnsafeMutablePointer<Float>

    package init(
      dx: UnsafeMutablePointer<Float>, dGamma: UnsafeMutablePointer<Float>, dBeta: UnsafeMutablePointer<Float>
    ) {
      (self.dx, self.dGamma, self.dBeta) = (dx, dGamma, dBeta)
    }
  }

  /// Makes y [groups · rows, channels] of both, whose statistics have been taken.
  package func normalize(
    on engine: Engine, _ first: Branch, _ second: Branch, secondReLU: Bool, rows: Int, groups: Int,
    y: UnsafeMutablePointer<Float>
  ) {
    let kernels = engine.kernels
    runChunks(on: engine, rows: rows, groups: groups, flops: 48) { _, group, at, count in
      kernels.normPairForward(
        first.x + at, normalization(group, first.saved, first.parameters.beta), second.x + at,
        normalization(group, second.saved, second.parameters.beta), secondReLU, count, channels, y + at)
    }
  }

  /// Backward of both, whose ReLU is the sum's alone.
  ///
  /// - Parameters:
  ///   - dy: gradient of y; may be the same memory as one of the two dx.
  ///   - y: where it is positive, the gradient passes.
  package func backward(
    on engine: Engine, dy: UnsafePointer<Float>, y: UnsafePointer<Float>, rows: Int, groups: Int,
    _ first: Branch, into firstGradient: BranchGradient, _ second: Branch, into secondGradient: BranchGradient
  ) {
    let kernels = engine.kernels, chunks = chunks(rows)
    // [groups, chunks, 3, channels]: Σ g, Σ g·d and Σ g·d' of each chunk; behind them [groups, 4, channels]: b and c of both.
    let sums = engine.sharedScratch((groups * chunks * 3 + groups * 4) * channels)
    let coefficients = sums + groups * chunks * 3 * channels
    runChunks(on: engine, rows: rows, groups: groups, flops: 36) { task, group, at, count in
      let sum = sums + task * 3 * channels
      sum.update(repeating: 0, count: 3 * channels)
      kernels.normPairGradientSums(
        dy + at, y + at, first.x + at, first.saved.mean + group * channels, second.x + at,
        second.saved.mean + group * channels, count, channels, sum, sum + channels, sum + 2 * channels)
    }
    runChannelBlocks(groups * chunks, on: engine) { block, sumG, sumGD in
      for group in 0..<groups {
        let part = sums + group * chunks * 3 * channels + block.lowerBound
        let slope = coefficients + group * 4 * channels
        addUp(part, stride: 3 * channels, chunks, into: sumG, count: block.count)
        addUp(part + channels, stride: 3 * channels, chunks, into: sumGD, count: block.count)
        putCoefficients(
          block, group, sumG, sumGD, first.saved, rows: rows, dGamma: firstGradient.dGamma,
          dBeta: firstGradient.dBeta, slope: slope, offset: slope + channels)
        addUp(part + 2 * channels, stride: 3 * channels, chunks, into: sumGD, count: block.count)
        putCoefficients(
          block, group, sumG, sumGD, second.saved, rows: rows, dGamma: secondGradient.dGamma,
          dBeta: secondGradient.dBeta, slope: slope + 2 * channels, offset: slope + 3 * channels)
      }
    }
    runChunks(on: engine, rows: rows, groups: groups, flops: 64) { _, group, at, count in
      let slope = coefficients + group * 4 * channels
      func gradient(
        _ branch: Branch, _ dx: UnsafeMutablePointer<Float>, _ slope: UnsafeMutablePointer<Float>
      ) -> NormGradient {
        NormGradient(
          x: branch.x + at, center: branch.saved.mean + group * channels, scale: branch.saved.scale + group * channels,
          slope: slope, offset: slope + channels, dx: dx + at)
      }
      kernels.normPairGradient(
        dy + at, y + at, gradient(first, firstGradient.dx, slope),
        gradient(second, secondGradient.dx, slope + 2 * channels), count, channels)
    }
  }
}
