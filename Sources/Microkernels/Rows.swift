// Whole rows at a time: products, lengths and soft-max. Each function states its formula; a row has `count` values, and x and y may be the
// same memory unless it says otherwise.

extension EntryPoints {
  /// Σ_i x[i] · y[i], in two vector sums and a scalar tail.
  @inline(never)
  package static func dotProduct(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ count: Int) -> Float {
    var s0 = Lanes(), s1 = Lanes()
    var i = 0
    while i + 2 * lanes <= count {
      s0 = multiplyAdd(load(x + i), load(y + i), s0)
      s1 = multiplyAdd(load(x + i + lanes), load(y + i + lanes), s1)
      i += 2 * lanes
    }
    if i + lanes <= count {
      s0 = multiplyAdd(load(x + i), load(y + i), s0)
      i += lanes
    }
    var s = total(s0 + s1)
    while i < count {
      s = multiplyAdd(x[i], y[i], s)
      i += 1
    }
    return s
  }

  /// y[i] = factor · x[i].
  @inline(never)
  package static func scale(
    _ x: UnsafePointer<Float>, _ factor: Float, _ count: Int, _ y: UnsafeMutablePointer<Float>
  ) {
    let f = splat(factor)
    var i = 0
    while i + lanes <= count {
      store(f * load(x + i), y + i)
      i += lanes
    }
    while i < count {
      y[i] = factor * x[i]
      i += 1
    }
  }

  /// y[i] = a · x[i] + b · y[i].
  @inline(never)
  package static func scaleAndAdd(
    _ a: Float, _ x: UnsafePointer<Float>, _ b: Float, _ y: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    let va = splat(a), vb = splat(b)
    var i = 0
    while i + lanes <= count {
      store(multiplyAdd(va, load(x + i), vb * load(y + i)), y + i)
      i += lanes
    }
    while i < count {
      y[i] = multiplyAdd(a, x[i], b * y[i])
      i += 1
    }
  }

  /// y[i] = e^(scale · (x[i] − m)) with m = max x; returns (m, Σ y): all that soft-max and log-soft-max need.
  ///
  /// soft-max = y / Σ y, log-soft-max = scale · (x − m) − ln Σ y. `count` is 1 or more, `scale` above 0.
  @inline(never)
  package static func exponentialsAndSum(
    _ x: UnsafePointer<Float>, _ scale: Float, _ count: Int, _ y: UnsafeMutablePointer<Float>
  ) -> (maximum: Float, sum: Float) {
    var i = 0
    var most = -Float.infinity
    if count >= lanes {
      var m = load(x)
      i = lanes
      while i + lanes <= count {
        let v = load(x + i)
        m.replace(with: v, where: v .> m)
        i += lanes
      }
      most = largest(m)
    }
    while i < count {
      if x[i] > most { most = x[i] }
      i += 1
    }
    let vScale = splat(scale), vMost = splat(most)
    var sums = Lanes()
    i = 0
    while i + lanes <= count {
      let e = exponential(vScale * (load(x + i) - vMost))
      store(e, y + i)
      sums += e
      i += lanes
    }
    var sum = total(sums)
    if i < count {
      var tail = Lanes()
      for j in 0..<count - i { tail[j] = scale * (x[i + j] - most) }
      let e = exponential(tail)
      for j in 0..<count - i {
        y[i + j] = e[j]
        sum += e[j]
      }
    }
    return (most, sum)
  }

  /// One step of SGD with momentum and weight decay on `count` parameters, as PyTorch defines it:
  ///
  ///     v = momentum · v + (g + weightDecay · w)
  ///     w = w − rate · v
  @inline(never)
  package static func momentumStep(
    _ w: UnsafeMutablePointer<Float>, _ g: UnsafePointer<Float>, _ v: UnsafeMutablePointer<Float>, _ count: Int,
    _ rate: Float, _ momentum: Float, _ weightDecay: Float
  ) {
    let vRate = splat(-rate), vMomentum = splat(momentum), vDecay = splat(weightDecay)
    var i = 0
    while i + lanes <= count {
      let weight = load(w + i)
      let velocity = multiplyAdd(vMomentum, load(v + i), multiplyAdd(vDecay, weight, load(g + i)))
      store(velocity, v + i)
      store(multiplyAdd(vRate, velocity, weight), w + i)
      i += lanes
    }
    while i < count {
      let velocity = multiplyAdd(momentum, v[i], multiplyAdd(weightDecay, w[i], g[i]))
      v[i] = velocity
      w[i] = multiplyAdd(-rate, velocity, w[i])
      i += 1
    }
  }
}

extension EntryPoints {
  /// Copies `count` stretches of `length` floats: stretch i from x + i · xStep to y + i · yStep. Those of x and y may not overlap.
  @inline(never)
  package static func copyStretches(
    _ x: UnsafePointer<Float>, _ xStep: Int, _ y: UnsafeMutablePointer<Float>, _ yStep: Int, _ length: Int,
    _ count: Int
  ) {
    var from = x
    var to = y
    var i = count
    // A row of a panel, the most frequent stretch by far: counting its vectors would take longer than copying them.
    while length == 2 * lanes, i > 0 {
      store(load(from), to)
      store(load(from + lanes), to + lanes)
      from += xStep
      to += yStep
      i -= 1
    }
    while i > 0 {
      var c = 0
      while c + lanes <= length {
        store(load(from + c), to + c)
        c += lanes
      }
      while c + 4 <= length {
        UnsafeMutableRawPointer(to + c).storeBytes(
          of: UnsafeRawPointer(from + c).loadUnaligned(as: SIMD4<Float>.self), as: SIMD4<Float>.self)
        c += 4
      }
      while c < length {
        to[c] = from[c]
        c += 1
      }
      from += xStep
      to += yStep
      i -= 1
    }
  }
}
