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

  /// What keeps `file` from having the centers of such heads as `stateDictionary` has them, and of no others, such as
  /// `center_0 is [10, 128], expected [128, 10]`; nil if it has them.
  static func centersFault(in file: SafeTensors, clusters: [Int], dimension: Int) -> String? {
    for (h, k) in clusters.enumerated() {
      guard let shape = file.tensors["center_\(h)"]?.shape else { return "there is no center_\(h)" }
      if shape != [dimension, k] { return "center_\(h) is \(shape), expected \([dimension, k])" }
    }
    return file.tensors["center_\(clusters.count)"].map { _ in "center_\(clusters.count) is one too many" }
  }

  /// Takes the centers of a file that has no `centersFault`.
  ///
  /// - Throws: `SeCuError` of kind `.badData` where they are no floating-point numbers.
  func loadCenters(_ file: SafeTensors) throws {
    let values = try clusters.indices.map { try file.floats("center_\($0)").values }
    for h in clusters.indices {
      for row in 0..<clusters[h] {
        for i in 0..<dimension {
          centers.base[(rowOffsets[h] + row) * dimension + i] = values[h][i * clusters[h] + row]
        }
      }
    }
  }
}
