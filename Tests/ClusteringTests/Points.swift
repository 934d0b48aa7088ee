import Basics

@testable import Clustering

/// n × d numbers from `RandomStream.normal`, rounded to multiples of 2⁻⁸.
func normals(_ count: Int, seed: UInt64) -> [Float] {
  var random = RandomStream(seed: seed, purpose: .benchmark)
  return (0..<count).map { _ in (random.normal() * 256).rounded() / 256 }
}

func withPoints<R>(
  _ points: [Float], _ dimensions: Int, threads: Int = 1, _ body: (PointSet) throws -> R
) rethrows -> R {
  try points.withUnsafeBufferPointer {
    try body(
      PointSet(
        values: $0.baseAddress!, count: points.count / dimensions, dimensions: dimensions,
        cores: Cores(threads: threads)))
  }
}

/// The plain truth in Double.
func distance(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double {
  zip(a, b).reduce(0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }
}

func row(_ values: [Float], _ index: Int, _ dimensions: Int) -> ArraySlice<Float> {
  values[index * dimensions..<(index + 1) * dimensions]
}

/// The relative error bound of `squaredDistance`.
func tolerance(_ dimensions: Int) -> Double {
  Double(dimensions / 8 + 11) * 0x1p-24
}
