import MicrokernelInterface

/// The five transforms of Winograd's convolution with 6×6 patches. Each is a small matrix T, applied to the columns of a patch
/// and then to its rows, T · d · Tᵀ, with channels innermost: a line of T is a sum of a few vectors.
///
/// All matrices belong to the interpolation points 0, 1, −1, 2, −2, ∞; `Kernels/Convolution/Winograd.swift` says where they come
/// from. Multiplications by 1/6, 1/24 and 1/4 come last, so that multiples of 24 stay whole numbers.

/// Up to six values of a line, each a vector of channels.
private struct Six {
  var v0, v1, v2, v3, v4, v5: Lanes
}

/// One matrix T: `outputs` × `inputs`. Values past these are not looked at.
private protocol Transform {
  static var inputs: Int { get }
  static var outputs: Int { get }
  static func apply(_ d: Six) -> Six
}

/// Bᵀ for six pixels:
///
///     4  0 −5  0  1  0
///     0 −4 −4  1  1  0
///     0  4 −4 −1  1  0
///     0 −2 −1  2  1  0
///     0  2 −1 −2  1  0
///     0  4  0 −5  0  1
private enum InputTransform: Transform {
  static var inputs: Int { 6 }
  static var outputs: Int { 6 }

  @inline(__always) static func apply(_ d: Six) -> Six {
    let even = multiplyAdd(splat(-4), d.v2, d.v4), odd = multiplyAdd(splat(-4), d.v1, d.v3)
    let even2 = d.v4 - d.v2, half = d.v3 - d.v1, odd2 = half + half
    return Six(
      v0: multiplyAdd(splat(4), d.v0, multiplyAdd(splat(-5), d.v2, d.v4)), v1: even + odd, v2: even - odd,
      v3: even2 + odd2, v4: even2 - odd2,
      v5: multiplyAdd(splat(4), d.v1, multiplyAdd(splat(-5), d.v3, d.v5)))
  }
}

/// Aᵀ for four pixels:
///
///     1  1  1  1  1  0
///     0  1 −1  2 −2  0
///     0  1  1  4  4  0
///     0  1 −1  8 −8  1
private enum OutputTransform: Transform {
  static var inputs: Int { 6 }
  static var outputs: Int { 4 }

