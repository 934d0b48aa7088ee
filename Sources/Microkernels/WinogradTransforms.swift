import MicrokernelInterface

// The five transforms of Winograd's convolution with 6×6 patches. Each is a small matrix T, applied to the columns of a patch
// and then to its rows, T · d · Tᵀ, with channels innermost: a line of T is a sum of a few vectors.
//
// All matrices belong to the interpolation points 0, 1, −1, 2, −2, ∞; `Kernels/Convolution/Winograd.swift` says where they come
// from. Multiplications by 1/6, 1/24 and 1/4 come last, so that multiples of 24 stay whole numbers.

/// Up to six values of a line, each a vector of channels. A tuple, since the compiler makes functions for a structure that all modules would
/// share, whichever instruction set they were compiled for.
typealias Six = (v0: Lanes, v1: Lanes, v2: Lanes, v3: Lanes, v4: Lanes, v5: Lanes)

/// One matrix T: `outputs` × `inputs`. Values past these are not looked at.
protocol Transform {
  static var inputs: Int { get }
  static var outputs: Int { get }
  static func apply(_ d: Six) -> Six
  /// The first `channels` channels of a patch that lies inside the image, to a target that is not cut off.
  static func transformWhole(_ t: WinogradPatch, _ channels: Int)
}

/// Bᵀ for six pixels:
///
///     4  0 −5  0  1  0
///     0 −4 −4  1  1  0
///     0  4 −4 −1  1  0
///     0 −2 −1  2  1  0
///     0  2 −1 −2  1  0
///     0  4  0 −5  0  1
enum InputTransform: NineTransform {
  static var inputs: Int { 6 }
  static var outputs: Int { 6 }

  @inline(__always) static func apply(_ d: Nine) -> Nine {
    let even = multiplyAdd(splat(-4), d.v2, d.v4), odd = multiplyAdd(splat(-4), d.v1, d.v3)
    let even2 = d.v4 - d.v2, half = d.v3 - d.v1, odd2 = half + half, none = Lanes()
    return (
      multiplyAdd(splat(4), d.v0, multiplyAdd(splat(-5), d.v2, d.v4)), even + odd, even - odd, even2 + odd2,
      even2 - odd2, multiplyAdd(splat(4), d.v1, multiplyAdd(splat(-5), d.v3, d.v5)), none, none, none
    )
  }
}

/// Aᵀ for four pixels:
///
///     1  1  1  1  1  0
///     0  1 −1  2 −2  0
///     0  1  1  4  4  0
///     0  1 −1  8 −8  1
enum OutputTransform: Transform {
  static var inputs: Int { 6 }
  static var outputs: Int { 4 }

  @inline(__always) static func apply(_ m: Six) -> Six {
    let even = m.v1 + m.v2, odd = m.v1 - m.v2, even2 = m.v3 + m.v4, odd2 = m.v3 - m.v4
    return (
      v0: (m.v0 + even) + even2, v1: multiplyAdd(splat(2), odd2, odd), v2: multiplyAdd(splat(4), even2, even),
      v3: multiplyAdd(splat(8), odd2, odd) + m.v5, v4: m.v4, v5: m.v5
    )
  }
}

/// G for three weights:
///
///      1/4    0     0
///     −1/6  −1/6  −1/6
///     −1/6   1/6  −1/6
///     1/24  1/12   1/6
///     1/24 −1/12   1/6
///       0     0     1
enum WeightTransform: Transform {
  static var inputs: Int { 3 }
  static var outputs: Int { 6 }

  @inline(__always) static func apply(_ g: Six) -> Six {
    let even = g.v0 + g.v2, even2 = multiplyAdd(splat(4), g.v2, g.v0), odd2 = g.v1 + g.v1
    return (
      v0: g.v0 * splat(0.25), v1: (even + g.v1) * splat(-1 / 6), v2: (even - g.v1) * splat(-1 / 6),
      v3: (even2 + odd2) * splat(1 / 24), v4: (even2 - odd2) * splat(1 / 24), v5: g.v2
    )
  }
}

/// G for four gradients of outputs, which take the weights' part when the weights' gradient is what is sought:
///
///      1/4    0     0     0
///     −1/6  −1/6  −1/6  −1/6
///     −1/6   1/6  −1/6   1/6
///     1/24  1/12   1/6   1/3
///     1/24 −1/12   1/6  −1/3
///       0     0     0     1
enum GradientTransform: Transform {
  static var inputs: Int { 4 }
  static var outputs: Int { 6 }

  @inline(__always) static func apply(_ g: Six) -> Six {
    let even = g.v0 + g.v2, odd = g.v1 + g.v3
    let even2 = multiplyAdd(splat(4), g.v2, g.v0), half = multiplyAdd(splat(4), g.v3, g.v1), odd2 = half + half
    return (
      v0: g.v0 * splat(0.25), v1: (even + odd) * splat(-1 / 6), v2: (even - odd) * splat(-1 / 6),
      v3: (even2 + odd2) * splat(1 / 24), v4: (even2 - odd2) * splat(1 / 24), v5: g.v3
    )
  }
}

/// Aᵀ for three weights:
///
///     1  1  1  1  1  0
///     0  1 −1  2 −2  0
///     0  1  1  4  4  1
enum WeightGradientTransform: Transform {
  static var inputs: Int { 6 }
  static var outputs: Int { 3 }

  @inline(__always) static func apply(_ m: Six) -> Six {
    let even = m.v1 + m.v2, odd = m.v1 - m.v2, even2 = m.v3 + m.v4, odd2 = m.v3 - m.v4
    return (
      v0: (m.v0 + even) + even2, v1: multiplyAdd(splat(2), odd2, odd), v2: multiplyAdd(splat(4), even2, even) + m.v5,
      v3: m.v3, v4: m.v4, v5: m.v5
    )
  }
}
