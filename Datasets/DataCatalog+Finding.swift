import Basics
import Foundation
import Imaging

extension DataCatalog {
  /// What people type for data, as it is kept in settings: a known name in lower case, anything else as an absolute path, so
  /// that a run finds its images again from another folder.
  ///
  /// - Throws: `SeCuError` of kind `noInput` if it is neither a known name nor a file or folder.
  public static func canonicalName(_ text: String) throws -> String {
    if let entry = entries.first(where: { $0.name == text.lowercased() }) { return entry.name }
    guard FileManager.default.fileExists(atPath: text) else {
      guard text.contains("/") else { return try entry(named: text).name }
      throw SeCuError(.noInput, "there is no such file or folder", at: text, remedy: "Check the path")
    }
    return URL(fileURLWithPath: text).standardizedFileURL.path
  }

  /// What data is called where there is room for a word only: a known name, or the last component of a path.
  public static func shortName(_ name: String) -> String {
    name.contains("/") ? URL(fileURLWithPath: name).lastPathComponent : name
  }

  /// The data set that `text` names: a known name, or the path of a file or folder, which is recognised by what it holds.
  ///
  /// A known name wins over a file or folder of that name, which `./NAME` means. The files of a known name are looked for in the
  /// folder that the environment variable `SECU_DATA` names, in `data`, and in the working directory; there, in sub-folders of the
  /// names that the official archives have. They must be complete; a part of a data set is used when it is named by its path.
  ///
  /// - Throws: `SeCuError` of kind `noInput` for what is not there, with where it can be had; of kind `badData` for damaged files or
  ///   for what is none of the known kinds.
  public static func find(_ text: String) throws -> DataFiles {
    if let entry = entries.first(where: { $0.name == text.lowercased() }) { return try find(entry) }
    let path = try canonicalName(text)
    guard var files = try DataFiles.recognised(at: path) else {
      throw SeCuError(
        .badData, "expected a data set, found none of the known kinds", at: text,
        remedy: "See 'secu data' for what can be read")
    }
    if let entry = entries.first(where: { $0.content == files.entryName }),
      let lack = incompleteness(files, of: entry)
    {
      files.warnings.append("this is a part of \(entry.attribution.title): \(lack)")
    }
    return files
  }

  private static func find(_ entry: Entry) throws -> DataFiles {
    if let images = entry.builtIn { return DataFiles(entry, images()) }
    var incomplete: String?
    for (folder, isShared) in candidates(entry) {
      let found: DataFiles?
      do {
        found = try DataFiles.recognised(at: folder, levels: isShared ? 0 : 2)
      } catch {
        // What lies in a folder for everything need not belong to this data set.
        if isShared { continue }
        throw error
      }
      guard let files = found, files.entryName == entry.content else { continue }
      guard let lack = incompleteness(files, of: entry) else { return files.named(entry) }
      incomplete = incomplete ?? "\(folder) has a part only, \(lack)"
    }
    throw SeCuError(
      .noInput, incomplete ?? "its files were not found in \(bases.joined(separator: ", "))", at: entry.name,
      remedy: incomplete == nil
        ? "Download them from \(entry.attribution.source), or name their folder"
        : "Complete it from \(entry.attribution.source), or name the folder to use the part")
  }

  /// Where known names are looked for, in order.
  static var bases: [String] {
    [ProcessInfo.processInfo.environment["SECU_DATA"], "data", "."].compactMap(\.self).filter { !$0.isEmpty }
  }

  /// The folders that may hold the files of `entry`, those that exist, and whether other files lie there too.
  private static func candidates(_ entry: Entry) -> [(folder: String, isShared: Bool)] {
    bases.flatMap { base in
      (entry.folders + [entry.content]).map { name in
        (URL(fileURLWithPath: base).appendingPathComponent(name).relativePath, false)
      } + [(base, true)]
    }.filter { folder, _ in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) && isFolder.boolValue
    }
  }

  /// What `files` lack of the data set as published, such as `10000 of 50000 images in train`; nil if they lack nothing.
  private static func incompleteness(_ files: DataFiles, of entry: Entry) -> String? {
    let lacks = Split.allCases.compactMap { split -> String? in
      guard let published = entry.counts[split] else { return nil }
      let count = files.parts.reduce(0) { $0 + ($1.split == split ? $1.count : 0) }
      return count == published ? nil : "\(count) of \(published) images in \(split.rawValue)"
    }
    return lacks.isEmpty ? nil : lacks.joined(separator: ", ")
  }
}

extension DataFiles {
  /// What is built into the program.
  init(_ entry: DataCatalog.Entry, _ images: ImageSet) {
    self.init(
      name: entry.name, entryName: entry.name, format: "built into the program", path: nil, shape: images.shape,
      classNames: images.classNames, usualSplits: nil, parts: [BuiltInPart(images: images)])
  }

  /// The same files under the name of `entry`, with its labels and its usual splits.
  func named(_ entry: DataCatalog.Entry) -> DataFiles {
    let parts: [any DataPart] =
      entry.name == "cifar100-20"
      ? self.parts.map { part in
        (part as? CIFARFile).map { CIFARFile($0.file, $0.version, isCoarse: true) } ?? part
      } : self.parts
    return DataFiles(
      name: entry.name, entryName: entry.content, format: format, path: path, shape: shape,
      classNames: entry.classNames, usualSplits: entry.usualSplits, warnings: warnings, parts: parts)
  }
}

/// Images that are in memory already.
private struct BuiltInPart: DataPart {
  let images: ImageSet

  var split: Split? { nil }
  var paths: [String] { [] }
  var count: Int { images.count }
  var hasLabels: Bool { images.labels != nil }

  func labels(_ count: Int) -> [Int]? { images.labels.map { Array($0.prefix(count)) } }

  func readPixels(_ count: Int, into pixels: UnsafeMutablePointer<UInt8>) {
    images.pixels.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { pixels.update(from: base, count: count * images.shape.count) }
    }
  }
}
