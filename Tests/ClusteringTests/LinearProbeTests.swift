import Basics
import Foundation
import Kernels
import Testing

@testable import Clustering

@Suite struct LinearProbeTests {
  /// What scikit-learn 1.9.1 arrives at: LogisticRegression(C=1/(60λ), tol=1e-12) on the first 60 of 90 images; its first row of
  /// weights, its biases less their mean, and how many of the 60 and of the other 30 images it tells.
  static let fits: [(penalty: Double, training: Int, test: Int, weights: [Double], biases: [Double])] = [
    (
      1e-2, 58, 27,
      [
        2.244417825302397, -1.0347772348692341, -0.7005597552164496, -0.9124042719813682, 0.18613404928238575,
        0.3879111532401143,
      ], [0.11200093706682453, -0.0711241874885741, 0.16063992416716477, -0.20151667374541518]
    ),
    (
      1e-4, 60, 27,
      [
        11.342833385177832, -6.3150303346181795, -3.0563232612453004, -2.8307877860616686, 0.2570613872802573,
        0.8628848697357479,
      ], [0.8139438446768233, -0.02905664715432172, -0.5282661507557128, -0.2566210467667888]
    ),
  ]

  /// f is λ-strongly convex in W, so a gradient of length ‖g‖ leaves W within ‖g‖/λ of the minimum, and ‖g‖ ≤ √(4·7)·10⁻⁷ here; biases are
  /// as well determined as weights at these sizes.
  @Test(arguments: fits.indices) func `weights equal scikit-learn's`(index: Int) throws {
    let fit = Self.fits[index]
    let features = try gridFeatures(90, 6), classes = gridClasses(features)
    let (training, test) = (Array(0..<60), Array(60..<90))
    for instructionSet in InstructionSet.available {
      let engine = Engine(instructionSet: instructionSet, cores: Cores(threads: 1))
      let probe = LinearProbe(penalty: fit.penalty, tolerance: 1e-7)
      let found = try #require(
        try probe.fit(features.subset(training), labels: training.map { classes[$0] }, on: engine))
      #expect(found.classes == [0, 1, 2, 3])
      let allowed = 28.0.squareRoot() * max(1e-7, found.largestGradient) / fit.penalty + 1e-6
      #expect(found.largestGradient < 1e-6, "\(found.largestGradient)")
      for (a, b) in zip(found.weights, fit.weights) { #expect(abs(Double(a) - b) <= allowed) }
      let mean = found.biases.reduce(0, +) / 4
      for (a, b) in zip(found.biases, fit.biases) { #expect(abs(Double(a - mean) - b) <= allowed) }
      let right = try found.accuracy(features.subset(training), labels: training.map { classes[$0] }, on: engine)
      #expect(right == Double(fit.training) / 60)
      #expect(
        try found.accuracy(features.subset(test), labels: test.map { classes[$0] }, on: engine)
          == Double(fit.test) / 30)
    }
  }

  @Test func `bunches are told apart, more images than a block and any threads`() throws {
    let (features, labels) = try bunches([[1, 0, 0], [0, 1, 0], [0, 0, 1]], count: 1500, spread: 0.2, seed: 4)
    let named = labels.map { 10 * $0 + 7 }
    let one = try #require(try LinearProbe().fit(features, labels: named, on: makeEngine()))
    #expect(one.classes == [7, 17, 27])
    #expect(one.largestGradient <= 1e-5)
    #expect(try #require(try one.accuracy(features, labels: named, on: makeEngine())) > 0.98)
    let other = try LinearProbe().fit(features, labels: named, on: makeEngine(threads: 3))
    #expect(other == one)
    #expect(try one.accuracy(features, labels: labels, on: makeEngine()) == 0, "classes that were never seen")
  }

