import Clustering
import Imaging
import Testing

@testable import Training

@Suite struct TrialTests {
  private let shape: ImageShape

  init() throws { shape = try ImageShape(height: 9, width: 7, channels: 1) }

  @Test func `a trial takes the steps it is asked for`() throws {
    for steps in [1, 2, 5] {
      let trial = try Trial(
        TinyRun.settings, images: 13, shape: shape, steps: steps, engine: makeEngine(TinyRun.widest, 1))
      #expect(trial.viewSeconds.count == steps)
      #expect(trial.learningSeconds.count == steps)
      #expect(trial.secondsPerStep > 0 && trial.secondsPerStep.isFinite)
      #expect(trial.viewSecondsPerStep > 0 && trial.viewSecondsPerStep < trial.secondsPerStep)
    }
  }

  /// Memory is touched for the first time in the first step.
  @Test func `the first step does not count`() throws {
    for (steps, middle) in [(1, 0...0), (2, 0...0), (4, 1...1), (5, 1...2)] {
      let trial = try Trial(
        TinyRun.settings, images: 13, shape: shape, steps: steps, engine: makeEngine(TinyRun.widest, 1))
      let all = zip(trial.viewSeconds, trial.learningSeconds).map(+), counted = steps > 1 ? Array(all[1...]) : all
      let some = counted.sorted()[middle]
      #expect(trial.secondsPerStep == (some[middle.lowerBound] + some[middle.upperBound]) / 2)
    }
  }

  @Test func `a trial stops when it is asked to, after a step`() throws {
    let trial = try Trial(
      TinyRun.settings, images: 13, shape: shape, steps: 9, engine: makeEngine(TinyRun.widest, 1), shouldStop: { true })
    #expect(trial.learningSeconds.count == 1)
  }

  @Test func `all constraints can be tried`() throws {
    for constraint in [AssignmentConstraint.size(SizeConstraint()), .entropy(.published), .instance] {
      let settings = TinyRun.settings { ($0.constraint, $0.heads) = (constraint, [13]) }
      let trial = try Trial(settings, images: 13, shape: shape, steps: 4, engine: makeEngine(TinyRun.widest, 1))
      #expect(trial.learningSeconds.count == 4)
    }
  }

  /// With the published threshold no image of a new network would be kept, and steps would end halfway.
  @Test func `self-labelling can be tried`() throws {
    let settings = TinyRun.settings { ($0.selfLabelling, $0.batch) = (SelfLabelling(), 13) }
    let trial = try Trial(settings, images: 13, shape: shape, steps: 3, engine: makeEngine(TinyRun.widest, 1))
    #expect(trial.imagesLearnt == [13, 13, 13])
  }

  @Test func `settings that do not fit are refused`() throws {
    let engine = makeEngine(TinyRun.widest, 1)
    let batch = try failure(.usage) { try Trial(TinyRun.settings, images: 3, shape: shape, steps: 1, engine: engine) }
    #expect(batch.place == "batch")
    let colour = try ImageShape(height: 6, width: 6, channels: 3)
    let channels = try failure(.usage) {
      try Trial(TinyRun.settings, images: 13, shape: colour, steps: 1, engine: engine)
    }
    // Before any of it is taken: a batch of a million images of 16 million pixels.
    let million = TinyRun.settings { $0.batch = 1_000_000 }
    let large = try ImageShape(height: 4096, width: 4096, channels: 1)
    let memory = try failure(.usage) { try Trial(million, images: 1_000_000, shape: large, steps: 1, engine: engine) }
    #expect(memory.problem.contains("of memory"), "\(memory)")
    #expect(channels.place == "tiny" && channels.problem == "the network takes 1 channels, the images have 3")
  }
}
