// The seven transforms of Winograd's convolution with stride 2; `Kernels/Convolution/Winograd.swift` says where they come from. Along an
// axis every other pixel meets taps 0 and 2 of the kernel, at the points 0, 1, −1, 2 and ∞; those between them meet tap 1, for which the
// four finite points are enough. So a line is two lines, one of five elements and one of four:
//
//     pixels    │ 0 │ 1 │ 2 │ 3 │ 4 │ 5 │ 6 │ 7 │ 8 │       elements   │ 0 1 2 3 4 │ 5 6 7 8 │
//     taps        0,2 1  0,2  1  0,2  1  0,2  1  0,2        of taps      0 and 2     1
//
// Multiplications by 1/2 and 1/6 come last, so that multiples of 6 stay whole numbers.

/// Up to nine values of a line, each a vector of channels.
typealias Nine = (
  v0: Lanes, v1: Lanes, v2: Lanes, v3: Lanes, v4: Lanes, v5: Lanes, v6: Lanes, v7: Lanes, v8: Lanes
)

/// The first `count` values of a line, `step` floats apart.
@inline(__always) func loadNine(_ count: Int, _ from: UnsafePointer<Float>, _ step: Int) -> Nine {
  @inline(__always) func value(_ i: Int) -> Lanes { i < count ? load(from + i * step) : Lanes() }
  return (value(0), value(1), value(2), value(3), value(4), value(5), value(6), value(7), value(8))
}

/// Puts the first `count` values of a line `step` floats apart.
@inline(__always) func store(_ line: Nine, _ count: Int, _ to: UnsafeMutablePointer<Float>, _ step: Int) {
  @inline(__always) func put(_ v: Lanes, _ i: Int) {
    if i < count { store(v, to + i * step) }
  }
  put(line.v0, 0)
  put(line.v1, 1)
  put(line.v2, 2)
  put(line.v3, 3)
  put(line.v4, 4)
  put(line.v5, 5)
  put(line.v6, 6)
  put(line.v7, 7)
  put(line.v8, 8)
}

/// One matrix T of up to 9 × 9: `outputs` × `inputs`. Values past these are not looked at.
protocol NineTransform {
  static var inputs: Int { get }
  static var outputs: Int { get }
  static func apply(_ d: Nine) -> Nine
}

private typealias Four = (v0: Lanes, v1: Lanes, v2: Lanes, v3: Lanes)

/// Bᵀ for four pixels that meet one tap, the upper left part of that for five:
///
///     2 −1 −2  1  0
///     0 −2 −1  1  0
///     0  2 −3  1  0
///     0 −1  0  1  0
///     0  2 −1 −2  1
@inline(__always)
private func elements(_ d0: Lanes, _ d1: Lanes, _ d2: Lanes, _ d3: Lanes) -> Four {
  let last = d3 - d1
  return (
    multiplyAdd(splat(2), d0 - d2, last), multiplyAdd(splat(-2), d1, d3 - d2),
    multiplyAdd(splat(2), d1, multiplyAdd(splat(-3), d2, d3)), last
  )
}

/// The last row of Bᵀ, the element at ∞.
@inline(__always)
private func elementAtInfinity(_ d1: Lanes, _ d2: Lanes, _ d3: Lanes, _ d4: Lanes) -> Lanes {
  multiplyAdd(splat(-2), d3 - d1, d4 - d2)
}

/// Aᵀ for four pixels; the element at ∞ is added to the last one:
///
///     1  1  1  1  0
///     0  1 −1  2  0
///     0  1  1  4  0
///     0  1 −1  8  1
@inline(__always)
private func pixels(_ m0: Lanes, _ m1: Lanes, _ m2: Lanes, _ m3: Lanes) -> Four {
  let even = m1 + m2, odd = m1 - m2
  return (
    (m0 + m3) + even, multiplyAdd(splat(2), m3, odd), multiplyAdd(splat(4), m3, even), multiplyAdd(splat(8), m3, odd)
  )
}

/// Pixels 0, 2, … 8 by five rows of Bᵀ, pixels 1, 3, 5 and 7 by four.
enum StridedInputTransform: NineTransform {
  static var inputs: Int { 9 }
  static var outputs: Int { 9 }

