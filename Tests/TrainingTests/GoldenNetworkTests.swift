import Basics
import Interchange
import Kernels
import Networks
import Testing

/// Residual networks against PyTorch's: projection and prediction, gradients of all parameters, moved statistics, and inference after
/// that.
///
/// A file holds `x` [n, c, h, w], `y` and `dy` [n, d] (the projection in training and the gradient that is put in), with a predictor
/// `p` and `dp` likewise, `start.NAME` and `grad.NAME` of every parameter, `start.NAME` and `after.NAME` of every running statistic, and
/// `y_eval`, the projection in inference after the training pass; all Float and in PyTorch's shapes. The network is read from these
/// shapes, but for the small and the pooled stem, whose parameters are the same.
///
/// An activation within rounding of zero may take the other side of its ReLU, which moves gradients by a share of their own size. So
/// the network must agree in every tensor for some initial weights within eight units in the last place of the file's;
/// `GoldenTrainingTests` says more.
@Suite struct GoldenNetworkTests {
  /// A file, and its stem where the first convolution has 3×3 taps.
  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var stem = ResNet.Stem.small
    var testDescription: String { name }
  }

  /// Bottlenecks, with the large stem and the three-layer projector: their file lies beside these tests.
  private static let committed = Case(name: "bottleneck_narrow")

  /// Narrow networks of the other recipes, compared where `SECU_GOLDEN` names a folder that has them.
  private static let narrow = [Case(name: "resnet_stl_narrow", stem: .pooled), Case(name: "predictor_narrow")]

  /// The published networks at full width (ResNet-18 at 32×32 and 96×96 pixels, ResNet-50 at any size), for who makes their files with
  /// PyTorch. They take some 2 minutes with AVX-512 and several times that without.
  private static let full = [
    Case(name: "resnet18_full"), Case(name: "resnet18_stl_full", stem: .pooled), Case(name: "resnet50_full"),
    Case(name: "resnet50_224_full"),
  ]

  static let others = [committed] + (narrow + full).filter { Golden.isPresent($0.name) }

  /// **Tolerance.** Each value is a chain of some ten layers, each a sum of n ≤ 9·64 products whose rounding errors behave like a random
  /// walk: √n·2⁻²⁴ ≈ 1.4e-6 of the layer's scale, twice as batch norm divides by a deviation that has errors of its own. Ten
  /// layers forward and ten back, on both sides of the comparison, stay within 4·√20·1.4e-6 ≈ 2.5e-5 of a tensor's largest value.
  @Test(arguments: InstructionSet.available)
  func compactMatchesPyTorch(instructionSet: InstructionSet) throws {
    let tolerance = 2.5e-5
    let golden = try GoldenNetwork(Case(name: "compact"))
    let engine = makeEngine(instructionSet, 2)
    var errors: [String: Double] = [:]
    for nudge in FloatBuffer.nudges {
      errors = golden.distances(golden.run(engine, nudge: nudge), golden.expected, by: relativeError)
      if errors.values.allSatisfy({ $0 < tolerance }) { break }
    }
    #expect(errors.count > 10)
    for (key, error) in errors { #expect(error < tolerance, "\(key)") }
  }

  /// **Tolerance.** Sums that cancel, such as a batch norm's gradients behind another batch norm, have errors of the size of their terms,
  /// so a tensor's is taken from the network itself: how far it moves when every weight is moved by one unit in the last place, up
  /// or down at random, from the nearest of six runs; times 16, since a pass has many more roundings than weights' worth, and
  /// times the units that the matching run was moved by. Distances are lengths, as a share of the expected tensor's. In networks
  /// of full width some of the millions of ReLUs take another side in every run, and so they do in these.
  @Test(.serialized, arguments: InstructionSet.available, others)
  func othersMatchPyTorch(instructionSet: InstructionSet, example: Case) throws {
    let golden = try GoldenNetwork(example)
    let engine = makeEngine(instructionSet, 2)
    let sensitivity = golden.sensitivity(engine, runs: 6)
    // A narrow network that moved further would have a tolerance that says little. In the files of 16 seeds it was up to
    // 9e-5.
    if Self.narrow.contains(where: { $0.name == example.name }) {
      let most = try #require(sensitivity.max { $0.value < $1.value })
      #expect(most.value < 0.001, "\(most.key) is too sensitive to compare: take another seed")
    }
    var worst = (key: "", error: Double.infinity, ratio: Double.infinity)
    for nudge in FloatBuffer.nudges where !(worst.ratio <= 16) {
      let errors = golden.distances(golden.run(engine, nudge: nudge), golden.expected, by: relativeLength)
      try #require(errors.count > 10)
      let ratios = errors.map { key, error in
        let moved = Double(FloatBuffer.units(nudge)) * (sensitivity[key] ?? 0)
        return (key: key, error: error, ratio: error.isFinite ? error / (moved + 0x1p-24) : .infinity)
      }
      if let most = ratios.max(by: { $0.ratio < $1.ratio }), most.ratio < worst.ratio { worst = most }
    }
    print(
      "\(example.name), \(instructionSet): at most \(worst.ratio) times its own sensitivity, in \(worst.key) (\(worst.error))"
    )
    #expect(worst.ratio <= 16, "\(worst.key): \(worst.error)")
  }
}
