import Foundation

/// Refuses a place for a new file at which something is already: nobody's file is replaced unasked.
///
/// - Throws: `SeCuError` of kind `.cannotCreate`.
package func checkIsFree(_ file: URL) throws(SeCuError) {
  if FileManager.default.fileExists(atPath: file.path) { throw isTaken(file) }
}

/// The error that something is at the place of a new file.
package func isTaken(_ file: URL) -> SeCuError {
  SeCuError(
    .cannotCreate, "the file is there already", at: file.relativePath, remedy: "Name another file, or remove it")
}
