import Basics
import Foundation
import Interchange

/// Where the JSON lines go. A file is written anew after each case, in one step: whatever ends the program, it holds the cases that
/// were measured.
struct JSONOutput {
  private let path: String?

  /// Whether lines go to standard output, each as soon as its case is measured.
  var takesStandardOutput: Bool { path == "-" }

  /// - Parameter path: a file, `-` for standard output, or nil for nowhere.
  /// - Throws: `SeCuError` (`.cannotCreate`) if the file can't be written: better now than after minutes of
  ///   measuring.
  init(_ path: String?) throws {
    self.path = path
    if let path, path != "-" { try Self.checkIsWritable(path) }
  }

  /// Throws `SeCuError` (`.cannotCreate`) unless a file at `path` can be written.
  static func checkIsWritable(_ path: String) throws {
    let manager = FileManager.default
    let folder = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
    var isFolder: ObjCBool = false
    if manager.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      throw SeCuError(.cannotCreate, "expected a file, found a folder", at: path, remedy: "Add a file name")
    }
    if let type = try? manager.attributesOfItem(atPath: path)[.type] as? FileAttributeType, type != .typeRegular,
      type != .typeSymbolicLink
    {
      throw SeCuError(.cannotCreate, "expected a file, found a device", at: path, remedy: "Name a file")
    }
    guard manager.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
      throw SeCuError(.cannotCreate, "there is no folder \(folder)", at: path, remedy: "Create the folder first")
    }
    try AtomicFile.tryOut(URL(filePath: path))
  }

  /// Writes the file, if there is one: all of these lines or nothing.
  ///
  /// - Throws: what `AtomicFile.write` throws.
  func save(_ lines: [String]) throws {
    guard let path, path != "-" else { return }
    try AtomicFile.write(Data(lines.map { $0 + "\n" }.joined().utf8), to: URL(filePath: path))
  }
}
