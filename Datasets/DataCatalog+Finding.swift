import Basics
import Foundation
import Imaging

extension DataCatalog {
  /// What people type for data, as it is kept in settings: a known name in lower case, anything else as an absolute path, so
  /// that a run finds its images again from another folder.
  ///
  /// - Throws: `SeCuError` of kind `.noInput` if it is neither a known name nor a file or folder; as `FileStatus.init(at:)`.
  public static func canonicalName(_ text: String) throws -> String {
    if let entry = entries.first(where: { $0.name == text.lowercased() }) { return entry.name }
    do {
      _ = try Path.isFolder(existing: text)
    } catch {
      guard !text.contains("/"), error == FileStatus.absence(of: text) else { throw error }
      return try entry(named: text).name
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
  /// names that the official archives have, or without a folder, under the names that files have in the archives. They must be complete; a
  /// part of a data set is used when it is named by its path.
  ///
  /// - Throws: `SeCuError` of kind `.noInput` for what is not there, with where it can be had; of kind `.badData` for damaged files or
  ///   for what is none of the known kinds.
  public static func find(_ text: String) throws -> DataFiles {
    if let entry = entries.first(where: { $0.name == text.lowercased() }) { return try find(entry) }
    let path = try canonicalName(text)
    guard let files = try dataFiles(at: path) else {
      if !Path.isFolder(path), ImageFormat.detect(try DataFile(contentsOf: path).head) != nil {
        throw SeCuError(
          .badData, "expected a data set or a folder, found one image", at: text,
          remedy: "Name the folder that it lies in")
      }
      throw SeCuError(
        .badData, "expected a data set, found none of the known kinds", at: text,
        remedy: "See 'secu data' for what can be read")
    }
    return files
  }

  /// The data set that a file or folder holds, with a warning if it is a part of a known one.
  ///
  /// - Returns: nil for anything else, such as a folder of image files.
  /// - Throws: as `find`.
  public static func dataFiles(at path: String) throws -> DataFiles? {
    var files = try DataFiles.recognised(at: path)
    if let found = files, let entry = entries.first(where: { $0.content == found.entryName }),
      let lack = found.incompleteness(entry)
    {
      files?.warnings.append("this is a part of \(entry.attribution.title): \(lack)")
    }
    return files
  }

  private static func find(_ entry: Entry) throws -> DataFiles {
    if let images = entry.builtIn { return DataFiles(entry, images()) }
    var part: String?, refusal: String?
    for (folder, isShared) in candidates(entry) {
      let found: DataFiles?
      do {
        found = try isShared ? .recognised(entry, among: folder) : .recognised(at: folder)
      } catch let error as SeCuError where isShared {
        // In a folder for everything, a file may have one of the names by chance.
        var fault = error
        fault.remedy = nil
        refusal = refusal ?? "what lies there is refused: \(fault.description.dropLast())"
        continue
      }
      guard let files = found, files.entryName == entry.content else { continue }
      guard let lack = files.incompleteness(entry) else { return files.named(entry) }
      part = part ?? "\(files.path ?? folder) has a part only, \(lack)"
    }
    let official = entry.archives.map { "\($0.address) (\($0.sizeText))" }
    let places = bases.map { $0 == "." ? "the working directory" : $0 }.joined(separator: ", ")
    throw SeCuError(
      .noInput,
      part ?? "its files were not found in \(places)\(refusal.map { "; \($0)" } ?? "")", at: entry.name,
      remedy: part == nil
        ? "Download \(official.joined(separator: ", ")) to the folder data and unpack it there, or name its folder with --data or SECU_DATA"
        : "Complete it from \(official.joined(separator: ", ")), or name the folder with --data to use the part")
  }

  /// Where known names are looked for, in order.
  static var bases: [String] {
    [ProcessInfo.processInfo.environment["SECU_DATA"], "data", "."].compactMap(\.self).filter { !$0.isEmpty }
  }

  /// The folders that may hold the files of `entry`, those that exist, and whether other files lie there too.
  private static func candidates(_ entry: Entry) -> [(folder: String, isShared: Bool)] {
    var found: [(folder: String, isShared: Bool)] = []
    for base in bases {
      found += (entry.folders + [entry.content]).map { (join(base, $0), false) }
      found.append((base, true))
      // What was unpacked beside another data set.
      if base == "." { continue }
      found += entry.folders.map { (join(base, "../\($0)"), false) }
    }
    return found.filter { Path.isFolder($0.folder) }
  }

  static func join(_ folder: String, _ name: String) -> String {
    folder == "." ? name : Path.join(folder, name)
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
      entry.classNames == CIFARNames.twenty
      ? self.parts.map { part in
        (part as? CIFARFile).map { CIFARFile($0.file, $0.version, isCoarse: true) } ?? part
      } : self.parts
    return DataFiles(
      name: entry.name, entryName: entry.content, format: format, path: path, shape: shape,
      classNames: entry.classNames, usualSplits: entry.usualSplits, warnings: warnings, parts: parts,
      classSizes: entry.classSizes)
  }

  /// What these files lack of the data set as published, such as `10000 of 50000 images in train`; nil if they lack nothing.
  func incompleteness(_ entry: DataCatalog.Entry) -> String? {
    let counts = Split.allCases.compactMap { split -> (split: Split, found: Int, published: Int)? in
      guard let published = entry.counts[split] else { return nil }
      return (split, parts.reduce(0) { $0 + ($1.split == split ? $1.count : 0) }, published)
    }
    let lacks = counts.filter { $0.found != $0.published }
    guard !lacks.isEmpty else { return nil }
    let text = lacks.map { "\($0.found) of \($0.published) images in \($0.split)" }.joined(separator: ", ")
    let isPermuted = counts.map(\.found).sorted() == counts.map(\.published).sorted()
    return text + (isPermuted ? "; the files of the splits may be swapped" : "")
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
