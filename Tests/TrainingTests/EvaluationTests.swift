import Basics
import Clustering
import Imaging
import Kernels
import Testing

@testable import Training

@Suite struct EvaluationTests {
  static let heads: [(heads: [Int], classes: Int?, index: Int)] = [
    ([10, 20, 30], 20, 1), ([30, 20, 10], 10, 2), ([20, 10, 10], 10, 1),
    // None is exact: the smallest that has more clusters than there are classes.
    ([10, 30, 20, 40], 15, 2), ([40, 16, 17], 15, 1), ([5, 20, 20], 10, 1),
    // All have fewer: the largest.
    ([5, 8, 7], 10, 1), ([3], 10, 0), ([8, 8], 10, 0),
    // No classes: the first.
    ([10, 20], nil, 0),
  ]

  @Test(arguments: heads) func `the head that a run is judged by`(heads: [Int], classes: Int?, index: Int) {
    #expect(EvaluatedHead.index(heads: heads, classes: classes) == index)
  }

  @Test func `classes are counted by their names, else by their labels`() throws {
    let named = try TinyRun.images(5)
    #expect(named.classCount == 3)
    #expect(try named.subset([0, 3]).classCount == 3)
    #expect(try ImageSet(name: "x", shape: named.shape, pixels: named.pixels, labels: [4, 4, 9, 4, 9]).classCount == 2)
    #expect(try TinyRun.images(5, labelled: false).classCount == nil)
  }

  /// An image's cluster depends on nothing but the image: not on its place, on its batch or on the others.
  @Test func `images in another order have the same clusters`() throws {
    let trainer = try TinyRun.trainer(images: 13)
    try trainer.run()
    let straight = try trainer.evaluate()
    #expect(straight.assignments.count == 13)
    let order = [12, 0, 7, 3, 3, 11, 5, 1, 2, 9, 4, 10, 6, 8, 0, 12, 5]
    for ids in [order, [4], Array((0..<13).reversed())] {
      let maker = try ViewMaker(TinyRun.images().subset(ids), recipe: TinyRun.settings.augmentation)
      let found = try trainer.learner.evaluate(maker, head: trainer.evaluatedHead)
      #expect(found.assignments == ids.map { straight.assignments[$0] })
    }
  }

  @Test func `scores and sizes are those of the assignments`() throws {
    let trainer = try TinyRun.trainer()
    try trainer.run()
    let state = RunState(trainer)
    for head in [0, 1] {
      let evaluation = try trainer.learner.evaluate(trainer.viewMaker, head: head)
      let clusters = evaluation.assignments.map(\.cluster)
      #expect(evaluation.clusters == TinyRun.settings.heads[head])
      #expect(evaluation.sizes == (0..<evaluation.clusters).map { k in clusters.count { $0 == k } })
      #expect(evaluation.sizes.reduce(0, +) == 13)
      let scores = try ClusteringScores(clusterLabels: clusters, classLabels: (0..<13).map { $0 % 3 })
      #expect(evaluation.scores == scores)
      #expect(evaluation.assignments.allSatisfy { $0.cluster != $0.second && $0.confidence > 0 && $0.confidence <= 1 })
    }
    #expect(RunState(trainer) == state, "evaluation leaves the run as it is")
    #expect(trainer.evaluatedHead == 0)
  }

  @Test func `features are unit vectors of the projector or of the backbone`() throws {
    let trainer = try TinyRun.trainer()
    try trainer.run()
    let learner = trainer.learner
    for (kind, dimension) in [(FeatureKind.projection, 8), (.backbone, 6)] {
      let features = try learner.features(trainer.viewMaker, kind)
      #expect(features.dimension == dimension && features.count == 13)
      for i in 0..<13 {
        let squares = features.values[i * dimension..<(i + 1) * dimension].reduce(0) { $0 + Double($1) * Double($1) }
        #expect(abs(squares - 1) < Double(dimension + 4) * 0x1p-23)
      }
      let maker = try ViewMaker(TinyRun.images().subset([7, 12]), recipe: TinyRun.settings.augmentation)
      #expect(try learner.features(maker, kind) == features.subset([7, 12]))
    }
    // The projector leads from one to the other: fc.3(relu(fc.1(fc.0(x)))), with running statistics.
    let clean = FloatBuffer(36)
    try trainer.viewMaker.cleanViews(of: [4], cores: learner.engine.cores, into: clean.base)
    _ = learner.embed(clean.base, count: 1)
    let pooled = Array(UnsafeBufferPointer(start: learner.network.backboneFeatures, count: 6))
    let length = pooled.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    let backbone = try learner.features(trainer.viewMaker, .backbone).subset([4]).values
    #expect(zip(pooled, backbone).allSatisfy { abs(Double($0) / length - Double($1)) < 0x1p-22 })
    #expect(pooled.allSatisfy { $0 >= 0 } && length > 0, "means of what a ReLU lets through")
  }

