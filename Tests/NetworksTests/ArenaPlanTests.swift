import Basics
import Testing

@testable import Networks

@Suite struct ArenaPlanTests {
  private func lines(_ floats: Int) -> Int { (floats + 15) / 16 * 16 }

  /// Whatever the tensors: those that live at the same time lie apart, all lie inside the block on whole cache lines, and the
  /// block is at least what is needed at once and at most everything together.
  @Test(arguments: 0..<200)
  func plansAreSoundAndBounded(seed: UInt64) {
    var stream = RandomStream(seed: seed, purpose: .benchmark)
    let count = Int.random(in: 0...40, using: &stream), end = Int.random(in: 1...60, using: &stream)
    let longest = Int.random(in: 0...end, using: &stream)
    let tensors = (0..<count).map { _ in
      let first = Int.random(in: 0..<end, using: &stream)
      let last = min(end, first + Int.random(in: 0...longest, using: &stream))
      return ArenaPlan.Tensor(floats: Int.random(in: 0...200, using: &stream), lifetime: first...last)
    }
    let plan = ArenaPlan(tensors)
    #expect(plan.offsets.count == count)
    for (i, a) in tensors.enumerated() {
      let start = plan.offsets[i]
      #expect(start >= 0 && start % 16 == 0 && start + a.floats <= plan.floats)
      for (j, b) in tensors.enumerated().dropFirst(i + 1) where a.lifetime.overlaps(b.lifetime) {
        let apart = start + a.floats <= plan.offsets[j] || plan.offsets[j] + b.floats <= start
        #expect(apart, "\(a) at \(start), \(b) at \(plan.offsets[j])")
      }
    }
    let needed = (0...end).map { time in
      tensors.filter { $0.lifetime.contains(time) }.reduce(0) { $0 + lines($1.floats) }
    }
    #expect(plan.floats >= needed.max() ?? 0)
    #expect(plan.floats <= tensors.reduce(0) { $0 + lines($1.floats) })
  }

  /// A chain whose neighbours overlap needs two places, whatever its length.
  @Test func chainsTakeTurns() {
    let plan = ArenaPlan((0..<20).map { ArenaPlan.Tensor(floats: 100, lifetime: $0...$0 + 1) })
    #expect(plan.floats == 2 * 112)
  }

  @Test func nothingNeedsNothing() {
    #expect(ArenaPlan([]).floats == 0)
  }
}
