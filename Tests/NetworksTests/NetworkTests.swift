import Basics
import Kernels
import Testing

@testable import Networks

@Suite struct NetworkTests {
  private static let small = ResNet(height: 5, width: 6, channels: 3, widths: [8, 12], blocks: [1, 2], dimension: 9)
  /// All that a network can have: every kind of layer, and a predictor.
  private static let whole = ResNet(
    height: 20, width: 17, channels: 3, stem: .large, block: .bottleneck, widths: [4, 6], blocks: [1, 2],
    projector: .threeLayers, dimension: 9, predictor: 11)
  private static let pooled = ResNet(
    height: 7, width: 10, channels: 3, stem: .pooled, widths: [8, 12], blocks: [1, 1], dimension: 9)
  /// Enough work in every layer to be shared between cores.
  private static let large = ResNet(
    height: 16, width: 16, channels: 3, widths: [16, 32], blocks: [1, 1], dimension: 32)
  private static let largeWhole = ResNet(
    height: 48, width: 48, channels: 3, stem: .large, block: .bottleneck, widths: [16, 24], blocks: [1, 1],
    projector: .threeLayers, dimension: 32, predictor: 96)

  /// Both views at once are what two passes one after the other would compute: features and running statistics to the bit,
  /// gradients up to the order of their sums: over up to 1000 rows, which is 6·√1000·2⁻²⁴ ≈ 1e-5 of their terms (`GradientTests`).
  @Test(arguments: InstructionSet.available, [small, whole, pooled])
  func groupsAreSeparatePasses(instructionSet: InstructionSet, description: ResNet) throws {
    let together = try Trial(description, count: 12, instructionSet: instructionSet)
    let apart = try Trial(description, count: 12, instructionSet: instructionSet)
    let (features, gradients) = together.step()
    var projections: [Float] = [], predictions: [Float] = []
    var sum = [Float](repeating: 0, count: gradients.count)
    for view in 0..<2 {
      let images = apart.images.base + view * apart.images.count / 2
      let half = apart.outputGradient.count / 2
      let output = apart.network.forward(on: apart.engine, images: images, count: 6, groups: 1, training: true)
      projections += UnsafeBufferPointer(start: output, count: half)
      if let prediction = apart.network.prediction {
        predictions += UnsafeBufferPointer(start: prediction, count: half)
      }
      apart.backward(6 * view..<6 * (view + 1), images: images, groups: 1)
      for (i, g) in apart.network.gradients.values.enumerated() { sum[i] += g }
    }
    #expect(bits(projections + predictions) == bits(features))
    #expect(bits(apart.network.statistics.values) == bits(together.network.statistics.values))
    #expect(apart.network.batchesTracked == together.network.batchesTracked)
    #expect(distance(gradients, sum) <= 1e-5 * length(gradients))
  }

  /// A short batch in a network with room for more is what it is in a network of its own size.
  @Test(arguments: InstructionSet.available, [small, whole, pooled])
  func shortBatchesComputeTheSame(instructionSet: InstructionSet, description: ResNet) throws {
    let exact = try Trial(description, count: 6, instructionSet: instructionSet).step()
    let roomy = try Trial(description, count: 6, batch: 26, instructionSet: instructionSet).step()
    #expect(bits(roomy.features) == bits(exact.features))
    #expect(bits(roomy.gradients) == bits(exact.gradients))
  }

  @Test(arguments: InstructionSet.available, [small, whole, pooled])
  func inferenceLeavesEverythingAndSeesImagesAlone(instructionSet: InstructionSet, description: ResNet) throws {
    let trial = try Trial(description, count: 7, groups: 1, instructionSet: instructionSet)
    let statistics = trial.network.statistics.values
    let all = trial.features(training: false)
    #expect(trial.network.statistics.values == statistics)
    #expect(trial.network.batchesTracked == 0)
    // One by one: batch statistics would make an image depend on its neighbours.
    let floats = trial.images.count / 7
    for i in 0..<7 {
      let one = trial.network.forward(
        on: trial.engine, images: trial.images.base + i * floats, count: 1, groups: 1, training: false)
      #expect(bits((0..<9).map { one[$0] }) == bits(Array(all[i * 9..<(i + 1) * 9])))
    }
  }

