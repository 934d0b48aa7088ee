import Basics
import Foundation
import Imaging

/// A data set whose files were recognised, before its images are read.
public struct DataFiles: Sendable {
  /// What people call it: the known name, or the last component of the path.
  public internal(set) var name: String
  /// The known data set that it is, in full or in part; nil for images of one's own.
  public let entryName: String?
  /// What the files are, such as `CIFAR-10, binary version`.
  public let format: String
  /// The folder or file; nil for what is built into the program.
  public let path: String?
  /// The shape of every image.
  public let shape: ImageShape
  /// The name of each class, where known; a label indexes it.
  public let classNames: [String]?
  /// The splits to use where nobody says which; nil for a data set without splits.
  public let usualSplits: Splits?
  /// What a user should know, a sentence each without a final full stop.
  public internal(set) var warnings: [String] = []
  let parts: [any DataPart]
  /// How many images each class must have, where the files have to be the published ones.
  var classSizes: [Split: [Int]] = [:]

  /// The splits that there are, the one to train on first.
  public var splits: [Split] { Split.allCases.filter { split in parts.contains { $0.split == split } } }

  /// The files, in order.
  public var paths: [String] { parts.flatMap(\.paths) }

  /// The number of images.
  ///
  /// - Parameter splits: those to count; nil for the usual ones.
  /// - Throws: `SeCuError` of kind `.usage` for a split that there is not.
  public func count(_ splits: Splits? = nil) throws -> Int {
    try parts(of: splits).reduce(0) { $0 + $1.count }
  }

  /// What the images are called with their splits, such as `cifar10 (test)`.
  ///
  /// - Throws: as `count`.
  public func title(_ splits: Splits? = nil) throws -> String {
    _ = try parts(of: splits)
    return (splits ?? usualSplits).map { "\(name) (\($0))" } ?? name
  }

  /// Reads images into memory.
  ///
  /// - Parameters:
  ///   - splits: whose; nil for the usual ones.
  ///   - limit: only so many, from the first on; below 0 counts as 0.
  /// - Returns: images with labels if all have them.
  /// - Throws: `SeCuError` of kind `.usage` for a split that there is not, otherwise with the file and the byte at fault.
  public func load(_ splits: Splits? = nil, limit: Int? = nil) throws -> ImageSet {
    let parts = try parts(of: splits)
    var left = min(max(0, limit ?? .max), parts.reduce(0) { $0 + $1.count })
    let total = left * shape.count
    var taken: [(part: any DataPart, count: Int)] = []
    for part in parts where left > 0 {
      taken.append((part, min(left, part.count)))
      left -= min(left, part.count)
    }
    let unpacked = taken.map(\.part.unpackedBytes).max() ?? 0
    try Machine.checkMemory(
      Double(total) + Double(unpacked), for: "its images", at: path ?? name,
      remedy: unpacked > total ? "Unpack the file: gunzip" : "Use fewer of them")
    let labels = try labels(of: taken)
    let pixels = try [UInt8](unsafeUninitializedCapacity: total) { buffer, initialized in
      guard var next = buffer.baseAddress else { return }
      for (part, count) in taken {
        try part.readPixels(count, into: next)
        next += count * shape.count
      }
      initialized = total
    }
    return try ImageSet(
      name: title(splits), shape: shape, pixels: pixels, labels: labels, classNames: labels == nil ? nil : classNames)
  }

  /// The labels of the images of `splits`; nil unless all have some.
  ///
  /// - Throws: as `load`.
  public func labels(_ splits: Splits? = nil) throws -> [Int]? {
    try labels(of: parts(of: splits).map { ($0, $0.count) })
  }

  private func labels(of parts: [(part: any DataPart, count: Int)]) throws -> [Int]? {
    var labels: [Int] = []
    var found: [Split: [Int]] = [:]
    for (part, count) in parts {
      guard let some = try part.labels(count) else { return nil }
      if let classes = classNames?.count, let wrong = some.firstIndex(where: { $0 >= classes }) {
        throw SeCuError(
          .badData, "expected a label below \(classes), found \(some[wrong])", at: part.paths.last ?? path ?? name,
          position: "image \(wrong)", remedy: "Download the file again")
      }
      if let split = part.split { found[split, default: []] += some }
      labels += some
    }
    for (split, labels) in found {
      guard let expected = classSizes[split], labels.count == expected.reduce(0, +) else { continue }
      let sizes = labels.reduce(into: [Int](repeating: 0, count: expected.count)) { sizes, label in
        // A label beyond the classes is one too few elsewhere.
        if label < sizes.count { sizes[label] += 1 }
      }
      if let wrong = zip(sizes, expected).enumerated().first(where: { $1.0 != $1.1 }) {
        throw SeCuError(
          .badData,
          "expected \(wrong.element.1) images of class \(wrong.offset) in \(split), found \(wrong.element.0)",
          at: path ?? name, remedy: "A file of another split may be among them: unpack the archive again")
      }
    }
    return labels
  }

  func parts(of splits: Splits?) throws -> [any DataPart] {
    guard let chosen = splits ?? usualSplits else { return parts }
    guard !self.splits.isEmpty else {
      throw SeCuError(.usage, "\(name) has no splits, found '\(chosen)'", at: "split", remedy: "Leave the split out")
    }
    return try chosen.parts.flatMap { split in
      let some = parts.filter { $0.split == split }
      guard !some.isEmpty else {
        let known = self.splits.map(\.rawValue).joined(separator: ", ")
        throw SeCuError(
          .usage, "there is no split '\(split.rawValue)' in \(path ?? name)", at: "split", remedy: "There is \(known)")
      }
      return some
    }
  }
}
