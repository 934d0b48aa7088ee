import Foundation

/// What the operating system says about a failure, such as `No space left on device`: of an error that Foundation threw, the
/// cause beneath it, without Foundation's own sentence.
package func systemReason(_ error: any Error) -> String {
  let error = error as NSError
  let cause = (error.userInfo[NSUnderlyingErrorKey] as? any Error).map { $0 as NSError } ?? error
  guard cause.domain == NSPOSIXErrorDomain, let code = Int32(exactly: cause.code) else {
    return error.localizedDescription
  }
  return String(cString: strerror(code))
}
