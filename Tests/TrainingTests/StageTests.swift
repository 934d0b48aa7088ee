import Clustering
import Foundation
import Imaging
import Interchange
import Kernels
import Networks
import TestSupport
import Testing

@testable import Training

/// Runs that start from other runs: the second stage on other images, and self-labelling.
@Suite struct StageTests {
  private let folder = URL.temporary()

  /// Self-labelling after the tiny run.
  private static func settings(threshold: Float) -> TrainingSettings {
    var settings = TinyRun.settings.forSelfLabelling
    (settings.epochs, settings.batch, settings.rate) = (4, 5, 0.01)
    settings.selfLabelling?.threshold = threshold
    return settings
  }

  private func stage(_ settings: TrainingSettings, threads: Int = 1) throws -> Trainer {
    try Trainer(
      settings, images: TinyRun.images(), startingFrom: InitialWeights(contentsOf: folder),
      engine: makeEngine(TinyRun.widest, threads))
  }

  // MARK: - Starting

  @Test func `a run gives its encoder and centers, and nothing else`() throws {
    defer { folder.remove() }
    let (first, _) = try TinyRun.finished(in: folder)
    let weights = try InitialWeights(contentsOf: folder)
    #expect(weights.hasCenters(for: first.settings))
    let images = try TinyRun.images(20, seed: 9)
    let second = try Trainer(
      first.settings, images: images, startingFrom: weights, engine: makeEngine(TinyRun.widest, 1))
    #expect(second.learner.network.parameters.values == first.learner.network.parameters.values)
    #expect(second.learner.network.statistics.values == first.learner.network.statistics.values)
    #expect(second.learner.network.batchesTracked == first.learner.network.batchesTracked)
    #expect(second.learner.heads.centers.values == first.learner.heads.centers.values)
    for buffer in [
      second.learner.encoderOptimizer.velocity, second.learner.centerOptimizer.velocity, second.learner.heads.duals,
    ] {
      #expect(buffer.values.allSatisfy { $0 == 0 })
    }
    #expect(second.learner.heads.isAssigned == [Bool](repeating: false, count: 20))
    try second.run()
    #expect(second.isFinished)
  }

  @Test func `other heads get new centers, and an encoder's file gives the encoder`() throws {
    defer { folder.remove() }
    let (first, _) = try TinyRun.finished(in: folder)
    let other = TinyRun.settings { $0.heads = [4] }
    for url in [folder, RunFolder(folder).encoder] {
      let weights = try InitialWeights(contentsOf: url)
      #expect(!weights.hasCenters(for: other))
      let engine = makeEngine(TinyRun.widest, 1)
      let second = try Trainer(other, images: TinyRun.images(), startingFrom: weights, engine: engine)
      #expect(second.learner.network.parameters.values == first.learner.network.parameters.values)
      let fresh = try Trainer(other, images: TinyRun.images(), engine: engine)
      #expect(second.learner.heads.centers.values == fresh.learner.heads.centers.values)
    }
  }

