import Basics
import Foundation
import Imaging

/// Folders that may hold a data set, pictures, or both.
extension DataFiles {
  /// The data set in a folder, and whether there are pictures besides.
  ///
  /// Where there are, anything but a known data set that is whole is passed over, be it damaged or of another kind.
  ///
  /// - Parameters:
  ///   - levels: how far below the folder to look.
  ///   - hasPictures: whether pictures are known to be there, wherever.
  static func look(
    into folder: String, levels: Int, hasPictures: Bool = false
  ) throws -> (found: DataFiles?, hasPictures: Bool) {
    let (files, folders) = try contents(of: folder)
    var hasPictures = hasPictures || files.contains { ImageFormat.detect($0.head) != nil }
    let own = Result<DataFiles?, any Error> {
      let found = try recognised(files, at: folder)
      if found == nil { try refuseForeign(files) }
      return found
    }
    if let found = try? own.get(), found.isOfficial { return (found, hasPictures) }
    var below: [Result<DataFiles, any Error>] = []
    for folder in levels > 0 ? folders : [] {
      do {
        let look = try look(into: folder, levels: levels - 1)
        if let found = look.found { below.append(.success(found)) }
        hasPictures = hasPictures || look.hasPictures
      } catch let error as SeCuError where error.kind == .inputOutput {
        // A folder without permission to read it may be anything.
      } catch {
        below.append(.failure(error))
      }
    }
    if !hasPictures, let found = try own.get() { return (found, false) }
    let sets = try hasPictures ? below.compactMap { try? $0.get() }.filter(\.isOfficial) : below.map { try $0.get() }
    guard sets.count <= 1 else {
      throw SeCuError(
        .badData, "expected one data set, found \(sets.map(\.format).joined(separator: ", "))", at: folder,
        remedy: "Name one of the folders \(sets.compactMap(\.path).joined(separator: ", "))")
    }
    return (sets.first, hasPictures)
  }

  /// The data set that the files of `entry` make up, by the names of its archives, in a folder where anything else may lie too.
  ///
  /// - Returns: nil where there are none.
  /// - Throws: `SeCuError` of kind `.badData` for a damaged one.
  static func recognised(_ entry: DataCatalog.Entry, among folder: String) throws -> DataFiles? {
    let files = try contents(of: folder) { entry.owns(DataFile.name(of: $0)) }.files
    return try recognised(files, at: folder)
  }

  /// Whether the files are those of a known data set by their names or, of IDX files, by their labels.
  var isOfficial: Bool {
    let names = paths.map { URL(fileURLWithPath: $0).lastPathComponent.lowercased() }
    switch entryName {
    case "cifar10", "cifar100": return names.allSatisfy { CIFARFile.customaryVersion(of: $0) != nil }
    case "stl10": return names.allSatisfy { $0.hasSuffix("_x.bin") || $0.hasSuffix("_y.bin") }
    default: return entryName != nil
    }
  }

  /// More entries than any data set's folder has: folders of image files can have a million, and are not looked through.
  private static let mostEntries = 64

  /// The files of a folder that may belong to a data set, and its sub-folders. In a folder of many there are no sub-folders, and the only
  /// files are those among the first that are pictures.
  ///
  /// - Parameter isWanted: whether a name counts; others are as if they were not there.
  private static func contents(
    of folder: String, where isWanted: (String) -> Bool = { _ in true }
  ) throws -> (files: [DataFile], folders: [String]) {
    var names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw SeCuError.unreadable(error, at: folder, "folder")
    }
    names = names.filter { !$0.hasPrefix(".") && isWanted($0) }.sorted()
    let hasMany = names.count > mostEntries
    var files: [DataFile] = [], folders: [String] = []
    for name in names.prefix(mostEntries) {
      let path = Path.join(folder, name)
      if Path.isFolder(path) {
        if !hasMany { folders.append(path) }
      } else if Path.isPlainFile(path), let file = try? DataFile(contentsOf: path),
        !hasMany || ImageFormat.detect(file.head) != nil
      {
        // What can't be opened here is told by whoever reads the folder as one of images.
        files.append(file)
      }
    }
    return (files, folders)
  }
}

extension Result<(found: DataFiles?, hasPictures: Bool), any Error> {
  /// Whether pictures that were not seen, being too far below or among too many, would be refused or passed over for another file.
  var refusesPictures: Bool {
    guard let look = try? get() else { return true }
    return !look.hasPictures && look.found.map { !$0.isOfficial } ?? false
  }
}
