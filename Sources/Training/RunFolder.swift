import Basics
import Datasets
import Foundation
import Interchange

/// The folder that a run leaves its files in.
///
///     config.json            the settings, every one resolved
///     metrics.jsonl          a line an epoch
///     checkpoint             all that resuming needs, written after an epoch (short ones: every three seconds) and within a long one
///                            every five minutes
///     assignments.csv        when the run has ended: each image's cluster
///     left-out.csv           for a folder of images: the files that gave none, and why
///     encoder.safetensors    when the run has ended: the encoder under PyTorch's names and layouts
///     centers.safetensors    when the run has ended: each head's centers under the published program's names and layout
///
/// Files are replaced atomically; what a run has written is never lost to a later failure.
public struct RunFolder: Sendable {
  /// The folder.
  public let url: URL

  /// The run's `TrainingSettings`.
  public var configuration: URL { url.appendingPathComponent("config.json") }
  /// An `EpochReport` a line.
  public var metrics: URL { url.appendingPathComponent("metrics.jsonl") }
  /// The last `Checkpoint`.
  public var checkpoint: URL { url.appendingPathComponent("checkpoint") }
  /// The cluster of each image.
  public var assignments: URL { url.appendingPathComponent("assignments.csv") }
  /// The files that gave no image, and why.
  public var leftOut: URL { url.appendingPathComponent("left-out.csv") }
  /// The network's weights by PyTorch's names.
  public var encoder: URL { url.appendingPathComponent("encoder.safetensors") }
  /// The heads' centers, `center_h` [d, K] of head h, before they are made unit vectors.
  public var centers: URL { url.appendingPathComponent("centers.safetensors") }

  /// Every file that a run writes or removes.
  private var files: [URL] { [configuration, metrics, checkpoint, assignments, leftOut, encoder, centers] }

  /// The folder at `url`, whatever it holds.
  public init(_ url: URL) {
    self.url = url
  }

  /// Makes the folder for a new run.
  ///
  /// - Throws: `SeCuError` of kind `.cannotCreate` if another run is there, or a file that it would write, or if it can't be made.
  public static func create(at url: URL) throws -> RunFolder {
    try checkIsFree(url)
    try make(url, withIntermediateDirectories: true)
    return RunFolder(url)
  }

  /// Refuses a place that a new run can't have, without making anything.
  ///
  /// - Throws: `SeCuError` of kind `.cannotCreate` if another run is there, or a file that the run would write.
  package static func checkIsFree(_ url: URL) throws {
    if let kind = (try? FileStatus(at: url.path))?.kind {
      guard kind == .folder else {
        throw SeCuError(
          .cannotCreate, "a file is in the way of the run's folder", at: url.relativePath,
          remedy: "Name another --output")
      }
      let run = RunFolder(url)
      guard let file = run.files.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else { return }
      let name = file.lastPathComponent
      throw file == run.configuration
        ? SeCuError(
          .cannotCreate, "the folder holds another run (\(name))", at: url.relativePath,
          remedy: "Go on with it by --resume, or name another --output")
        : SeCuError(
          .cannotCreate, "a file \(name) is there, which the run would replace", at: url.relativePath,
          remedy: "Name another --output, or move the file")
    }
  }