  @inline(__always) static func apply(_ m: Six) -> Six {
    let even = m.v1 + m.v2, odd = m.v1 - m.v2, even2 = m.v3 + m.v4, odd2 = m.v3 - m.v4
    return Six(
      v0: (m.v0 + even) + even2, v1: multiplyAdd(splat(2), odd2, odd), v2: multiplyAdd(splat(4), even2, even),
      v3: multiplyAdd(splat(8), odd2, odd) + m.v5, v4: m.v4, v5: m.v5)
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
private enum WeightTransform: Transform {
  static var inputs: Int { 3 }
  static var outputs: Int { 6 }

  @inline(__always) static func apply(_ g: Six) -> Six {
    let even = g.v0 + g.v2, even2 = multiplyAdd(splat(4), g.v2, g.v0), odd2 = g.v1 + g.v1
    return Six(
      v0: g.v0 * splat(0.25), v1: (even + g.v1) * splat(-1 / 6), v2: (even - g.v1) * splat(-1 / 6),
      v3: (even2 + odd2) * splat(1 / 24), v4: (even2 - odd2) * splat(1 / 24), v5: g.v2)
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
private enum GradientTransform: Transform {
  static var inputs: Int { 4 }
  static var outputs: Int { 6 }

  @inline(__always) static func apply(_ g: Six) -> Six {
    let even = g.v0 + g.v2, odd = g.v1 + g.v3
    let even2 = multiplyAdd(splat(4), g.v2, g.v0), half = multiplyAdd(splat(4), g.v3, g.v1), odd2 = half + half
    return Six(
      v0: g.v0 * splat(0.25), v1: (even + odd) * splat(-1 / 6), v2: (even - odd) * splat(-1 / 6),
      v3: (even2 + odd2) * splat(1 / 24), v4: (even2 - odd2) * splat(1 / 24), v5: g.v3)
  }
}

/// Aᵀ for three weights:
///
///     1  1  1  1  1  0
///     0  1 −1  2 −2  0
///     0  1  1  4  4  1
private enum WeightGradientTransform: Transform {
  static var inputs: Int { 6 }
  static var outputs: Int { 3 }

  @inline(__always) static func apply(_ m: Six) -> Six {
    let even = m.v1 + m.v2, odd = m.v1 - m.v2, even2 = m.v3 + m.v4, odd2 = m.v3 - m.v4
    return Six(
      v0: (m.v0 + even) + even2, v1: multiplyAdd(splat(2), odd2, odd), v2: multiplyAdd(splat(4), even2, even) + m.v5,
      v3: m.v3, v4: m.v4, v5: m.v5)
  }
}

/// Channels that are transformed together, as many as `WinogradPatch.scratchFloats` has room for.
private let chunk = 64
/// Floats from one row of scratch to the next.
private let line = 6 * chunk

/// The body of all five. For each chunk of channels, columns go from the source to scratch and rows from there to the target:
///
///     source [p][q][c]  →  T down each column  →  scratch [i][q][c]  →  T along each row  →  target [i][j][c]
@inline(__always)
private func transform<T: Transform>(_ t: WinogradPatch, by _: T.Type) {
  let zeros = t.scratch + 36 * chunk
  var i = 0
  while i < chunk {
    store(Lanes(), zeros + i)
    i += lanes
  }
  var first = 0
  while first < t.channels {
    let count = min(chunk, t.channels - first)
    var q = 0
    while q < T.inputs {
      let column = t.source + q * t.sourceColumn + first
      let inside = q >= t.firstColumn && q < t.endColumn
      @inline(__always) func row(_ p: Int) -> UnsafePointer<Float> {
        inside && p >= t.firstRow && p < t.endRow ? column + p * t.sourceRow : UnsafePointer(zeros)
      }
      let s0 = row(0), s1 = row(1), s2 = row(2)
      let s3 = T.inputs > 3 ? row(3) : s0, s4 = T.inputs > 4 ? row(4) : s0, s5 = T.inputs > 5 ? row(5) : s0
      let to = t.scratch + q * chunk
      var c = 0
      while c + lanes <= count {
        let d = Six(
          v0: load(s0 + c), v1: load(s1 + c), v2: load(s2 + c), v3: T.inputs > 3 ? load(s3 + c) : Lanes(),
          v4: T.inputs > 4 ? load(s4 + c) : Lanes(), v5: T.inputs > 5 ? load(s5 + c) : Lanes())
        putColumn(T.apply(d), to + c, outputs: T.outputs)
        c += lanes
      }
      if c < count {
        let left = count - c
        let d = Six(
          v0: loadPart(s0 + c, left), v1: loadPart(s1 + c, left), v2: loadPart(s2 + c, left),
          v3: T.inputs > 3 ? loadPart(s3 + c, left) : Lanes(), v4: T.inputs > 4 ? loadPart(s4 + c, left) : Lanes(),
          v5: T.inputs > 5 ? loadPart(s5 + c, left) : Lanes())
        putColumn(T.apply(d), to + c, outputs: T.outputs)
      }
      q += 1
    }
    var p = 0
    while p < t.targetRows {
      let from = t.scratch + p * line
      let to = t.target + p * t.targetRow + first
      let step = t.targetColumn
      // A target that is cut off, or ends within a vector, is written value by value from there on.
      let whole = t.targetColumns < T.outputs ? 0 : t.padsChannels ? count : count / lanes * lanes
      var c = 0
      while c < whole {
        let r = T.apply(loadRow(from + c, inputs: T.inputs)), d = to + c
        put(r.v0, d, t.accumulate)
        put(r.v1, d + step, t.accumulate)
        put(r.v2, d + 2 * step, t.accumulate)
        if T.outputs > 3 { put(r.v3, d + 3 * step, t.accumulate) }
        if T.outputs > 4 { put(r.v4, d + 4 * step, t.accumulate) }
        if T.outputs > 5 { put(r.v5, d + 5 * step, t.accumulate) }
        c += lanes
      }
      while c < count {
        let r = T.apply(loadRow(from + c, inputs: T.inputs)), d = to + c
        let left = min(lanes, count - c)
        putPart(r.v0, d, left, t.accumulate)
        if t.targetColumns > 1 { putPart(r.v1, d + step, left, t.accumulate) }
        if t.targetColumns > 2 { putPart(r.v2, d + 2 * step, left, t.accumulate) }
        if T.outputs > 3, t.targetColumns > 3 { putPart(r.v3, d + 3 * step, left, t.accumulate) }
        if T.outputs > 4, t.targetColumns > 4 { putPart(r.v4, d + 4 * step, left, t.accumulate) }
        if T.outputs > 5, t.targetColumns > 5 { putPart(r.v5, d + 5 * step, left, t.accumulate) }
        c += lanes
      }
      p += 1
    }
    first += chunk
  }
}

/// The results of a column, to lines of six chunks.
@inline(__always) private func putColumn(_ r: Six, _ to: UnsafeMutablePointer<Float>, outputs: Int) {
  store(r.v0, to)
  store(r.v1, to + line)
  store(r.v2, to + 2 * line)
  if outputs > 3 { store(r.v3, to + 3 * line) }
  if outputs > 4 { store(r.v4, to + 4 * line) }
  if outputs > 5 { store(r.v5, to + 5 * line) }
}

/// A row of up to six values, one chunk after the other.
@inline(__always) private func loadRow(_ s: UnsafePointer<Float>, inputs: Int) -> Six {
  Six(
    v0: load(s), v1: load(s + chunk), v2: load(s + 2 * chunk), v3: inputs > 3 ? load(s + 3 * chunk) : Lanes(),
    v4: inputs > 4 ? load(s + 4 * chunk) : Lanes(), v5: inputs > 5 ? load(s + 5 * chunk) : Lanes())
}

@inline(__always) private func put(_ v: Lanes, _ p: UnsafeMutablePointer<Float>, _ accumulate: Bool) {
  store(accumulate ? v + load(p) : v, p)
}

/// The first `count` lanes; the others are zero.
@inline(never) private func loadPart(_ p: UnsafePointer<Float>, _ count: Int) -> Lanes {
  var v = Lanes()
  var i = 0
  while i < count {
    v[i] = p[i]
    i += 1
  }
  return v
}

/// The first `count` lanes only.
@inline(never)
private func putPart(_ v: Lanes, _ p: UnsafeMutablePointer<Float>, _ count: Int, _ accumulate: Bool) {
  if count == lanes { return put(v, p, accumulate) }
  var i = 0
  while i < count {
    p[i] = accumulate ? v[i] + p[i] : v[i]
    i += 1
  }
}

extension EntryPoints {
  /// Bᵀ · d · B: 6×6 pixels to 6×6; with `normalization`, d is what batch norm and ReLU make of them.
  @inline(never)
  package static func winogradInput(_ patch: WinogradPatch) {
    if let normalization = patch.normalization {
      normalizedInput(patch, normalization)
    } else {
      transform(patch, by: InputTransform.self)
    }
  }

  /// Aᵀ · m · A: 6×6 products to 4×4 pixels.
  @inline(never)
  package static func winogradOutput(_ patch: WinogradPatch) { transform(patch, by: OutputTransform.self) }

  /// G · g · Gᵀ: 3×3 weights to 6×6.
  @inline(never)
  package static func winogradWeights(_ patch: WinogradPatch) { transform(patch, by: WeightTransform.self) }

  /// G · g · Gᵀ: 4×4 gradients of outputs to 6×6.
  @inline(never)
  package static func winogradGradient(_ patch: WinogradPatch) { transform(patch, by: GradientTransform.self) }

  /// Aᵀ · m · A: 6×6 sums of products to the gradients of 3×3 weights.
  @inline(never)
  package static func winogradWeightGradient(_ patch: WinogradPatch) {
    transform(patch, by: WeightGradientTransform.self)
  }
}

/// As `winogradInput`, of pixels that are normalised first: a chunk of channels at a time, inside L1.
@inline(never)
private func normalizedInput(_ t: WinogradPatch, _ n: ChannelNormalization) {
  let pixels = t.scratch + 37 * chunk
  var patch = t
  patch.source = UnsafePointer(pixels)
  (patch.sourceRow, patch.sourceColumn) = (line, chunk)
  (patch.firstRow, patch.endRow, patch.firstColumn, patch.endColumn) = (0, 6, 0, 6)
  var first = 0
  while first < t.channels {
    patch.channels = min(chunk, t.channels - first)
    patch.target = t.target + first
    normalize(t, n, first, patch.channels, into: pixels)
    transform(patch, by: InputTransform.self)
    first += chunk
  }
}

/// relu((source − center) · scale + shift) inside the image, zero outside: [p][q][c] for `count` channels from `first` on.
@inline(never)
private func normalize(
  _ t: WinogradPatch, _ n: ChannelNormalization, _ first: Int, _ count: Int, into pixels: UnsafeMutablePointer<Float>
) {
  if t.firstRow > 0 || t.firstColumn > 0 || t.endRow < 6 || t.endColumn < 6 {
    var place = pixels
    while place < pixels + 36 * chunk {
      var c = 0
      while c < count {
        store(Lanes(), place + c)
        c += lanes
      }
      place += chunk
    }
  }
  let columns = t.endColumn - t.firstColumn
  var c = 0
  while c + lanes <= count {
    let center = load(n.center + first + c), scale = load(n.scale + first + c), shift = load(n.shift + first + c)
    var p = t.firstRow
    while p < t.endRow {
      var from = t.source + p * t.sourceRow + t.firstColumn * t.sourceColumn + first + c
      var to = pixels + p * line + t.firstColumn * chunk + c
      var q = columns
      while q > 0 {
        store(positivePart(multiplyAdd(load(from) - center, scale, shift)), to)
        from += t.sourceColumn
        to += chunk
        q -= 1
      }
      p += 1
    }
    c += lanes
  }
  while c < count {
    let center = n.center[first + c], scale = n.scale[first + c], shift = n.shift[first + c]
    var p = t.firstRow
    while p < t.endRow {
      var from = t.source + p * t.sourceRow + t.firstColumn * t.sourceColumn + first + c
      var to = pixels + p * line + t.firstColumn * chunk + c
      var q = columns
      while q > 0 {
        let v = multiplyAdd(from[0] - center, scale, shift)
        to[0] = v < 0 ? 0 : v
        from += t.sourceColumn
        to += chunk
        q -= 1
      }
      p += 1
    }
    c += 1
  }
}
