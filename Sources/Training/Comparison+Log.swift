import Basics
import Foundation
import Interchange

extension Comparison {
  /// A file of results, a line of JSON each, that keeps what is there if the comparison is interrupted.
  public struct Log: Sendable {
    private let lines: JSONLines<Result>

    /// - Throws: `SeCuError` of kind `.cannotCreate` if something is at `url` already, or it can't be made.
    public init(creating url: URL) throws {
      lines = try JSONLines(creating: url)
    }

    /// Adds a line.
    ///
    /// - Throws: `SeCuError` if it can't be written.
    public func append(_ result: Result) throws { try lines.append(result) }
  }
}
