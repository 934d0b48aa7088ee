import MicrokernelInterface

/// The body of the transforms for stride 1, but for that of pixels: T · d · Tᵀ in registers. Two lines of the result at a time, so that what
/// lies between the two passes takes twelve registers:
///
///     for each pair of result rows i, j
///       for each vector of channels
///         for each column q of the patch:   i and j of T · d[·, q]                  loads what they depend on
///         T along each of the two rows                                              12 stores, 8 for four columns
///
/// Where the formula multiplies by every element of T, this takes each line's few additions (`Transform.apply`), of which the
/// optimiser leaves out what a pair does not need. Patches that stick out of the image, and channels that end within a vector, are copied to
/// whole ones first; results that are cut off go the same way back.
@inline(__always)
private func transformPatch<T: Transform>(_ t: WinogradPatch, by _: T.Type) {
  let isInside = t.sourceRows >= T.inputs && t.sourceColumns >= T.inputs
  let isWhole = t.targetRows == T.outputs && t.targetColumns == T.outputs
  var first = 0
  if isInside, isWhole {
    first = t.channels / lanes * lanes
    T.transformWhole(t, first)
  }
  while first < t.channels {
    let count = min(copiedChannels, t.channels - first), vectors = (count + lanes - 1) / lanes * lanes
    var part = t
    part.source = t.source + first
    part.target = t.target + first
    part.sums = t.sums?.advanced(by: first)
    if !isInside || count < vectors { gather(part, count, inputs: T.inputs, into: t.scratch, &part) }
    if isWhole, t.padsChannels || count == vectors {
      T.transformWhole(part, vectors)
    } else {
      let results = t.scratch + 36 * copiedChannels, target = part
      part.target = results
      (part.targetRow, part.targetColumn, part.accumulate, part.sums) = (copiedRow, copiedChannels, false, nil)
      T.transformWhole(part, vectors)
      scatter(results, count, to: target)
    }
    first += count
  }
}

/// Two rows of the result, `i` and `j`, or one, of the channels from `c` on that make a vector.
@inline(__always)
private func transformRows<T: Transform>(_ t: WinogradPatch, _ c: Int, _ i: Int, _ j: Int?, by _: T.Type) {
  let row = t.sourceRow, column = t.sourceColumn
  @inline(__always) func columnResults(_ q: Int) -> Six {
    if q >= T.inputs { return (Lanes(), Lanes(), Lanes(), Lanes(), Lanes(), Lanes()) }
    let s = t.source + (q * column + c)
    return T.apply(
      (
        load(s), load(s + row), load(s + 2 * row), T.inputs > 3 ? load(s + 3 * row) : Lanes(),
        T.inputs > 4 ? load(s + 4 * row) : Lanes(), T.inputs > 5 ? load(s + 5 * row) : Lanes()
      ))
  }
  let r0 = columnResults(0), r1 = columnResults(1), r2 = columnResults(2)
  let r3 = columnResults(3), r4 = columnResults(4), r5 = columnResults(5)
  @inline(__always) func result(_ i: Int) -> Six {
    T.apply((value(r0, i), value(r1, i), value(r2, i), value(r3, i), value(r4, i), value(r5, i)))
  }
  @inline(__always) func putRow(_ r: Six, _ i: Int) {
    let to = t.target + (i * t.targetRow + c), step = t.targetColumn
    put(r.v0, to, t.accumulate)
    put(r.v1, to + step, t.accumulate)
    put(r.v2, to + 2 * step, t.accumulate)
    if T.outputs > 3 { put(r.v3, to + 3 * step, t.accumulate) }
    if T.outputs > 4 { put(r.v4, to + 4 * step, t.accumulate) }
    if T.outputs > 5 { put(r.v5, to + 5 * step, t.accumulate) }
  }
  let first = result(i)
  putRow(first, i)
  guard let j else { return }
  let second = result(j)
  putRow(second, j)
  if T.outputs == 4, let sums = t.sums { add(first, second, to: sums, c) }
}

/// Eight pixels, the sums of pairs first, so that one waits for the last little.
@inline(__always) private func add(_ r: Six, _ s: Six, to sums: ChannelSums, _ c: Int) {
  let sum = ((r.v0 + r.v1) + (r.v2 + r.v3)) + ((s.v0 + s.v1) + (s.v2 + s.v3))
  let squares =
    (multiplyAdd(r.v0, r.v0, r.v1 * r.v1) + multiplyAdd(r.v2, r.v2, r.v3 * r.v3))
    + (multiplyAdd(s.v0, s.v0, s.v1 * s.v1) + multiplyAdd(s.v2, s.v2, s.v3 * s.v3))
  store(load(sums.sums + c) + sum, sums.sums + c)
  store(load(sums.squares + c) + squares, sums.squares + c)
}

