import Basics
import Foundation
import Imaging
import Interchange
import TestSupport
import Testing

@testable import Training

@Suite struct MemoryTests {
  /// What the buffers of a run take, read off the run itself.
  @Test(arguments: [
    TinyRun.settings, .digits, TinyRun.settings { ($0.batch, $0.heads) = (9, [2, 7, 11]) },
    TinyRun.settings { $0.network.predictor = 9 },
  ])
  func `what is planned is what is taken`(settings: TrainingSettings) throws {
    let count = settings.preset == "tiny" ? 13 : 1797
    let engine = makeEngine(TinyRun.widest, 1)
    let learner = try Learner(settings, images: count, engine: engine)
    let need = try settings.memory(images: count, imageBytes: 123, threads: 1)
    func part(_ name: String) throws -> Double { try #require(need.steady.first { $0.name == name }).bytes }
    let parameters = 4 * learner.network.parameters.count
    #expect(try part("parameters") == Double(3 * parameters))
    #expect(parameters == 4 * learner.network.gradients.count)
    #expect(parameters == 4 * learner.encoderOptimizer.velocity.count)
    let statistics = 4 * learner.network.statistics.count
    #expect(try part("network") >= Double(learner.network.arenaBytes + statistics))
    #expect(try part("network") <= Double(learner.network.arenaBytes + 4 * statistics + 4096))
    // Of each view its projection and, with a predictor, its prediction, both with gradients.
    let outputs = settings.network.predictor == nil ? 1 : 2
    let features = 2 * 2 * outputs * settings.batch * settings.network.dimension
    #expect(try part("views") == Double(4 * (learner.views.count + features)))
    let centers = 4 * learner.heads.centers.count
    // Centers, their gradients, unit and frozen centers, velocities; a label for each image and head. Besides two numbers a center and
    // four an image of the batch and head, probabilities and weights of both views for every center.
    let least = 5 * centers + 4 * count * settings.heads.count
    #expect(try part("heads") >= Double(least))
    let total = settings.heads.reduce(0, +), rows = 2 * outputs * settings.batch
    #expect(try part("heads") >= Double(least + 4 * total * (2 + 2 * rows)))
    #expect(
      try part("heads") <= Double(least + 4 * (total * (2 + 2 * rows) + 2 * rows * settings.heads.count)))
    // A label and an index for each image.
    #expect(try part("images") == Double(123 + 13 * count))
    learner.initialize(seed: 1)
    learner.beginEpoch()
    _ = learner.step(ids: Array(0..<settings.batch), firstEpoch: false, rate: 0.1, centerRate: 0.1)
    let scratch = Double(engine.scratchBytes)
    #expect(try part("kernels") >= scratch)
    // Where there is little to do, less is taken than a core and the parts of a weight gradient may.
    let weights = try #require(learner.network.layout.parameters.map(\.count).max())
    #expect(try part("kernels") <= 1.5 * scratch + 1e6 + Double(4 * 16 * weights))
    let checkpoint = try #require(need.passing.first { $0.name == "checkpoints" }).bytes / 3
    // Weights and velocities, also of centers, frozen centers; 64-bit labels, whether there is one, and checksums.
    #expect(checkpoint == Double(2 * parameters + 3 * centers + 8 * count * (settings.heads.count + 2)))
  }

  @Test func `what reading took is told where it was more`() throws {
    var need = try TinyRun.settings.memory(for: TinyRun.images(), threads: 1)
    #expect(need.reading == 13 * 36 && !need.text.contains("reading"))
    need.reading = 2e9
    #expect(need.text.hasSuffix("; reading the images took up to 2.0 GB (--memory)"), "\(need.text)")
  }

