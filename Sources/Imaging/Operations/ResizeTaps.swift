/// Which pixels of one axis each output of a resize takes, and with what weights; `Resize` has the formula.
struct ResizeTaps {
  /// Bits after the point of a weight.
  static let weightBits = 22

  /// The pixels `first`..<`first + count` and their weights.
  struct Tap {
    let first, count: Int
    let weights: UnsafePointer<Int32>
  }

  /// Outputs in the window.
  private(set) var count = 0
  /// The pixels that any output takes are `firstInput`..<`endOfInputs`.
  private(set) var firstInput = 0
  private(set) var endOfInputs = 0
  /// For each output its first pixel and its number of pixels.
  private var bounds = Growing<Int32>()
  private var weights = Growing<Int32>()
  private var exact = Growing<Double>()
  private var boundsBase: UnsafePointer<Int32>?
  private var weightsBase: UnsafePointer<Int32>?
  private var mostTaps = 0

  /// The taps of output `x` of the window; valid until the next `prepare`.
  func tap(_ x: Int) -> Tap {
    guard let boundsBase, let weightsBase else { preconditionFailure("no taps were prepared") }
    return Tap(
      first: Int(boundsBase[2 &* x]), count: Int(boundsBase[2 &* x &+ 1]), weights: weightsBase + x &* mostTaps)
  }

  /// Computes the taps for outputs `first`..<`first + count` of a resize from `inputs` to `outputs` pixels.
  ///
  /// In Double and in Pillow's order of operations (`precompute_coeffs` of its Resample.c), so that rounding agrees.
  mutating func prepare(inputs: Int, outputs: Int, first: Int, count: Int) {
    let scale = Double(inputs) / Double(outputs)
    let support = max(1, scale), inverse = 1 / support
    mostTaps = Int(support.rounded(.up)) * 2 + 1
    let bounds = bounds.reserve(2 * count), weights = weights.reserve(count * mostTaps)
    (boundsBase, weightsBase, self.count) = (UnsafePointer(bounds), UnsafePointer(weights), count)
    let exact = exact.reserve(mostTaps)
    var x = 0
    while x < count {
      let center = (Double(first + x) + 0.5) * scale
      let low = max(0, Int(center - support + 0.5)), end = min(inputs, Int(center + support + 0.5))
      var total = 0.0
      var i = low
      while i < end {
        let weight = max(0, 1 - abs((Double(i) - center + 0.5) * inverse))
        exact[i - low] = weight
        total += weight
        i += 1
      }
      i = 0
      while i < end - low {
        weights[x * mostTaps + i] = Int32(0.5 + exact[i] / total * Double(Resize.one))
        i += 1
      }
      bounds[2 * x] = Int32(low)
      bounds[2 * x + 1] = Int32(end - low)
      x += 1
    }
    firstInput = Int(bounds[0])
    endOfInputs = Int(bounds[2 * count - 2] + bounds[2 * count - 1])
  }

  mutating func deallocate() {
    bounds.deallocate()
    weights.deallocate()
    exact.deallocate()
    (boundsBase, weightsBase) = (nil, nil)
  }
}
