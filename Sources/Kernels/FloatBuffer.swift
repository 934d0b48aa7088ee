/// A block of floats that lives as long as its owner keeps it, aligned to a cache line and zero at first.
package final class FloatBuffer {
  package let base: UnsafeMutablePointer<Float>
  package let count: Int

  package init(_ count: Int) {
    self.count = count
    base = UnsafeMutableRawPointer.allocate(byteCount: max(1, count) * 4, alignment: 64)
      .initializeMemory(as: Float.self, repeating: 0, count: max(1, count))
  }

  package var values: [Float] { Array(UnsafeBufferPointer(start: base, count: count)) }

  /// Replaces the content; `values` must have `count` elements.
  package func fill(with values: [Float]) {
    precondition(values.count == count, "\(values.count) values for \(count) floats")
    values.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { base.update(from: start, count: count) }
    }
  }

  package func setToZero() {
    base.update(repeating: 0, count: count)
  }

  deinit {
    base.deallocate()
  }
}
