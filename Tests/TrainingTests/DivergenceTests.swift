import Foundation
import TestSupport
import Testing

@testable import Training

/// Runs whose numbers stop being numbers.
@Suite struct DivergenceTests {
  @Test func `a weight that is no number stops the run at its step and leaves the checkpoint before`() throws {
    let url = URL.temporary()
    defer { url.remove() }
    let trainer = try TinyRun.trainer()
    let folder = try RunFolder.create(at: url)
    let recorder = try RunRecorder(trainer, folder: folder)
    try trainer.run(steps: 8)
    try recorder.save()
    let saved = try Data(contentsOf: folder.checkpoint), state = RunState(trainer)

    let weights = trainer.learner.network.parameters.base
    let error = try failure(.badData) {
      try trainer.run { event in
        try recorder.handle(event)
        if case .stepped(let report) = event, report.stepsDone == 10 { weights[0] = .nan }
      }
    }
    #expect(error.position == "epoch 2, step 5")
    #expect(error.problem.contains("conv1.weight"), "\(error)")
    #expect(error.remedy?.contains("rate 0.1, centerRate 0.5") == true, "\(error)")

    let refusal = try failure(.badData) { try recorder.save() }
    #expect(refusal.description.contains("conv1.weight"))
    #expect(try Data(contentsOf: folder.checkpoint) == saved)
    let resumed = try Trainer(
      resuming: folder.readCheckpoint(), images: TinyRun.images(), engine: makeEngine(TinyRun.widest, 1))
    #expect(RunState(resumed) == state)
  }

  /// What the last step breaks no later loss tells: the weights are looked at, and the step is called by its own number.
  @Test(arguments: [(6, "epoch 1, step 6"), (18, "epoch 3, step 6")])
  func `a weight that an epoch's last step broke is reported at that step`(step: Int, place: String) throws {
    let trainer = try TinyRun.trainer()
    var ended: [Int] = []
    let error = try failure(.badData) {
      try trainer.run { event in
        switch event {
        case .stepped(let report) where report.stepsDone == step - 1:
          trainer.learner.centerOptimizer.velocity.base[0] = .infinity
        case .stepped: break
        case .epochEnded(let report): ended.append(report.epoch)
        }
      }
    }
    #expect(error.position == place)
    #expect(error.problem.hasPrefix("center_0 holds"))
    #expect(error.remedy?.contains("centerRate 0.5") == true)
    #expect(ended == Array(0..<(step / 6 - 1)))
    let refusal = try failure(.badData) { _ = try trainer.makeCheckpoint() }
    #expect(refusal.position == place)
  }

  /// The representation loss looks at the frozen centers, which are still numbers.
  @Test func `a center that is no number stops the run at its step`() throws {
    let trainer = try TinyRun.trainer()
    let centers = trainer.learner.heads.centers.base
    let error = try failure(.badData) {
      try trainer.run { if case .stepped(let report) = $0, report.stepsDone == 8 { centers[0] = .nan } }
    }
    #expect(error.position == "epoch 2, step 3")
    #expect(error.problem.contains("center loss") && error.problem.contains("center_0"), "\(error)")
  }

  @Test func `absurd rates end with an error and not with a result`() throws {
    let trainer = try TinyRun.trainer(
      TinyRun.settings { ($0.epochs, $0.rate, $0.centerRate, $0.weightDecay) = (100, 1e6, 1e6, 1e6) })
    let error = try failure(.badData) { try trainer.run() }
    #expect(error.place == "training")
    #expect(error.position?.hasPrefix("epoch ") == true)
  }
}
