import Basics
import Clustering
import Datasets
import Foundation
import Imaging
import Kernels
import Training

extension Subcommand {
  /// `secu train`: learns clusters from images, from scratch.
  static let train = Subcommand(
    name: "train", summary: "Learn clusters from images, without labels",
    abstract: """
      Learns a representation of images and their clusters together, from scratch and without labels, and compares the result \
      with k-means on the raw pixels. Without options it clusters the handwritten digits that are built in. Labels, where \
      the data has them, are used for scores only.
      """,
    groups: [.init("run", output, resume, threads, json, show, trial)] + SettingsOptions.groups,
    examples: [
      .init(purpose: "Cluster the built-in digits", command: "secu train"),
      .init(purpose: "Cluster your own images", command: "secu train --data ~/Pictures/birds --clusters 12"),
      .init(purpose: "Go on with the run that was interrupted", command: "secu train --resume"),
      .init(
        purpose: "A short run with other heads", command: "secu train --epochs 10 --heads 10,15,20 --output runs/short"),
      .init(
        purpose: "Settings in a file, to be changed there", command: "secu train --preset cifar10 --show > mine.json"),
      .init(purpose: "A run with them", command: "secu train --config mine.json"),
      .init(purpose: "How long a run would take here", command: "secu train --preset cifar10 --try 3"),
    ], run: { values, output in try TrainCommand(values, output).run() })

  static let output = Option.path(
    "output", "folder",
    help: "The run's folder; it must not hold another run, or a file that has the name of one of a run's."
  ).showing(default: "runs/NAME-N")
  static let resume = Option.flag(
    "resume",
    help:
      "Go on with the run in --output, or else with the latest one, of --data if that is given; images that have moved are named by --data. It ends with the same bits as if it had not been interrupted, with any number of threads. A crash or a power cut costs about five minutes at most."
  )
  static let show = Option.flag(
    "show", help: "Print all settings as a file for --config and the memory that the run needs; train nothing.")
  static let trial = Option.integer(
    "try", "steps", in: 1...1000,
    help:
      "Take so many steps on random images instead, with or without the data, and tell the run's time and memory; keep nothing."
  )
}

/// What `--json` prints.
private struct TrainingSummary: Encodable {
  var data: String
  var images: Int
  var clusters: Int
  var epochs: Int
  var seconds: Double
  /// Null for a run that had ended already and has lost the last line of `metrics.jsonl`.
  @OrNull var images_per_s: Double?
  @OrNull var data_wait: Double?
  @OrNull var acc: Double?
  @OrNull var nmi: Double?
  @OrNull var ari: Double?
  @OrNull var kmeans_acc: Double?
  @OrNull var kmeans_nmi: Double?
  @OrNull var kmeans_ari: Double?
  var sizes: [Int]
  var threads: Int
  var isa: String
  @OrNull var peak_mb: Double?
  var run: String
  /// The signs of ill health in the last epoch and in the result, by the names that `metrics.jsonl` has.
  var warnings: [String]
}

struct TrainCommand {
  let values: ParsedOptions
  let output: Output
  let engine: Engine

  init(_ values: ParsedOptions, _ output: Output) throws {
    self.values = values
    self.output = output
    engine = try Subcommand.engine(values)
  }

