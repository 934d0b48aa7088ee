import MicrokernelInterface

/// The body of the seven transforms for stride 2, T · d · Tᵀ, whose patches have too many values for registers: one axis after the other,
/// by way of L1.
///
///     for each vector of channels
///       for each column q of the patch:   T · d[·, q]   →   halves[·, q]          zero where the patch leaves the image
///       for each row i of the result:     T · halves[i, ·]   →   target[i, ·]     as far as it lies inside
///
/// `isPart`: the last channels, fewer than a vector; what lies past them is neither read nor, unless the target has room, written.
/// Sums are taken over the outputs of a forward pass, the one transform with four results.
@inline(__always)
private func transformVector<T: StridedTransform>(
  _ t: WinogradPatch, _ c: Int, by _: T.Type, isPart: Bool, normalizes: Bool
) {
  let inputs = T.inputs, outputs = T.outputs
  let halves = t.scratch, spare = t.scratch + 81 * lanes, count = t.channels - c
  var center = Lanes(), scale = Lanes(), shift = Lanes()
  if normalizes, let n = t.normalization {
    center = loadSome(n.center + c, count, isPart, spare)
    scale = loadSome(n.scale + c, count, isPart, spare)
    shift = loadSome(n.shift + c, count, isPart, spare)
  }

  var q = 0
  while q < inputs {
    let column = t.source + (q * t.sourceColumn + c)
    let isInside = q >= t.firstColumn && q < t.endColumn
    @inline(__always) func value(_ p: Int) -> Lanes {
      if p >= inputs || p < t.firstRow || p >= t.endRow { return Lanes() }
      let pixel = loadSome(column + p * t.sourceRow, count, isPart, spare)
      return normalizes ? positivePart(multiplyAdd(pixel - center, scale, shift)) : pixel
    }
    let line =
      isInside
      ? T.apply((value(0), value(1), value(2), value(3), value(4), value(5), value(6), value(7), value(8)))
      : zeros
    let to = halves + q * lanes
    @inline(__always) func put(_ v: Lanes, _ i: Int) {
      if i < outputs { store(v, to + i * (inputs * lanes)) }
    }
    // One by one, here and below: a function that takes `put` is not inlined everywhere.
    put(line.v0, 0)
    put(line.v1, 1)
    put(line.v2, 2)
    put(line.v3, 3)
    put(line.v4, 4)
    put(line.v5, 5)
    put(line.v6, 6)
    put(line.v7, 7)
    put(line.v8, 8)
    q += 1
  }

  let columns = t.targetColumns
  var sum = Lanes(), squares = Lanes()
  var i = 0
  while i < t.targetRows {
    let from = halves + i * (inputs * lanes)
    @inline(__always) func half(_ q: Int) -> Lanes { q < inputs ? load(from + q * lanes) : Lanes() }
    let line = T.apply((half(0), half(1), half(2), half(3), half(4), half(5), half(6), half(7), half(8)))
    let to = t.target + (i * t.targetRow + c)
    @inline(__always) func put(_ v: Lanes, _ j: Int) {
      if j >= outputs || j >= columns { return }
      let pixel = to + j * t.targetColumn
      if isPart, !t.padsChannels {
        store(v, spare)
        putChannels(spare, count, pixel, t.accumulate, t.sums?.advanced(by: c))
      } else {
        store(t.accumulate ? v + load(pixel) : v, pixel)
        if T.outputs == 4 {
          sum += v
          squares = multiplyAdd(v, v, squares)
        }
      }
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
    i += 1
  }
  if T.outputs == 4, let sums = t.sums, !isPart {
    store(load(sums.sums + c) + sum, sums.sums + c)
    store(load(sums.squares + c) + squares, sums.squares + c)
  }
}

private var zeros: Nine {
  @inline(__always) get {
    (Lanes(), Lanes(), Lanes(), Lanes(), Lanes(), Lanes(), Lanes(), Lanes(), Lanes())
  }
}

/// A vector, or its first `count` floats and zeros, by way of `spare`.
@inline(__always)
private func loadSome(
  _ from: UnsafePointer<Float>, _ count: Int, _ isPart: Bool, _ spare: UnsafeMutablePointer<Float>
) -> Lanes {
  if !isPart { return load(from) }
  copyPart(from, count, spare)
  return load(spare)
}

@inline(__always)
private func transformChannels<T: StridedTransform>(_ t: WinogradPatch, by transform: T.Type, normalizes: Bool) {
  var c = 0
  while c + lanes <= t.channels {
    transformVector(t, c, by: transform, isPart: false, normalizes: normalizes)
    c += lanes
  }
  if c < t.channels { transformVector(t, c, by: transform, isPart: true, normalizes: normalizes) }
}

// One function for each transform, since the optimiser stops inlining into a function that has grown large.

@inline(never) private func input(_ t: WinogradPatch) {
  transformChannels(t, by: StridedInputTransform.self, normalizes: false)
}
@inline(never) private func normalizedInput(_ t: WinogradPatch) {
  transformChannels(t, by: StridedInputTransform.self, normalizes: true)
}
@inline(never) private func output(_ t: WinogradPatch) {
  transformChannels(t, by: StridedOutputTransform.self, normalizes: false)
}
@inline(never) private func transposedInput(_ t: WinogradPatch) {
  transformChannels(t, by: TransposedInputTransform.self, normalizes: false)
}
@inline(never) private func transposedOutput(_ t: WinogradPatch) {
  transformChannels(t, by: TransposedOutputTransform.self, normalizes: false)
}
@inline(never) private func weights(_ t: WinogradPatch) {
  transformChannels(t, by: StridedWeightTransform.self, normalizes: false)
}
@inline(never) private func gradient(_ t: WinogradPatch) {
  transformChannels(t, by: StridedGradientTransform.self, normalizes: false)
}
@inline(never) private func weightGradient(_ t: WinogradPatch) {
  transformChannels(t, by: StridedWeightGradientTransform.self, normalizes: false)
}

/// The transforms for stride 2; the others are `transformPatch`'s.
func transformStrided(_ transform: WinogradTransform, _ t: WinogradPatch) {
  switch transform {
  case .stridedInput: if t.normalization == nil { input(t) } else { normalizedInput(t) }
  case .stridedOutput: output(t)
  case .transposedInput: transposedInput(t)
  case .transposedOutput: transposedOutput(t)
  case .stridedWeights: weights(t)
  case .stridedGradient: gradient(t)
  case .stridedWeightGradient: weightGradient(t)
  case .input, .output, .weights, .gradient, .weightGradient: break
  }
}
