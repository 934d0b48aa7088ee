import Basics
import Clustering
import Foundation
import Imaging
import Interchange
import Kernels
import TestSupport
import Testing

@testable import Training

@Suite struct TrainerTests {
  // MARK: - The same bits

  @Test(arguments: InstructionSet.available)
  func `threads change no bit of a run or of its evaluation`(instructionSet: InstructionSet) throws {
    let one = try TinyRun.trainer(engine: makeEngine(instructionSet, 1))
    try one.run()
    for threads in [2, 3] {
      let other = try TinyRun.trainer(engine: makeEngine(instructionSet, threads))
      try other.run()
      #expect(RunState(other) == RunState(one), "\(threads) threads")
      #expect(try other.evaluate().assignments == one.evaluate().assignments, "\(threads) threads")
    }
  }

  /// Stopped after every step there is, saved to a file, read again and resumed with other threads: the same weights,
  /// velocities, statistics, centers, labels, duals and counts as the run that went through, and the same reports.
  @Test(arguments: [
    TinyRun.settings, TinyRun.settings { $0.constraint = .entropy(.published) }, TinyRun.instanceDiscrimination,
  ])
  func `a run that stops after any step ends with the same bits`(settings: TrainingSettings) throws {
    var reports: [EpochReport] = []
    let straight = try TinyRun.trainer(settings)
    try straight.run { if case .epochEnded(let report) = $0 { reports.append(report.timeless) } }
    let end = RunState(straight)
    let steps = 18
    let folder = URL.temporary()
    defer { folder.remove() }
    let file = try RunFolder.create(at: folder).checkpoint
    for stop in 0...steps {
      var found: [EpochReport] = []
      func note(_ event: TrainingEvent) { if case .epochEnded(let report) = event { found.append(report.timeless) } }
      let first = try TinyRun.trainer(settings)
      try first.run(steps: stop, handle: note)
      #expect(first.isFinished == (stop == steps))
      try first.makeCheckpoint().write(to: file)
      let second = try Trainer(
        resuming: Checkpoint(contentsOf: file), images: TinyRun.images(), engine: makeEngine(TinyRun.widest, 2))
      #expect(RunState(second) == RunState(first), "restored after step \(stop)")
      try second.run(handle: note)
      #expect(RunState(second) == end, "stopped after step \(stop)")
      #expect(found == reports, "stopped after step \(stop)")
    }
  }

  /// Labels are for scores only, and they may be elsewhere by the time that a run goes on.
  @Test func `a resumed run is judged by the head that it began with`() throws {
    let engine = makeEngine(TinyRun.widest, 1), settings = TinyRun.settings { $0.heads = [5, 3] }
    for labelled in [true, false] {
      let first = try Trainer(settings, images: TinyRun.images(labelled: labelled), engine: engine)
      #expect(first.evaluatedHead == (labelled ? 1 : 0))
      try first.run(steps: 4)
      let second = try Trainer(
        resuming: first.makeCheckpoint(), images: TinyRun.images(labelled: !labelled), engine: engine)
      #expect(second.evaluatedHead == first.evaluatedHead)
    }
  }

  @Test func `the seed decides`() throws {
    let states = try [3, 3, 4].map { (seed: UInt64) in
      let trainer = try TinyRun.trainer(TinyRun.settings { $0.seed = seed })
      try trainer.run(steps: 4)
      return RunState(trainer)
    }
    #expect(states[0] == states[1])
    #expect(states[0] != states[2])
  }

  /// Two passes an epoch: no batch of views comes a second time.
  @Test func `every pass has an order and views of its own`() throws {
    let trainer = try TinyRun.trainer()
    var batches: [[Float]] = []
    try trainer.run { if case .stepped = $0 { batches.append(trainer.learner.views.values) } }
    #expect(batches.count == 18 && Set(batches).count == 18)
  }