  func run() throws {
    if values[Subcommand.show] {
      guard values[Subcommand.trial] == nil else {
        throw SeCuError(.usage, "given together with --show", at: "--try", remedy: "Give one of them")
      }
      return try show()
    }
    if let steps = values[Subcommand.trial] { return try tryOut(steps: steps) }
    let (trainer, folder) = values[Subcommand.resume] ? try resumedRun() : try newRun()
    let settings = trainer.settings, images = trainer.images
    Interruption.watch()
    let recorder = try RunRecorder(trainer, folder: folder)
    // Only now nobody else is writing to the folder.
    try list(images, in: folder)
    output.messages.tell(try introduction(trainer, folder))
    let ending = trainer.isFinished ? try earlierEnding(trainer, folder) : try train(trainer, recorder, folder)
    if Interruption.isRequested { return tellInterrupted(folder) }

    let evaluation = try trainer.evaluate()
    try recorder.save(evaluation)
    let found = trainer.health.warnings(ofResult: evaluation.sizes)
    let warnings = found + ending.warnings.filter { warning in !found.contains { $0.kind == warning.kind } }
    let baseline = try PixelBaseline.scored(
      images, clusters: evaluation.clusters, seed: settings.seed, cores: engine.cores)
    if Interruption.isRequested { return tellInterrupted(folder) }
    let summary = TrainingSummary(
      data: settings.data, images: images.count, clusters: evaluation.clusters, epochs: trainer.progress.epoch,
      seconds: trainer.seconds, images_per_s: ending.imagesPerSecond,
      data_wait: trainer.dataWait, acc: evaluation.scores?.accuracy,
      nmi: evaluation.scores?.nmi, ari: evaluation.scores?.ari, kmeans_acc: baseline?.scores?.accuracy,
      kmeans_nmi: baseline?.scores?.nmi, kmeans_ari: baseline?.scores?.ari, sizes: evaluation.sizes,
      threads: engine.cores.threads, isa: engine.instructionSet.rawValue,
      peak_mb: Machine.peakResidentMegabytes, run: folder.url.relativePath, warnings: warnings.map(\.kind.rawValue))
    do {
      try output.printJSON(summary)
      try report(evaluation, baseline, trainer, folder)
    } catch {
      output.messages.tell("The run has ended, and \(printable(folder.url.relativePath)) holds its results.\n")
      throw error
    }
    for warning in warnings { output.messages.tell("Warning at the end: \(warning)\n") }
  }

  /// How the training of a run went at its end.
  private struct Ending {
    var imagesPerSecond: Double?
    var warnings: [RunWarning]
  }

  /// What a run told when it ended, by the last line of `metrics.jsonl`.
  private func earlierEnding(_ trainer: Trainer, _ folder: RunFolder) throws -> Ending {
    output.messages.tell("The run has ended already; this is what it found.\n")
    guard let report = try folder.lastReport(), report.epoch == trainer.progress.epoch - 1 else {
      return Ending(warnings: [])
    }
    let settings = trainer.settings, all = trainer.images.count
    let perPass = min(all, settings.stepsPerPass(images: all) * settings.batch)
    let seen = perPass * settings.passesPerEpoch * trainer.progress.epoch
    return Ending(imagesPerSecond: Double(seen) / report.seconds, warnings: trainer.health.warnings(report))
  }

  /// Trains to the end, or until a signal asks to stop, and leaves a checkpoint of where that is.
  ///
  /// - Returns: the pace of this process, and the warnings of the last epoch.
  private func train(_ trainer: Trainer, _ recorder: RunRecorder, _ folder: RunFolder) throws -> Ending {
    let progress = ProgressLine(on: output.messages)
    defer { progress.clear() }
    var ending = Ending(warnings: [])
    var told = Set<RunWarning.Kind>()
    do {
      try trainer.run(shouldStop: { Interruption.isRequested }) { event in
        try recorder.handle(event)
        switch event {
        case .stepped(let report):
          ending.imagesPerSecond = Double(report.imagesDone) / report.seconds
          progress.update(Self.line(report))
        case .epochEnded(let report):
          progress.print(Self.line(report, epochs: trainer.settings.epochs))
          if trainer.isExhausted { progress.print(Self.exhaustion(report, trainer.settings)) }
          let found = trainer.health.warnings(report)
          // Those of the last epoch follow the results.
          for warning in found where !trainer.isFinished && told.insert(warning.kind).inserted {
            progress.print("Warning: \(warning)")
          }
          ending.warnings = found
        }
      }
      if !trainer.isFinished { try recorder.save() }
    } catch {
      progress.clear()
      if recorder.hasFolder {
        output.messages.tell(
          "Stopped; \(printable(folder.checkpoint.relativePath)) holds the run as it was last saved.\n")
      }
      throw error
    }
    return ending
  }

