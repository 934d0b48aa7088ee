import Basics
import Foundation
import Testing

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
