import MicrokernelInterface

/// As `winogradInput`, of pixels that are normalised first: a chunk of channels at a time, inside L1.
@inline(never)
func normalizedInput(_ t: WinogradPatch, _ n: ChannelNormalization) {
  let pixels = t.scratch
  var patch = t
  patch.source = UnsafePointer(pixels)
  (patch.sourceRow, patch.sourceColumn) = (copiedRow, copiedChannels)
  var first = 0
  while first < t.channels {
    let count = min(copiedChannels, t.channels - first)
    normalize(t, n, first, count, into: pixels)
    patch.target = t.target + first
    InputTransform.transformWhole(patch, (count + lanes - 1) / lanes * lanes)
    first += copiedChannels
  }
}

/// relu((source − center) · scale + shift) inside the image, zero outside: [p][q][c] for `count` channels from `first` on.
@inline(never)
private func normalize(
  _ t: WinogradPatch, _ n: ChannelNormalization, _ first: Int, _ count: Int, into pixels: UnsafeMutablePointer<Float>
) {
  if t.firstRow > 0 || t.firstColumn > 0 || t.endRow < 6 || t.endColumn < 6 || count % lanes > 0 {
    var place = pixels
    while place < pixels + 36 * copiedChannels {
      putZeros(place, count)
      place += copiedChannels
    }
  }
  let columns = t.endColumn - t.firstColumn
  var c = 0
  while c + lanes <= count {
    let center = load(n.center + first + c), scale = load(n.scale + first + c), shift = load(n.shift + first + c)
    var p = t.firstRow
    while p < t.endRow {
      var from = t.source + p * t.sourceRow + t.firstColumn * t.sourceColumn + first + c
      var to = pixels + p * copiedRow + t.firstColumn * copiedChannels + c
      var q = columns
      while q > 0 {
        store(positivePart(multiplyAdd(load(from) - center, scale, shift)), to)
        from += t.sourceColumn
        to += copiedChannels
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
      var to = pixels + p * copiedRow + t.firstColumn * copiedChannels + c
      var q = columns
      while q > 0 {
        let v = multiplyAdd(from[0] - center, scale, shift)
        to[0] = v < 0 ? 0 : v
        from += t.sourceColumn
        to += copiedChannels
        q -= 1
      }
      p += 1
    }
    c += 1
  }
}