  @Test func `the first tensor that is not finite is named`() throws {
    let learner = try TinyRun.trainer().learner
    #expect(learner.firstNonFinite == nil)
    let center = learner.heads.centers.base + 3 * 8 + 2
    center.pointee = .infinity
    #expect(learner.firstNonFinite == "center_1")
    let statistic = try #require(learner.network.layout.statistics.last)
    learner.network.statistics.base[statistic.offset] = -.infinity
    #expect(learner.firstNonFinite == statistic.name)
    let bias = try #require(learner.network.layout.parameters.first { $0.name == "fc.3.bias" })
    learner.network.parameters.base[bias.offset + bias.count - 1] = .nan
    #expect(learner.firstNonFinite == "fc.3.bias")
  }

  @Test func `features that are not finite are an image's fault to name, and no clusters`() throws {
    let trainer = try TinyRun.trainer(), network = trainer.learner.network
    let variance = try #require(network.layout.statistics.first { $0.name == "bn1.running_var" })
    network.statistics.base[variance.offset] = -1
    #expect(try failure(.badData) { try trainer.evaluate() }.problem == "image 0 has features that are not finite")
    #expect(throws: SeCuError.self) { try trainer.learner.features(trainer.viewMaker, .backbone) }
  }

  @Test func `k-means on pixels finds stripes`() throws {
    let images = try TinyRun.images(30)
    let baseline = try PixelBaseline(images, clusters: 3, seed: 0, cores: Cores(threads: 2))
    #expect(baseline.scores?.accuracy == 1)
    #expect(baseline.sizes == [10, 10, 10])
    #expect(baseline.points == "the 6×6×1 raw pixels of all 30 images")
    #expect(try PixelBaseline(TinyRun.images(30, labelled: false), clusters: 3, seed: 0, cores: Cores()).scores == nil)
    try failure(.usage) { try PixelBaseline(images, clusters: 31, seed: 0, cores: Cores(threads: 1)) }
    let cores = Cores(threads: 1)
    #expect(try PixelBaseline.scored(images, clusters: 31, seed: 0, cores: cores) == nil)
    #expect(try PixelBaseline.scored(TinyRun.images(30, labelled: false), clusters: 3, seed: 0, cores: cores) == nil)
    #expect(try PixelBaseline.scored(images, clusters: 3, seed: 0, cores: cores)?.scores?.accuracy == 1)
    #expect(try PixelBaseline.scored(Many(), clusters: 20_001, seed: 0, cores: cores) == nil)
    // A source whose images are not of the shape that it tells.
    struct Uneven: ImageSource {
      let name = "uneven", count = 4, channels = 1
      let labels: [Int]? = nil
      let classNames: [String]? = nil
      let commonShape: ImageShape?
      let width: Int
      func image(at index: Int) throws -> Image {
        let pixels = [UInt8](repeating: UInt8(index), count: width)
        return try Image(shape: ImageShape(height: 1, width: width, channels: 1), pixels: pixels)
      }
    }
    // Also where the number of values is the same.
    for width in [1, 36] {
      let uneven = Uneven(commonShape: images.shape, width: width)
      let error = try failure(.badData) { try PixelBaseline(uneven, clusters: 2, seed: 0, cores: cores) }
      let problem = "uneven, image 0: expected an image of 6×6×1, found 1×\(width)×1"
      #expect(error.description == "\(problem). Let the source's channels and commonShape say what its images have.")
    }
  }

  @Test func `images of many sizes are clustered as small views`() throws {
    let points = try ImagePoints(pixelsOf: Reread.manySizes(13), seed: 0, cores: Cores(threads: 2))
    #expect(points.dimensions == 32 * 32 && points.values.count == 13 * 32 * 32)
    #expect(points.ids == nil && points.text == "the 32×32×1 pixels of all 13 images, made smaller")
    #expect(points.values.allSatisfy { (0...1).contains($0) })
  }

  @Test func `of many images a sample is clustered`() throws {
    let points = try ImagePoints(pixelsOf: Many(), seed: 3, cores: Cores(threads: 2))
    let ids = try #require(points.ids)
    #expect(ids.count == 20_000 && ids == ids.sorted() && Set(ids).count == ids.count)
    #expect(points.labels(Many().labels ?? []) == ids.map { $0 % 2 })
    for (place, id) in ids.enumerated().prefix(50) {
      #expect(points.values[place * points.dimensions] == Float(id % 2))
    }
    #expect(points.text == "the 32×32×1 pixels of 20000 of the 20003 images, made smaller")
    #expect(try ImagePoints(pixelsOf: Many(), seed: 4, cores: Cores()).ids != ids)
  }
}
