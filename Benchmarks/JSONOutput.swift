import Basics
import Foundation

/// Where the JSON lines go.
struct JSONOutput {
  private let path: String?

  /// Whether lines go to standard output, each as soon as its case is measured.
  var takesStandardOutput: Bool { path == "-" }

  /// - Parameter path: a file, `-` for standard output, or nil for nowhere.
  /// - Throws: `SeCuError` (`.cannotCreate`) if there is no folder to write the file in: better now than after minutes of
  ///   measuring.
  init(_ path: String?) throws {
    self.path = path
    guard let path, path != "-" else { return }
    let manager = FileManager.default
    switch Self.type(of: path) {
    case .typeDirectory:
      throw SeCuError(.cannotCreate, "expected a file, found a folder", at: path, remedy: "Add a file name")
    case nil, .typeRegular:
      let folder = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
      guard Self.type(of: folder) != nil else {
        throw SeCuError(.cannotCreate, "there is no folder \(folder)", at: path, remedy: "Create the folder first")
      }
      guard manager.isWritableFile(atPath: folder) else {
        throw SeCuError(.cannotCreate, "the folder \(folder) can't be written to", at: path)
      }
    default: break
    }
  }

  /// Writes the file, if there is one: all lines or nothing. Devices, pipes and links are written to rather than replaced.
  ///
  /// - Throws: `SeCuError` (`.inputOutput`).
  func save(_ lines: [String]) throws {
    guard let path, path != "-" else { return }
    let type = Self.type(of: path)
    do {
      try Data(lines.map { $0 + "\n" }.joined().utf8).write(
        to: URL(filePath: path), options: type == nil || type == .typeRegular ? .atomic : [])
    } catch {
      throw SeCuError(.inputOutput, "cannot write (\(Platform.reason(for: error)))", at: path)
    }
  }

  /// What there is at `path`, nil for nothing.
  private static func type(of path: String) -> FileAttributeType? {
    (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType
  }
}
