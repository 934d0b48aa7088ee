import Basics
import Datasets
import Foundation
import Imaging
import Kernels
import Training

/// What several subcommands share.
extension Subcommand {
  static let threads = Option.integer(
    "threads", in: 1...1024, help: "Cores to use."
  ).showing(default: "all")
  /// What `--head` is where it isn't given, as `EvaluatedHead` has it.
  static let usualHead =
    "the one with as many clusters as there are classes, or the next larger; without classes, the one that the run was judged by"
  static let model = Option.path("model", "folder", help: "The folder of a run that has ended.").required()

  static func engine(_ values: ParsedOptions) throws -> Engine {
    try Engine(cores: (values.declares(threads) ? values[threads] : nil).map { Cores(threads: $0) } ?? Cores())
  }

  /// The images that settings name.
  static func images(
    _ settings: TrainingSettings, _ values: ParsedOptions, _ output: Output
  ) throws -> any ImageSource {
    try FolderOptions.checkClasses(settings.data, values)
    return try images(
      settings.data, settings.split.map { try Splits($0) }, limit: settings.limit,
      hasClasses: settings.classFolders == true, for: settings, values, output)
  }

  /// The images of a known name or a path. What is remarkable about their files is printed.
  ///
  /// - Parameters:
  ///   - hasClasses: whether the sub-folders of a folder of images are classes.
  ///   - settings: of the network that is to see them.
  static func images(
    _ name: String, _ splits: Splits?, limit: Int?, hasClasses: Bool, for settings: TrainingSettings,
    _ values: ParsedOptions, _ output: Output
  ) throws -> any ImageSource {
    if let path = try imageFolder(name, splits) {
      return try FolderOptions.images(path, limit: limit, hasClasses: hasClasses, for: settings, values, output)
    }
    let files: DataFiles
    do {
      files = try Self.files(name)
    } catch var error as SeCuError where error.kind == .noInput && name.contains("/") && name == settings.data {
      // Nobody typed this path: it is where the images were.
      error.remedy = "If the images have moved, name them with --data"
      throw error
    }
    for warning in files.warnings { output.messages.tell("Warning: \(printable(warning)).\n") }
    if files.path == nil, values.isGiven("data"), FileManager.default.fileExists(atPath: name) {
      output.messages.tell(
        "\(printable(name)) is the data set that is built in; for the folder write ./\(printable(name))\n")
    }
    let set = try files.load(splits, limit: limit)
    // Whole numbers from 0 to 16, for example, which others scale when they read them. Usual images have a bright value near their beginning.
    if !set.pixels.contains(where: { $0 >= 64 }), let most = set.pixels.max() {
      output.messages.tell(
        "Warning: \(printable(set.name)): the largest value is \(most) of 255, and the images are dark to the network. "
          + "Scale the values to 0…255, or save them as floats from 0 to 1.\n")
    }
    return set
  }

  /// Checks the numbers that `--images` gives.
  ///
  /// - Throws: `SeCuError` of kind `.usage` for one that is not in 0 ..< `images.count`; it names the images that there are.
  static func check(_ ids: [Int], of images: any ImageSource) throws {
    guard let wrong = ids.first(where: { $0 >= images.count }) else { return }
    throw SeCuError(
      .usage, "\(images.name) has no image \(wrong)", at: "--images",
      remedy: "Its \(images.count) images are 0 to \(images.count - 1)")
  }

  /// The path of the folder of images that `name` means; nil for any other data.
  ///
  /// - Throws: `SeCuError` of kind `.usage` if splits of it are asked for.
  static func imageFolder(_ name: String, _ splits: Splits?) throws -> String? {
    guard let path = try DataCatalog.imageFolder(name) else { return nil }
    guard splits == nil else {
      throw SeCuError(.usage, "a folder of images has no splits", at: "--split", remedy: "Leave it out")
    }
    return path
  }

  /// The files of a known name or a path. A data set that presets were made for, and that has no files that this program could look for, is told
  /// from one that nobody knows.
  static func files(_ name: String) throws -> DataFiles {
    let isKnown = DataCatalog.entries.contains { $0.name == name }
    if !isKnown, let data = Preset.all.first(where: { $0.data.name == name })?.data {
      throw SeCuError(
        .noInput, "these are the \(data.images) images of \(data.source), which have no place that is known", at: name,
        remedy: "Try the settings with --try, or name the images' folder with --data")
    }
    return try DataCatalog.find(name)
  }

  /// A number with three decimals, for scores.
  static func score(_ value: Double) -> String { String(format: "%.3f", value) }
}
