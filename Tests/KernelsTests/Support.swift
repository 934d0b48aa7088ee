import Basics
import Kernels

/// u, half the distance from 1 to the next float: the most that one rounding changes a float, relative to it.
let unitRoundoff = 0x1p-24

/// γ(n) = n·u / (1 − n·u), the most that n roundings change a product of n factors (1 + δ), |δ| ≤ u.
///
/// A sum of n products, in whatever order it is computed and with or without fused multiply-adds, has an error of at most
/// γ(n)·Σ|a·b|: each term is rounded once as a product and passes through at most n − 1 additions. Source: N. Higham,
/// "Accuracy and Stability of Numerical Algorithms", 2nd edition, section 3.1.
func gamma(_ n: Int) -> Double {
  let bound = Double(n) * unitRoundoff
  return bound / (1 - bound)
}

/// What γ(n) is in practice: roundings are as good as independent with mean zero, so that n of them exceed 6·√n·u with a
/// probability below 2·e⁻¹⁸. Source: N. Higham and T. Mary, "A New Approach to Probabilistic Rounding Error Analysis",
/// SIAM J. Sci. Comput. 41(5), 2019.
func likelyGamma(_ n: Int) -> Double {
  min(gamma(n), 6 * Double(n).squareRoot() * unitRoundoff)
}

/// An engine whose scratch memory is full of NaNs, as an earlier operation may have left it.
func poisonedEngine(_ instructionSet: InstructionSet, threads: Int = 1) -> Engine {
  let engine = Engine(instructionSet: instructionSet, cores: Cores(threads: threads))
  let floats = 1 << 18
  engine.sharedScratch(floats).update(repeating: .nan, count: floats)
  engine.reserveWorkerScratch(floats)
  for worker in 0..<threads { engine.workerScratch(worker).update(repeating: .nan, count: floats) }
  return engine
}

/// The first place where two arrays differ by more than `tolerance(index)`, as a sentence; nil if there is none.
func mismatch<Wanted: BinaryFloatingPoint>(
  _ found: [Float], _ wanted: [Wanted], tolerance: (Int) -> Double = { _ in 0 }
) -> String? {
  guard found.count == wanted.count else { return "\(found.count) values, expected \(wanted.count)" }
  for i in found.indices {
    let allowed = tolerance(i)
    let error = abs(Double(found[i]) - Double(wanted[i]))
    if !(error <= allowed) { return "[\(i)] is \(found[i]), expected \(wanted[i]); error \(error), allowed \(allowed)" }
  }
  return nil
}

/// The bits of each float, which tell −0 from 0 and NaNs apart.
func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

/// Pseudo-random numbers for a test.
struct Samples {
  private var stream: RandomStream

  init(_ seed: Int) {
    stream = RandomStream(seed: UInt64(truncatingIfNeeded: seed), purpose: .benchmark)
  }

  /// Standard normal, moved and stretched.
  mutating func normals(_ count: Int, mean: Float = 0, deviation: Float = 1) -> [Float] {
    (0..<count).map { _ in mean + deviation * stream.normal() }
  }

  /// Whole numbers from −most to most: sums of their products below 2²⁴ are exact in whatever order they are computed.
  mutating func integers(_ count: Int, most: Int = 4) -> [Float] {
    (0..<count).map { _ in Float(Int.random(in: -most...most, using: &stream)) }
  }

  mutating func uniform(_ count: Int, in range: ClosedRange<Float>) -> [Float] {
    (0..<count).map { _ in stream.uniform(in: range) }
  }

  mutating func pick<T>(_ values: [T]) -> T { values[Int.random(in: 0..<values.count, using: &stream)] }
}
