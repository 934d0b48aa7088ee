/// The results of the parts that a weight gradient is cut into: each the gradient by some of the pixels, added up in order.
///
///     part p:  │ segment 0     ┊ unused │ segment 1     ┊ unused │ …        segments lie in dw one after the other
struct WeightGradientParts {
  private let base: UnsafeMutablePointer<Float>
  private let segments: Int
  private let segmentFloats: Int
  private let segmentStride: Int
  private let parts: Int

  /// Takes the engine's shared memory; its content is undefined.
  init(segments: Int, segmentFloats: Int, segmentStride: Int, parts: Int, on engine: Engine) {
    self.segments = segments
    self.segmentFloats = segmentFloats
    self.segmentStride = segmentStride
    self.parts = parts
    base = engine.sharedScratch(parts * segments * segmentStride)
  }

  /// Where a part's result goes.
  func partial(_ part: Int) -> UnsafeMutablePointer<Float> { base + part * segments * segmentStride }

  /// dw (+)= the sum of all parts, the first one first.
  func add(into dw: UnsafeMutablePointer<Float>, accumulate: Bool, on engine: Engine) {
    if accumulate {
      add(0..<parts, to: dw, segmentStride: segmentFloats, on: engine)
    } else {
      add(1..<parts, to: dw, segmentStride: segmentFloats, copying: true, on: engine)
    }
  }

  /// Adds all parts to the first one, and returns it.
  func addUp(on engine: Engine) -> UnsafeMutablePointer<Float> {
    add(1..<parts, to: base, segmentStride: segmentStride, on: engine)
    return base
  }

  /// - Parameter copying: lets the first part replace what is there.
  private func add(
    _ some: Range<Int>, to target: UnsafeMutablePointer<Float>, segmentStride targetStride: Int, copying: Bool = false,
    on engine: Engine
  ) {
    let pieces = (segmentFloats + 4095) / 4096, kernels = engine.kernels
    engine.run(segments * pieces, flops: 4 * parts * segments * segmentFloats) { task, _ in
      let segment = task / pieces, start = task % pieces * 4096
      let length = min(4096, segmentFloats - start), to = target + segment * targetStride + start
      let from = base + segment * segmentStride + start
      if copying { to.update(from: from, count: length) }
      for part in some {
        kernels.scaleAndAdd(1, from + part * segments * segmentStride, 1, to, length)
      }
    }
  }
}
