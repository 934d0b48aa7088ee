import Basics
import Foundation
import Kernels

/// How well an image's class can be told from the images whose features are nearest: a test of the features that trains nothing.
///
///     N_i  = the k reference images with the greatest cosine similarity s_ij = x_i·r_j, the first of equals
///     vote = Σ_{j in N_i, class(j) = c} e^{s_ij/t}                  the class of the greatest vote, the lowest of equals
///
/// With leave-one-out the reference images are the images themselves, and an image is not its own neighbour. Cost: one product
/// n×d by d×m, in blocks of rows, and one look at each of the n·m similarities.
///
/// The vote and t = 0.07 are those of Z. Wu, Y. Xiong, S. X. Yu, D. Lin, "Unsupervised Feature Learning via Non-Parametric Instance
/// Discrimination", CVPR 2018, section 3.4, who take k = 200 on ImageNet; k = 20 suits small data sets too.
public struct NearestNeighbors: Sendable, Equatable {
  /// k, at least 1; fewer where there are fewer reference images.
  public var neighbors: Int
  /// t, above 0.
  public var temperature: Float

  /// - Parameters: as the properties have them.
  public init(neighbors: Int = 20, temperature: Float = 0.07) {
    self.neighbors = neighbors
    self.temperature = temperature
  }

  /// The share of images whose class their neighbours among the others tell: leave-one-out.
  ///
  /// - Parameters:
  ///   - labels: the class of each image, 0 or more.
  /// - Returns: 0 to 1; nil for fewer than two images.
  /// - Throws: `SeCuError` of kind `.badData` unless there is a class for each image, of kind `.usage` for properties out of range.
  public func accuracy(_ features: Features, labels: [Int], on engine: Engine) throws -> Double? {
    try validate()
    try features.check(labels, name: "class labels")
    guard features.count >= 2 else { return nil }
    return Self.share(labels, classes(of: features, reference: features, labels, leavesOneOut: true, engine))
  }

  /// The share of images whose class their neighbours among the reference images tell.
  ///
  /// - Parameters:
  ///   - labels, referenceLabels: the class of each image, 0 or more.
  /// - Returns: 0 to 1; nil if there is no image, or none to refer to.
  /// - Throws: `SeCuError` of kind `.badData` unless there is a class for each image and all features are equally long, of kind `.usage` for
  ///   properties out of range.
  public func accuracy(
    _ features: Features, labels: [Int], reference: Features, referenceLabels: [Int], on engine: Engine
  ) throws -> Double? {
    try validate()
    try features.check(labels, name: "class labels")
    guard features.dimension == reference.dimension else {
      throw SeCuError(
        .badData, "expected reference features of \(features.dimension) numbers, found \(reference.dimension)",
        at: "features", remedy: "Give features of one encoder and one kind")
    }
    guard features.count > 0, reference.count > 0 else { return nil }
    try reference.check(referenceLabels, name: "class labels")
    return Self.share(
      labels, classes(of: features, reference: reference, referenceLabels, leavesOneOut: false, engine))
  }

  private func validate() throws {
    guard neighbors >= 1, temperature > 0, temperature.isFinite else {
      throw SeCuError(
        .usage, "expected 1 neighbour or more and a temperature above 0, found \(neighbors) and \(temperature)",
        at: "neighbours", remedy: "20 and 0.07 are usual")
    }
  }

  private static func share(_ labels: [Int], _ told: [Int]) -> Double {
    Double(zip(labels, told).count { $0 == $1 }) / Double(labels.count)
  }

  private func classes(
    of queries: Features, reference: Features, _ labels: [Int], leavesOneOut: Bool, _ engine: Engine
  ) -> [Int] {
    let n = queries.count, m = reference.count, d = queries.dimension
    let k = min(neighbors, leavesOneOut ? m - 1 : m)
    // Rows of at most 16 MiB of similarities at a time.
    let block = max(1, min(n, (1 << 22) / m))
    let similarities = FloatBuffer(block * m)
    var told = [Int](repeating: 0, count: n)
    queries.withPointer { x in
      reference.withPointer { r in
        told.withUnsafeMutableBufferPointer { told in
          // Safe: every row writes its own place.
          nonisolated(unsafe) let told = told
          for first in stride(from: 0, to: n, by: block) {
            let rows = min(block, n - first)
            engine.gemm(
              Matrix(x + first * d, rows: rows, columns: d), Matrix(r, rows: m, columns: d).t, into: similarities.base)
            engine.runRows(rows, flopsPerRow: 4 * m) { row in
              let nearest = Self.greatest(
                k, of: similarities.base + row * m, count: m, without: leavesOneOut ? first + row : nil)
              told[first + row] = vote(nearest, labels)
            }
          }
        }
      }
    }
    return told
  }

  private typealias Neighbor = (similarity: Float, index: Int)

  /// The `k` greatest of `count` similarities, the greatest first and the lower index first among equals.
  private static func greatest(
    _ k: Int, of similarities: UnsafePointer<Float>, count: Int, without excluded: Int?
  ) -> [Neighbor] {
    var found: [Neighbor] = []
    found.reserveCapacity(k + 1)
    var least = -Float.infinity
    for j in 0..<count where (found.count < k || similarities[j] > least) && j != excluded {
      let place = found.firstIndex { similarities[j] > $0.similarity } ?? found.count
      found.insert((similarities[j], j), at: place)
      if found.count > k { found.removeLast() }
      least = found[found.count - 1].similarity
    }
    return found
  }

  private func vote(_ nearest: [Neighbor], _ labels: [Int]) -> Int {
    // Relative to the nearest, so that no exponential overflows.
    let greatest = nearest[0].similarity
    var votes: [Int: Double] = [:]
    for neighbor in nearest {
      votes[labels[neighbor.index], default: 0] += exp(Double((neighbor.similarity - greatest) / temperature))
    }
    return votes.min { ($1.value, $0.key) < ($0.value, $1.key) }?.key ?? 0
  }
}
