import Basics

extension DataCatalog {
  /// The path of the folder that `text` names, if it is to be read as a folder of image files.
  ///
  /// - Returns: nil for a known name, for a file, for what is not there, and for a folder that holds a data set of a known kind.
  /// - Throws: `SeCuError` of kind `.badData` for a damaged data set.
  public static func imageFolder(_ text: String) throws -> String? {
    if entries.contains(where: { $0.name == text.lowercased() }) { return nil }
    guard Path.isFolder(text) else { return nil }
    let path = try canonicalName(text)
    return try DataFiles.recognised(at: path) == nil ? path : nil
  }
}
