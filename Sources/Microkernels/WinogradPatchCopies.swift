import MicrokernelInterface

/// Channels that are copied together, as many as `WinogradPatch.scratchFloats` has room for.
let copiedChannels = 64
/// Floats from one row of a copied patch to the next.
let copiedRow = 6 * copiedChannels

/// Copies `count` channels of a patch, with zeros outside the image and up to whole vectors, and lets `patch` read the copy.
@inline(never)
func gather(
  _ t: WinogradPatch, _ count: Int, inputs: Int, into copy: UnsafeMutablePointer<Float>, _ patch: inout WinogradPatch
) {
  var p = 0
  while p < inputs {
    let to = copy + p * copiedRow
    let end = p < t.sourceRows ? min(inputs, t.sourceColumns) : 0
    var from = t.source + p * t.sourceRow
    var q = 0
    while q < end {
      copyPadded(from, count, to + q * copiedChannels)
      from += t.sourceColumn
      q += 1
    }
    while q < inputs {
      putZeros(to + q * copiedChannels, count)
      q += 1
    }
    p += 1
  }
  patch.source = UnsafePointer(copy)
  (patch.sourceRow, patch.sourceColumn) = (copiedRow, copiedChannels)
}

/// `count` zeros, and more up to a whole vector.
@inline(__always)
func putZeros(_ to: UnsafeMutablePointer<Float>, _ count: Int) {
  var c = 0
  while c < count {
    store(Lanes(), to + c)
    c += lanes
  }
}

/// Copies `count` floats, and zeros up to a whole vector.
@inline(__always)
func copyPadded(_ from: UnsafePointer<Float>, _ count: Int, _ to: UnsafeMutablePointer<Float>) {
  var c = 0
  while c + lanes <= count {
    store(load(from + c), to + c)
    c += lanes
  }
  if c < count { copyPart(from + c, count - c, to + c) }
}

/// A vector whose first lanes are `count` floats; the others are zero.
@inline(never)
func copyPart(_ from: UnsafePointer<Float>, _ count: Int, _ to: UnsafeMutablePointer<Float>) {
  var v = Lanes()
  var i = 0
  while i < count {
    v[i] = from[i]
    i += 1
  }
  store(v, to)
}

/// Puts the results that lie inside the target, and no channel past `count`.
@inline(never)
func scatter(_ results: UnsafePointer<Float>, _ count: Int, to t: WinogradPatch) {
  var i = 0
  while i < t.targetRows {
    var j = 0
    while j < t.targetColumns {
      putChannels(
        results + i * copiedRow + j * copiedChannels, count, t.target + i * t.targetRow + j * t.targetColumn,
        t.accumulate, t.sums)
      j += 1
    }
    i += 1
  }
}

@inline(__always) func put(_ v: Lanes, _ p: UnsafeMutablePointer<Float>, _ accumulate: Bool) {
  store(accumulate ? v + load(p) : v, p)
}

/// The first `count` channels of a result, and their sums if these are asked for.
@inline(never)
func putChannels(
  _ from: UnsafePointer<Float>, _ count: Int, _ to: UnsafeMutablePointer<Float>, _ accumulate: Bool,
  _ sums: ChannelSums?
) {
  var c = 0
  while c + lanes <= count {
    put(load(from + c), to + c, accumulate)
    c += lanes
  }
  while c < count {
    to[c] = accumulate ? from[c] + to[c] : from[c]
    c += 1
  }
  if let sums { EntryPoints.channelSquares(to, nil, 1, count, sums.squares, sums.sums) }
}
