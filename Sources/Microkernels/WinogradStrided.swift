import MicrokernelInterface

/// The body of the transforms for stride 2, but for those of pixels: T · d · Tᵀ of patches that have too many values for registers, one axis
/// after the other by way of L1.
///
///     for each vector of channels
///       for each column q of the patch:   T · d[·, q]   →   halves[·, q]          zero where the patch leaves the image
///       for each row i of the result:     T · halves[i, ·]   →   target[i, ·]     as far as it lies inside
///
/// `isPart`: the last channels, fewer than a vector; what lies past them is neither read nor, unless the target has room, written.
/// Sums are taken over the outputs of a forward pass, the one transform with four results.
@inline(__always)
private func transformVector<T: NineTransform>(_ t: WinogradPatch, _ c: Int, by _: T.Type, isPart: Bool) {
  let inputs = T.inputs, outputs = T.outputs
  let halves = t.scratch, spare = t.scratch + 81 * lanes, count = t.channels - c

  var q = 0
  while q < inputs {
    let column = t.source + (q * t.sourceColumn + c)
    let isInside = q < t.sourceColumns
    @inline(__always) func value(_ p: Int) -> Lanes {
      if p >= inputs || p >= t.sourceRows { return Lanes() }
      return loadSome(column + p * t.sourceRow, count, isPart, spare)
    }
    let line =
      isInside
      ? T.apply((value(0), value(1), value(2), value(3), value(4), value(5), value(6), value(7), value(8)))
      : zeros
    store(line, outputs, halves + q * lanes, inputs * lanes)
    q += 1
  }

  let columns = t.targetColumns
  var sum = Lanes(), squares = Lanes()
  var i = 0
  while i < t.targetRows {
    let line = T.apply(loadNine(inputs, halves + i * (inputs * lanes), lanes))
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
    // One by one: a function that takes `put` is not inlined everywhere.
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
private func transformChannels<T: NineTransform>(_ t: WinogradPatch, by transform: T.Type) {
  var c = 0
  while c + lanes <= t.channels {
    transformVector(t, c, by: transform, isPart: false)
    c += lanes
  }
  if c < t.channels { transformVector(t, c, by: transform, isPart: true) }
}

// One function for each transform, since the optimiser stops inlining into a function that has grown large.

@inline(never) private func output(_ t: WinogradPatch) {
  transformChannels(t, by: StridedOutputTransform.self)
}
@inline(never) private func transposedOutput(_ t: WinogradPatch) {
  transformChannels(t, by: TransposedOutputTransform.self)
}
@inline(never) private func weights(_ t: WinogradPatch) {
  transformChannels(t, by: StridedWeightTransform.self)
}
@inline(never) private func gradient(_ t: WinogradPatch) {
  transformChannels(t, by: StridedGradientTransform.self)
}
@inline(never) private func weightGradient(_ t: WinogradPatch) {
  transformChannels(t, by: StridedWeightGradientTransform.self)
}

/// The transforms for stride 2; the others are `transformPatch`'s.
func transformStrided(_ transform: WinogradTransform, _ t: WinogradPatch) {
  switch transform {
  case .stridedOutput: output(t)
  case .transposedOutput: transposedOutput(t)
  case .stridedWeights: weights(t)
  case .stridedGradient: gradient(t)
  case .stridedWeightGradient: weightGradient(t)
  case .output, .weights, .gradient, .weightGradient: break
  }
}
