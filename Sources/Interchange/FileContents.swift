import Basics
import Foundation

extension URL {
  /// How messages name this file: as it was given, relative or absolute.
  package var displayName: String { relativePath }
}

/// Reading whole files, with failures told apart.
package enum FileContents {
  /// The most bytes that a pipe may give; of a file, the system knows the length before.
  private static let mostOfPipe = 1 << 30

  /// All bytes of the file at `url`, or of a pipe that is open already, such as `/dev/stdin`.
  ///
  /// A pipe with a name of its own is refused: where nobody writes to it, reading would never end.
  ///
  /// - Throws: `SeCuError` of kind `.noInput` where there is no file, `badData` for what is no plain file or an endless pipe, otherwise
  ///   `inputOutput` with the system's reason.
  package static func read(_ url: URL) throws(SeCuError) -> Data {
    let kind = (try? FileStatus(at: url.path))?.kind
    do {
      switch kind {
      case .pipe where url.path.hasPrefix("/dev/") || url.path.hasPrefix("/proc/"): return try readPipe(url)
      case .pipe, .other:
        throw SeCuError(
          .badData, "expected a plain file, found a \(kind == .pipe ? "named pipe" : "device or socket")",
          at: url.displayName, remedy: "Name a file, or give the text through a pipe to /dev/stdin")
      case .plain, .folder, nil: return try Data(contentsOf: url)
      }
    } catch let error as SeCuError {
      throw error
    } catch {
      throw .unreadable(error, at: url.displayName)
    }
  }

  private static func readPipe(_ url: URL) throws -> Data {
    let handle = try FileHandle(forReadingFrom: url)
    defer { handle.closeOnce() }
    let data = try handle.read(upToCount: mostOfPipe + 1) ?? Data()
    guard data.count <= mostOfPipe else {
      throw SeCuError(
        .badData, "expected at most \(mostOfPipe) bytes, found more", at: url.displayName, remedy: "Name a file")
    }
    return data
  }
}