@inline(__always) private func value(_ line: Six, _ i: Int) -> Lanes {
  switch i {
  case 0: line.v0
  case 1: line.v1
  case 2: line.v2
  case 3: line.v3
  case 4: line.v4
  default: line.v5
  }
}

// One function for each pair of rows, since the optimiser stops inlining into a function that has grown large: a pair that is not inlined
// computes all rows and keeps them in memory.

@inline(never) private func output02(_ t: WinogradPatch, _ c: Int) {
  transformRows(t, c, 0, 2, by: OutputTransform.self)
}
@inline(never) private func output13(_ t: WinogradPatch, _ c: Int) {
  transformRows(t, c, 1, 3, by: OutputTransform.self)
}
@inline(never) private func weights05(_ t: WinogradPatch, _ c: Int) {
  transformRows(t, c, 0, 5, by: WeightTransform.self)
}
@inline(never) private func weights12(_ t: WinogradPatch, _ c: Int) {
  transformRows(t, c, 1, 2, by: WeightTransform.self)
}
@inline(never) private func weights34(_ t: WinogradPatch, _ c: Int) {
  transformRows(t, c, 3, 4, by: WeightTransform.self)
}
@inline(never) private func gradient05(_ t: WinogradPatch, _ c: Int) {
  transformRows(t, c, 0, 5, by: GradientTransform.self)
}
@inline(never) private func gradient12(_ t: WinogradPatch, _ c: Int) {
  transformRows(t, c, 1, 2, by: GradientTransform.self)
}
@inline(never) private func gradient34(_ t: WinogradPatch, _ c: Int) {
  transformRows(t, c, 3, 4, by: GradientTransform.self)
}
@inline(never) private func weightGradient02(_ t: WinogradPatch, _ c: Int) {
  transformRows(t, c, 0, 2, by: WeightGradientTransform.self)
}
@inline(never) private func weightGradient1(_ t: WinogradPatch, _ c: Int) {
  transformRows(t, c, 1, nil, by: WeightGradientTransform.self)
}

@inline(__always) private func forEachVector(_ channels: Int, _ body: (Int) -> Void) {
  var c = 0
  while c < channels {
    body(c)
    c += lanes
  }
}

extension OutputTransform {
  static func transformWhole(_ t: WinogradPatch, _ channels: Int) {
    forEachVector(channels) { output02(t, $0) }
    forEachVector(channels) { output13(t, $0) }
  }
}

extension WeightTransform {
  static func transformWhole(_ t: WinogradPatch, _ channels: Int) {
    forEachVector(channels) { weights05(t, $0) }
    forEachVector(channels) { weights12(t, $0) }
    forEachVector(channels) { weights34(t, $0) }
  }
}

extension GradientTransform {
  static func transformWhole(_ t: WinogradPatch, _ channels: Int) {
    forEachVector(channels) { gradient05(t, $0) }
    forEachVector(channels) { gradient12(t, $0) }
    forEachVector(channels) { gradient34(t, $0) }
  }
}

extension WeightGradientTransform {
  static func transformWhole(_ t: WinogradPatch, _ channels: Int) {
    forEachVector(channels) { weightGradient02(t, $0) }
    forEachVector(channels) { weightGradient1(t, $0) }
  }
}

// One function for each transform, for the same reason.

@inline(never) private func output(_ t: WinogradPatch) { transformPatch(t, by: OutputTransform.self) }
@inline(never) private func weights(_ t: WinogradPatch) { transformPatch(t, by: WeightTransform.self) }
@inline(never) private func gradient(_ t: WinogradPatch) { transformPatch(t, by: GradientTransform.self) }
@inline(never) private func weightGradient(_ t: WinogradPatch) { transformPatch(t, by: WeightGradientTransform.self) }

extension EntryPoints {
  /// T · d · Tᵀ of a patch.
  @inline(never)
  package static func winograd(_ transform: WinogradTransform, _ patch: WinogradPatch) {
    switch transform {
    case .output: output(patch)
    case .weights: weights(patch)
    case .gradient: gradient(patch)
    case .weightGradient: weightGradient(patch)
    default: transformStrided(transform, patch)
    }
  }
}
