import Basics
import Foundation
import Imaging

/// The data sets that are known by name, and where data is found.
public enum DataCatalog {
  /// What there is to know about a data set before it is read.
  public struct Entry: Sendable {
    /// What people type, such as `cifar10`.
    public let name: String
    /// One line without a full stop.
    public let summary: String
    /// The images of each split, as published; of nil for a data set that has no splits.
    public let counts: [Split?: Int]
    public let shape: ImageShape
    /// The name of each class; a label indexes it.
    public let classNames: [String]
    /// The splits that are used where nobody says which.
    public let usualSplits: Splits?
    public let attribution: Attribution
    /// Folders that the official archives unpack to, or that loaders of other programs make.
    let folders: [String]
    /// Which of the data sets that are recognised by content this is.
    let content: String
    /// Its images if they are built into the program.
    let builtIn: (@Sendable () -> ImageSet)?

    /// How many images the usual splits have.
    public var count: Int {
      usualSplits?.parts.reduce(0) { $0 + (counts[$1] ?? 0) } ?? counts[nil] ?? 0
    }
  }

  /// The data set called `name`, without regard to case.
  ///
  /// - Throws: `SeCuError` of kind `noInput` that says the nearest known name, or all of them if none is near.
  public static func entry(named name: String) throws -> Entry {
    if let entry = entries.first(where: { $0.name == name.lowercased() }) { return entry }
    let known = entries.map(\.name)
    let nearest = nearestName(to: name, in: known).map { "The nearest known name is \($0)" }
    throw SeCuError(
      .noInput, "no data set has this name, and no file or folder either", at: name,
      remedy: nearest ?? "Known are \(known.joined(separator: ", "))")
  }
}
