import Basics
import Foundation

/// Something that was checked about the files of a data set.
public struct DataCheck: Sendable, Equatable {
  /// The file, or the split, that was looked at.
  public let subject: String
  /// What was found, and what was expected if it isn't that.
  public let result: String
  /// Whether that is as it should be.
  public let isGood: Bool
}

extension DataFiles {
  /// Checks all there is to check about the files without keeping images: whether compressed ones can be unpacked, the range of every label
  /// and of values that are no bytes, the number of images and the sizes of classes of each split where they are published, and the
  /// checksums of files that have published ones.
  ///
  /// - Throws: `SeCuError` if a file can't be read.
  public func verify() throws -> [DataCheck] {
    let entry = entry
    var checks: [DataCheck] = []
    let files = unjudged
    for split in splits.isEmpty ? [nil] : splits.map(Optional.some) {
      let title = split?.rawValue ?? "all"
      let parts = parts.filter { $0.split == split }
      let count = parts.reduce(0) { $0 + $1.count }
      let published = entry?.counts[split]
      checks.append(
        DataCheck(
          subject: title,
          result: "\(count)\(published.map { count == $0 ? "" : " of \($0)" } ?? "") images of \(shape)",
          isGood: published.map { $0 == count } ?? true))
      let sizes: [Int]
      do {
        guard let found = try files.classSizes(of: split) else { continue }
        sizes = found
      } catch let error as SeCuError {
        checks.append(DataCheck(failed: error, subject: title))
        continue
      }
      let expected = count == published ? split.flatMap { entry?.classSizes[$0] } : nil
      checks.append(
        DataCheck(
          subject: title,
          result: Self.text(sizes)
            + (expected.map { $0 == sizes ? ", as published" : ", expected \(Self.text($0))" } ?? ""),
          isGood: expected.map { $0 == sizes } ?? true))
    }
    for part in parts {
      do {
        try part.checkPixels()
      } catch let error as SeCuError {
        checks.append(DataCheck(failed: error, subject: part.paths[0]))
      }
    }
    for path in paths {
      guard let expected = entry?.fileChecksums[URL(fileURLWithPath: path).lastPathComponent] else { continue }
      checks.append(try DataCheck(path, md5: expected))
    }
    return checks
  }

  /// The data set of the catalogue that they are, in full or in part: of those with the same content, the one that is called so, or has their
  /// classes.
  package var entry: DataCatalog.Entry? {
    let known = DataCatalog.entries.filter { $0.content == entryName }
    return known.first { $0.name == name } ?? known.first { $0.classNames == classNames } ?? known.first
  }

  /// The same files, whose classes may have any size: for telling what is wrong with them.
  package var unjudged: DataFiles {
    var files = self
    files.classSizes = [:]
    return files
  }

  /// How many images each class has in a split; nil without labels.
  ///
  /// - Throws: as `labels`.
  public func classSizes(of split: Split?) throws -> [Int]? {
    guard let labels = try labels(split.map { Splits($0) }) else { return nil }
    let classes = max(classNames?.count ?? 0, (labels.max() ?? -1) + 1)
    // A label may be any number; more classes than images are not counted one by one.
    guard classes <= max(labels.count, classNames?.count ?? 0) else { return nil }
    return labels.reduce(into: [Int](repeating: 0, count: classes)) { $0[$1] += 1 }
  }

  private static func text(_ sizes: [Int]) -> String {
    guard let smallest = sizes.min(), let largest = sizes.max() else { return "no class" }
    return "\(sizes.count) classes of "
      + (smallest == largest ? "\(smallest) images each" : "\(smallest)…\(largest) images")
  }
}

extension DataCatalog {
  /// Checks the size and the checksum of each official archive of `entry` that lies where data is looked for.
  ///
  /// - Throws: `SeCuError` if one can't be read.
  public static func verifyArchives(of entry: Entry) throws -> [DataCheck] {
    // Where loaders of other programs leave them: beside the folder, in it, or in one called raw.
    let folders = [""] + (entry.folders + [entry.content]).flatMap { ["\($0)/", "\($0)/raw/"] }
    var checks: [DataCheck] = []
    for archive in entry.archives {
      for path in bases.flatMap({ base in folders.map { join(base, $0 + archive.name) } })
      where FileManager.default.fileExists(atPath: path) {
        let size = try DataFile(contentsOf: path).size
        checks.append(
          size == archive.bytes
            ? try DataCheck(path, md5: archive.md5)
            : DataCheck(subject: path, result: "\(size) bytes, expected \(archive.bytes)", isGood: false))
      }
    }
    return checks
  }
}

extension DataCheck {
  /// A check that ended with `error`.
  fileprivate init(failed error: SeCuError, subject: String) {
    let position = error.position.map { " (\($0))" } ?? ""
    self.init(subject: subject, result: error.problem + position, isGood: false)
  }

  /// Compares the MD5 of the file at `path`.
  init(_ path: String, md5 expected: String) throws {
    let file = try DataFile(contentsOf: path)
    var digest = MD5()
    try file.read(0..<file.size) { digest.update($0) }
    let found = digest.hexadecimal
    self.init(
      subject: path, result: found == expected ? "MD5 \(found), as published" : "MD5 \(found), expected \(expected)",
      isGood: found == expected)
  }
}
