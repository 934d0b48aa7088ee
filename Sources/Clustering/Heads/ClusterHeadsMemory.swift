import Kernels

/// The buffers of a step, made once.
///
/// An image has 2 rows, its projections in both views, or 4 with the predictions: `rows` = 2b or 4b. Rows come in blocks of b: the
/// projections of view a, of view b, the predictions of view a, of view b.
final class ClusterHeadsMemory {
  /// x·w_j, the similarities to the current centers, [rows, ΣK]. `ClusterHeads.addCenterLoss` overwrites them.
  let current: FloatBuffer
  /// l_j = x·w⁻_j, the similarities to the frozen centers, [rows, ΣK]. `ClusterHeads.addRepresentationLoss` puts ∂L/∂l in their place.
  let logits: FloatBuffer
  /// What each row pulls its center with, by head and row of the batch: [heads, rows].
  let centerWeights: FloatBuffer
  /// Both losses of each image, summed over heads and rows: [b, 2].
  let imageLosses: UnsafeMutablePointer<Double>
  /// Fresh labels and the labels before them, by head and image: [heads, b].
  let newLabels: UnsafeMutablePointer<Int32>
  let oldLabels: UnsafeMutablePointer<Int32>

  /// - Parameter outputs: 1 for projections alone, 2 for predictions as well.
  init(batch: Int, total: Int, heads: Int, outputs: Int) {
    let rows = 2 * batch * outputs
    current = FloatBuffer(rows * total)
    logits = FloatBuffer(rows * total)
    centerWeights = FloatBuffer(rows * heads)
    imageLosses = .allocate(capacity: 2 * batch)
    imageLosses.initialize(repeating: 0, count: 2 * batch)
    newLabels = .allocate(capacity: batch * heads)
    newLabels.initialize(repeating: 0, count: batch * heads)
    oldLabels = .allocate(capacity: batch * heads)
    oldLabels.initialize(repeating: 0, count: batch * heads)
  }

  deinit {
    imageLosses.deallocate()
    newLabels.deallocate()
    oldLabels.deallocate()
  }
}
