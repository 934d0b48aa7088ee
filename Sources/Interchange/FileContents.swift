import Basics
import Foundation

extension URL {
  /// How messages name this file: as it was given, relative or absolute.
  package var displayName: String { relativePath }
}

/// Reading whole files, with failures told apart.
package enum FileContents {
  /// All bytes of the file at `url`.
  ///
  /// - Throws: `SeCuError` of kind `.noInput` where there is no file, otherwise `inputOutput` with the system's reason.
  package static func read(_ url: URL) throws(SeCuError) -> Data {
    do {
      return try Data(contentsOf: url)
    } catch {
      throw .unreadable(error, at: url.displayName)
    }
  }
}
