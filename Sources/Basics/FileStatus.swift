import Foundation

/// What lies at a path, where links lead to. Asking opens nothing, so that no pipe keeps who asks waiting.
package struct FileStatus: Sendable {
  package enum Kind: Sendable {
    case plain, folder, pipe
    /// A device or a socket.
    case other
  }

  package let kind: Kind
  /// Bytes, of a plain file.
  package let size: Int
  /// Seconds since 1970.
  package let modified: Double

  /// - Throws: `SeCuError` of kind `.noInput` where nothing is, of kind `.inputOutput` where it is not allowed to look.
  package init(at path: String) throws(SeCuError) {
    #if os(Windows)
      let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
      guard let attributes = try? FileManager.default.attributesOfItem(atPath: target) else {
        throw Self.absence(of: path)
      }
      switch attributes[.type] as? FileAttributeType {
      case .typeRegular?: kind = .plain
      case .typeDirectory?: kind = .folder
      default: kind = .other
      }
      size = (attributes[.size] as? NSNumber)?.intValue ?? 0
      modified = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    #else
      var status = stat()
      guard stat(path, &status) == 0 else { throw Self.refusal(errno, path) }
      switch status.st_mode & S_IFMT {
      case S_IFREG: kind = .plain
      case S_IFDIR: kind = .folder
      case S_IFIFO: kind = .pipe
      default: kind = .other
      }
      size = Int(status.st_size)
      #if canImport(Darwin)
        let time = status.st_mtimespec
      #else
        let time = status.st_mtim
      #endif
      modified = Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    #endif
  }

  /// The error for a path where nothing is at all.
  package static func absence(of path: String) -> SeCuError {
    SeCuError(.noInput, "there is no such file or folder", at: path, remedy: "Check the path")
  }

  #if !os(Windows)
    private static func refusal(_ code: Int32, _ path: String) -> SeCuError {
      if code == EACCES {
        return SeCuError(
          .inputOutput, "no permission to look at it", at: path,
          remedy: "Allow its folder to be looked into, or name another one")
      }
      var link = stat()
      if lstat(path, &link) == 0 {
        return SeCuError(.noInput, "a link to nothing", at: path, remedy: "Remove it, or name what it should lead to")
      }
      // Foundation puts this character in place of bytes that are no text, and nothing is called that.
      if path.unicodeScalars.contains("\u{FFFD}") {
        return SeCuError(.noInput, "its name is not text in UTF-8: rename it", at: path)
      }
      return absence(of: path)
    }
  #endif
}
