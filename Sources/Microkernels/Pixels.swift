import MicrokernelInterface

/// Rows of 8-bit pixels: what augmentation does with them. The formulas, what they match and their plain forms stand in
/// `Sources/Imaging/Operations`.
///
/// The loops are written for one pixel, without branches, and the compiler makes vectors of them: widths change inside
/// (8 bits, 32 bits, floats), which it handles better than SIMD types do. Floats are neither fused nor reordered, so that all
/// instruction sets give the same bits.
extension EntryPoints {
  /// p ← d + factor · (p − d), clipped to 0…255 and rounded down, with one d for all.
  @inline(never)
  package static func blendWithValue(_ p: MutableBytes, _ count: Int, _ d: UInt8, _ factor: Float) {
    let degenerate = Float(d)
    var i = 0
    while i < count {
      p[i] = clipped(degenerate + factor * (Float(p[i]) - degenerate))
      i += 1
    }
  }

  /// p ← d + factor · (p − d), clipped to 0…255 and rounded down, with d[i] for p[i].
  @inline(never)
  package static func blendWithPixels(_ p: MutableBytes, _ count: Int, _ d: Bytes, _ factor: Float) {
    var i = 0
    while i < count {
      let degenerate = Float(d[i])
      p[i] = clipped(degenerate + factor * (Float(p[i]) - degenerate))
      i += 1
    }
  }

  /// grey ← (19595·r + 38470·g + 7471·b + 2¹⁵) / 2¹⁶.
  @inline(never)
  package static func greyLevels(_ r: Bytes, _ g: Bytes, _ b: Bytes, _ count: Int, _ grey: MutableBytes) {
    var i = 0
    while i < count {
      let sum = 19_595 &* UInt32(r[i]) &+ 38_470 &* UInt32(g[i]) &+ 7471 &* UInt32(b[i])
      grey[i] = UInt8(truncatingIfNeeded: (sum &+ 0x8000) &>> 16)
      i += 1
    }
  }

  /// Σ p[i] for fewer than 2²⁴ values.
  @inline(never)
  package static func sumOfBytes(_ p: Bytes, _ count: Int) -> UInt32 {
    var sum: UInt32 = 0
    var i = 0
    while i < count {
      sum &+= UInt32(p[i])
      i += 1
    }
    return sum
  }

  /// p ← 255 − p where p ≥ threshold.
  @inline(never)
  package static func invertBright(_ p: MutableBytes, _ count: Int, _ threshold: Int32) {
    var i = 0
    while i < count {
      let value = Int32(p[i])
      p[i] = UInt8(truncatingIfNeeded: value < threshold ? value : 255 &- value)
      i += 1
    }
  }

  /// Adds `shift` to the hue of every pixel, modulo 256: to 8-bit HSV and back.
  ///
  /// With M, m the largest and smallest channel, c = M − m, and d = G − B, B − R or R − G where R, G or B is the largest:
  ///
  ///     h = base + s − s·(c − |d|)/c,   base = 0, 2, 4,   s = sign d        which is base + d/c, rounded as Pillow rounds it
  ///     H = ⌊255 · h/6⌋ + shift   S = ⌊255 · c/M⌋   V = M
  ///
  /// and back, in units of 1/255 of a sector, for the channel that leads by n = 5, 3, 1 sectors:
  ///
  ///     k = (255·n + 6·H) mod 1530,   w = clip(min(k, 1020 − k), 0, 255),   out = V − round(V·S·w / 255²)
  @inline(never)
  package static func turnHue(
    _ red: MutableBytes, _ green: MutableBytes, _ blue: MutableBytes, _ count: Int, _ shift: Int32
  ) {
    var i = 0
    while i < count {
      let (r, g, b) = (Int32(red[i]), Int32(green[i]), Int32(blue[i]))
      let most = larger(larger(r, g), b), c = most &- smaller(smaller(r, g), b)
      let ofGreenOrBlue = g == most ? b &- r : r &- g
      let d = r == most ? g &- b : ofGreenOrBlue
      let baseOfGreenOrBlue: Float = g == most ? 2 : 4
      let base = r == most ? 0 : baseOfGreenOrBlue
      let sign: Float = d < 0 ? -1 : 1
      let missing = Float(c &- larger(d, 0 &- d)) / Float(larger(c, 1))
      let signed = (base + sign - sign * missing) / 6
      let turn = signed < 0 ? signed + 1 : signed
      let sixHues = 6 &* ((Int32(turn * 255) &+ shift) & 255)
      let saturation = Float(Int32(Float(c) / Float(larger(most, 1)) * 255))
      let value = Float(most), product = value * saturation
      red[i] = channel(value, product, 5 * 255, sixHues)
      green[i] = channel(value, product, 3 * 255, sixHues)
      blue[i] = channel(value, product, 1 * 255, sixHues)
      i += 1
    }
  }