  @Test func `a file with the encoder and the centers starts a run as the run they are of`() throws {
    defer { folder.remove() }
    let (first, _) = try TinyRun.finished(in: folder)
    var state = try SafeTensors(contentsOf: RunFolder(folder).encoder)
    let centers = try SafeTensors(contentsOf: RunFolder(folder).centers)
    for (name, tensor) in centers.tensors { state.tensors["module.\(name)"] = tensor }
    let file = folder.appending(path: "state.safetensors")
    try state.write(to: file)
    let weights = try InitialWeights(contentsOf: file)
    #expect(weights.hasCenters(for: first.settings))
    let engine = makeEngine(TinyRun.widest, 1)
    func start(_ weights: InitialWeights) throws -> Trainer {
      try Trainer(first.settings, images: TinyRun.images(), startingFrom: weights, engine: engine)
    }
    let second = try start(weights)
    #expect(second.learner.network.parameters.values == first.learner.network.parameters.values)
    #expect(second.learner.heads.centers.values == first.learner.heads.centers.values)

    // Heads of other sizes, one more and one less, and of another length.
    let run = try InitialWeights(contentsOf: folder)
    for (change, fault) in [
      ({ $0.heads[0] += 1 }, "center_0 is [8, 3], expected [8, 4]"),
      ({ $0.heads.append(2) }, "there is no center_2"), ({ $0.heads.removeLast() }, "center_1 is one too many"),
      ({ $0.network.dimension += 1 }, "center_0 is [8, 3], expected [9, 3]"),
    ] as [((inout TrainingSettings) -> Void, String)] {
      let other = TinyRun.settings(change)
      #expect(!weights.hasCenters(for: other))
      #expect(weights.taken(by: other) == "its encoder; centers are new, as \(fault)")
      let heads = "it has heads of 3, 5 clusters and features of 8"
      #expect(run.taken(by: other) == "its encoder; centers are new, as \(heads)")
    }
    #expect(weights.taken(by: first.settings) == "its encoder and centers")
    let encoder = try InitialWeights(contentsOf: RunFolder(folder).encoder)
    #expect(encoder.taken(by: first.settings) == "its encoder; centers are new")
    // A self-labelling run needs centers, and may have them from a file.
    _ = try Trainer(
      Self.settings(threshold: 0), images: TinyRun.images(), startingFrom: weights, engine: engine)

    state.tensors["module.center_0"] = try SafeTensors.Tensor(
      [Float](repeating: .nan, count: first.settings.network.dimension * first.settings.heads[0]),
      shape: [first.settings.network.dimension, first.settings.heads[0]])
    try state.write(to: file)
    let error = try failure(.badData) { try start(InitialWeights(contentsOf: file)) }
    #expect("\(error)".contains("center_0"), "\(error)")
  }

  @Test func `a network of another shape is refused with the tensors' names`() throws {
    defer { folder.remove() }
    try TinyRun.finished(in: folder)
    let weights = try InitialWeights(contentsOf: folder)
    for (change, word) in [
      ({ $0.network.blocks = [1, 2] }, "missing: layer2.1"), ({ $0.network.widths = [4, 7] }, "layer2.0.conv1.weight"),
    ] as [((inout TrainingSettings) -> Void, String)] {
      let error = try failure(.badData) {
        try Trainer(
          TinyRun.settings(change), images: TinyRun.images(), startingFrom: weights,
          engine: makeEngine(TinyRun.widest, 1))
      }
      #expect("\(error)".contains(word), "\(error)")
      #expect(error.place == weights.name)
    }
  }

  @Test func `an encoder that is no numbers is refused`() throws {
    defer { folder.remove() }
    try TinyRun.finished(in: folder)
    let url = RunFolder(folder).encoder
    var file = try SafeTensors(contentsOf: url)
    file.tensors["bn1.running_mean"] = try .init([0, .nan, 0, 0] as [Float], shape: [4])
    try file.write(to: url)
    let error = try failure(.badData) {
      try Trainer(
        TinyRun.settings, images: TinyRun.images(), startingFrom: InitialWeights(contentsOf: url),
        engine: makeEngine(TinyRun.widest, 1))
    }
    #expect(error.problem == "tensor bn1.running_mean holds numbers that are not finite")
  }

