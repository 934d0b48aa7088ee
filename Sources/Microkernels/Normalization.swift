import MicrokernelInterface

extension EntryPoints {
  /// Batch normalisation's passes over x [rows, channels], each reading and writing every value once.
  ///
  /// Forward, with scale = γ/√(σ²+ε), an optional residual, and ReLU when `relu`:
  ///
  ///     y = relu((x − center) · scale + shift + residual)
  ///
  /// Backward, with g the gradient before ReLU, taken as dy where y > 0 (dy itself without ReLU) and d = x − center:
  ///
  ///     sumG[c] += Σ g,   sumGD[c] += Σ g · d                      `normGradientSums`
  ///     dx = g · gScale[c] + x · xScale[c] + shift[c]              `normGradient`; residualGradient = g if asked for
  @inline(never)
  package static func normForward(
    _ x: UnsafePointer<Float>, _ center: UnsafePointer<Float>, _ scale: UnsafePointer<Float>,
    _ shift: UnsafePointer<Float>, _ residual: UnsafePointer<Float>?, _ relu: Bool, _ rows: Int, _ channels: Int,
    _ y: UnsafeMutablePointer<Float>
  ) {
    @inline(__always) func pass(residual: UnsafePointer<Float>?, relu: Bool) {
      var at = 0
      var r = rows
      while r > 0 {
        var c = 0
        while c + lanes <= channels {
          var v = multiplyAdd(load(x + at + c) - load(center + c), load(scale + c), load(shift + c))
          if let residual { v += load(residual + at + c) }
          if relu { v = positivePart(v) }
          store(v, y + at + c)
          c += lanes
        }
        while c < channels {
          var v = multiplyAdd(x[at + c] - center[c], scale[c], shift[c])
          if let residual { v += residual[at + c] }
          if relu, v < 0 { v = 0 }
          y[at + c] = v
          c += 1
        }
        at += channels
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

/// dy where y > 0, else 0: the derivative of `normForward`'s ReLU, read off its output.
@inline(__always) private func throughReLU(_ dy: Lanes, _ y: Lanes) -> Lanes {
  Lanes().replacing(with: dy, where: y .> Lanes())
}

extension EntryPoints {
  @inline(never)
  package static func normGradientSums(
    _ dy: UnsafePointer<Float>, _ y: UnsafePointer<Float>?, _ x: UnsafePointer<Float>, _ center: UnsafePointer<Float>,
    _ rows: Int, _ channels: Int, _ sumG: UnsafeMutablePointer<Float>, _ sumGD: UnsafeMutablePointer<Float>
  ) {
    @inline(__always) func pass(y: UnsafePointer<Float>?) {
      var c = 0
      while c + lanes <= channels {
        var s = load(sumG + c), t = load(sumGD + c)
        let m = load(center + c)
        var at = c
        var r = rows
        while r > 0 {
          var g = load(dy + at)
          if let y { g = throughReLU(g, load(y + at)) }
          s += g
          t = multiplyAdd(g, load(x + at) - m, t)
          at += channels
          r -= 1
        }
        store(s, sumG + c)
        store(t, sumGD + c)
        c += lanes
      }
      while c < channels {
        var s = sumG[c], t = sumGD[c]
        var at = c
        var r = rows
        while r > 0 {
          let g = y.map { $0[at] > 0 ? dy[at] : 0 } ?? dy[at]
          s += g
          t = multiplyAdd(g, x[at] - center[c], t)
          at += channels
          r -= 1
        }
        sumG[c] = s
        sumGD[c] = t
        c += 1
      }
    }
    if let y { pass(y: y) } else { pass(y: nil) }
  }

  @inline(never)
  package static func normGradient(
    _ dy: UnsafePointer<Float>, _ y: UnsafePointer<Float>?, _ x: UnsafePointer<Float>, _ gScale: UnsafePointer<Float>,
    _ xScale: UnsafePointer<Float>, _ shift: UnsafePointer<Float>, _ rows: Int, _ channels: Int,
    _ dx: UnsafeMutablePointer<Float>, _ residualGradient: UnsafeMutablePointer<Float>?
  ) {
    @inline(__always) func pass(y: UnsafePointer<Float>?, residualGradient: UnsafeMutablePointer<Float>?) {
      var at = 0
      var r = rows
      while r > 0 {
        var c = 0
        while c + lanes <= channels {
          var g = load(dy + at + c)
          if let y { g = throughReLU(g, load(y + at + c)) }
          if let residualGradient { store(g, residualGradient + at + c) }
          let v = multiplyAdd(load(x + at + c), load(xScale + c), load(shift + c))
          store(multiplyAdd(g, load(gScale + c), v), dx + at + c)
          c += lanes
        }
        while c < channels {
          let i = at + c
          let g = y.map { $0[i] > 0 ? dy[i] : 0 } ?? dy[i]
          if let residualGradient { residualGradient[i] = g }
          dx[i] = multiplyAdd(g, gScale[c], multiplyAdd(x[i], xScale[c], shift[c]))
          c += 1
        }
        at += channels
        r -= 1
      }
    }
    switch (y, residualGradient) {
    case (nil, nil): pass(y: nil, residualGradient: nil)
    case (let y?, nil): pass(y: y, residualGradient: nil)
    case (nil, let out?): pass(y: nil, residualGradient: out)
    case (let y?, let out?): pass(y: y, residualGradient: out)
    }
  }
}
