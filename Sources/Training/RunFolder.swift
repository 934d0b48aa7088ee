import Basics
import Foundation
import Interchange

/// The folder that a run leaves its files in.
///
///     config.json            the settings, every one resolved
///     metrics.jsonl          a line an epoch
///     checkpoint             all that resuming needs
///     assignments.csv        when the run has ended: each image's cluster
///     encoder.safetensors    when the run has ended: the encoder under PyTorch's names and layouts
///
/// Files are replaced atomically; what a run has written is never lost to a later failure.
public struct RunFolder: Sendable {
  public let url: URL

  public var configuration: URL { url.appendingPathComponent("config.json") }
  public var metrics: URL { url.appendingPathComponent("metrics.jsonl") }
  public var checkpoint: URL { url.appendingPathComponent("checkpoint") }
  public var assignments: URL { url.appendingPathComponent("assignments.csv") }
  public var encoder: URL { url.appendingPathComponent("encoder.safetensors") }

  private var files: [URL] { [configuration, metrics, checkpoint, assignments, encoder] }

  /// The folder at `url`, whatever it holds.
  public init(_ url: URL) {
    self.url = url
  }

  /// Makes the folder for a new run.
  ///
  /// - Throws: `SeCuError` of kind `.cannotCreate` if another run is there, or a file, or if it can't be made.
  public static func create(at url: URL) throws -> RunFolder {
    let folder = RunFolder(url)
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) {
      guard isFolder.boolValue else {
        throw SeCuError(
          .cannotCreate, "a file is in the way of the run's folder", at: url.path, remedy: "Name another --output")
      }
      if let file = folder.files.first(where: { FileManager.default.fileExists(atPath: $0.path) }) {
        throw SeCuError(
          .cannotCreate, "the folder holds another run (\(file.lastPathComponent))", at: url.path,
          remedy: "Go on with it by --resume, or name another --output")
      }
    }
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw SeCuError(
        .cannotCreate, "the run's folder can't be made (\((error as NSError).localizedDescription))", at: url.path,
        remedy: "Name an --output that can be written")
    }
    return folder
  }

  /// The run at `url`.
  ///
  /// - Throws: `SeCuError` of kind `.noInput` if no run is there.
  public static func open(_ url: URL) throws -> RunFolder {
    let folder = RunFolder(url)
    guard FileManager.default.fileExists(atPath: folder.configuration.path) else {
      throw SeCuError(.noInput, "the folder holds no run (config.json is missing)", at: url.path)
    }
    return folder
  }

  // MARK: - Numbered runs

  /// The numbers of the runs `name-1`, `name-2`, … in `base`.
  private static func numbers(of name: String, in base: URL) -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: base.path)) ?? []
    return names.compactMap { $0.hasPrefix("\(name)-") ? Int($0.dropFirst(name.count + 1)) : nil }
  }

  /// The first free `base/name-N` after all that are there.
  public static func next(named name: String, in base: URL) -> URL {
    base.appendingPathComponent("\(name)-\((numbers(of: name, in: base).max() ?? 0) + 1)")
  }

  /// The `base/name-N` with the highest number.
  ///
  /// - Throws: `SeCuError` of kind `.noInput` if there is none.
  public static func latest(named name: String, in base: URL) throws -> URL {
    guard let number = numbers(of: name, in: base).max() else {
      throw SeCuError(
        .noInput, "no run of \(name) is there to resume", at: base.path, remedy: "Name its folder with --output")
    }
    return base.appendingPathComponent("\(name)-\(number)")
  }

  // MARK: - Reading

  /// The settings in `config.json`.
  public func readSettings() throws -> TrainingSettings {
    try JSON.read(TrainingSettings.self, contentsOf: configuration)
  }

  /// The checkpoint, after checking that `config.json` says the same.
  ///
  /// - Throws: `SeCuError` of kind `.badData` that names the field in which they differ; what reading either throws.
  public func readCheckpoint() throws -> Checkpoint {
    let settings = try readSettings()
    let saved = try Checkpoint(contentsOf: checkpoint)
    if let difference = try saved.settings.firstDifference(from: settings) {
      throw SeCuError(
        .badData, "\(difference.field) is \(difference.theirs) here and \(difference.ours) in the checkpoint",
        at: configuration.path, remedy: "Put the old value back, or begin a new run")
    }
    return saved
  }

  // MARK: - Writing

  public func write(_ settings: TrainingSettings) throws {
    try JSON.write(settings, to: configuration)
  }

  /// The results of a run that has ended.
  public func write(_ evaluation: Evaluation, of trainer: Trainer) throws {
    let labels = trainer.images.labels
    var rows = [["image", "cluster", "confidence", "second"] + (labels == nil ? [] : ["label"])]
    for (i, a) in evaluation.assignments.enumerated() {
      let label = labels.map { [String($0[i])] } ?? []
      rows.append([String(i), String(a.cluster), String(format: "%.4f", a.confidence), String(a.second)] + label)
    }
    try CSV.write(rows, to: assignments)
    let network = trainer.learner.network
    try SafeTensors(tensors: network.stateDictionary()).write(to: encoder)
  }

  /// Opens `metrics.jsonl` to be continued after `epochsDone` epochs; lines of later ones are dropped, as they will be written anew.
  func openMetrics(epochsDone: Int) throws -> JSONLines<EpochReport> {
    try JSONLines(resuming: metrics) { _, line in line.epoch < epochsDone }
  }
}

/// Keeps a run's folder up to date while the run goes on: subscribe `handle` to the trainer's events.
public final class RunRecorder {
  private let folder: RunFolder
  private let trainer: Trainer
  private let metrics: JSONLines<EpochReport>
  private let clock = ContinuousClock()
  private var lastSaved: ContinuousClock.Instant

  /// Checkpoints are written at the end of an epoch, but no more often than this.
  public static let interval = Duration.seconds(3)

  /// - Throws: `SeCuError` if the files can't be written.
  public init(_ trainer: Trainer, folder: RunFolder) throws {
    self.trainer = trainer
    self.folder = folder
    AtomicFile.removeLeftovers(in: folder.url)
    try folder.write(trainer.settings)
    metrics = try folder.openMetrics(epochsDone: trainer.progress.epoch)
    lastSaved = clock.now
    if !FileManager.default.fileExists(atPath: folder.checkpoint.path) { try save() }
  }

  public func handle(_ event: TrainingEvent) throws {
    guard case .epochEnded(let report) = event else { return }
    try metrics.append(report)
    if clock.now - lastSaved >= Self.interval || trainer.isFinished { try save() }
  }

  /// Writes a checkpoint of the run as it stands.
  public func save() throws {
    try trainer.makeCheckpoint().write(to: folder.checkpoint)
    lastSaved = clock.now
  }
}