  /// What an earlier batch left in the arena has no effect, not even if it was not a number.
  @Test(arguments: InstructionSet.available, [small, whole, pooled])
  func stepsDoNotSeeEarlierBatches(instructionSet: InstructionSet, description: ResNet) throws {
    let fresh = try Trial(description, count: 6, batch: 8, instructionSet: instructionSet)
    let used = try Trial(description, count: 6, batch: 8, instructionSet: instructionSet)
    let statistics = used.network.statistics.values
    let nans = FloatBuffer(used.images.count / 6 * 8)
    nans.base.update(repeating: .nan, count: nans.count)
    used.network.forward(on: used.engine, images: nans.base, count: 8, groups: 2, training: true)
    used.network.outputGradient.update(repeating: .nan, count: 8 * 9)
    used.network.predictionGradient?.update(repeating: .nan, count: 8 * 9)
    used.network.backward(on: used.engine, images: nans.base, count: 8, groups: 2)
    #expect(used.network.gradients.values.contains { $0.isNaN })
    used.network.statistics.fill(with: statistics)
    let (wanted, found) = (fresh.step(), used.step())
    #expect(bits(found.features) == bits(wanted.features))
    #expect(bits(found.gradients) == bits(wanted.gradients))
  }

  /// Three steps of LARS leave the same parameters, statistics and features for any number of threads.
  @Test(arguments: InstructionSet.available, [large, largeWhole])
  func threadsDoNotChangeTheBits(instructionSet: InstructionSet, description: ResNet) throws {
    let results = try [1, 2, 3].map { threads in
      let trial = try Trial(description, count: 16, instructionSet: instructionSet, threads: threads)
      let optimizer = GradientDescent(
        .lars, tensors: trial.network.layout.tensors, momentum: 0.9, weightDecay: 1e-4)
      for _ in 0..<3 {
        trial.step()
        optimizer.step(
          on: trial.engine, parameters: trial.network.parameters, gradients: trial.network.gradients, rate: 0.1)
      }
      return [trial.features(), trial.network.parameters.values, trial.network.statistics.values].map(bits)
    }
    #expect(results[1] == results[0])
    #expect(results[2] == results[0])
  }

  /// The losses may read the one while they write the other.
  @Test(arguments: [small, whole, pooled])
  func outputsOutliveTheirGradients(description: ResNet) throws {
    let trial = try Trial(description, count: 6)
    let network = trial.network, count = trial.outputGradient.count
    let projection = network.forward(on: trial.engine, images: trial.images.base, count: 6, groups: 2, training: true)
    let outputs = [projection, network.prediction].compactMap(\.self)
    func values() -> [UInt32] { outputs.flatMap { output in (0..<count).map { output[$0].bitPattern } } }
    let before = values()
    for gradient in [network.outputGradient, network.predictionGradient] {
      gradient?.update(repeating: .nan, count: count)
    }
    #expect(values() == before)
  }

  /// A projector of many weights behind small convolutions, and convolutions of which each core takes a part.
  @Test(arguments: InstructionSet.available, [1, 3])
  func scratchIsAtLeastWhatIsTaken(instructionSet: InstructionSet, threads: Int) throws {
    let wide = ResNet(height: 4, width: 4, channels: 1, widths: [8, 48], blocks: [1, 1], dimension: 16_000)
    for description in [wide, Self.large, Self.largeWhole] {
      let trial = try Trial(description, count: 16, instructionSet: instructionSet, threads: threads)
      trial.step()
      let announced = try NetworkSize(description, batch: 16, threads: threads).scratchBytes
      #expect(announced >= Double(trial.engine.scratchBytes))
    }
  }

