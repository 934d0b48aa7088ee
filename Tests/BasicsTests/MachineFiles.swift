import Foundation
import TestSupport

/// What `body` makes of a file system of its own, with these files.
func withFiles<Result>(_ files: [String: String], _ body: (_ root: URL) throws -> Result) throws -> Result {
  let root = URL.temporary()
  defer { root.remove() }
  for (path, text) in files {
    let file = root.appending(path: path)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }
  return try body(root)
}
