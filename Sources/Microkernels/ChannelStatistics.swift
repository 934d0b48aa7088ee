/// Calls `body` for blocks of rows: the first of a block's rows and how many there are.
///
/// What sums up channels goes down the rows once for every four vectors of them. Where that takes more than two turns, it does so for some
/// 8 KiB of rows at a time: these are read as they lie in memory, and are in L1 when the rest of their channels has its turn. Over all rows
/// at once each turn would take a cache line or two of a row, too far apart for the processor to see what is read next. Batch norm with 128
/// (AVX-512: 256) to 512 channels is 5 to 15 % faster by it while its values stay in L3. Up to 64 channels lines are near enough, and from
/// memory blocks were 6 % slower.
@inline(__always)
func forBlocksOfRows(_ rows: Int, _ channels: Int, _ body: (_ first: Int, _ rows: Int) -> Void) {
  let block = channels > max(64, 8 * lanes) ? max(4, 2048 / channels) : max(1, rows)
  var first = 0
  while first < rows {
    body(first, min(block, rows - first))
    first += block
  }
}

extension EntryPoints {
  /// Sums over the rows of x [rows, channels], one sum a channel, added to `sums`:
  ///
  ///     sums[c] += Σ_r x[r, c]                      `channelSums`
  ///     squares[c] += Σ_r (x[r, c] − center[c])²,   deviations[c] += Σ_r (x[r, c] − center[c])      `channelSquares`
  ///
  /// Without a center, that is zero.
  ///
  /// Four vectors of channels at a time (two of squares) stay in registers while the rows go by. Cost: rows · channels floats read, 1 or 4
  /// FLOPs each.
  @inline(never)
  package static func channelSums(
    _ x: UnsafePointer<Float>, _ rows: Int, _ channels: Int, _ sums: UnsafeMutablePointer<Float>
  ) {
    forBlocksOfRows(rows, channels) { first, rows in
      var c = 0
      while c + 4 * lanes <= channels {
        var s0 = load(sums + c), s1 = load(sums + c + lanes)
        var s2 = load(sums + c + 2 * lanes), s3 = load(sums + c + 3 * lanes)
        var p = x + first * channels + c
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
      while c + 2 * lanes <= channels {
        var s0 = load(sums + c), s1 = load(sums + c + lanes)
        var p = x + first * channels + c
        var r = rows
        while r > 0 {
          s0 += load(p)
          s1 += load(p + lanes)
          p += channels
          r -= 1
        }
        store(s0, sums + c)
        store(s1, sums + c + lanes)
        c += 2 * lanes
      }
      while c + lanes <= channels {
        var s = load(sums + c)
        var p = x + first * channels + c
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
        var p = x + first * channels + c
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
  }

  @inline(never)
  package static func channelSquares(
    _ x: UnsafePointer<Float>, _ center: UnsafePointer<Float>?, _ rows: Int, _ channels: Int,
    _ squares: UnsafeMutablePointer<Float>, _ deviations: UnsafeMutablePointer<Float>
  ) {
    @inline(__always) func add(_ s: inout Lanes, _ t: inout Lanes, _ p: UnsafePointer<Float>, _ m: Lanes) {
      let d = load(p) - m
      s = multiplyAdd(d, d, s)
      t += d
    }
    var c = 0
    while c + 2 * lanes <= channels {
      var s0 = load(squares + c), s1 = load(squares + c + lanes)
      var t0 = load(deviations + c), t1 = load(deviations + c + lanes)
      let m0 = center.map { load($0 + c) } ?? Lanes(), m1 = center.map { load($0 + c + lanes) } ?? Lanes()
      var p = x + c
      var r = rows
      while r > 0 {
        add(&s0, &t0, p, m0)
        add(&s1, &t1, p + lanes, m1)
        p += channels
        r -= 1
      }
      store(s0, squares + c)
      store(s1, squares + c + lanes)
      store(t0, deviations + c)
      store(t1, deviations + c + lanes)
      c += 2 * lanes
    }
    while c + lanes <= channels {
      // Two rows at a time, since each sum waits for its last addition.
      var s0 = load(squares + c), t0 = load(deviations + c), s1 = Lanes(), t1 = Lanes()
      let m = center.map { load($0 + c) } ?? Lanes()
      var p = x + c
      var r = rows
      while r > 1 {
        add(&s0, &t0, p, m)
        add(&s1, &t1, p + channels, m)
        p += 2 * channels
        r -= 2
      }
      if r > 0 { add(&s0, &t0, p, m) }
      store(s0 + s1, squares + c)
      store(t0 + t1, deviations + c)
      c += lanes
    }
    while c < channels {
      var s = squares[c], t = deviations[c]
      let m = center?[c] ?? 0
      var p = x + c
      var r = rows
      while r > 0 {
        let d = p[0] - m
        s = multiplyAdd(d, d, s)
        t += d
        p += channels
        r -= 1
      }
      squares[c] = s
      deviations[c] = t
      c += 1
    }
  }
}
