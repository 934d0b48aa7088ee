import Basics
import Foundation

/// What lies at a path, and how paths are put together. Links are followed.
enum Path {
  /// Whether `path` is a folder, not a file.
  ///
  /// - Throws: `SeCuError` of kind `.noInput` where nothing is.
  static func isFolder(existing path: String) throws(SeCuError) -> Bool {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw SeCuError(.noInput, "there is no such file or folder", at: path, remedy: "Check the path")
    }
    return isFolder.boolValue
  }

  /// Whether there is a folder at `path`.
  static func isFolder(_ path: String) -> Bool {
    (try? isFolder(existing: path)) ?? false
  }

  /// Whether there is a file to open: a pipe would keep whoever opens it waiting.
  static func isPlainFile(_ path: String) -> Bool {
    let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let type = (try? FileManager.default.attributesOfItem(atPath: target))?[.type] as? FileAttributeType
    return type == .typeRegular
  }

  /// The path of what is called `name` in a folder; an empty folder stands for none.
  static func join(_ folder: String, _ name: String) -> String {
    folder.isEmpty ? name : folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
  }
}
