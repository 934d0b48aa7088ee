import MicrokernelInterface

extension EntryPoints {
  /// Batch normalisation's passes over x [rows, channels], each reading and writing every value once.
  ///
  /// Forward, with an optional residual, and ReLU when `relu`; rows of y lie `yStep` floats apart:
  ///
  ///     y = relu((x − center) · scale + shift + residual)          y may be the memory of x or the residual, if `yStep` is `channels`
  ///
  /// Backward, with g the gradient before ReLU, taken as dy where y > 0 (dy itself without ReLU) and d = x − center:
  ///
  ///     sumG[c] += Σ g,   sumGD[c] += Σ g · d                      `normGradientSums`
  ///     dx = g · scale[c] + d · slope[c] + offset[c]               `normGradient`; residualGradient = g if asked for; dx may be dy's memory
  ///
  /// All of them wait for memory: a core has some 30 cycles for each pair of vectors that it brings.
  @inline(never)
  package static func normForward(
    _ x: UnsafePointer<Float>, _ n: ChannelNormalization, _ residual: UnsafePointer<Float>?, _ relu: Bool, _ rows: Int,
    _ channels: Int, _ y: UnsafeMutablePointer<Float>, _ yStep: Int
  ) {
    let center = n.center, scale = n.scale, shift = n.shift
    @inline(__always) func pass(residual: UnsafePointer<Float>?, relu: Bool) {
      var at = 0, to = 0
      var r = rows
      while r > 0 {
        var c = 0
        while c + lanes <= channels {
          var v = multiplyAdd(load(x + at + c) - load(center + c), load(scale + c), load(shift + c))
          if let residual { v += load(residual + at + c) }
          if relu { v = positivePart(v) }
          store(v, y + to + c)
          c += lanes
        }
        while c < channels {
          var v = multiplyAdd(x[at + c] - center[c], scale[c], shift[c])
          if let residual { v += residual[at + c] }
          if relu, v < 0 { v = 0 }
          y[to + c] = v
          c += 1
        }
        at += channels
        to += yStep
        r -= 1
      }
    }
    // The four cases are spelt out so that each loop is free of branches.
    switch (residual, relu) {
    case (nil, false): pass(residual: nil, relu: false)
    case (nil, true): pass(residual: nil, relu: true)
    case (let residual?, false): pass(residual: residual, relu: false)
    case (let residual?, true): pass(residual: residual, relu: true)
    }
  }
}

/// ReLU's derivative at one place. Each kind has loops of its own, free of branches.
private protocol Mask {
  /// dy where the result was positive, else 0; d = x − center.
  func gradient(_ dy: Lanes, _ d: Lanes, _ at: Int, _ scale: Lanes, _ shift: Lanes) -> Lanes
  func gradient(_ dy: Float, _ d: Float, _ at: Int, _ scale: Float, _ shift: Float) -> Float
}

private struct NoMask: Mask {
  @inline(__always) func gradient(_ dy: Lanes, _ d: Lanes, _ at: Int, _ scale: Lanes, _ shift: Lanes) -> Lanes { dy }
  @inline(__always) func gradient(_ dy: Float, _ d: Float, _ at: Int, _ scale: Float, _ shift: Float) -> Float { dy }
}

private struct OutputMask: Mask {
  let y: UnsafePointer<Float>

  @inline(__always) func gradient(_ dy: Lanes, _ d: Lanes, _ at: Int, _ scale: Lanes, _ shift: Lanes) -> Lanes {
    Lanes().replacing(with: dy, where: load(y + at) .> Lanes())
  }

  @inline(__always) func gradient(_ dy: Float, _ d: Float, _ at: Int, _ scale: Float, _ shift: Float) -> Float {
    y[at] > 0 ? dy : 0
  }
}

private struct InputMask: Mask {
  @inline(__always) func gradient(_ dy: Lanes, _ d: Lanes, _ at: Int, _ scale: Lanes, _ shift: Lanes) -> Lanes {
    Lanes().replacing(with: dy, where: multiplyAdd(d, scale, shift) .> Lanes())
  }

  @inline(__always) func gradient(_ dy: Float, _ d: Float, _ at: Int, _ scale: Float, _ shift: Float) -> Float {
    multiplyAdd(d, scale, shift) > 0 ? dy : 0
  }
}

/// The sums of one vector of channels, and what its values are compared with.
private struct GradientSums {
  var g: Lanes
  var gd: Lanes
  let center: Lanes
  let scale: Lanes
  let shift: Lanes

  @inline(__always) init(
    _ sumG: UnsafeMutablePointer<Float>, _ sumGD: UnsafeMutablePointer<Float>, _ n: ChannelNormalization, _ c: Int
  ) {
    (g, gd) = (load(sumG + c), load(sumGD + c))
    (center, scale, shift) = (load(n.center + c), load(n.scale + c), load(n.shift + c))
  }

  @inline(__always) mutating func add<M: Mask>(
    _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ at: Int, _ mask: M
  ) {
    let d = load(x + at) - center
    let gradient = mask.gradient(load(dy + at), d, at, scale, shift)
    g += gradient
    gd = multiplyAdd(gradient, d, gd)
  }

  @inline(__always) func put(_ sumG: UnsafeMutablePointer<Float>, _ sumGD: UnsafeMutablePointer<Float>, _ c: Int) {
    store(g, sumG + c)
    store(gd, sumGD + c)
  }
}

