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
    /// Of every image.
    public let shape: ImageShape
    /// The name of each class; a label indexes it.
    public let classNames: [String]
    /// The splits that are used where nobody says which.
    public let usualSplits: Splits?
    /// Whose work it is.
    public let attribution: Attribution
    /// The official files, to be downloaded.
    public let archives: [Archive]
    /// Folders that the official archives unpack to, or that loaders of other programs make.
    let folders: [String]
    /// Which of the data sets that are recognised by content this is.
    let content: String
    /// Its images if they are built into the program.
    var builtIn: (@Sendable () -> ImageSet)? = nil
    /// How many images each class has in each split, as published.
    var classSizes: [Split: [Int]] = [:]
    /// The labels of the first ten images, where another data set has files of the same sizes.
    var firstLabels: [Split: [Int]] = [:]
    /// The MD5 of unpacked files, by name, where they are published.
    var fileChecksums: [String: String] = [:]

    /// Whether the data set has a file of this name.
    ///
    /// - Parameter name: in lower case, without `.gz`.
    func owns(_ name: String) -> Bool {
      switch content {
      case "cifar10", "cifar100": CIFARFile.customaryVersion(of: name)?.entryName == content
      case "stl10": name.hasSuffix("_x.bin") || name.hasSuffix("_y.bin")
      // Some unpack them as train-images.idx3-ubyte.
      default: archives.contains { $0.name == name.replacingOccurrences(of: ".", with: "-") + ".gz" }
      }
    }

    /// How many images the usual splits have.
    public var count: Int {
      usualSplits?.parts.reduce(0) { $0 + (counts[$1] ?? 0) } ?? counts[nil] ?? 0
    }
  }

  /// A file of a data set as it is published.
  public struct Archive: Sendable, Hashable {
    /// Where it can be had.
    public let address: String
    /// Its size.
    public let bytes: Int
    /// The MD5 of its content, in hexadecimal.
    public let md5: String

    /// Such as `170 MB` or `29 kB`.
    public var sizeText: String {
      bytes < 999_500 ? "\((bytes + 500) / 1000) kB" : Machine.memoryText(Double(bytes))
    }

    /// The last component of the address.
    public var name: String { address.split(separator: "/").last.map(String.init) ?? address }
  }

  /// The data set called `name`, without regard to case.
  ///
  /// - Throws: `SeCuError` of kind `.noInput` that says the nearest known name, or all of them if none is near.
  public static func entry(named name: String) throws -> Entry {
    if let entry = entries.first(where: { $0.name == name.lowercased() }) { return entry }
    let known = entries.map(\.name)
    let nearest = nearestName(to: name, in: known).map { "The nearest known name is \($0)" }
    throw SeCuError(
      .noInput, "no data set has this name, and no file or folder either", at: name,
      remedy: nearest ?? "Known are \(known.joined(separator: ", "))")
  }
}
