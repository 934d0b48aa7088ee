import Basics

/// What lies at a path, and how paths are put together. Links are followed.
enum Path {
  /// Whether `path` is a folder, not a file.
  ///
  /// - Throws: as `FileStatus.init(at:)`.
  static func isFolder(existing path: String) throws(SeCuError) -> Bool {
    try FileStatus(at: path).kind == .folder
  }

  /// Whether there is a folder at `path`.
  static func isFolder(_ path: String) -> Bool {
    (try? isFolder(existing: path)) ?? false
  }

  /// Whether there is a file to open: a pipe would keep whoever opens it waiting.
  static func isPlainFile(_ path: String) -> Bool {
    (try? FileStatus(at: path))?.kind == .plain
  }

  /// The path of what is called `name` in a folder; an empty folder stands for none.
  static func join(_ folder: String, _ name: String) -> String {
    folder.isEmpty ? name : folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
  }

  /// The first folder of a relative path; nil for a file in none. A slash with an accent above it is another Character, so bytes are looked at.
  static func firstFolder(_ path: String) -> String? {
    path.utf8.firstIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) }
  }
}
