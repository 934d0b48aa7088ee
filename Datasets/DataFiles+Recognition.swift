import Basics
import Foundation
import Imaging

extension DataFiles {
  /// Recognises the data set that a file or folder holds, by content and sizes. Names play a part only where content can't tell:
  /// which split a file is.
  ///
  /// - Parameters:
  ///   - path: of a file, or of a folder.
  ///   - levels: how far below the folder to look, where it holds no such files itself: archives unpack to sub-folders.
  /// - Returns: nil for anything else, such as a folder of image files.
  /// - Throws: `SeCuError` of kind `noInput` for a path where nothing is; of kind `badData` for files of a known kind that are
  ///   damaged, or for folders that hold several data sets.
  static func recognised(at path: String, levels: Int = 2) throws -> DataFiles? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw SeCuError(.noInput, "there is no such file or folder", at: path, remedy: "Check the path")
    }
    guard isFolder.boolValue else {
      let file = try DataFile(contentsOf: path)
      try refuseForeign(file)
      return try recognised([file], at: path)
    }
    var found = try recognised(folder: path, levels: levels)
    found?.name = URL(fileURLWithPath: path).lastPathComponent
    return found
  }

  private static func recognised(folder: String, levels: Int) throws -> DataFiles? {
    let (files, folders) = try contents(of: folder)
    if let found = try recognised(files, at: folder) { return found }
    guard levels > 0 else { return nil }
    let below = try folders.compactMap { try recognised(folder: $0, levels: levels - 1) }
    guard below.count <= 1 else {
      throw SeCuError(
        .badData, "expected one data set, found \(below.map(\.format).joined(separator: ", "))", at: folder,
        remedy: "Name one of the folders \(below.compactMap(\.path).joined(separator: ", "))")
    }
    return below.first
  }

  /// More entries than any data set's folder has: folders of image files can have a million, and are not looked through.
  private static let mostEntries = 64

  /// The files of a folder that may belong to a data set, and its sub-folders; none of either in a folder of many.
  private static func contents(of folder: String) throws -> (files: [DataFile], folders: [String]) {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }.sorted()
    } catch {
      throw SeCuError(.inputOutput, "the folder can't be read (\(systemReason(error)))", at: folder)
    }
    guard names.count <= mostEntries else { return ([], []) }
    var files: [DataFile] = [], folders: [String] = []
    for name in names {
      let path = URL(fileURLWithPath: folder).appendingPathComponent(name).relativePath
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { continue }
      if isFolder.boolValue { folders.append(path) } else { files.append(try DataFile(contentsOf: path)) }
    }
    return (files, folders)
  }

  /// The data set that `files` make up together.
  static func recognised(_ files: [DataFile], at path: String) throws -> DataFiles? {
    try cifar(files, at: path)
  }

  /// Says what a file is that people take for a data set and that can't be read.
  private static func refuseForeign(_ file: DataFile) throws {}
}

// MARK: - CIFAR

extension DataFiles {
  private static func cifar(_ files: [DataFile], at path: String) throws -> DataFiles? {
    var found: [(file: DataFile, version: CIFARFile.Version)] = []
    for file in files {
      guard let version = try CIFARFile.version(of: file) ?? CIFARFile.customaryVersion(of: file.name) else { continue }
      guard file.size > 0, file.size % version.recordLength == 0 else {
        throw SeCuError(
          .badData,
          "expected records of \(version.recordLength) bytes (\(version.rawValue)), found \(file.size) bytes: "
            + "\(file.size / version.recordLength) records and \(file.size % version.recordLength) bytes more",
          at: file.path, remedy: "The file is truncated or is something else: download the archive again and unpack it")
      }
      found.append((file, version))
    }
    guard let version = found.first?.version else { return nil }
    if let other = found.first(where: { $0.version != version }) {
      throw SeCuError(
        .badData, "expected one data set, found \(version.rawValue) and \(other.version.rawValue)", at: path,
        remedy: "Name one of the files, or put them in folders of their own")
    }
    let parts = found.map { CIFARFile($0.file, version) }
    let splits = Set(parts.compactMap(\.split))
    return DataFiles(
      name: URL(fileURLWithPath: path).lastPathComponent, entryName: version == .cifar10 ? "cifar10" : "cifar100",
      format: "\(version.rawValue), binary version", path: path,
      shape: try ImageShape(height: 32, width: 32, channels: 3),
      classNames: version == .cifar10 ? CIFARNames.ten : CIFARNames.hundred,
      usualSplits: splits.contains(.train) ? Splits(.train) : Splits(.test), parts: parts)
  }
}
