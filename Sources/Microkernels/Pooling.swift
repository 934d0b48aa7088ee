extension EntryPoints {
  /// The two steps of max-pooling on one pixel's channels; windows and borders are the caller's.
  ///
  /// Forward: most = max(most, x), channel by channel. The two may not overlap.
  @inline(never)
  package static func maximums(_ x: UnsafePointer<Float>, _ count: Int, _ most: UnsafeMutablePointer<Float>) {
    var c = 0
    while c + lanes <= count {
      let v = load(x + c)
      let m = load(most + c)
      store(m.replacing(with: v, where: v .> m), most + c)
      c += lanes
    }
    while c < count {
      if x[c] > most[c] { most[c] = x[c] }
      c += 1
    }
  }

  /// Backward: where x is the maximum y and no earlier pixel of the window was, dx += dy. What is left of dy stays in
  /// `remaining` (dy before the window's first pixel), so that ties go to the first pixel alone, as in PyTorch.
  @inline(never)
  package static func routeToMaximum(
    _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ count: Int, _ remaining: UnsafeMutablePointer<Float>,
    _ dx: UnsafeMutablePointer<Float>
  ) {
    var c = 0
    while c + lanes <= count {
      let isMaximum = load(x + c) .== load(y + c)
      let g = load(remaining + c)
      store(load(dx + c) + Lanes().replacing(with: g, where: isMaximum), dx + c)
      store(g.replacing(with: Lanes(), where: isMaximum), remaining + c)
      c += lanes
    }
    while c < count {
      if x[c] == y[c] {
        dx[c] += remaining[c]
        remaining[c] = 0
      }
      c += 1
    }
  }
}
