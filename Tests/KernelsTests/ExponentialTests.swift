import Foundation
import Kernels
import MicrokernelInterface
import Testing

/// eˣ of each level over dense sweeps of its domain, against Foundation's in Double.
@Suite struct ExponentialTests {
  /// What `function` makes of `x`, between guard bands.
  private func map(
    _ x: [Float], _ function: (UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>) -> Void
  ) -> [Float] {
    let input = GuardedFloats(x), output = GuardedFloats(x.count)
    function(input.base, x.count, output.base)
    #expect(output.isGuarded)
    return output.values
  }

  /// Every float of `range`, or every `step`th of them in the order of their bits.
  private func floats(_ range: ClosedRange<Float>, step: Int) -> [Float] {
    stride(from: range.lowerBound.bitPattern, through: range.upperBound.bitPattern, by: step).map(
      Float.init(bitPattern:))
  }

  /// The largest error in units in the last place of the exact result, and where it is.
  private func worst(_ x: [Float], _ found: [Float], _ exact: (Double) -> Double) -> (ulps: Double, x: Float) {
    var worst = (ulps: 0.0, x: Float.nan)
    for (x, y) in zip(x, found) {
      let wanted = exact(Double(x))
      let ulps = abs(Double(y) - wanted) / Double(Float(wanted).ulp)
      if ulps.isNaN { return (.infinity, x) }
      if ulps > worst.ulps { worst = (ulps, x) }
    }
    return worst
  }

  @Test(arguments: InstructionSet.available)
  func exponentialsStayWithinTheStatedBound(instructionSet: InstructionSet) {
    let small = floats(1e-9...1, step: 997), wide = (0..<1_400_000).map { Float($0) * 1.25e-4 - 87 }
    let x = small + small.map(-) + wide + [-87, 88, 0]
    let worst = worst(x, map(x, instructionSet.microkernels.exponentials), exp)
    #expect(worst.ulps <= 1.1, "at \(worst.x)")
  }

  /// Outside its domain, [−87, 88], the exponential stays at the values of the ends.
  @Test(arguments: InstructionSet.available)
  func exponentialsSaturate(instructionSet: InstructionSet) {
    let below: [Float] = [-87.001, -88, -104, -1e10, -.infinity], above: [Float] = [88.001, 89, 1e10, .infinity]
    let ends = map([-87, 88], instructionSet.microkernels.exponentials)
    #expect(map(below, instructionSet.microkernels.exponentials) == below.map { _ in ends[0] })
    #expect(map(above, instructionSet.microkernels.exponentials) == above.map { _ in ends[1] })
    #expect(ends[0] > 0 && ends[1] < .infinity)
  }

  /// A value does not depend on where it stands: in a whole vector, in a tail, or in place.
  @Test(arguments: InstructionSet.available)
  func tailsHaveTheSameBits(instructionSet: InstructionSet) {
    var samples = Samples(4)
    let x = samples.uniform(64, in: 0.01...20)
    let exponentials = instructionSet.microkernels.exponentials, whole = map(x, exponentials)
    for count in 0...40 {
      #expect(bits(map(Array(x.prefix(count)), exponentials)) == bits(Array(whole.prefix(count))))
      let inPlace = GuardedFloats(Array(x.prefix(count)), offset: 1)
      exponentials(inPlace.base, count, inPlace.base)
      #expect(bits(inPlace.values) == bits(Array(whole.prefix(count))) && inPlace.isGuarded)
    }
  }
}
