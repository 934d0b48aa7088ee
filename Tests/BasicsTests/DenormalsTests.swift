import Synchronization
import Testing

@testable import Basics

@Suite struct DenormalsTests {
  @Test(.enabled(if: Denormals.canBeFlushed, "this processor's way to flush denormal numbers is not known here"))
  func operandsAndResultsAreZeroInside() {
    let least = Float.leastNormalMagnitude, denormal = Float.leastNonzeroMagnitude
    let before = Denormals.areFlushed
    let (result, operand) = Denormals.flushed { (opaque(least) * opaque(0.5), opaque(denormal) * opaque(1e30)) }
    #expect(result == 0)
    #expect(operand == 0)
    #expect(Denormals.areFlushed == before)
  }

  @Test func theyAreKeptOutside() {
    #expect(!Denormals.areFlushed)
    #expect(opaque(Float.leastNormalMagnitude) * opaque(0.5) > 0)
    Denormals.flushed { Denormals.flushed {} }
    #expect(!Denormals.areFlushed)
  }

  /// Helping threads take over the caller's way, and give it up with the next caller.
  @Test func helpersDoAsTheCaller() {
    for flushes in [true, false, true, false] {
      let different = Atomic<Int>(0)
      func work() {
        Cores(threads: 4).run(64) { _, _ in
          if Denormals.areFlushed != (flushes && Denormals.canBeFlushed) { different.add(1, ordering: .relaxed) }
        }
      }
      if flushes { Denormals.flushed(work) } else { work() }
      #expect(different.load(ordering: .relaxed) == 0)
    }
  }

  @Test func errorsPassThrough() {
    struct Failure: Error {}
    #expect(throws: Failure.self) { try Denormals.flushed { throw Failure() } }
    #expect(!Denormals.areFlushed)
  }
}

/// The same value, which the compiler doesn't know.
@inline(never)
@_optimize(none)
private func opaque(_ x: Float) -> Float { x }
