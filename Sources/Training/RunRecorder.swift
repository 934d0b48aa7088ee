import Basics
import Foundation
import Interchange

/// Keeps a run's folder up to date while the run goes on: subscribe `handle` to the trainer's events. For one thread at a time.
public final class RunRecorder {
  private let folder: RunFolder
  private let trainer: Trainer
  private let metrics: JSONLines<EpochReport>
  private let lock: RunLock
  private let clock = ContinuousClock()
  private var lastSaved: ContinuousClock.Instant
  /// The steps that the run had done when its checkpoint was written, if this recorder has written one.
  private var savedSteps: Int?
  private let longestInterval: Duration

  /// Checkpoints are written at the end of an epoch, but no more often than this.
  public static let interval = Duration.seconds(3)
  /// Within an epoch one is written when the last is as old as this: the most that a crash or a power cut costs, but for one step.
  public static let longestInterval = Duration.seconds(300)

  /// - Parameters:
  ///   - trainer: whose events `handle` will get.
  ///   - folder: where its files go: the folder that it was resumed from, or one without a run.
  ///   - longestInterval: the age of the last checkpoint at which one is written within an epoch; 0 writes one after every step.
  /// - Throws: `SeCuError` of kind `.cannotCreate` if the folder holds another run, or a later state of this one than the trainer was
  ///   resumed from, or if another recorder or process is writing to it; of kind `.badData` for a line of its metrics that is none; if the
  ///   files can't be written.
  public init(
    _ trainer: Trainer, folder: RunFolder, longestInterval: Duration = RunRecorder.longestInterval
  ) throws {
    self.trainer = trainer
    self.folder = folder
    self.longestInterval = longestInterval
    lock = try RunLock(folder.url)
    let holdsRun = FileManager.default.fileExists(atPath: folder.checkpoint.path)
    try Self.checkIsOwn(folder, holdsRun: holdsRun, of: trainer)
    AtomicFile.removeLeftovers(in: folder.url)
    try folder.write(trainer.settings)
    metrics = try folder.openMetrics(epochsDone: trainer.progress.epoch)
    lastSaved = clock.now
    if !holdsRun { try save() }
  }

  /// Throws if what the folder holds would be lost: anything of a run but the very state that `trainer` goes on from.
  private static func checkIsOwn(_ folder: RunFolder, holdsRun: Bool, of trainer: Trainer) throws {
    func refuse(_ problem: String, _ remedy: String) throws -> Never {
      throw SeCuError(.cannotCreate, problem, at: folder.url.relativePath, remedy: remedy)
    }
    guard holdsRun, let resumed = trainer.resumedProgress else {
      if folder.isUnbegun { return }
      try refuse("the folder holds another run", "Name another folder, or resume that run")
    }
    // The lock is new: since the trainer read its checkpoint, another process may have gone on with the run.
    let saved = try Checkpoint(contentsOf: folder.checkpoint)
    guard saved.settings == trainer.settings else {
      try refuse("the folder holds another run", "Name the folder that was resumed from, or an empty one")
    }
    guard saved.progress == resumed else {
      try refuse("the run in the folder has gone on since it was read, or it is another one", "Resume it again")
    }
  }

  /// Whether the run's folder is still where it was, and not moved or removed meanwhile.
  public var hasFolder: Bool { (try? lock.check()) != nil }

  /// Writes a line for an epoch that ended, and a checkpoint from time to time.
  ///
  /// - Throws: `SeCuError` if a file can't be written, the folder was moved, or the run's weights are not finite.
  public func handle(_ event: TrainingEvent) throws {
    switch event {
    case .stepped:
      // After an epoch's last step a checkpoint waits for the epoch's line, which a resumed run would not write again.
      if trainer.progress.step > 0, clock.now - lastSaved >= longestInterval { try save() }
    case .epochEnded(let report):
      try lock.check()
      try metrics.append(report)
      if clock.now - lastSaved >= min(Self.interval, longestInterval) || trainer.isFinished { try save() }
    }
  }

  /// Writes the results of a run that has ended, or has been stopped and is to be used as it is; and the checkpoint that belongs to them.
  ///
  /// - Parameter evaluation: what `Trainer.evaluate()` returned for the run as it stands.
  /// - Throws: `SeCuError` of kind `.usage` for an evaluation of other images; if a file can't be written, or the folder was moved.
  public func save(_ evaluation: Evaluation) throws {
    guard evaluation.assignments.count == trainer.images.count else {
      throw SeCuError(
        .usage, "expected the clusters of \(trainer.images.count) images, found \(evaluation.assignments.count)",
        at: trainer.images.name, remedy: "Pass what the trainer's evaluate() returned")
    }
    if savedSteps != trainer.stepsDone { try save() }
    try lock.check()
    try folder.write(evaluation, of: trainer)
  }

  /// Writes a checkpoint of the run as it stands: what a run that was stopped goes on from. `handle` writes one only from time to time.
  ///
  /// - Throws: `SeCuError` if it can't be written, the folder was moved, or the run's weights are not finite; the one before then stays.
  public func save() throws {
    try lock.check()
    try trainer.makeCheckpoint().write(to: folder.checkpoint)
    lastSaved = clock.now
    savedSteps = trainer.stepsDone
  }
}
