import Basics
import Foundation

/// A file that grows by one JSON value a line, such as a run's metrics.
///
/// A line counts once its newline is there. What follows the last newline is the rest of a write that was cut off: it is
/// left out when reading and removed when the file is opened to be continued. Format: jsonlines.org.
package struct JSONLines<Line: Codable>: Sendable {
  private let handle: FileHandle
  private let name: String

  /// Starts a file.
  ///
  /// - Throws: as `AtomicFile.create(_:at:)`.
  package init(creating url: URL) throws(SeCuError) {
    try AtomicFile.create(Data(), at: url)
    try self.init(opening: url)
  }

  /// Opens the file to continue it, and first drops every line that `isKept` refuses. A file that is missing is created.
  ///
  /// The lines that stay keep their bytes. If any goes, the file is replaced in one step.
  ///
  /// - Parameters:
  ///   - url: the file.
  ///   - remedy: what to do about a line that is not a `Line`.
  ///   - isKept: gets a line's index, from 0, and its value.
  /// - Throws: `SeCuError` of kind `.badData` with the number of the line that is not a `Line`; as
  ///   `FileContents.read(_:)` and `AtomicFile.write(_:to:)`; what `isKept` throws.
  package init(
    resuming url: URL, remedy: String? = nil, keeping isKept: (_ index: Int, _ line: Line) throws(SeCuError) -> Bool
  ) throws(SeCuError) {
    let data = FileManager.default.fileExists(atPath: url.path) ? try FileContents.read(url) : nil
    var kept = Data()
    for (index, text) in Self.completeLines(data ?? Data()).enumerated() {
      if try isKept(index, Self.decode(text, index, url.displayName, remedy: remedy)) {
        kept.append(text)
        kept.append(Self.newline)
      }
    }
    if kept != data { try AtomicFile.write(kept, to: url) }
    try self.init(opening: url)
  }

  private init(opening url: URL) throws(SeCuError) {
    do {
      self.init(appendingTo: try FileHandle(forUpdating: url), name: url.displayName)
    } catch {
      throw SeCuError(
        .cannotCreate, "the file can't be written to (\(systemReason(error)))", at: url.displayName,
        remedy: "Allow it to be written to, or name another one")
    }
  }

  /// - Parameters:
  ///   - handle: a file that can be written to and ends with a complete line.
  ///   - name: what messages call it.
  init(appendingTo handle: FileHandle, name: String) {
    self.handle = handle
    self.name = name
  }

  /// Adds a line and waits until it is on the disk (so: a line an epoch, not a line a step).
  ///
  /// - Throws: `SeCuError` of kind `.inputOutput` where writing fails; the file then ends with the line before.
  package func append(_ line: Line) throws(SeCuError) {
    let text = try JSON.line(line)
    var end: UInt64?
    do {
      end = try handle.seekToEnd()
      try handle.write(contentsOf: text)
      try handle.synchronize()
    } catch {
      if let end { try? handle.truncate(atOffset: end) }
      throw SeCuError(
        .inputOutput, "writing failed (\(systemReason(error))); the lines before are unchanged", at: name,
        remedy: "Make sure that the disk works and has space left")
    }
  }

  /// The values of all complete lines of the file at `url`.
  ///
  /// - Throws: `SeCuError` of kind `.badData` with the number of the line that is not a `Line`; as
  ///   `FileContents.read(_:)`.
  package static func read(contentsOf url: URL) throws(SeCuError) -> [Line] {
    var lines: [Line] = []
    for (index, text) in completeLines(try FileContents.read(url)).enumerated() {
      lines.append(try decode(text, index, url.displayName))
    }
    return lines
  }

  private static var newline: UInt8 { UInt8(ascii: "\n") }

  /// The lines that end with a newline, without it.
  private static func completeLines(_ data: Data) -> [Data] {
    data.split(separator: newline, omittingEmptySubsequences: false).dropLast()
  }

  private static func decode(
    _ text: Data, _ index: Int, _ name: String, remedy: String? = nil
  ) throws(SeCuError) -> Line {
    try JSON.decode(Line.self, from: text, name: name, position: "line \(index + 1)", remedy: remedy)
  }
}
