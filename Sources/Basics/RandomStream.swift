import Foundation

/// What a stream of random numbers is for. Streams of different purposes never overlap, whatever the seed.
///
/// A case's number is part of what a seed means: a new purpose goes to the end, or runs that are resumed go on with other numbers.
package enum RandomPurpose: UInt32, Sendable {
  case weights = 1, centers, order, augmentation, kMeans, benchmark, split, sample
}

/// The random numbers that belong to one place of a run, such as one view of one image in one pass.
///
/// The place is (seed, purpose, a, b): the same place gives the same numbers whatever was drawn before and on whatever
/// thread, which is what makes a run reproducible for any number of threads.
package struct RandomStream: RandomNumberGenerator, Sendable {
  private let key: SIMD2<UInt32>
  private var counter: SIMD4<UInt32>
  private var words = SIMD4<UInt32>()
  private var used = 4

  /// - Parameters:
  ///   - seed: the run's seed.
  ///   - purpose: what the numbers are for.
  ///   - a: first coordinate of the place, such as the pass over the data.
  ///   - b: second coordinate, such as image × 2 + view; only the low 56 bits count.
  package init(seed: UInt64, purpose: RandomPurpose, _ a: UInt32 = 0, _ b: UInt64 = 0) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    let high = (purpose.rawValue << 24) | UInt32(truncatingIfNeeded: (b >> 32) & 0xFF_FFFF)
    counter = SIMD4(0, a, UInt32(truncatingIfNeeded: b), high)
  }

  /// 32 uniform bits.
  package mutating func nextWord() -> UInt32 {
    if used == 4 {
      words = Philox.block(counter: counter, key: key)
      counter[0] &+= 1
      used = 0
    }
    defer { used += 1 }
    return words[used]
  }

  package mutating func next() -> UInt64 {
    UInt64(nextWord()) | UInt64(nextWord()) << 32
  }

  /// A uniform number in [0, 1): 24 bits, every value a multiple of 2⁻²⁴.
  package mutating func uniform() -> Float {
    Float(nextWord() >> 8) * 0x1p-24
  }

  /// A uniform number in `range`; its upper bound comes of rounding alone.
  package mutating func uniform(in range: ClosedRange<Float>) -> Float {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
  }

  /// A number from the standard normal distribution (Box–Muller, in Double).
  package mutating func normal() -> Float {
    let u = (Double(nextWord()) + 0.5) * 0x1p-32
    let v = Double(nextWord()) * 0x1p-32
    return Float((-2 * log(u)).squareRoot() * cos(2 * .pi * v))
  }

  /// A uniform permutation of 0..<`count` (Fisher–Yates).
  package mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    order.shuffle(using: &self)
    return order
  }
}