  private func tellInterrupted(_ folder: RunFolder) {
    var command = "secu train --resume --output \(folder.url.relativePath.asArgument)"
    // The run's own settings name the place that its images have moved from.
    if values[Subcommand.resume], let data = values[SettingsOptions.data] { command += " --data \(data.asArgument)" }
    // With less memory other images may be too large to be read.
    if let memory = values[FolderOptions.memory] { command += " --memory \(Int((memory / 1e6).rounded(.up)))MB" }
    output.messages.tell("Interrupted; the run is saved. Go on with it: \(printable(command))\n")
  }

  // MARK: - Beginning

  private func newRun() throws -> (Trainer, RunFolder) {
    let named = values[Subcommand.output].map { URL(fileURLWithPath: $0) }
    // To read the images may take minutes.
    if let named { try RunFolder.checkIsFree(named) }
    var settings = try SettingsOptions.resolve(values, output)
    let images = try Subcommand.images(settings, values, output)
    if let folder = images as? ImageFolder { try FolderOptions.checkCount(folder, settings) }
    SettingsOptions.fit(&settings, to: images.count, values)
    // Everything that can be wrong with the settings is found out before a folder is made.
    let trainer = try begin(settings, images)
    let folder =
      try named.map { try RunFolder.create(at: $0) }
      ?? RunFolder.create(named: DataCatalog.shortName(settings.data), in: Self.base)
    return (trainer, folder)
  }

  /// Leaves a list of the files that gave no image, and says where.
  private func list(_ images: any ImageSource, in folder: RunFolder) throws {
    guard let source = images as? ImageFolder else { return }
    try folder.write(skipped: source.skipped)
    if !source.skipped.isEmpty {
      output.messages.tell(
        "Every file that gave no image, and why: \(printable(folder.leftOut.relativePath))\n")
    }
  }

  private func resumedRun() throws -> (Trainer, RunFolder) {
    let (folder, settings) = try runToResume()
    if folder.isUnbegun {
      return (try begin(settings, Subcommand.images(settings, values, output)), folder)
    }
    let checkpoint = try folder.readCheckpoint()
    let images = try Subcommand.images(settings, values, output)
    let trainer = try Trainer(resuming: checkpoint, images: images, engine: engine)
    if let isa = checkpoint.instructionSet, isa != engine.instructionSet.rawValue {
      output.messages.tell(
        "The run was on \(isa) and goes on with \(engine.instructionSet.rawValue), which rounds differently: "
          + "SECU_ISA=\(isa) would end with the same bits as a run that was not interrupted.\n")
    }
    return (trainer, folder)
  }

  private func begin(_ settings: TrainingSettings, _ images: any ImageSource) throws -> Trainer {
    let weights = try settings.initialWeights.map { try InitialWeights(contentsOf: URL(fileURLWithPath: $0)) }
    if let weights { output.messages.tell("starting from \(weights.name): \(weights.taken(by: settings))\n") }
    return try SettingsOptions.naming(values, preset: settings.preset) {
      try Trainer(settings, images: images, startingFrom: weights, engine: engine)
    }
  }

  /// The run that `--resume` means, with its settings, none of which the options may change.
  func runToResume() throws -> (RunFolder, TrainingSettings) {
    let folder =
      try values[Subcommand.output].map { try RunFolder.open(URL(fileURLWithPath: $0)) }
      ?? (SettingsOptions.namesData(values)
        ? RunFolder.latest(named: DataCatalog.shortName(SettingsOptions.dataName(values)), in: Self.base)
        : RunFolder.latest(in: Self.base))
    var settings = try folder.readSettings()
    // Images that have moved may be named anew: the checkpoint knows their pixels.
    if let data = values[SettingsOptions.data], settings.data.contains("/"),
      !FileManager.default.fileExists(atPath: settings.data)
    {
      settings.data = try DataCatalog.canonicalName(data)
    }
    if let difference = try settings.firstDifference(from: SettingsOptions.change(settings, by: values)) {
      throw SeCuError(
        .usage, "the run has \(difference.field) \(difference.ours), the options say \(difference.theirs)",
        at: folder.url.relativePath, remedy: "Resume without that option, or begin a new run")
    }
    return (folder, settings)
  }

  /// Where runs without a name of their own lie.
  private static let base = URL(fileURLWithPath: "runs")
}