  /// Of a run and of its self-labelling, whose optimiser remembers more: the tensors of a checkpoint are what the plan has.
  @Test func `a checkpoint is planned as large as it is`() throws {
    for isClustering in [true, false] {
      let settings = isClustering ? TinyRun.settings : TinyRun.settings.forSelfLabelling
      let learner = try Learner(settings, images: 13, engine: makeEngine(TinyRun.widest, 1))
      let checkpoint = try Checkpoint(
        settings: settings, learner: learner, fingerprint: ImageFingerprint(of: TinyRun.images()), evaluatedHead: 0,
        progress: .init())
      let url = URL.temporary()
      defer { url.remove() }
      try checkpoint.write(to: url)
      let tensors = try CheckpointFile(contentsOf: url, newestVersion: 1).tensors.tensors
      let taken = tensors.values.reduce(0) { $0 + $1.bytes.count }
      // Too little to be planned: statistics, duals and counts.
      let rest = 4 * (learner.network.statistics.count + learner.heads.total) + 8 * learner.heads.total
      let need = try settings.memory(images: 13, imageBytes: 0, threads: 1)
      let planned = try #require(need.passing.first { $0.name == "checkpoints" }).bytes / 3
      #expect(planned == Double(taken - rest))
    }
  }

  /// One view at a time goes through the network, and Adam remembers two numbers of each weight.
  @Test func `self-labelling is planned by what it takes`() throws {
    let settings = TinyRun.settings.forSelfLabelling
    let learner = try Learner(settings, images: 13, engine: makeEngine(TinyRun.widest, 1))
    let need = try settings.memory(images: 13, imageBytes: 0, threads: 1)
    func part(_ name: String) throws -> Double { try #require(need.steady.first { $0.name == name }).bytes }
    let moments = try #require(learner.selfLabelling).encoder
    #expect(
      try part("parameters")
        == Double(4 * (2 * learner.network.parameters.count + moments.firstMoment.count + moments.secondMoment.count)))
    let statistics = 4 * learner.network.statistics.count
    #expect(try part("network") >= Double(learner.network.arenaBytes + statistics))
    #expect(try part("network") <= Double(learner.network.arenaBytes + 4 * statistics + 4096))
  }

  /// k-means is the trainer's business, and an unlabelled run has none.
  @Test func `a learner asks for no k-means`() throws {
    let settings = TinyRun.settings { ($0.network.height, $0.network.width) = (12, 12) }
    let images = 200_000, engine = makeEngine(TinyRun.widest, 1)
    func need(_ hasClasses: Bool) throws -> Double {
      let shape = try ImageShape(height: 12, width: 12, channels: 1)
      return try settings.memory(images: images, imageBytes: 0, shape: shape, hasClasses: hasClasses, threads: 1).bytes
    }
    let bytes = try need(false)
    #expect(try need(true) > bytes + 1e6)
    func learner(_ bytes: Double) throws -> Learner {
      try Learner(settings, images: images, engine: engine, limit: .init(bytes: bytes, holder: ""))
    }
    _ = try learner(bytes)
    try failure(.usage) { try learner(bytes - 1) }
  }

  @Test func `only the largest of what comes and goes counts`() throws {
    let shape = try ImageShape(height: 1000, width: 1000, channels: 1)
    let small = try TinyRun.settings.memory(images: 13, imageBytes: 0, threads: 1)
    let large = try TinyRun.settings.memory(images: 100, imageBytes: 1e8, shape: shape, threads: 1)
    #expect(large.bytes - large.steadyBytes == 4e8)
    #expect(small.bytes - small.steadyBytes == small.passing.map(\.bytes).max())
    #expect(large.text.hasPrefix("about 521 MB: k-means on pixels 400 MB, images 100 MB"), "\(large.text)")
    #expect(!large.text.contains("parameters"))
    // Without classes, nothing is compared with k-means.
    let plain = try TinyRun.settings.memory(
      images: 100, imageBytes: 1e8, shape: shape, hasClasses: false, threads: 1)
    #expect(plain.bytes < large.bytes - 3.9e8)
  }