  /// Makes a folder.
  ///
  /// - Returns: false if something is there already; with intermediate folders, a folder that is there will do.
  /// - Throws: `SeCuError` of kind `.cannotCreate`.
  @discardableResult
  static func make(_ url: URL, withIntermediateDirectories: Bool) throws -> Bool {
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: withIntermediateDirectories)
      return true
    } catch {
      if !withIntermediateDirectories, (error as? CocoaError)?.code == .fileWriteFileExists { return false }
      // Foundation has no reason of the system's for a relative path from nowhere.
      let isNowhere = FileManager.default.currentDirectoryPath.isEmpty
      throw SeCuError(
        .cannotCreate,
        "the run's folder can't be made (\(isNowhere ? "the working directory is gone" : systemReason(error)))",
        at: url.relativePath, remedy: "Name an --output that can be written")
    }
  }

  /// The run at `url`.
  ///
  /// - Throws: `SeCuError` of kind `.noInput` if no run is there.
  public static func open(_ url: URL) throws -> RunFolder {
    let folder = RunFolder(url)
    try folder.checkIsThere()
    guard (try? FileStatus(at: url.path))?.kind == .folder else {
      throw folder.noRun("expected a run's folder, found a file")
    }
    guard FileManager.default.fileExists(atPath: folder.configuration.path) else {
      throw folder.noRun("the folder holds no run (config.json is missing)")
    }
    return folder
  }

  /// Throws `SeCuError` of kind `.noInput` if there is no folder.
  func checkIsThere() throws {
    guard FileManager.default.fileExists(atPath: url.path) else { throw noRun("there is no such folder") }
  }

  private func noRun(_ problem: String) -> SeCuError {
    SeCuError(.noInput, problem, at: url.relativePath, remedy: "Name the folder of a run")
  }

  /// Whether the run was stopped before its first checkpoint: there is nothing yet that beginning anew would lose.
  public var isUnbegun: Bool {
    let files = FileManager.default
    let metricsBytes = (try? files.attributesOfItem(atPath: metrics.path))?[.size] as? Int ?? 0
    return metricsBytes == 0
      && ![checkpoint, assignments, encoder, centers].contains { files.fileExists(atPath: $0.path) }
  }

  // MARK: - Reading

  /// The settings in `config.json`.
  ///
  /// - Throws: `SeCuError` that names the field which is missing, malformed or out of range.
  public func readSettings() throws -> TrainingSettings {
    try JSON.read(StoredSettings.self, contentsOf: configuration, remedy: "Put the file back as the run wrote it")
      .settings
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
        at: configuration.relativePath, remedy: "Put the old value back, or begin a new run")
    }
    return saved
  }

  /// The last line of `metrics.jsonl`; nil if there is none.
  ///
  /// - Throws: `SeCuError` of kind `.badData` for a line that is no report.
  public func lastReport() throws -> EpochReport? {
    guard FileManager.default.fileExists(atPath: metrics.path) else { return nil }
    return try JSONLines<EpochReport>.read(contentsOf: metrics).last
  }

  // MARK: - Writing

  /// Writes `config.json`.
  ///
  /// - Throws: `SeCuError` if it can't be written.
  func write(_ settings: TrainingSettings) throws {
    try JSON.write(settings, to: configuration)
  }

  /// The results of a run that has ended.
  ///
  /// - Throws: `SeCuError` if a file can't be written.
  func write(_ evaluation: Evaluation, of trainer: Trainer) throws {
    let labels = trainer.images.labels
    let names = trainer.images.fileNames
    let header =
      ["image", "cluster", "confidence", "second"] + (labels == nil ? [] : ["label"]) + (names == nil ? [] : ["file"])
    // Row by row, as the fields of all would take more memory than the text.
    let rows = evaluation.assignments.enumerated().lazy.map { (i, a) -> [String] in
      var row = [String(i), String(a.cluster), String(format: "%.4f", a.confidence), String(a.second)]
      if let labels { row.append(String(labels[i])) }
      if let names { row.append(names[i]) }
      return row
    }
    try CSV.write([AnySequence([header]), AnySequence(rows)].joined(), to: assignments)
    try SafeTensors(tensors: trainer.learner.network.stateDictionary()).write(to: encoder)
    try SafeTensors(tensors: trainer.learner.heads.stateDictionary()).write(to: centers)
  }

  /// The files of an image folder that gave no image, and why: path, kind and reason. There is no such list if there are none.
  ///
  /// - Throws: `SeCuError` if the list can't be written, or an older one not be removed.
  public func write(skipped: [SkippedFile]) throws {
    if skipped.isEmpty {
      guard let status = try? FileStatus(at: leftOut.path), status.kind == .plain else { return }
      do {
        return try FileManager.default.removeItem(at: leftOut)
      } catch {
        throw SeCuError(
          .inputOutput, "the old list can't be removed (\(systemReason(error)))", at: leftOut.relativePath,
          remedy: "Remove it yourself")
      }
    }
    try CSV.write([["file", "kind", "reason"]] + skipped.map { [$0.path, $0.kind.rawValue, $0.reason] }, to: leftOut)
  }

  /// Opens `metrics.jsonl` to be continued after `epochsDone` epochs; lines of later ones are dropped, as they will be written anew.
  ///
  /// - Throws: `SeCuError` of kind `.badData` for a line that is no report: a program that cannot read it must not throw it away.
  func openMetrics(epochsDone: Int) throws -> JSONLines<EpochReport> {
    try JSONLines(resuming: metrics, remedy: "Repair the line or remove it: the run goes on without it") { _, line in
      line.epoch < epochsDone
    }
  }
}