  @Test func `what is neither a run nor a file is refused`() throws {
    try failure(.noInput) { try InitialWeights(contentsOf: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { folder.remove() }
    try failure(.noInput) { try InitialWeights(contentsOf: folder) }
    let file = folder.appending(path: "note.txt")
    try Data("no tensors".utf8).write(to: file)
    try failure(.badData) { try InitialWeights(contentsOf: file) }
  }

  // MARK: - Self-labelling

  @Test func `sure images move the encoder and the judged head alone`() throws {
    defer { folder.remove() }
    let (first, _) = try TinyRun.finished(in: folder)
    var settings = Self.settings(threshold: 0)
    settings.passesPerEpoch = 2
    let second = try stage(settings)
    var reports: [EpochReport] = []
    try second.run { if case .epochEnded(let report) = $0 { reports.append(report) } }
    #expect(second.isFinished && !second.isExhausted)
    #expect(reports.map(\.kept) == [1, 1, 1, 1])
    #expect(reports.allSatisfy { $0.rate == 0.01 && $0.centerLoss == 0 && $0.dualSpread == nil })
    // There is no center loss that could be stuck.
    #expect(reports.allSatisfy { $0.warnings?.contains(.nothingLearnt) == false })
    #expect(try #require(reports.last).representationLoss < reports[0].representationLoss)
    #expect(second.learner.network.parameters.values != first.learner.network.parameters.values)
    let (before, after) = (first.learner.heads.centers.values, second.learner.heads.centers.values)
    let judged = 0..<3 * 8
    #expect(second.evaluatedHead == 0)
    #expect(before[judged] != after[judged])
    #expect(before[judged.upperBound...] == after[judged.upperBound...])
  }

  /// Its loss does not look at predictions, so that PyTorch has no gradient for what makes them.
  @Test func `a predictor stands still`() throws {
    defer { folder.remove() }
    let settings = TinyRun.settings { $0.network.predictor = 5 }
    let first = try Trainer(settings, images: TinyRun.images(), engine: makeEngine(TinyRun.widest, 1))
    let run = try RunFolder.create(at: folder)
    let recorder = try RunRecorder(first, folder: run)
    try first.run { try recorder.handle($0) }
    try recorder.save(first.evaluate())
    var stage = Self.settings(threshold: 0)
    stage.network = settings.network
    let second = try self.stage(stage)
    try second.run()
    for (entries, before, after) in [
      (first.learner.network.layout.parameters, first.learner.network.parameters, second.learner.network.parameters),
      (first.learner.network.layout.statistics, first.learner.network.statistics, second.learner.network.statistics),
    ] {
      for entry in entries {
        let range = entry.offset..<entry.offset + entry.count
        let stood = before.values[range] == after.values[range]
        #expect(stood == entry.name.hasPrefix("predictor."), "\(entry.name)")
      }
    }
  }

  @Test func `nothing above the threshold ends the run after an epoch and changes no weight`() throws {
    defer { folder.remove() }
    let (first, _) = try TinyRun.finished(in: folder)
    let second = try stage(Self.settings(threshold: 1))
    var reports: [EpochReport] = []
    try second.run { if case .epochEnded(let report) = $0 { reports.append(report) } }
    #expect(second.isFinished && second.isExhausted)
    #expect(reports.count == 1)
    #expect(reports.first?.kept == 0)
    #expect(reports.first?.unsureClusters == second.settings.heads[second.evaluatedHead])
    #expect(0..<1 ~= (try #require(reports.first?.highestConfidence)))
    #expect(second.learner.network.parameters.values == first.learner.network.parameters.values)
    // It stays ended after being read back.
    let resumed = try Trainer(
      resuming: second.makeCheckpoint(), images: TinyRun.images(), engine: makeEngine(TinyRun.widest, 1))
    #expect(resumed.isFinished)
    _ = try resumed.evaluate()
  }

  /// With equal centers no label is surer than another: what an epoch before it was sure of is not remembered.
  @Test func `the highest confidence is an epoch's own`() throws {
    defer { folder.remove() }
    try TinyRun.finished(in: folder)
    let run = try stage(Self.settings(threshold: 0))
    let heads = run.learner.heads
    var highest: [Double] = []
    try run.run { event in
      guard case .epochEnded(let report) = event else { return }
      highest.append(report.highestConfidence ?? .nan)
      for h in heads.clusters.indices {
        let first = heads.centers.base + heads.rowOffsets[h] * heads.dimension
        for k in 1..<heads.clusters[h] { (first + k * heads.dimension).update(from: first, count: heads.dimension) }
      }
    }
    #expect(highest.count > 1 && highest[1] < 0.9 * highest[0], "\(highest)")
  }

  @Test func `a run that stops after any step ends with the same bits`() throws {
    defer { folder.remove() }
    try TinyRun.finished(in: folder)
    let settings = Self.settings(threshold: 0.3)
    let straight = try stage(settings)
    try straight.run()
    let moments = { (trainer: Trainer) in
      [trainer.learner.selfLabelling?.encoder, trainer.learner.selfLabelling?.centers].map {
        ($0?.firstMoment.values ?? []) + ($0?.secondMoment.values ?? [])
      }
    }
    for stop in [0, 1, 4, 7] {
      let first = try stage(settings, threads: 2)
      try first.run(steps: stop)
      let second = try Trainer(
        resuming: first.makeCheckpoint(), images: TinyRun.images(), engine: makeEngine(TinyRun.widest, 3))
      try second.run()
      #expect(RunState(second) == RunState(straight), "stopped after step \(stop)")
      #expect(moments(second) == moments(straight), "stopped after step \(stop)")
    }
  }

  /// Labels are the best clusters then, whatever the constraint of the run before.
  @Test func `it can be resumed after instance discrimination`() throws {
    defer { folder.remove() }
    try TinyRun.finished(in: folder, TinyRun.instanceDiscrimination)
    var settings = Self.settings(threshold: 0)
    (settings.heads, settings.constraint) = ([13], .instance)
    let first = try stage(settings)
    var reports: [EpochReport] = []
    try first.run(steps: 4) { if case .epochEnded(let report) = $0 { reports.append(report) } }
    #expect(first.learner.heads.labels != [(0..<13).map(Int32.init)])
    #expect(reports.count == 1 && reports.allSatisfy { $0.acc != nil })
    let second = try Trainer(
      resuming: first.makeCheckpoint(), images: TinyRun.images(), engine: makeEngine(TinyRun.widest, 1))
    #expect(RunState(second) == RunState(first))
  }

  /// What an epoch has kept so far is counted by the clusters of the judged head.
  @Test func `it can be resumed where the judged head is not the first`() throws {
    defer { folder.remove() }
    try TinyRun.finished(in: folder, TinyRun.settings { $0.heads = [5, 3] })
    var settings = Self.settings(threshold: 0)
    settings.heads = [5, 3]
    let first = try stage(settings)
    try first.run(steps: 1)
    #expect(first.progress.keptIn?.count == 3)
    let second = try Trainer(
      resuming: first.makeCheckpoint(), images: TinyRun.images(), engine: makeEngine(TinyRun.widest, 1))
    #expect(RunState(second) == RunState(first))
  }

  @Test func `it needs a run with the same heads`() throws {
    defer { folder.remove() }
    try TinyRun.finished(in: folder)
    var settings = Self.settings(threshold: 0)
    let engine = makeEngine(TinyRun.widest, 1)
    let none = try failure(.usage) { try Trainer(settings, images: TinyRun.images(), engine: engine) }
    #expect(none.remedy?.contains("--init") == true)
    settings.heads = [3]
    try failure(.usage) { try stage(settings) }
  }

  @Test func `the published settings`() {
    let cifar = Preset.cifar10.settings.forSelfLabelling
    #expect(cifar.epochs == 200 && cifar.batch == 1000 && cifar.rate == 1e-4 && cifar.weightDecay == 1e-4)
    #expect(cifar.centerRate == 1e-4 && cifar.warmupEpochs == 0)
    #expect(TrainingSettings.digits.forSelfLabelling.passesPerEpoch == 1)
    #expect(cifar.selfLabelling?.threshold == 0.99)
    #expect(cifar.strongAugmentation?.count == 4 && cifar.strongAugmentation?.cutout == 16)
    let stl = Preset.stl10Stage2.settings.forSelfLabelling
    #expect(stl.epochs == 100 && stl.strongAugmentation?.cutout == 32)
    #expect(TrainingSettings.digits.forSelfLabelling.strongAugmentation == nil)
    let epochs = [64, 65].map { side in
      var settings = Preset.cifar10.settings
      (settings.network.height, settings.network.width) = (side, side)
      return settings.forSelfLabelling.epochs
    }
    #expect(epochs == [200, 100])
  }
}
