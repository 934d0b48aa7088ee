import Foundation

/// Refuses a place for a new file at which something is already: nobody's file is replaced unasked.
///
/// - Throws: `SeCuError` of kind `.cannotCreate`.
package func checkIsFree(_ file: URL) throws(SeCuError) {
  guard FileManager.default.fileExists(atPath: file.path) else { return }
  throw SeCuError(
    .cannotCreate, "the file is there already", at: file.relativePath, remedy: "Name another file, or remove it")
}
