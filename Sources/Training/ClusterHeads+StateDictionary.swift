import Clustering
import Interchange

extension ClusterHeads {
  /// The centers as the published program's state has them: `center_h` of head h, [d, K], before they are made unit vectors. With the unit
  /// features of clean images, argmax_j x·w_j/|w_j| gives the clusters in `assignments.csv`.
  ///
  /// - Throws: what `SafeTensors.Tensor` throws for a shape that does not fit; those of heads do.
  func stateDictionary() throws -> [String: SafeTensors.Tensor] {
    var tensors: [String: SafeTensors.Tensor] = [:]
    for h in clusters.indices {
      let rows = rowOffsets[h]..<rowOffsets[h + 1]
      let values = (0..<dimension).flatMap { i in rows.map { centers.base[$0 * dimension + i] } }
      tensors["center_\(h)"] = try SafeTensors.Tensor(values, shape: [dimension, clusters[h]])
    }
    return tensors
  }
}