  /// Of one shape they are clustered raw, wherever they are; of many sizes as small views.
  @Test func `k-means on pixels is planned by the images' own size`() throws {
    let shape = try ImageShape(height: 88, width: 117, channels: 3)
    func planned(_ shape: ImageShape?) throws -> Double {
      let settings = TinyRun.settings { $0.network.channels = 3 }
      let need = try settings.memory(images: 6000, imageBytes: 240_000, shape: shape, threads: 1)
      return try #require(need.passing.first { $0.name == "k-means on pixels" }).bytes
    }
    #expect(try planned(shape) == 4 * 6000 * 88 * 117 * 3)
    #expect(try planned(nil) == 4 * 6000 * 3072)
  }

  @Test func `k-means on pixels has a bound whatever the images`() throws {
    func need(_ name: String) throws -> Double {
      let settings = try #require(TrainingSettings.presets[name])
      let need = try settings.memory(images: name == "imagenet" ? 1_281_167 : 50_000, threads: 2)
      return try #require(need.passing.first { $0.name == "k-means on pixels" }).bytes
    }
    // All of CIFAR-10 raw; of ImageNet 20,000 small views.
    #expect(try need("cifar10") == 4 * 50_000 * 3072)
    #expect(try need("imagenet") == 4 * 20_000 * 3072)
  }

  @Test func `a run that cannot fit says which batch would`() throws {
    let settings = TrainingSettings.digits
    let limit = Machine.MemoryLimit(bytes: 35e6, holder: "this container may use")
    let error = try failure(.usage) { try settings.checkMemory(images: 1797, threads: 2, limit: limit) }
    #expect(error.place == "batch")
    #expect(error.problem.hasPrefix("5 heads and batches of 128 images need "), "\(error)")
    #expect(error.problem.hasSuffix("and this container may use 35 MB"), "\(error)")
    let words = try #require(error.remedy?.split(separator: " "))
    #expect(words[0..<3] == ["A", "batch", "of"] && words.suffix(2) == ["would", "fit"])
    // That one fits in nine tenths of it, and the next does not.
    for (difference, fits) in [(0, true), (1, false)] {
      var other = settings
      other.batch = try #require(Int(words[3])) + difference
      #expect((try other.memory(images: 1797, threads: 2).bytes <= 0.9 * limit.bytes) == fits)
    }
    let none = Machine.MemoryLimit(bytes: 15e6, holder: "this machine has")
    let hopeless = try failure(.usage) { try settings.checkMemory(images: 1797, threads: 2, limit: none) }
    #expect(hopeless.remedy == "No batch would fit; take a smaller network, smaller images or fewer heads")
    let tiny = Machine.MemoryLimit(bytes: 1e6, holder: "this machine has")
    let network = try failure(.usage) { try settings.checkMemory(images: 1797, threads: 2, limit: tiny) }
    #expect(network.problem.hasPrefix("the network's parameters need 1.1 MB of memory"), "\(network)")
    #expect(network.place == "network")
    try settings.checkMemory(images: 1797, threads: 2, limit: .init(bytes: 1e9, holder: ""))
  }

  @Test func `what memory can't hold is refused before it is taken`() throws {
    let engine = makeEngine(.portable, 1)
    let heads = TinyRun.settings {
      ($0.heads, $0.network.dimension) = ([Int](repeating: 1_000_000, count: 100), 16_384)
    }
    let network = TinyRun.settings { ($0.network.widths, $0.network.blocks) = ([16_384, 16_384], [1000, 1000]) }
    let images = TinyRun.settings { ($0.network.height, $0.network.width, $0.batch) = (4096, 4096, 1_000_000) }
    for (settings, word) in [(heads, "100 heads"), (network, "the network's parameters"), (images, "batches of")] {
      let error = try failure(.usage) { try Learner(settings, images: 1_000_000, engine: engine) }
      #expect(error.problem.contains(word) && error.problem.contains("GB of memory"), "\(error)")
    }
  }

  @Test func `images count where they are all in memory`() throws {
    let limit = Machine.memoryLimit.bytes
    let shape = TinyRun.settings.network
    let count = Int(limit / 36) + 1
    #expect(shape.height * shape.width * shape.channels == 36)
    #expect(throws: SeCuError.self) { try TinyRun.settings.checkMemory(images: count, threads: 1) }
  }
}
