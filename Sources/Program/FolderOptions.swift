import Basics
import Datasets
import Foundation
import Imaging
import Kernels
import Training

/// What subcommands say about folders of images.
enum FolderOptions {
  static let memory = Option.memory(
    "memory",
    help:
      "What reading a folder of images may take, such as 500MB or 4GB. Images that don't fit in half of it are kept in a cache on disk, in SECU_CACHE or the user's folder for caches, which later runs use too and anybody may delete."
  ).showing(default: "a quarter of this machine's")
  static let strict = Option.flag(
    "strict", help: "Stop at the first image file that can't be read, instead of leaving it out.")
  static let classFolders = Option.flag(
    "class-folders", help: "Take the first sub-folder in each image's path for its class, for scores only.")

  static func memory(_ values: ParsedOptions) -> Double {
    (values.declares(memory) ? values[memory] : nil) ?? ImageFolder.usualMemory
  }

  /// Reads the images of a folder for a network, and tells what was left out.
  static func images(
    _ path: String, limit: Int?, hasClasses: Bool, for settings: TrainingSettings, _ values: ParsedOptions,
    _ output: Output
  ) throws -> ImageFolder {
    let progress = ProgressLine(on: output.messages)
    var options = ImageFolder.Options(
      side: settings.keptSide, channels: settings.network.channels, memory: memory(values),
      cores: try Subcommand.engine(values).cores)
    options.isStrict = values.declares(strict) && values[strict]
    (options.hasClassFolders, options.limit) = (hasClasses, limit)
    options.progress = { progress.update("reading images: \($0) of \($1)") }
    defer { progress.clear() }
    let folder = try ImageFolder(path, options)
    progress.clear()
    if let cache = folder.cache {
      output.messages.tell(
        "The images are kept in \(cache.path), since they don't fit, or once didn't, in half of --memory.\n"
      )
    }
    tell(folder.skipped, output)
    return folder
  }

  /// The first few files that gave no image, and how many there are.
  static func tell(_ skipped: [SkippedFile], _ output: Output) {
    let unreadable = skipped.filter { $0.kind == .unreadable }, others = skipped.count - unreadable.count
    if !unreadable.isEmpty {
      output.messages.tell(
        "Left out: \(unreadable.count) image \(unreadable.count == 1 ? "file" : "files") that can't be read\n")
      for file in unreadable.prefix(5) {
        output.messages.tell("  \(printable(file.path)): \(printable(file.reason))\n")
      }
      if unreadable.count > 5 { output.messages.tell("  … and \(unreadable.count - 5) more\n") }
    }
    if others > 0 {
      output.messages.tell(
        "Passed over: \(others) \(others == 1 ? "file" : "files") that \(others == 1 ? "is no image" : "are no images")\n"
      )
    }
  }

  /// Refuses a folder of too few images to learn from.
  static func checkCount(_ folder: ImageFolder, _ settings: TrainingSettings) throws {
    let clusters = settings.heads.first ?? 2
    let least = max(AutomaticPreset.fewestImages, 2 * clusters)
    guard folder.count < least else { return }
    throw SeCuError(
      .badData, "\(folder.count) images are too few to learn \(clusters) clusters from", at: folder.name,
      remedy: "Give at least \(least), and better some hundreds"
        + (folder.count >= AutomaticPreset.fewestImages ? ", or ask for fewer with --clusters" : ""))
  }
}

extension SettingsOptions {
  /// The settings for data that no preset was made for, or the preset that was; what decides them is told.
  ///
  /// - Parameter output: where to tell it; nil for nowhere.
  static func automatic(_ name: String, _ values: ParsedOptions, _ output: Output?) throws -> TrainingSettings {
    if let known = Preset.all.first(where: { $0.data.name == name.lowercased() }) { return known.settings }
    let data = try DataCatalog.canonicalName(name)
    let wanted = values.declares(clusters) ? values[clusters] : nil
    let preset: AutomaticPreset
    if let path = try DataCatalog.imageFolder(data) {
      let survey = try ImageFolder.survey(
        path, memory: FolderOptions.memory(values), cores: Subcommand.engine(values).cores)
      let count = min(survey.images, values[limit] ?? .max)
      preset = AutomaticPreset(
        data: data, images: count, side: survey.shorterSide, channels: 3, clusters: wanted,
        classes: values.declares(FolderOptions.classFolders) && values[FolderOptions.classFolders]
          ? survey.folders : nil)
    } else {
      let files = try Subcommand.files(data)
      if let known = Preset.all.first(where: { $0.data.name == files.entryName }) {
        var settings = known.settings
        settings.data = data
        return settings
      }
      preset = AutomaticPreset(
        data: data, images: min(try files.count(values[split]), values[limit] ?? .max),
        side: min(files.shape.height, files.shape.width), channels: files.shape.channels, clusters: wanted,
        classes: files.classNames?.count)
    }
    if let output {
      output.messages.tell("Settings that follow from the images (--show prints them all):\n")
      for reason in preset.reasons { output.messages.tell("  \(reason)\n") }
    }
    return preset.settings
  }
}
