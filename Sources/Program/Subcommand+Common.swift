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
  static let model = Option.path("model", "folder", help: "The folder of a run that has ended.").required()

  static func engine(_ values: ParsedOptions) throws -> Engine {
    try Engine(cores: values[threads].map { Cores(threads: $0) } ?? Cores())
  }

  /// The images that settings name.
  static func images(_ settings: TrainingSettings) throws -> ImageSet {
    try images(settings.data, limit: settings.limit)
  }

  static func images(_ name: String, limit: Int?) throws -> ImageSet {
    let all = try entry(name).load()
    guard let limit, limit < all.count else { return all }
    return try all.prefix(limit)
  }

  /// The data set called `name`. One that presets were made for, and that this program can't read, is told from one that nobody knows.
  private static func entry(_ name: String) throws -> DataCatalog.Entry {
    let isKnown = DataCatalog.entries.contains { $0.name == name }
    if !isKnown, let data = Preset.all.first(where: { $0.data.name == name })?.data {
      throw SeCuError(
        .noInput, "this program can't read this data set yet, the \(data.images) images of \(data.source)", at: name,
        remedy: "Try the settings with --try, or name other images with --data")
    }
    return try DataCatalog.entry(named: name)
  }

  /// A number with three decimals, for scores.
  static func score(_ value: Double) -> String { String(format: "%.3f", value) }
}