  /// V − round(V·S·w / 255²): V·S·w stays below 2²⁴, and no quotient lies half-way.
  @inline(__always) private static func channel(_ v: Float, _ vs: Float, _ lead: Int32, _ sixHues: Int32) -> UInt8 {
    // 5·255 + 6·255 is less than 2 · 1530.
    let sum = lead &+ sixHues
    let k = sum >= 1530 ? sum &- 1530 : sum
    let w = smaller(larger(smaller(k, 1020 &- k), 0), 255)
    return UInt8(truncatingIfNeeded: Int32(v) &- Int32(vs * Float(w) * (1 / 65_025) + 0.5))
  }

  /// y[x] = (2²¹ + Σ_{i < taps} weights[i] · rows[i · stride + x]) / 2²² for weights whose sum is about 2²².
  ///
  /// - Parameters:
  ///   - taps: 1 or more.
  ///   - sums: room for `count` numbers.
  @inline(never)
  package static func weighRows(
    _ rows: Bytes, _ stride: Int, _ weights: UnsafePointer<Int32>, _ taps: Int, _ count: Int,
    _ sums: UnsafeMutablePointer<Int32>, _ y: MutableBytes
  ) {
    let half: Int32 = 1 << 21
    var x = 0
    if taps <= 2 {
      let (a, b) = (weights[0], taps == 2 ? weights[1] : 0)
      let second = taps == 2 ? rows + stride : rows
      while x < count {
        let sum = half &+ a &* Int32(rows[x]) &+ b &* Int32(second[x])
        y[x] = UInt8(truncatingIfNeeded: sum &>> 22)
        x += 1
      }
      return
    }
    while x < count {
      sums[x] = half
      x += 1
    }
    var i = 0
    while i < taps {
      let weight = weights[i], row = rows + i * stride
      x = 0
      while x < count {
        sums[x] &+= weight &* Int32(row[x])
        x += 1
      }
      i += 1
    }
    x = 0
    while x < count {
      y[x] = UInt8(truncatingIfNeeded: sums[x] &>> 22)
      x += 1
    }
  }

  /// y[i] = (2²³ + inner · Σ_{|d| ≤ radius} x[i + d·step] + ends · (x[i − (radius + 1)·step] + x[i + (radius + 1)·step])) / 2²⁴
  /// for weights whose sum is about 2²⁴.
  ///
  /// - Parameter sums: room for `count` sums.
  @inline(never)
  package static func boxFilter(
    _ x: Bytes, _ step: Int, _ count: Int, _ radius: Int, _ inner: UInt32, _ ends: UInt32,
    _ sums: UnsafeMutablePointer<UInt32>, _ y: MutableBytes
  ) {
    let half: UInt32 = 1 << 23
    let before = x - (radius + 1) * step, after = x + (radius + 1) * step
    var i = 0
    switch radius {
    case 0:
      while i < count {
        let sum = inner &* UInt32(x[i]) &+ ends &* (UInt32(before[i]) &+ UInt32(after[i]))
        y[i] = UInt8(truncatingIfNeeded: (sum &+ half) &>> 24)
        i += 1
      }
    case 1:
      let previous = x - step, next = x + step
      while i < count {
        let three = UInt32(previous[i]) &+ UInt32(x[i]) &+ UInt32(next[i])
        let sum = inner &* three &+ ends &* (UInt32(before[i]) &+ UInt32(after[i]))
        y[i] = UInt8(truncatingIfNeeded: (sum &+ half) &>> 24)
        i += 1
      }
    default:
      while i < count {
        sums[i] = 0
        i += 1
      }
      var d = -radius
      while d <= radius {
        let neighbour = x + d * step
        i = 0
        while i < count {
          sums[i] &+= UInt32(neighbour[i])
          i += 1
        }
        d += 1
      }
      i = 0
      while i < count {
        let sum = inner &* sums[i] &+ ends &* (UInt32(before[i]) &+ UInt32(after[i]))
        y[i] = UInt8(truncatingIfNeeded: (sum &+ half) &>> 24)
        i += 1
      }
    }
  }

  /// Rounds down what lies in 0…255 after clipping.
  @inline(__always) private static func clipped(_ value: Float) -> UInt8 {
    let positive = value > 0 ? value : 0
    return UInt8(truncatingIfNeeded: Int32(positive < 255 ? positive : 255))
  }

  @inline(__always) private static func larger(_ a: Int32, _ b: Int32) -> Int32 { a > b ? a : b }
  @inline(__always) private static func smaller(_ a: Int32, _ b: Int32) -> Int32 { a < b ? a : b }
}