  /// The arena is at least as large as what the step needs at its largest layer, and smaller than everything together.
  @Test func theArenaSharesMemory() throws {
    let network = try Network(Self.large, batch: 16)
    let pixels = 16 * 16 * 16, first = 4 * pixels * 16
    // Of the stem and the first stage, conv1, conv1, conv2 and bn2 are kept for backward, and conv1, conv2, bn2 and the shortcut of the
    // next one, half as large. What bn1 makes is found again.
    #expect(network.arenaBytes >= 4 * first + 4 * first / 2)
    // The gradients of the first stage come when the second's values are gone.
    #expect(network.arenaBytes < 4 * first + 4 * first / 2 + 2 * first)
  }

  /// What the first of two blocks makes is not kept until backward, but made again when the second block's gradients come. In the first
  /// stage five convolutions' results and the last block's end are kept, in the second as many and a shortcut, each half as large; with two
  /// gradients of the second stage that is 10 values of the first. If both ends were kept, it would be 11.5.
  @Test func endsOfFirstBlocksAreMadeAgain() throws {
    let description = ResNet(height: 16, width: 16, channels: 3, widths: [16, 32], blocks: [2, 2], dimension: 8)
    let trial = try Trial(description, count: 16)
    let value = 4 * 16 * 16 * 16 * 16
    #expect(trial.network.arenaBytes >= 10 * value)
    #expect(trial.network.arenaBytes < 11 * value)

    var operations: [NetworkOperation] = []
    trial.network.observer = { operations.append($0) }
    trial.step()
    let outputs = Dictionary(
      uniqueKeysWithValues: trial.network.layerDescriptions.map { ($0.name, $0.output) })
    let again = operations.indices.filter { operations[$0].kind == .restoring }
    #expect(again.map { operations[$0].output } == [outputs["layer2.0.bn2"], outputs["layer1.0.bn2"]])
    let readers = ["layer2.1.conv1", "layer1.1.conv1"].map {
      NetworkOperation(kind: .weightGradient, output: outputs[$0] ?? -1)
    }
    #expect(again.map { operations[$0 + 1] } == readers)
  }

  /// What is announced is what a network of that size holds.
  @Test(arguments: [small, whole, pooled, large], [(2, 2), (26, 1), (26, 2)])
  func bytesAreThoseOfTheBuffers(description: ResNet, batch: (count: Int, groups: Int)) throws {
    let network = try Network(description, batch: batch.count, groups: batch.groups)
    let statistics = network.statistics.count
    // Each batch norm has two running statistics a channel, and keeps three numbers for each view.
    let floats = network.parameters.count + network.gradients.count + statistics + batch.groups * statistics / 2 * 3
    #expect(
      try NetworkSize(description, batch: batch.count, groups: batch.groups, threads: 1).bytes
        == Double(network.arenaBytes + 4 * floats))
  }

  /// The published batch of 1024 images in two views fits few machines; what it would take can be asked on any.
  @Test func bytesOfWhatDoesNotFitAreKnown() throws {
    let bytes = try NetworkSize(.resNet50, batch: 2048, threads: 1).bytes
    // At least what backward reads again of the first stage: 56×56 pixels, three blocks of 64 + 64 + 256 channels, each before and
    // after its batch norm.
    #expect(bytes > 4 * 2048 * 56 * 56 * 3 * 2 * 384)
    #expect(bytes < 4 * 2048 * 56 * 56 * 3 * 2 * 384 * 8)
    for batch in [0, 1 << 25] {
      let error = #expect(throws: SeCuError.self) { try NetworkSize(.resNet50, batch: batch, threads: 1) }
      #expect(error?.place == "batch")
    }
  }

  @Test func onlyAPredictorMakesAPrediction() throws {
    let without = try Trial(Self.small, count: 6), with = try Trial(Self.whole, count: 6)
    #expect(without.network.prediction == nil && without.network.predictionGradient == nil)
    let prediction = try #require(with.network.prediction)
    _ = with.features(training: true)
    let trained = (0..<54).map { prediction[$0] }
    #expect(Set(trained).count > 1)
    #expect(trained != Array(with.features(training: true).prefix(54)))
  }
}
