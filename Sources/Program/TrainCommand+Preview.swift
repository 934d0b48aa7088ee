import Basics
import Datasets
import Foundation
import Imaging
import Kernels
import Training

/// What `--try` tells as JSON.
private struct TrialSummary: Encodable {
  var preset: String
  var data: String
  var images: Int
  var batch: Int
  var steps: Int
  var step_s: Double
  var views_s: Double
  var images_per_s: Double
  var run_s: Double
  var run_mb: Double
  var trial_mb: Double
  @OrNull var peak_mb: Double?
  var threads: Int
  var isa: String
}

/// `--show` and `--try`: what a run would be, without it.
extension TrainCommand {
  /// Prints the settings of a new run, or of the one to be resumed.
  func show() throws {
    let (settings, expected) = try runToPreview()
    try SettingsOptions.naming(values, preset: settings.preset) { try settings.validate(images: expected.count) }
    try settings.checkChannels(expected.shape.channels, of: settings.data)
    let memory = try settings.memory(
      images: expected.count, imageBytes: expected.bytes, shape: expected.shape, hasClasses: expected.hasClasses,
      threads: engine.cores.threads)
    try output.results.write(String(decoding: settings.configuration(), as: UTF8.self))
    if let preset = Preset.all.first(where: { $0.name == settings.preset }) {
      output.messages.tell("\(preset.name): \(preset.summary)\n")
    }
    output.messages.tell("\(expected.count) images of \(expected.shape); needs \(memory.text)\n")
  }

  /// Takes `steps` steps on random images and tells what they took.
  func tryOut(steps: Int) throws {
    let (settings, expected) = try runToPreview()
    Interruption.watch()
    let trial = try SettingsOptions.naming(values, preset: settings.preset) {
      try Trial(
        settings, images: expected.count, shape: expected.shape, hasClasses: expected.hasClasses, steps: steps,
        engine: engine, shouldStop: { Interruption.isRequested })
    }
    let threads = engine.cores.threads, day = 86_400.0
    let memory = try settings.memory(
      images: expected.count, imageBytes: expected.bytes, shape: expected.shape, hasClasses: expected.hasClasses,
      threads: threads)
    let trialMemory = try settings.memory(
      images: expected.count, imageBytes: Trial.imageBytes(settings, expected.shape), threads: threads)
    let stepsInAll = settings.epochs * settings.schedule(images: expected.count).stepsPerEpoch
    let seconds = Double(stepsInAll) * trial.secondsPerStep
    let imagesPerSecond = Double(settings.batch) / trial.secondsPerStep
    try output.printJSON(
      TrialSummary(
        preset: settings.preset, data: settings.data, images: expected.count, batch: settings.batch,
        steps: trial.learningSeconds.count, step_s: trial.secondsPerStep, views_s: trial.viewSecondsPerStep,
        images_per_s: imagesPerSecond, run_s: seconds, run_mb: memory.bytes / 1e6,
        trial_mb: trialMemory.steadyBytes / 1e6, peak_mb: Machine.peakResidentMegabytes, threads: threads,
        isa: engine.instructionSet.rawValue))
    try output.print(
      "\(counted(trial.learningSeconds.count, "step")) of \(settings.batch) random images of \(expected.shape); "
        + "\(counted(threads, "thread")), \(engine.instructionSet.rawValue)")
    try output.print(
      String(
        format: "a step takes %.3f s, %.3f s of it for the views: ", trial.secondsPerStep, trial.viewSecondsPerStep)
        + QuantityText.rate(imagesPerSecond, per: 1))
    try output.print(
      "\(counted(settings.epochs, "epoch")) of \(expected.count) images are \(stepsInAll) steps: "
        + "about "
        + (seconds < 1000 * day ? QuantityText.time(seconds) : String(format: "%.0f years", seconds / day / 365)))
    let peak = Machine.peakResidentMegabytes.map { "\(Machine.memoryText($0 * 1e6)) at most here; " } ?? ""
    try output.print("\(peak)the run needs \(memory.text)")
  }

  private func runToPreview() throws -> (TrainingSettings, ExpectedImages) {
    var settings = try values[Subcommand.resume] ? runToResume().1 : SettingsOptions.resolve(values, output)
    let expected = try ExpectedImages(settings, values)
    SettingsOptions.fit(&settings, to: expected.count, values)
    return (settings, expected)
  }
}

/// The images that settings name, as far as they are known without reading any.
private struct ExpectedImages {
  let count: Int
  let shape: ImageShape

  /// What of them is in memory while the run goes on: all, or none of a folder that doesn't fit in its share.
  var bytes: Double {
    let all = Double(count) * Double(shape.count)
    return all <= mostBytes ? all : 0
  }

  /// Whether scores can be expected.
  private(set) var hasClasses = true
  private var mostBytes = Double.infinity

  init(_ settings: TrainingSettings, _ values: ParsedOptions) throws {
    let all: Int
    if settings.split == nil, let known = Preset.all.first(where: { $0.data.name == settings.data })?.data {
      (all, shape) = (known.images, try ImageShape(height: known.side, width: known.side, channels: known.channels))
    } else if let path = try DataCatalog.imageFolder(settings.data) {
      let survey = try ImageFolder.survey(
        path, memory: FolderOptions.memory(values), cores: Subcommand.engine(values).cores)
      let side = min(settings.keptSide, survey.shorterSide)
      (all, shape) = (survey.images, try ImageShape(height: side, width: side, channels: settings.network.channels))
      mostBytes = FolderOptions.memory(values) / 2
      hasClasses = settings.classFolders == true
    } else {
      let files = try Subcommand.files(settings.data)
      (all, shape) = (try files.count(settings.split.map { try Splits($0) }), files.shape)
    }
    count = min(all, settings.limit ?? .max)
  }
}
