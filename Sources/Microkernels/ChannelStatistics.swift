import MicrokernelInterface

extension EntryPoints {
  /// Sums over the rows of x [rows, channels], one sum a channel, added to `sums`:
  ///
  ///     sums[c] += Σ_r x[r, c]                      `channelSums`
  ///     sums[c] += Σ_r (x[r, c] − center[c])²       `channelSquares`
  ///
  /// Four vectors of channels at a time stay in registers while the rows go by; a row of up to 64 channels (AVX-512) is
  /// therefore read once and in order. Cost: rows · channels floats read, 1 or 3 FLOPs each.
  @inline(never)
  package static func channelSums(
    _ x: UnsafePointer<Float>, _ rows: Int, _ channels: Int, _ sums: UnsafeMutablePointer<Float>
  ) {
    var c = 0
    while c + 4 * lanes <= channels {
      var s0 = load(sums + c), s1 = load(sums + c + lanes)
      var s2 = load(sums + c + 2 * lanes), s3 = load(sums + c + 3 * lanes)
      var p = x + c
      var r = rows
      while r > 0 {
        s0 += load(p)
        s1 += load(p + lanes)
        s2 += load(p + 2 * lanes)
        s3 += load(p + 3 * lanes)
        p += channels
        r -= 1
      }
      store(s0, sums + c)
      store(s1, sums + c + lanes)
      store(s2, sums + c + 2 * lanes)
      store(s3, sums + c + 3 * lanes)
      c += 4 * lanes
    }
    while c + lanes <= channels {
      var s = load(sums + c)
      var p = x + c
      var r = rows
      while r > 0 {
        s += load(p)
        p += channels
        r -= 1
      }
      store(s, sums + c)
      c += lanes
    }
    while c < channels {
      var s = sums[c]
      var p = x + c
      var r = rows
      while r > 0 {
        s += p[0]
        p += channels
        r -= 1
      }
      sums[c] = s
      c += 1
    }
  }

  @inline(never)
  package static func channelSquares(
    _ x: UnsafePointer<Float>, _ center: UnsafePointer<Float>, _ rows: Int, _ channels: Int,
    _ sums: UnsafeMutablePointer<Float>
  ) {
    @inline(__always) func add(_ s: inout Lanes, _ p: UnsafePointer<Float>, _ m: Lanes) {
      let d = load(p) - m
      s = multiplyAdd(d, d, s)
    }
    var c = 0
    while c + 4 * lanes <= channels {
      var s0 = load(sums + c), s1 = load(sums + c + lanes)
      var s2 = load(sums + c + 2 * lanes), s3 = load(sums + c + 3 * lanes)
      let m0 = load(center + c), m1 = load(center + c + lanes)
      let m2 = load(center + c + 2 * lanes), m3 = load(center + c + 3 * lanes)
      var p = x + c
      var r = rows
      while r > 0 {
        add(&s0, p, m0)
        add(&s1, p + lanes, m1)
        add(&s2, p + 2 * lanes, m2)
        add(&s3, p + 3 * lanes, m3)
        p += channels
        r -= 1
      }
      store(s0, sums + c)
      store(s1, sums + c + lanes)
      store(s2, sums + c + 2 * lanes)
      store(s3, sums + c + 3 * lanes)
      c += 4 * lanes
    }
    while c + lanes <= channels {
      var s = load(sums + c)
      let m = load(center + c)
      var p = x + c
      var r = rows
      while r > 0 {
        add(&s, p, m)
        p += channels
        r -= 1
      }
      store(s, sums + c)
      c += lanes
    }
    while c < channels {
      var s = sums[c]
      let m = center[c]
      var p = x + c
      var r = rows
      while r > 0 {
        let d = p[0] - m
        s = multiplyAdd(d, d, s)
        p += channels
        r -= 1
      }
      sums[c] = s
      c += 1
    }
  }
}
