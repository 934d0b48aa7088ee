import Foundation

extension URL {
  /// A place for a test's folder or file, where nothing is yet; to be followed by `defer { place.remove() }`.
  package static func temporary() -> URL {
    FileManager.default.temporaryDirectory.appending(path: "secu-\(UUID().uuidString)")
  }

  /// A new, empty folder; to be followed by `defer { folder.remove() }`.
  package static func temporaryFolder() throws -> URL {
    let folder = temporary()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  /// Removes what is here, if anything is.
  package func remove() { try? FileManager.default.removeItem(at: self) }
}
