import Foundation

/// What the operating system says about a failure, such as `No space left on device`: of an error that Foundation threw, the
/// cause beneath it, without Foundation's own sentence.
package func systemReason(_ error: any Error) -> String {
  systemCode(error).map { String(cString: strerror($0)) } ?? (error as NSError).localizedDescription
}

/// The `errno` beneath an error that Foundation threw; nil where there is none.
package func systemCode(_ error: any Error) -> Int32? {
  let error = error as NSError
  let cause = (error.userInfo[NSUnderlyingErrorKey] as? any Error).map { $0 as NSError } ?? error
  return cause.domain == NSPOSIXErrorDomain ? Int32(exactly: cause.code) : nil
}

extension SeCuError {
  /// A file or folder that can't be opened or read: of kind `.noInput` where there is none, else `inputOutput`.
  ///
  /// - Parameters:
  ///   - error: what Foundation threw.
  ///   - place: the file or folder, as messages name it.
  ///   - thing: such as `folder`.
  package static func unreadable(_ error: any Error, at place: String, _ thing: String = "file") -> SeCuError {
    let problem = "the \(thing) can't be read (\(systemReason(error)))"
    switch ((error as? CocoaError)?.code, systemCode(error)) {
    case (.fileReadNoSuchFile, _), (_, ENOENT):
      return SeCuError(.noInput, problem, at: place, remedy: "Check the path")
    case (.fileReadNoPermission, _), (_, EACCES):
      return SeCuError(.inputOutput, problem, at: place, remedy: "Allow it to be read, or name another one")
    default:
      return SeCuError(
        .inputOutput, problem, at: place, remedy: "Make sure that it is a \(thing) and that the disk works")
    }
  }
}
