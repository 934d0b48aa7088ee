import Basics
import Kernels
import Testing

@testable import Networks

/// A whole network, forward and backward, against the plain one in Double.
///
/// Tolerances: features and gradients come out of at most some 30 operations, each of which sums up to a few hundred products
/// in Float. Roundings as good as independent make each operation wrong by about 6·√n·u ≤ 6·√600·2⁻²⁴ ≈ 1e-5 of the sum of
/// its terms' magnitudes (Higham and Mary, SIAM J. Sci. Comput. 41(5), 2019), and the errors of 30 add up to √30 of that, 5e-5.
@Suite struct GradientTests {
  private static let tolerance = 5e-5

  private static let small = ResNet(height: 6, width: 6, channels: 2, widths: [4, 6], blocks: [1, 1], dimension: 5)
  /// Odd sizes, an identity shortcut, three stages, tails of vectors everywhere.
  private static let odd = ResNet(
    height: 9, width: 7, channels: 3, widths: [16, 20, 33], blocks: [2, 1, 1], dimension: 7)

  /// Every part of the ImageNet recipe: large stem, bottlenecks with and without a shortcut of their own, three-layer projector,
  /// predictor. What the projection receives from the losses and from the predictor is added up.
  private static let bottleneck = ResNet(
    height: 9, width: 8, channels: 2, stem: .large, block: .bottleneck, widths: [2, 3], blocks: [2, 1],
    projector: .threeLayers, dimension: 3, predictor: 4)
  /// The same in odd sizes, wider than a vector.
  private static let wideBottleneck = ResNet(
    height: 21, width: 18, channels: 3, stem: .large, block: .bottleneck, widths: [5, 9], blocks: [1, 2],
    projector: .threeLayers, dimension: 17, predictor: 19)
  /// A pooled stem, and a predictor behind a projector of two layers.
  private static let pooled = ResNet(
    height: 9, width: 8, channels: 3, stem: .pooled, widths: [6, 10], blocks: [1, 1], dimension: 5, predictor: 3)

  @Test(arguments: InstructionSet.available, [small, odd, bottleneck, wideBottleneck, pooled])
  func forwardMatchesThePlainNetwork(instructionSet: InstructionSet, description: ResNet) throws {
    let trial = try Trial(description, count: 10, instructionSet: instructionSet, threads: 2)
    var plain = PlainNetwork(trial.network)
    for training in [true, false, true] {
      let (projection, prediction) = plain.outputs(
        trial.images.values, count: trial.count, groups: trial.groups, training: training)
      // In evaluation the predictor is left out.
      let wanted = projection + (training ? prediction ?? [] : [])
      let found = trial.features(training: training)
      let size = wanted.map(abs).max() ?? 0
      #expect(distance(found, wanted) <= Self.tolerance * size)
      // The running statistics, after this pass, in both views' order.
      let largest = plain.statistics.map(abs).max() ?? 0
      #expect(distance(trial.network.statistics.values, plain.statistics) <= Self.tolerance * largest)
    }
    #expect(trial.network.batchesTracked == 4)
  }

  /// The derivative by every single parameter of a small network.
  @Test(arguments: [small, bottleneck])
  func everyParameterMatchesFiniteDifferences(description: ResNet) throws {
    let trial = try Trial(description, count: 8)
    let plain = PlainNetwork(trial.network)
    let wanted = plain.parameters.indices.map { trial.plainDerivative(plain, along: [(index: $0, value: 1)]) }
    let largest = wanted.map(abs).max() ?? 0
    for instructionSet in InstructionSet.available {
      let gradients = try Trial(description, count: 8, instructionSet: instructionSet).step().gradients
      for entry in trial.network.layout.parameters {
        let places = entry.offset..<entry.offset + entry.count
        // A bias before a batch norm has no effect: its gradient is a sum that cancels, so errors are those of its terms.
        let bound = Self.tolerance * max(wanted[places].map(abs).max() ?? 0, largest / 10)
        #expect(
          distance(Array(gradients[places]), Array(wanted[places])) <= bound, "\(entry.name), \(instructionSet)")
      }
    }
  }

  /// The derivative along random directions through all parameters of a larger network.
  @Test(arguments: [odd, wideBottleneck, pooled])
  func randomDirectionsMatchFiniteDifferences(description: ResNet) throws {
    let trial = try Trial(description, count: 10)
    let plain = PlainNetwork(trial.network)
    var stream = RandomStream(seed: 8, purpose: .benchmark)
    let directions = (0..<4).map { _ in
      plain.parameters.indices.map { (index: $0, value: Double(stream.normal())) }
    }
    let derivatives = directions.map { trial.plainDerivative(plain, along: $0) }
    for instructionSet in InstructionSet.available {
      let gradients = try Trial(description, count: 10, instructionSet: instructionSet).step().gradients
      for (direction, wanted) in zip(directions, derivatives) {
        let found = direction.reduce(0) { $0 + Double(gradients[$1.index]) * $1.value }
        // A standard normal direction sees errors of the whole gradient's length.
        #expect(abs(found - wanted) <= Self.tolerance * length(gradients), "\(instructionSet)")
      }
    }
  }
}
