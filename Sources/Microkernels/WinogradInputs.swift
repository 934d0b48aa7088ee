import MicrokernelInterface

/// The body of the transforms of pixels, Bᵀ · d · B, one axis after the other by way of L1. Where the formula is for one patch, this
/// takes a row of them: what lies between the axes is computed once for columns that two patches share, and so is the normalisation of pixels.
///
///     for each line of channels, 64 bytes
///       for each column q of the row of patches:   Bᵀ · d[·, q]  →  halves[·, q]           zero where it leaves the image
///       for each patch p, each row i of Bᵀ:        Bᵀ · halves[i, p · step + ·]  →  target[p, i, ·]
///
///     halves[i, q, c]:   outputs × (patches · step + inputs − step) × 16 floats
private protocol Input: NineTransform {
  static var step: Int { get }
}

extension InputTransform: Input { static var step: Int { 4 } }
extension StridedInputTransform: Input { static var step: Int { 8 } }
extension TransposedInputTransform: Input { static var step: Int { 4 } }

/// Channels that are transformed together: a line of the caches.
private let line = 16

/// Columns of a row of patches.
@inline(__always)
private func width<T: Input>(_ t: WinogradPatchRow, _: T.Type) -> Int { t.patches * T.step + T.inputs - T.step }

/// Bᵀ · d[·, q] of the columns q inside the image, for the line of channels from `c` on. `isCut`: some rows lie outside.
@inline(__always)
private func transformColumns<T: Input>(
  _ t: WinogradPatchRow, _ normalization: ChannelNormalization?, _ c: Int, by _: T.Type, isCut: Bool
) {
  let row = t.sourceRow, plane = width(t, T.self) * line
  let first = t.rows.lowerBound, end = t.rows.upperBound
  var from = t.source + (t.columns.lowerBound * t.channels + c)
  var to = t.scratch + t.columns.lowerBound * line
  var left = t.columns.count
  while left > 0 {
    var v = 0
    while v < line {
      var center = Lanes(), scale = Lanes(), shift = Lanes()
      if let n = normalization {
        (center, scale, shift) = (load(n.center + (c + v)), load(n.scale + (c + v)), load(n.shift + (c + v)))
      }
      @inline(__always) func value(_ p: Int) -> Lanes {
        if p >= T.inputs || isCut && (p < first || p >= end) { return Lanes() }
        let pixel = load(from + (p * row + v))
        return normalization == nil ? pixel : positivePart(multiplyAdd(pixel - center, scale, shift))
      }
      let half = T.apply((value(0), value(1), value(2), value(3), value(4), value(5), value(6), value(7), value(8)))
      store(half, T.outputs, to + v, plane)
      v += lanes
    }
    from += t.channels
    to += line
    left -= 1
  }
}

/// The same for the last channels, fewer than a line: each column is copied first, with zeros up to whole vectors.
@inline(never)
private func transformLastColumns<T: Input>(_ t: WinogradPatchRow, _ c: Int, by _: T.Type) {
  let count = t.channels - c, plane = width(t, T.self) * line
  let column = t.scratch + plane * T.outputs, center = column + T.inputs * line, scale = center + line
  let shift = scale + line
  putZeros(column, T.inputs * line)
  if let n = t.normalization {
    copyPadded(n.center + c, count, center)
    copyPadded(n.scale + c, count, scale)
    copyPadded(n.shift + c, count, shift)
  }
  var q = t.columns.lowerBound
  while q < t.columns.upperBound {
    var p = t.rows.lowerBound
    while p < t.rows.upperBound {
      let pixel = column + p * line
      copyPadded(t.source + (p * t.sourceRow + q * t.channels + c), count, pixel)
      var v = 0
      while v < count, t.normalization != nil {
        let deviation = load(pixel + v) - load(center + v)
        store(positivePart(multiplyAdd(deviation, load(scale + v), load(shift + v))), pixel + v)
        v += lanes
      }
      p += 1
    }
    var v = 0
    while v < count {
      store(T.apply(loadNine(T.inputs, column + v, line)), T.outputs, t.scratch + (q * line + v), plane)
      v += lanes
    }
    q += 1
  }
}

