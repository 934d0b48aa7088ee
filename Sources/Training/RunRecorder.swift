import Basics
import Foundation
import Interchange

/// Keeps a run's folder up to date while the run goes on: subscribe `handle` to the trainer's events.
public final class RunRecorder {
  private let folder: RunFolder
  private let trainer: Trainer
  private let metrics: JSONLines<EpochReport>
  private let lock: RunLock
  private let clock = ContinuousClock()
  private var lastSaved: ContinuousClock.Instant

  /// Checkpoints are written at the end of an epoch, but no more often than this.
  public static let interval = Duration.seconds(3)

  /// - Throws: `SeCuError` if the folder holds another run, the files can't be written, or another process is writing to this run.
  public init(_ trainer: Trainer, folder: RunFolder) throws {
    self.trainer = trainer
    self.folder = folder
    lock = try RunLock(folder.url)
    let holdsRun = FileManager.default.fileExists(atPath: folder.checkpoint.path)
    guard trainer.isResumed || !holdsRun else {
      throw SeCuError(
        .cannotCreate, "the folder holds another run", at: folder.url.relativePath,
        remedy: "Name another folder, or resume that run")
    }
    AtomicFile.removeLeftovers(in: folder.url)
    try folder.write(trainer.settings)
    metrics = try folder.openMetrics(epochsDone: trainer.progress.epoch)
    lastSaved = clock.now
    if !holdsRun { try save() }
  }

  /// Writes a line for an epoch that ended, and a checkpoint from time to time.
  ///
  /// - Throws: `SeCuError` if a file can't be written, or the run's weights are not finite.
  public func handle(_ event: TrainingEvent) throws {
    guard case .epochEnded(let report) = event else { return }
    try metrics.append(report)
    if clock.now - lastSaved >= Self.interval || trainer.isFinished { try save() }
  }

  /// Writes the results of a run that has ended.
  ///
  /// - Throws: `SeCuError` if a file can't be written.
  public func save(_ evaluation: Evaluation) throws {
    try folder.write(evaluation, of: trainer)
  }

  /// Writes a checkpoint of the run as it stands.
  ///
  /// - Throws: `SeCuError` if it can't be written, or the run's weights are not finite; the one before then stays.
  public func save() throws {
    try trainer.makeCheckpoint().write(to: folder.checkpoint)
    lastSaved = clock.now
  }
}