  @Test func `what can't be fitted`() throws {
    let features = try gridFeatures(4, 3), engine = makeEngine()
    #expect(try LinearProbe().fit(features, labels: [2, 2, 2, 2], on: engine) == nil)
    #expect(throws: SeCuError.self) { try LinearProbe().fit(features, labels: [2], on: engine) }
    for wrong in [LinearProbe(penalty: 0), .init(penalty: .nan), .init(mostIterations: -1), .init(tolerance: .nan)] {
      #expect(throws: SeCuError.self) { try wrong.fit(features, labels: [0, 1, 0, 1], on: engine) }
    }
    let classifier = try #require(try LinearProbe().fit(features, labels: [0, 1, 0, 1], on: engine))
    #expect(try classifier.accuracy(Features(unit: [], dimension: 3), labels: [], on: engine) == nil)
    let error = #expect(throws: SeCuError.self) {
      try classifier.accuracy(gridFeatures(2, 5), labels: [0, 1], on: engine)
    }
    #expect(error?.problem == "expected features of 3 numbers, found 5")
  }

  /// The minimum of Σ i·(x_i − i)² + (x_i − x_{i+1})⁴ has a gradient of 0, wherever it is.
  @Test func `L-BFGS finds the minimum of a convex function`() {
    let found = LBFGS(mostIterations: 200, tolerance: 1e-10).minimize(from: [Double](repeating: 0, count: 8)) { x, g in
      var f = 0.0
      for i in 0..<8 {
        (f, g[i]) = (
          f + Double(i + 1) * (x[i] - Double(i)) * (x[i] - Double(i)), 2 * Double(i + 1) * (x[i] - Double(i))
        )
      }
      for i in 0..<7 {
        let step = x[i] - x[i + 1]
        f += step * step * step * step
        g[i] += 4 * step * step * step
        g[i + 1] -= 4 * step * step * step
      }
      return f
    }
    #expect(found.largestGradient <= 1e-10)
    #expect(found.iterations < 100)
    let short = LBFGS(mostIterations: 2, tolerance: 0).minimize(from: [4]) { x, g in
      g[0] = 4 * x[0] * x[0] * x[0]
      return x[0] * x[0] * x[0] * x[0]
    }
    #expect(short.iterations == 2 && short.largestGradient > 0)
  }

  @Test func `halves share classes out evenly`() {
    let labels = (0..<101).map { $0 % 10 == 0 ? 5 : $0 % 3 }
    let halves = StratifiedHalves(labels)
    #expect((halves.training + halves.test).sorted() == Array(0..<101))
    #expect(halves.training == halves.training.sorted() && halves.test == halves.test.sorted())
    for label in Set(labels) {
      let training = halves.training.count { labels[$0] == label }, test = halves.test.count { labels[$0] == label }
      #expect(training == test || training == test + 1)
    }
    #expect(halves == StratifiedHalves(labels))
    #expect(halves != StratifiedHalves(labels, seed: 1))
    #expect(StratifiedHalves([3]).training == [0] && StratifiedHalves([3]).test.isEmpty)
    #expect(StratifiedHalves([]).training.isEmpty)
  }

  @Test func `features are scored by halves or by reference images`() throws {
    let (features, labels) = try bunches([[1, 0, 0], [0, 1, 0]], count: 25, spread: 0.1, seed: 5)
    let engine = makeEngine()
    let own = try FeatureScores(features, labels: labels, on: engine)
    #expect((own.neighborAccuracy, own.probeAccuracy) == (1, 1))
    #expect((own.queries, own.probeTraining, own.probeTest) == (50, 26, 24))
    let (mixed, classes) = try bunches([[1, 0, 0], [0, 1, 0]], count: 60, spread: 0.8, seed: 6)
    for seed in 0..<4 as Range<UInt64> {
      let halves = StratifiedHalves(classes, seed: seed)
      let classifier = try LinearProbe().fit(
        mixed.subset(halves.training), labels: halves.training.map { classes[$0] }, on: engine)
      let accuracy = try classifier?.accuracy(
        mixed.subset(halves.test), labels: halves.test.map { classes[$0] }, on: engine)
      #expect(try FeatureScores(mixed, labels: classes, seed: seed, on: engine).probeAccuracy == accuracy)
    }
    let few = [0, 1, 30]
    let scores = try FeatureScores(
      features.subset(few), labels: few.map { labels[$0] }, reference: features, referenceLabels: labels.map { 1 - $0 },
      on: engine)
    #expect((scores.neighborAccuracy, scores.probeAccuracy) == (0, 0))
    #expect((scores.queries, scores.probeTraining, scores.probeTest) == (3, 50, 3))
    let single = try FeatureScores(features.subset([0]), labels: [0], on: engine)
    #expect(single.neighborAccuracy == nil && single.probeAccuracy == nil)
  }
}