/// Bᵀ along the rows of all patches, for `count` channels from `c` on or as many more as make whole vectors.
@inline(__always)
private func transformRows<T: Input>(_ t: WinogradPatchRow, _ c: Int, _ count: Int, by _: T.Type) {
  let plane = width(t, T.self) * line, element = t.targetElement
  var p = 0
  while p < t.patches {
    var from = t.scratch + p * T.step * line
    var to = t.target + (p * t.targetPatch + c)
    var i = 0
    while i < T.outputs {
      var v = 0
      while v < count {
        store(T.apply(loadNine(T.inputs, from + v, line)), T.outputs, to + v, element)
        v += lanes
      }
      from += plane
      to += T.outputs * element
      i += 1
    }
    p += 1
  }
}

/// Zeros where columns leave the image, for all lines of channels.
@inline(never)
private func clearOutside(_ t: WinogradPatchRow, width: Int, outputs: Int) {
  var i = 0
  while i < outputs {
    let plane = t.scratch + i * width * line
    putZeros(plane, t.columns.lowerBound * line)
    putZeros(plane + t.columns.upperBound * line, (width - t.columns.upperBound) * line)
    i += 1
  }
}

// One function for each case, since the optimiser stops inlining into a function that has grown large.

@inline(never) private func wholeColumns<T: Input>(_ t: WinogradPatchRow, _ c: Int, by b: T.Type) {
  transformColumns(t, nil, c, by: b, isCut: false)
}
@inline(never) private func cutColumns<T: Input>(_ t: WinogradPatchRow, _ c: Int, by b: T.Type) {
  transformColumns(t, nil, c, by: b, isCut: true)
}
@inline(never) private func wholeNormalizedColumns<T: Input>(
  _ t: WinogradPatchRow, _ n: ChannelNormalization, _ c: Int, by b: T.Type
) {
  transformColumns(t, n, c, by: b, isCut: false)
}
@inline(never) private func cutNormalizedColumns<T: Input>(
  _ t: WinogradPatchRow, _ n: ChannelNormalization, _ c: Int, by b: T.Type
) {
  transformColumns(t, n, c, by: b, isCut: true)
}

@inline(never) private func rows<T: Input>(_ t: WinogradPatchRow, _ c: Int, by b: T.Type) {
  transformRows(t, c, line, by: b)
}
@inline(never) private func lastRows<T: Input>(_ t: WinogradPatchRow, _ c: Int, by b: T.Type) {
  transformRows(t, c, t.channels - c, by: b)
}

@inline(__always)
private func transformRow<T: Input>(_ t: WinogradPatchRow, by b: T.Type) {
  clearOutside(t, width: width(t, b), outputs: T.outputs)
  let isCut = t.rows.lowerBound > 0 || t.rows.upperBound < T.inputs
  var c = 0
  while c + line <= t.channels {
    switch (t.normalization, isCut) {
    case (nil, false): wholeColumns(t, c, by: b)
    case (nil, true): cutColumns(t, c, by: b)
    case (let n?, false): wholeNormalizedColumns(t, n, c, by: b)
    case (let n?, true): cutNormalizedColumns(t, n, c, by: b)
    }
    rows(t, c, by: b)
    c += line
  }
  if c < t.channels {
    transformLastColumns(t, c, by: b)
    lastRows(t, c, by: b)
  }
}

extension EntryPoints {
  /// Bᵀ · d · B of a row of patches.
  @inline(never)
  package static func winogradInput(_ transform: WinogradInputTransform, _ patches: WinogradPatchRow) {
    switch transform {
    case .input: transformRow(patches, by: InputTransform.self)
    case .stridedInput: transformRow(patches, by: StridedInputTransform.self)
    case .transposedInput: transformRow(patches, by: TransposedInputTransform.self)
    }
  }
}
