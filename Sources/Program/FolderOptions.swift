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
    let progress = ProgressLine(on: output.messages, isPatient: true)
    var options = ImageFolder.Options(
      side: settings.keptSide, channels: settings.network.channels, memory: memory(values),
      cores: try Subcommand.engine(values).cores)
    options.isStrict = values.declares(strict) && values[strict]
    (options.hasClassFolders, options.limit) = (hasClasses, limit)
    options.progress = { done, all in
      let text = "reading images: \(done) of \(all)"
      if done < all { progress.update(text) } else { progress.end(text) }
    }
    defer { progress.clear() }
    let folder = try ImageFolder(path, options)
    progress.clear()
    if let cache = folder.cache {
      output.messages.tell(
        "The images are kept in \(printable(cache.path)), since they don't fit, or once didn't, in half of --memory.\n"
      )
    }
    tell(folder.skipped, output)
    return folder
  }

  /// The first files that gave no image though they should, and how many there are of every kind.
  ///
  /// - Parameter most: how many of them are named.
  static func tell(_ skipped: [SkippedFile], most: Int = 5, _ output: Output) {
    let unreadable = skipped.filter { $0.kind == .unreadable }, others = skipped.count - unreadable.count
    if !unreadable.isEmpty {
      output.messages.tell(
        "Left out: \(counted(unreadable.count, "image file")) that can't be read\n")
      for file in unreadable.prefix(most) {
        output.messages.tell("  \(printable(file.path)): \(printable(file.reason))\n")
      }
      if unreadable.count > most { output.messages.tell("  … and \(unreadable.count - most) more\n") }
    }
    if others > 0 {
      output.messages.tell(
        "Passed over: \(counted(others, "file")) that \(others == 1 ? "is no image" : "are no images")\n"
      )
    }
  }

  /// Refuses `--class-folders` for data that has no sub-folders.
  static func checkClasses(_ data: String, _ values: ParsedOptions) throws {
    guard values.declares(classFolders), values[classFolders], try DataCatalog.imageFolder(data) == nil else { return }
    throw SeCuError(
      .usage, "\(data) is no folder of images, whose sub-folders could be classes",
      at: classFolders.declaration.spelling,
      remedy: "Leave it out")
  }

  /// Refuses a folder of too few images to learn from.
  static func checkCount(_ folder: ImageFolder, _ settings: TrainingSettings) throws {
    let clusters = settings.heads.first ?? 2
    let least = max(AutomaticPreset.fewestImages, 2 * clusters)
    guard folder.count < least else { return }
    throw SeCuError(
      .badData,
      "\(counted(folder.count, "image")) \(folder.count == 1 ? "is" : "are") too few to learn \(clusters) clusters from",
      at: folder.name,
      remedy: "Give at least \(least)" + (least < 100 ? ", and better some hundreds" : "")
        + (folder.count >= AutomaticPreset.fewestImages ? ", or ask for fewer with --clusters" : ""))
  }
}

extension SettingsOptions {
  /// The settings for data that no preset was made for, with their reasons, or those of the preset that was.
  ///
  /// - Parameter isAsked: whether they are to follow from the images even so.
  static func automatic(
    _ name: String, _ values: ParsedOptions, isAsked: Bool
  ) throws -> (settings: TrainingSettings, preset: AutomaticPreset?) {
    let presets = isAsked ? [] : Preset.all
    if let known = presets.first(where: { $0.data.name == name.lowercased() }) { return (known.settings, nil) }
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
      if let known = presets.first(where: { $0.data.name == files.entryName }) {
        var settings = known.settings
        settings.data = data
        return (settings, nil)
      }
      preset = AutomaticPreset(
        data: data, images: min(try files.count(values[split]), values[limit] ?? .max),
        side: min(files.shape.height, files.shape.width), channels: files.shape.channels, clusters: wanted,
        classes: files.classNames?.count)
    }
    return (preset.settings, preset)
  }

  /// Tells why automatic settings are as they are, but for what options or a file have changed.
  static func tell(
    _ preset: AutomaticPreset, for settings: TrainingSettings, _ values: ParsedOptions, _ output: Output
  ) {
    let command = values.declares(Subcommand.show) ? "--show" : "'secu train --show'"
    output.messages.tell("Settings that follow from the images (\(command) prints them all):\n")
    for reason in preset.reasons(for: settings) { output.messages.tell("  \(reason)\n") }
  }
}