  @Test func `the seconds before an interruption count`() throws {
    let url = URL.temporary()
    defer { url.remove() }
    let first = try TinyRun.trainer()
    try first.run(steps: 3) { _ in Thread.sleep(forTimeInterval: 0.1) }
    let file = try RunFolder.create(at: url).checkpoint
    try first.makeCheckpoint().write(to: file)
    let second = try Trainer(
      resuming: Checkpoint(contentsOf: file), images: TinyRun.images(), engine: makeEngine(TinyRun.widest, 1))
    #expect(second.seconds == first.seconds && first.seconds > 0.2)
    let waited = try #require(second.progress.viewSeconds)
    var report: StepReport?
    try second.run(steps: 1) { if case .stepped(let step) = $0 { report = step } }
    #expect(second.seconds > first.seconds)
    #expect(try #require(second.progress.viewSeconds) > waited)
    // Steps are counted from the beginning, and those of this process by themselves.
    #expect((report?.stepsDone, report?.stepsHere, report?.imagesDone) == (4, 1, 4))
  }

  // MARK: - What happens in a run

  @Test func `events come in order and are complete`() throws {
    let trainer = try TinyRun.trainer()
    var steps: [StepReport] = [], epochs: [EpochReport] = [], stepsBeforeEpoch: [Int] = []
    try trainer.run { event in
      switch event {
      case .stepped(let report): steps.append(report)
      case .epochEnded(let report):
        epochs.append(report)
        stepsBeforeEpoch.append(steps.count)
      }
    }
    #expect(steps.map(\.stepsDone) == Array(1...18))
    #expect(steps.map(\.epoch) == (0..<18).map { $0 / 6 })
    #expect(steps.allSatisfy { $0.stepsInAll == 18 && $0.epochs == 3 })
    #expect(zip(steps, steps.dropFirst()).allSatisfy { $0.seconds <= $1.seconds })
    #expect(stepsBeforeEpoch == [6, 12, 18])
    #expect(epochs.map(\.epoch) == [0, 1, 2])
    #expect(epochs.map(\.step) == [6, 12, 18])
    #expect(epochs[0].rate == 0)
    #expect(epochs.allSatisfy { $0.representationLoss.isFinite && $0.centerLoss > 0 && $0.acc != nil })
    #expect(epochs.allSatisfy { (0...1).contains($0.labelsMoved) && $0.smallestCluster <= $0.largestCluster })
    #expect(epochs.allSatisfy { (0.1...180).contains($0.centerMovement ?? -1) })
    #expect(trainer.isFinished)
    #expect(trainer.seconds > 0)
    // Steps wait for their views, and for nothing else.
    for share in epochs.map(\.dataWait) + [trainer.dataWait] { #expect(try (0..<1).contains(#require(share))) }
    try trainer.run { _ in Issue.record("nothing is left to do") }
  }

  /// Each epoch's by itself: what a step moves or loses is looked at as it happens. As nothing learns, all steps lose about the same.
  @Test func `a report's means are those of its epoch's looks`() throws {
    let trainer = try TinyRun.trainer(TinyRun.settings { ($0.rate, $0.centerRate) = (0, 0) })
    let heads = trainer.learner.heads
    var labels = heads.labels[0], moved = 0, partial: [Double] = []
    try trainer.run { event in
      switch event {
      case .stepped:
        moved += zip(labels, heads.labels[0]).count { $0 != $1 }
        labels = heads.labels[0]
        if trainer.progress.step > 0 { partial.append(trainer.progress.representationLoss) }
      case .epochEnded(let report):
        // Two passes of 13 images.
        #expect(report.labelsMoved == Double(moved) / 26)
        // The sum over six steps is that over five and the loss of one more.
        let last = 6 * report.representationLoss - (partial.last ?? 0)
        #expect(partial.count == 5 && (0...3 * report.representationLoss).contains(last))
        #expect(partial[0] < 3 * report.representationLoss)
        (moved, partial) = (0, [])
      }
    }
  }

  @Test func `centers that don't learn don't move`() throws {
    let trainer = try TinyRun.trainer(TinyRun.settings { $0.centerRate = 0 })
    var movements: [Double] = []
    try trainer.run { if case .epochEnded(let report) = $0 { movements.append(report.centerMovement ?? .nan) } }
    #expect(movements.count == 3 && movements.allSatisfy { $0 < 1e-5 })
  }

  /// Files from before the centers' movement was written.
  @Test func `a report without center movement can be read`() throws {
    var reports: [EpochReport] = []
    try TinyRun.trainer().run { if case .epochEnded(let report) = $0 { reports.append(report) } }
    var expected = try #require(reports.first)
    let line = try JSON.line(expected)
    #expect(try JSON.decode(EpochReport.self, from: line, name: "metrics.jsonl") == expected)
    var object = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
    try #require(object.removeValue(forKey: "center_movement") != nil)
    expected.centerMovement = nil
    let older = try JSONSerialization.data(withJSONObject: object)
    #expect(try JSON.decode(EpochReport.self, from: older, name: "metrics.jsonl") == expected)
  }

  /// 13 images in batches of 4 leave one image, whose batch norm would have no statistics; 14 leave two, which are a batch.
  @Test(arguments: [(13, 12, 3), (14, 14, 4), (12, 12, 3), (4, 4, 1), (5, 4, 1)])
  func `a last batch of one image is left out`(images: Int, seen: Int, steps: Int) throws {
    let settings = TinyRun.settings { ($0.epochs, $0.passesPerEpoch, $0.heads) = (1, 1, [3]) }
    let trainer = try TinyRun.trainer(settings, images: images)
    var last: StepReport?
    try trainer.run { if case .stepped(let report) = $0 { last = report } }
    #expect(last?.stepsDone == steps)
    #expect(last?.imagesDone == seen)
    #expect(trainer.learner.heads.counts.map { $0.reduce(0, +) } == [seen])
  }

  @Test func `in the first epoch only the centers learn`() throws {
    let trainer = try TinyRun.trainer()
    let weights = trainer.learner.network.parameters.values, centers = trainer.learner.heads.centers.values
    let statistics = trainer.learner.network.statistics.values
    try trainer.run(steps: 6)
    #expect(trainer.learner.network.parameters.values == weights)
    #expect(trainer.learner.heads.centers.values != centers)
    #expect(trainer.learner.network.statistics.values != statistics)
    #expect(trainer.learner.network.batchesTracked == 12)
    try trainer.run(steps: 1)
    #expect(trainer.learner.network.parameters.values != weights)
  }

  @Test func `frozen centers are those of the epoch's start`() throws {
    let trainer = try TinyRun.trainer()
    try trainer.run(steps: 5)
    let frozen = trainer.learner.heads.frozenCenters.values
    try trainer.run(steps: 1)
    #expect(trainer.learner.heads.frozenCenters.values == frozen)
    try trainer.run(steps: 1)
    #expect(trainer.learner.heads.frozenCenters.values != frozen)
  }

  @Test func `a subscriber's error ends the run after its step`() throws {
    struct Full: Error {}
    let trainer = try TinyRun.trainer()
    #expect(throws: Full.self) {
      try trainer.run { if case .stepped(let report) = $0, report.stepsDone == 4 { throw Full() } }
    }
    #expect(trainer.progress.step == 4)
    try trainer.run()
    let straight = try TinyRun.trainer()
    try straight.run()
    #expect(RunState(trainer) == RunState(straight))
  }

  @Test func `images that are a cluster each are not scored`() throws {
    var reports: [EpochReport] = []
    try TinyRun.trainer(TinyRun.instanceDiscrimination).run {
      if case .epochEnded(let report) = $0 { reports.append(report) }
    }
    #expect(reports.count == 3 && reports.allSatisfy { $0.acc == nil && $0.largestCluster == 1 })
  }

  @Test func `images without labels are clustered and not scored`() throws {
    let trainer = try Trainer(
      TinyRun.settings, images: TinyRun.images(labelled: false), engine: makeEngine(TinyRun.widest, 1))
    var reports: [EpochReport] = []
    try trainer.run { if case .epochEnded(let report) = $0 { reports.append(report) } }
    #expect(reports.count == 3)
    #expect(reports.allSatisfy { $0.acc == nil && $0.nmi == nil && $0.ari == nil })
    #expect(try trainer.evaluate().scores == nil)
  }
}