  @inline(__always) static func apply(_ d: Nine) -> Nine {
    let outer = elements(d.v0, d.v2, d.v4, d.v6), inner = elements(d.v1, d.v3, d.v5, d.v7)
    return (
      outer.v0, outer.v1, outer.v2, outer.v3, elementAtInfinity(d.v2, d.v4, d.v6, d.v8), inner.v0, inner.v1, inner.v2,
      inner.v3
    )
  }
}

/// Aᵀ of five elements, in which those of both lines have been added up.
enum StridedOutputTransform: NineTransform {
  static var inputs: Int { 5 }
  static var outputs: Int { 4 }

  @inline(__always) static func apply(_ m: Nine) -> Nine {
    let y = pixels(m.v0, m.v1, m.v2, m.v3), none = Lanes()
    return (y.v0, y.v1, y.v2, y.v3 + m.v4, none, none, none, none, none)
  }
}

/// Bᵀ of five gradients of outputs.
enum TransposedInputTransform: NineTransform {
  static var inputs: Int { 5 }
  static var outputs: Int { 5 }

  @inline(__always) static func apply(_ d: Nine) -> Nine {
    let v = elements(d.v0, d.v1, d.v2, d.v3), none = Lanes()
    return (v.v0, v.v1, v.v2, v.v3, elementAtInfinity(d.v1, d.v2, d.v3, d.v4), none, none, none, none)
  }
}

/// Aᵀ of the line of one tap for pixels 0, 2, 4 and 6, and of the line of two for those between.
enum TransposedOutputTransform: NineTransform {
  static var inputs: Int { 9 }
  static var outputs: Int { 8 }

  @inline(__always) static func apply(_ m: Nine) -> Nine {
    let outer = pixels(m.v0, m.v1, m.v2, m.v3), inner = pixels(m.v5, m.v6, m.v7, m.v8)
    return (
      inner.v0, outer.v0, inner.v1, outer.v1, inner.v2, outer.v2, inner.v3, outer.v3 + m.v4, Lanes()
    )
  }
}

/// G for taps 0 and 2, and for tap 1:
///
///      1/2    0           1/2
///     −1/2  −1/2         −1/2
///     −1/6   1/6         −1/6
///      1/6   1/3          1/6
///       0     1
enum StridedWeightTransform: NineTransform {
  static var inputs: Int { 3 }
  static var outputs: Int { 9 }

  @inline(__always) static func apply(_ g: Nine) -> Nine {
    let half = splat(0.5), sixth = splat(1.0 / 6)
    return (
      g.v0 * half, (g.v0 + g.v2) * -half, (g.v2 - g.v0) * sixth, multiplyAdd(splat(2), g.v2, g.v0) * sixth, g.v2,
      g.v1 * half, g.v1 * -half, g.v1 * -sixth, g.v1 * sixth
    )
  }
}

/// G for four gradients of outputs, which take the weights' part when the weights' gradient is what is sought:
///
///      1/2    0     0     0
///     −1/2  −1/2  −1/2  −1/2
///     −1/6   1/6  −1/6   1/6
///      1/6   1/3   2/3   4/3
///       0     0     0     1
enum StridedGradientTransform: NineTransform {
  static var inputs: Int { 4 }
  static var outputs: Int { 5 }

  @inline(__always) static func apply(_ g: Nine) -> Nine {
    let even = g.v0 + g.v2, odd = g.v1 + g.v3, none = Lanes()
    let atTwo = multiplyAdd(splat(2), multiplyAdd(splat(4), g.v3, g.v1), multiplyAdd(splat(4), g.v2, g.v0))
    return (
      g.v0 * splat(0.5), (even + odd) * splat(-0.5), (odd - even) * splat(1.0 / 6), atTwo * splat(1.0 / 6), g.v3,
      none, none, none, none
    )
  }
}

/// Aᵀ for taps 0 and 2 by the line of five, and for tap 1 by that of four:
///
///     1  1  1  1  0         1  1  1  1
///     0  1 −1  2  1
enum StridedWeightGradientTransform: NineTransform {
  static var inputs: Int { 9 }
  static var outputs: Int { 3 }

  @inline(__always) static func apply(_ m: Nine) -> Nine {
    let none = Lanes()
    return (
      (m.v0 + m.v3) + (m.v1 + m.v2), (m.v5 + m.v8) + (m.v6 + m.v7), multiplyAdd(splat(2), m.v3, m.v1 - m.v2) + m.v4,
      none, none, none, none, none, none
    )
  }
}
