import Basics
import Imaging

/// The data sets that are known by name.
public enum DataCatalog {
  /// What there is to know about a data set before it is read.
  public struct Entry: Sendable {
    /// What people type, such as `digits`.
    public let name: String
    /// One line without a full stop.
    public let summary: String
    /// How many images there are.
    public let count: Int
    public let shape: ImageShape
    /// The name of each class; a label indexes it.
    public let classNames: [String]
    public let attribution: Attribution
    /// Reads the data set into memory.
    ///
    /// - Throws: `SeCuError` if its files are missing or damaged.
    public let load: @Sendable () throws -> ImageSet
  }

  /// All known data sets, in the order in which to list them.
  public static let entries: [Entry] = [
    Entry(
      name: Digits.images.name, summary: "Handwritten digits in 17 levels of grey, built into the program",
      count: Digits.images.count, shape: Digits.images.shape, classNames: Digits.images.classNames ?? [],
      attribution: Digits.attribution, load: { Digits.images })
  ]

  /// The data set called `name`, without regard to case.
  ///
  /// - Throws: `SeCuError` of kind `noInput` that says the nearest known name, or all of them if none is near.
  public static func entry(named name: String) throws -> Entry {
    if let entry = entries.first(where: { $0.name == name.lowercased() }) { return entry }
    let known = entries.map(\.name)
    let nearest = nearestName(to: name, in: known).map { "The nearest known name is \($0)" }
    throw SeCuError(
      .noInput, "no data set has this name", at: name, remedy: nearest ?? "Known are \(known.joined(separator: ", "))")
  }
}
