import Synchronization
import Testing

@testable import Basics

@Suite struct DenormalsTests {
  @Test(.enabled(if: Denormals.canBeFlushed, "this processor's way to flush denormal numbers is not known here"))
  func operandsAndResultsAreZeroInside() {
    let least = Float.leastNormalMagnitude, denormal = Float.leastNonzeroMagnitude
    let before = Denormals.areFlushed
    let state = Denormals.flush()
    let (result, operand) = (opaque(least) * opaque(0.5), opaque(denormal) * opaque(1e30))
    Denormals.restore(state)
    #expect(result == 0)
    #expect(operand == 0)
    #expect(Denormals.areFlushed == before)
  }

  @Test func theyAreKeptOutside() {
    #expect(!Denormals.areFlushed)
    #expect(opaque(Float.leastNormalMagnitude) * opaque(0.5) > 0)
    let outer = Denormals.flush(), inner = Denormals.flush()
    Denormals.restore(inner)
    #expect(Denormals.areFlushed == Denormals.canBeFlushed)
    Denormals.restore(outer)
    #expect(!Denormals.areFlushed)
  }

  /// Helping threads take over the caller's way, and give it up with the next caller.
  @Test func helpersDoAsTheCaller() {
    let pool = WorkerPool()
    for flushes in [true, false, true, false] {
      let different = Atomic<Int>(0)
      let state = flushes && Denormals.flush()
      let workers = pool.meet(helpers: 3) { _ in
        if Denormals.areFlushed != (flushes && Denormals.canBeFlushed) { different.add(1, ordering: .relaxed) }
      }
      if flushes { Denormals.restore(state) }
      #expect(workers == 4 && different.load(ordering: .relaxed) == 0)
    }
  }
}

/// The same value, which the compiler doesn't know.
@inline(never)
@_optimize(none)
private func opaque(_ x: Float) -> Float { x }
