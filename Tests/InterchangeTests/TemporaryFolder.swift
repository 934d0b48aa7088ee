import Basics
import Foundation
import Testing

@testable import Interchange

/// Calls `body` with a new, empty folder, and removes it afterwards.
func withTemporaryFolder(_ body: (URL) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appending(path: "interchange-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder)
}

/// The names of all files in `folder`, hidden ones included.
func names(in folder: URL) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
}

/// The `SeCuError` that `body` throws.
func failure<Result>(
  _ body: () throws -> Result, sourceLocation: SourceLocation = #_sourceLocation
) throws -> SeCuError {
  try #require(throws: SeCuError.self, sourceLocation: sourceLocation) { _ = try body() }
}
