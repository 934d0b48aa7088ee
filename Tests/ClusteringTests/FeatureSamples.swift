import Basics
import Foundation
import Kernels

@testable import Clustering

/// An engine of the widest instruction set here.
func makeEngine(threads: Int = 1) -> Engine {
  Engine(instructionSet: InstructionSet.available.last ?? .portable, cores: Cores(threads: threads))
}

/// n vectors of d small whole numbers without much order, as the comparison with scikit-learn used them:
/// (37i + 101j + 13ij) mod 29 − 14, and 6 more where i and j agree modulo 4; scaled to unit length.
func gridFeatures(_ count: Int, _ dimension: Int) throws -> Features {
  var values: [Float] = []
  for i in 0..<count {
    for j in 0..<dimension {
      let base = (37 * i + 101 * j + 13 * i * j) % 29 - 14
      values.append(Float(i % 4 == j % 4 ? base + 6 : base))
    }
  }
  return try Features(normalizing: values, dimension: dimension)
}

/// The classes of `gridFeatures`: which of the first four numbers is largest.
func gridClasses(_ features: Features) -> [Int] {
  (0..<features.count).map { i in
    let row = features.values[i * features.dimension..<i * features.dimension + 4]
    return row.indices.reduce(row.startIndex) { row[$1] > row[$0] ? $1 : $0 } - row.startIndex
  }
}

/// `count` random unit vectors around each of `directions`.
func bunches(_ directions: [[Float]], count: Int, spread: Float, seed: UInt64) throws -> (
  features: Features, labels: [Int]
) {
  var random = RandomStream(seed: seed, purpose: .benchmark)
  var values: [Float] = [], labels: [Int] = []
  for (label, direction) in directions.enumerated() {
    for _ in 0..<count {
      for x in direction { values.append(x + spread * random.normal()) }
      labels.append(label)
    }
  }
  return (try Features(normalizing: values, dimension: directions[0].count), labels)
}