/// As `channelSums`, four vectors of channels at a time stay in registers while the rows go by.
@inline(never)
private func gradientSums<M: Mask>(
  _ mask: M, _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ n: ChannelNormalization, _ rows: Int,
  _ channels: Int, _ sumG: UnsafeMutablePointer<Float>, _ sumGD: UnsafeMutablePointer<Float>
) {
  forBlocksOfRows(rows, channels) { first, rows in
    var c = 0
    while c + 4 * lanes <= channels {
      var s0 = GradientSums(sumG, sumGD, n, c), s1 = GradientSums(sumG, sumGD, n, c + lanes)
      var s2 = GradientSums(sumG, sumGD, n, c + 2 * lanes), s3 = GradientSums(sumG, sumGD, n, c + 3 * lanes)
      var at = first * channels + c
      var r = rows
      while r > 0 {
        s0.add(dy, x, at, mask)
        s1.add(dy, x, at + lanes, mask)
        s2.add(dy, x, at + 2 * lanes, mask)
        s3.add(dy, x, at + 3 * lanes, mask)
        at += channels
        r -= 1
      }
      s0.put(sumG, sumGD, c)
      s1.put(sumG, sumGD, c + lanes)
      s2.put(sumG, sumGD, c + 2 * lanes)
      s3.put(sumG, sumGD, c + 3 * lanes)
      c += 4 * lanes
    }
    while c + 2 * lanes <= channels {
      var s0 = GradientSums(sumG, sumGD, n, c), s1 = GradientSums(sumG, sumGD, n, c + lanes)
      var at = first * channels + c
      var r = rows
      while r > 0 {
        s0.add(dy, x, at, mask)
        s1.add(dy, x, at + lanes, mask)
        at += channels
        r -= 1
      }
      s0.put(sumG, sumGD, c)
      s1.put(sumG, sumGD, c + lanes)
      c += 2 * lanes
    }
    while c + lanes <= channels {
      var s = GradientSums(sumG, sumGD, n, c)
      var at = first * channels + c
      var r = rows
      while r > 0 {
        s.add(dy, x, at, mask)
        at += channels
        r -= 1
      }
      s.put(sumG, sumGD, c)
      c += lanes
    }
    while c < channels {
      var s = sumG[c], t = sumGD[c]
      var at = first * channels + c
      var r = rows
      while r > 0 {
        let d = x[at] - n.center[c]
        let g = mask.gradient(dy[at], d, at, n.scale[c], n.shift[c])
        s += g
        t = multiplyAdd(g, d, t)
        at += channels
        r -= 1
      }
      sumG[c] = s
      sumGD[c] = t
      c += 1
    }
  }
}

/// - Parameter residualGradient: receives g, or nil; whether it is there is a branch that always goes the same way.
@inline(never)
private func gradient<M: Mask>(
  _ mask: M, _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ n: ChannelNormalization,
  _ slope: UnsafePointer<Float>, _ offset: UnsafePointer<Float>, _ rows: Int, _ channels: Int,
  _ dx: UnsafeMutablePointer<Float>, _ residualGradient: UnsafeMutablePointer<Float>?
) {
  let center = n.center, scale = n.scale, shift = n.shift
  var at = 0
  var r = rows
  while r > 0 {
    var c = 0
    while c + lanes <= channels {
      let d = load(x + at + c) - load(center + c), a = load(scale + c)
      let g = mask.gradient(load(dy + at + c), d, at + c, a, load(shift + c))
      if let residualGradient { store(g, residualGradient + at + c) }
      store(multiplyAdd(g, a, multiplyAdd(d, load(slope + c), load(offset + c))), dx + at + c)
      c += lanes
    }
    while c < channels {
      let d = x[at + c] - center[c]
      let g = mask.gradient(dy[at + c], d, at + c, scale[c], shift[c])
      if let residualGradient { residualGradient[at + c] = g }
      dx[at + c] = multiplyAdd(g, scale[c], multiplyAdd(d, slope[c], offset[c]))
      c += 1
    }
    at += channels
    r -= 1
  }
}

extension EntryPoints {
  @inline(never)
  package static func normGradientSums(
    _ dy: UnsafePointer<Float>, _ mask: ReLUMask, _ x: UnsafePointer<Float>, _ n: ChannelNormalization, _ rows: Int,
    _ channels: Int, _ sumG: UnsafeMutablePointer<Float>, _ sumGD: UnsafeMutablePointer<Float>
  ) {
    switch mask {
    case .none: gradientSums(NoMask(), dy, x, n, rows, channels, sumG, sumGD)
    case .output(let y): gradientSums(OutputMask(y: y), dy, x, n, rows, channels, sumG, sumGD)
    case .input: gradientSums(InputMask(), dy, x, n, rows, channels, sumG, sumGD)
    }
  }

  @inline(never)
  package static func normGradient(
    _ dy: UnsafePointer<Float>, _ mask: ReLUMask, _ x: UnsafePointer<Float>, _ n: ChannelNormalization,
    _ slope: UnsafePointer<Float>, _ offset: UnsafePointer<Float>, _ rows: Int, _ channels: Int,
    _ dx: UnsafeMutablePointer<Float>, _ residualGradient: UnsafeMutablePointer<Float>?
  ) {
    switch mask {
    case .none: gradient(NoMask(), dy, x, n, slope, offset, rows, channels, dx, residualGradient)
    case .output(let y): gradient(OutputMask(y: y), dy, x, n, slope, offset, rows, channels, dx, residualGradient)
    case .input: gradient(InputMask(), dy, x, n, slope, offset, rows, channels, dx, residualGradient)
    }
  }
}
