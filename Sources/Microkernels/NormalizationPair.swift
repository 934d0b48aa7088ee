import MicrokernelInterface

/// The passes over two batch norms whose results are added, as at the end of a residual block: what `Normalization.swift` does for one, without
/// the second one's result, and its gradient, ever being in memory.
///
///     y = relu( norm(x) + norm'(x') )                                              `normPairForward`, x' through a ReLU of its own or not
///
/// Backward, with g = dy where y > 0, else 0, d = x − center and d' = x' − center':
///
///     sumG[c] += Σ g,   sumGD[c] += Σ g · d,   sumGD'[c] += Σ g · d'               `normPairGradientSums`
///     dx = g · scale[c] + d · slope[c] + offset[c],   dx' likewise                 `normPairGradient`
///
/// Each value is rounded as if the two were computed one after the other.
extension EntryPoints {
  @inline(never)
  package static func normPairForward(
    _ x: UnsafePointer<Float>, _ n: ChannelNormalization, _ x2: UnsafePointer<Float>, _ n2: ChannelNormalization,
    _ secondReLU: Bool, _ rows: Int, _ channels: Int, _ y: UnsafeMutablePointer<Float>
  ) {
    if secondReLU {
      pairForward(x, n, x2, n2, secondReLU: true, rows, channels, y)
    } else {
      pairForward(x, n, x2, n2, secondReLU: false, rows, channels, y)
    }
  }

  @inline(never)
  package static func normPairGradientSums(
    _ dy: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ center: UnsafePointer<Float>,
    _ x2: UnsafePointer<Float>, _ center2: UnsafePointer<Float>, _ rows: Int, _ channels: Int,
    _ sumG: UnsafeMutablePointer<Float>, _ sumGD: UnsafeMutablePointer<Float>, _ sumGD2: UnsafeMutablePointer<Float>
  ) {
    forBlocksOfRows(rows, channels) { first, rows in
      var c = 0
      while c + 2 * lanes <= channels {
        var s0 = PairSums(sumG, sumGD, sumGD2, center, center2, c)
        var s1 = PairSums(sumG, sumGD, sumGD2, center, center2, c + lanes)
        var at = first * channels + c
        var r = rows
        while r > 0 {
          s0.add(dy, y, x, x2, at)
          s1.add(dy, y, x, x2, at + lanes)
          at += channels
          r -= 1
        }
        s0.put(sumG, sumGD, sumGD2, c)
        s1.put(sumG, sumGD, sumGD2, c + lanes)
        c += 2 * lanes
      }
      while c + lanes <= channels {
        var s = PairSums(sumG, sumGD, sumGD2, center, center2, c)
        var at = first * channels + c
        var r = rows
        while r > 0 {
          s.add(dy, y, x, x2, at)
          at += channels
          r -= 1
        }
        s.put(sumG, sumGD, sumGD2, c)
        c += lanes
      }
      while c < channels {
        var s = sumG[c], t = sumGD[c], t2 = sumGD2[c]
        var at = first * channels + c
        var r = rows
        while r > 0 {
          let g = y[at] > 0 ? dy[at] : 0
          s += g
          t = multiplyAdd(g, x[at] - center[c], t)
          t2 = multiplyAdd(g, x2[at] - center2[c], t2)
          at += channels
          r -= 1
        }
        (sumG[c], sumGD[c], sumGD2[c]) = (s, t, t2)
        c += 1
      }
    }
  }

  @inline(never)
  package static func normPairGradient(
    _ dy: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ first: NormGradient, _ second: NormGradient, _ rows: Int,
    _ channels: Int
  ) {
    var at = 0
    var r = rows
    while r > 0 {
      var c = 0
      while c + lanes <= channels {
        let g = Lanes().replacing(with: load(dy + at + c), where: load(y + at + c) .> Lanes())
        put(first, g, at, c)
        put(second, g, at, c)
        c += lanes
      }
      while c < channels {
        let g = y[at + c] > 0 ? dy[at + c] : 0
        put(first, g, at, c)
        put(second, g, at, c)
        c += 1
      }
      at += channels
      r -= 1
    }
  }
}

@inline(__always)
private func pairForward(
  _ x: UnsafePointer<Float>, _ n: ChannelNormalization, _ x2: UnsafePointer<Float>, _ n2: ChannelNormalization,
  secondReLU: Bool, _ rows: Int, _ channels: Int, _ y: UnsafeMutablePointer<Float>
) {
  var at = 0
  var r = rows
  while r > 0 {
    var c = 0
    while c + lanes <= channels {
      let v = multiplyAdd(load(x + at + c) - load(n.center + c), load(n.scale + c), load(n.shift + c))
      var w = multiplyAdd(load(x2 + at + c) - load(n2.center + c), load(n2.scale + c), load(n2.shift + c))
      if secondReLU { w = positivePart(w) }
      store(positivePart(v + w), y + at + c)
      c += lanes
    }
    while c < channels {
      let v = multiplyAdd(x[at + c] - n.center[c], n.scale[c], n.shift[c])
      var w = multiplyAdd(x2[at + c] - n2.center[c], n2.scale[c], n2.shift[c])
      if secondReLU, w < 0 { w = 0 }
      let sum = v + w
      y[at + c] = sum < 0 ? 0 : sum
      c += 1
    }
    at += channels
    r -= 1
  }
}

/// The sums of one vector of channels.
private struct PairSums {
  var g: Lanes
  var gd: Lanes
  var gd2: Lanes
  let center: Lanes
  let center2: Lanes

  @inline(__always) init(
    _ sumG: UnsafePointer<Float>, _ sumGD: UnsafePointer<Float>, _ sumGD2: UnsafePointer<Float>,
    _ center: UnsafePointer<Float>, _ center2: UnsafePointer<Float>, _ c: Int
  ) {
    (g, gd, gd2) = (load(sumG + c), load(sumGD + c), load(sumGD2 + c))
    (self.center, self.center2) = (load(center + c), load(center2 + c))
  }

  @inline(__always) mutating func add(
    _ dy: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ x2: UnsafePointer<Float>,
    _ at: Int
  ) {
    let gradient = Lanes().replacing(with: load(dy + at), where: load(y + at) .> Lanes())
    g += gradient
    gd = multiplyAdd(gradient, load(x + at) - center, gd)
    gd2 = multiplyAdd(gradient, load(x2 + at) - center2, gd2)
  }

  @inline(__always) func put(
    _ sumG: UnsafeMutablePointer<Float>, _ sumGD: UnsafeMutablePointer<Float>, _ sumGD2: UnsafeMutablePointer<Float>,
    _ c: Int
  ) {
    store(g, sumG + c)
    store(gd, sumGD + c)
    store(gd2, sumGD2 + c)
  }
}

@inline(__always) private func put(_ n: NormGradient, _ g: Lanes, _ at: Int, _ c: Int) {
  let d = load(n.x + at + c) - load(n.center + c)
  store(multiplyAdd(g, load(n.scale + c), multiplyAdd(d, load(n.slope + c), load(n.offset + c))), n.dx + at + c)
}

@inline(__always) private func put(_ n: NormGradient, _ g: Float, _ at: Int, _ c: Int) {
  let d = n.x[at + c] - n.center[c]
  n.dx[at + c] = multiplyAdd(g, n.scale[c], multiplyAdd(d, n.slope[c], n.offset[c]))
}
