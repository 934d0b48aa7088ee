/// Places tensors of known lifetimes in one block of memory, so that tensors that are never needed at the same time share it.
///
/// Time is counted in operations: forward operation i of n runs at time i, its backward at time 2n − 1 − i. Tensors are placed
/// from the largest to the smallest, each at the lowest place that is free over its whole life.
struct ArenaPlan {
  struct Tensor {
    var floats: Int
    /// The first and the last time at which it is needed.
    var lifetime: ClosedRange<Int>
  }

  /// Where each tensor starts, in floats; a multiple of 16, which is a cache line.
  private(set) var offsets: [Int]
  /// Floats of the whole block.
  private(set) var floats = 0

  init(_ tensors: [Tensor]) {
    offsets = [Int](repeating: 0, count: tensors.count)
    var placed: [Int] = []
    for i in tensors.indices.sorted(by: { (tensors[$0].floats, $1) > (tensors[$1].floats, $0) }) {
      let size = (tensors[i].floats + 15) / 16 * 16
      var start = 0
      // Neighbours in the order of their places: the first gap that is wide enough is the lowest.
      for other in placed.filter({ tensors[$0].lifetime.overlaps(tensors[i].lifetime) })
        .sorted(by: { offsets[$0] < offsets[$1] })
      {
        if start + size <= offsets[other] { break }
        start = max(start, offsets[other] + (tensors[other].floats + 15) / 16 * 16)
      }
      offsets[i] = start
      placed.append(i)
      floats = max(floats, start + size)
    }
  }
}
