import Basics
import Clustering
import Foundation
import Imaging
import Synchronization
import TestSupport
import Testing

@testable import Training

@Suite struct ComparisonTests {
  private func comparison(_ settings: TrainingSettings = TinyRun.settings) throws -> Comparison {
    try Comparison(
      settings, images: TinyRun.images(), features: nil, engine: makeEngine(TinyRun.widest, 2))
  }

  @Test(arguments: ComparedMethod.allCases)
  func `every method has a result, the same each time`(method: ComparedMethod) throws {
    let comparison = try comparison()
    var reports: [EpochReport] = []
    let result = try #require(
      try comparison.run(method, seed: 5, handle: { if case .epochEnded(let report) = $0 { reports.append(report) } }))
    #expect(result.method == method && result.seed == 5 && result.diverged == nil)
    for score in [result.acc, result.nmi] { #expect(0...1 ~= (try #require(score))) }
    let (smallest, largest) = (try #require(result.smallest), try #require(result.largest))
    #expect(smallest <= largest && largest <= 13 && (result.empty == 0) == (smallest > 0))
    #expect((result.loss != nil) == method.learns && (result.centerMovement != nil) == method.learns)
    #expect(reports.count == (method.learns ? 3 : 0))
    // In the first epoch centers leave the places that they were drawn at.
    let turns = reports.dropFirst().compactMap(\.centerMovement)
    if method.learns { #expect(result.centerMovement == turns.reduce(0, +) / Double(turns.count)) }
    #expect(result.loss == reports.last.map { $0.representationLoss + $0.centerLoss })
    var again = try #require(try comparison.run(method, seed: 5))
    again.seconds = result.seconds
    #expect(again == result)
  }

  @Test func `images of other channels are refused, also where an encoder clusters them`() throws {
    let run = URL.temporary()
    defer { run.remove() }
    try TinyRun.finished(in: run)
    let weights = try InitialWeights(contentsOf: run)
    for features in [nil, weights] {
      let error = try failure(.usage) {
        try Comparison(
          TinyRun.settings, images: TinyRun.images(channels: 3), features: features, engine: makeEngine(.portable, 1))
      }
      #expect(error.problem == "the network takes 1 channels, the images have 3")
    }
  }

  @Test func `each method changes what it says and nothing else`() throws {
    let base = TinyRun.settings { $0.constraint = .entropy(.published) }
    let loose = TinyRun.settings { $0.constraint = .size(SizeConstraint(ratio: 0.5)) }
    #expect(ComparedMethod.secu.settings(from: loose, images: 13) == loose)
    for method in ComparedMethod.allCases where method.learns {
      var settings = method.settings(from: base, images: 13)
      switch method {
      case .secuEntropy: #expect(settings.constraint == base.constraint)
      case .twoStage: #expect(settings.constraint == .instance && settings.heads == [13])
      default: #expect(settings.constraint == .size(SizeConstraint()))
      }
      let expected: Discrimination =
        switch method {
        case .crossEntropy, .twoStage: .crossEntropy
        case .coke: .uniform
        default: .stable
        }
      #expect(settings.losses.discrimination == expected)
      (settings.constraint, settings.heads, settings.losses) = (base.constraint, base.heads, base.losses)
      #expect(settings == base)
    }
  }

  @Test func `the seed of a run is that of its network, orders and views`() throws {
    let fromOther = try #require(try comparison().run(.secu, seed: 5))
    var fromItself = try #require(try comparison(TinyRun.settings { $0.seed = 5 }).run(.secu, seed: 5))
    fromItself.seconds = fromOther.seconds
    #expect(fromItself == fromOther)
    #expect(try comparison().run(.secu, seed: 6)?.loss != fromOther.loss)
  }

  /// Images that differ in brightness alone have one direction: lengths are what plain k-means goes by.
  @Test func `k-means on pixels looks at lengths, spherical k-means does not`() throws {
    let labels = (0..<13).map { $0 % 3 }, shape = try ImageShape(height: 6, width: 6, channels: 1)
    let pixels = labels.flatMap { label in [UInt8](repeating: UInt8(80 * label + 40), count: shape.count) }
    let images = try ImageSet(name: "grey", shape: shape, pixels: pixels, labels: labels)
    let comparison = try Comparison(
      TinyRun.settings, images: images, features: nil, engine: makeEngine(TinyRun.widest, 1))
    #expect(try comparison.run(.kMeans, seed: 1)?.acc == 1)
    #expect(try #require(comparison.run(.sphericalKMeans, seed: 1)?.acc) < 1)
  }

  @Test func `k-means on a sample is judged by the sample's classes`() throws {
    let comparison = try Comparison(
      TinyRun.settings { $0.heads = [2] }, images: Many(), features: nil, engine: makeEngine(TinyRun.widest, 2))
    let result = try #require(try comparison.run(.kMeans, seed: 1))
    #expect(result.acc == 1 && (result.smallest ?? 0) + (result.largest ?? 0) == 20_000)
  }

  @Test func `all methods are judged by the head that fits the classes`() throws {
    let comparison = try comparison(TinyRun.settings { $0.heads = [5, 3] })
    #expect(comparison.clusters == 3)
    #expect(try comparison.run(.kMeans, seed: 1)?.acc == 1)
  }

  @Test func `a method that needs too much memory is found before any runs`() throws {
    let many = try ImageSet(
      name: "many", shape: ImageShape(height: 1, width: 1, channels: 1), pixels: [UInt8](repeating: 0, count: 1_000_000)
    )
    let settings = TinyRun.settings {
      $0.network.dimension = 16_384
      $0.heads = [Int](repeating: 3, count: 20)
    }
    let comparison = try Comparison(settings, images: many, features: nil, engine: makeEngine(TinyRun.widest, 1))
    try comparison.check([.secu])
    // A center for each image and head, 64 KB long.
    let error = try failure(.usage) { try comparison.check([.secu, .twoStage]) }
    #expect(error.problem.hasPrefix("two-stage: ") && error.problem.contains("GB of memory"), "\(error)")
  }

  @Test func `a method that the images don't allow is found before any runs`() throws {
    // More than a head can have clusters.
    let many = try ImageSet(
      name: "many", shape: ImageShape(height: 1, width: 1, channels: 1), pixels: [UInt8](repeating: 0, count: 1_000_001)
    )
    let comparison = try Comparison(
      TinyRun.settings, images: many, features: nil, engine: makeEngine(TinyRun.widest, 1))
    try comparison.check([.secu, .kMeans])
    let error = try failure(.usage) { try comparison.check(ComparedMethod.allCases) }
    #expect(error.place == "heads" && error.problem.hasPrefix("two-stage: 1000001 is outside"), "\(error)")
    #expect(error.remedy?.hasSuffix("leave this method out of --methods") == true, "\(error)")
  }

  @Test func `a run that diverges is a result`() throws {
    let wild = TinyRun.settings { ($0.rate, $0.warmupEpochs) = (1e6, 1) }
    let result = try #require(try comparison(wild).run(.secu, seed: 1))
    #expect(result.diverged?.contains("epoch") == true)
    #expect(result.acc == nil && result.smallest == nil)
  }

  /// Images that can be read so many times: those of k-means, of a few epochs, and no more.
  private final class Fading: ImageSource {
    let name = "training", channels = 1, count = 13
    let commonShape: ImageShape?
    let labels: [Int]? = nil
    let classNames: [String]? = nil
    private let images: ImageSet
    private let looks = Atomic(0)

    init() throws {
      images = try TinyRun.images()
      commonShape = images.shape
    }

    func image(at index: Int) throws -> Image {
      guard looks.add(1, ordering: .relaxed).newValue < 60 else {
        throw SeCuError(.badData, "faded", at: "training", position: "byte 3", remedy: "Take others")
      }
      return try images.image(at: index)
    }
  }

  @Test func `images that can't be read are no divergence`() throws {
    let comparison = try Comparison(
      TinyRun.settings, images: Fading(), features: nil, engine: makeEngine(TinyRun.widest, 1))
    let error = try failure(.badData) { try comparison.run(.secu, seed: 1) }
    #expect(error.problem == "faded" && error.remedy == "Take others")
  }

  @Test func `a later stage is not compared`() throws {
    let images = try TinyRun.images(), engine = makeEngine(TinyRun.widest, 1)
    for (field, settings) in [
      ("initialWeights", TinyRun.settings { $0.initialWeights = "runs/x" }),
      ("selfLabelling", TinyRun.settings { $0.selfLabelling = SelfLabelling() }),
    ] {
      let error = try failure(.usage) {
        try Comparison(settings, images: images, features: nil, engine: engine)
      }
      #expect(error.place == field && error.remedy?.contains("out of the settings") == true)
    }
  }

  @Test func `a stop leaves no result`() throws {
    var steps = 0
    let result = try comparison().run(.secu, seed: 1, shouldStop: { steps >= 4 }) {
      if case .stepped = $0 { steps += 1 }
    }
    #expect(result == nil)
    #expect(steps == 4)
  }

  @Test func `k-means on the features of a run`() throws {
    let folder = URL.temporary()
    defer { folder.remove() }
    let (trainer, _) = try TinyRun.finished(in: folder)
    let engine = makeEngine(TinyRun.widest, 1)
    let comparison = try Comparison(
      trainer.settings, images: trainer.images, features: InitialWeights(contentsOf: folder), engine: engine)
    let result = try #require(try comparison.run(.sphericalKMeans, seed: 2))
    let features = try trainer.learner.features(trainer.viewMaker)
    let solution = try KMeans(clusters: 3, seed: 2, isSpherical: true).fit(features.values, dimensions: 8)
    let scores = try ClusteringScores(
      clusterLabels: solution.assignments, classLabels: try #require(trainer.images.labels))
    #expect(result.acc == scores.accuracy && result.nmi == scores.nmi)
  }

  @Test func `a summary's mean, deviation and extremes`() throws {
    var one = Comparison.Result(method: .coke, seed: 0, seconds: 2)
    (one.acc, one.smallest, one.largest, one.empty, one.loss) = (0.5, 3, 9, 0, 1)
    var other = one
    (other.acc, other.smallest, other.largest, other.empty, other.seconds) = (0.7, 0, 8, 1, 4)
    let lost = Comparison.Result(method: .coke, seed: 2, seconds: 3, diverged: "epoch 2, step 1")
    let summary = try #require(Comparison.Summary([one, other, lost]))
    #expect(summary.runs == 3 && summary.diverged == 1)
    #expect(abs(try #require(summary.acc).mean - 0.6) < 1e-12)
    #expect(abs(try #require(summary.acc).deviation - 0.02.squareRoot()) < 1e-12)
    #expect(summary.smallest == 0 && summary.largest == 9 && summary.empty == 0.5 && summary.seconds == 3)
    #expect(summary.nmi == nil && summary.centerMovement == nil)
    (one.nmi, one.ari, one.centerMovement) = (0.25, -0.5, 3)
    let scored = try #require(Comparison.Summary([one]))
    #expect((scored.nmi?.mean, scored.ari?.mean, scored.centerMovement, scored.loss) == (0.25, -0.5, 3, 1))
    #expect(Comparison.Summary([]) == nil)
    #expect(Comparison.Summary([one])?.acc?.deviation == 0)
  }
}
