import Foundation
import Testing

@testable import Basics

@Suite struct SystemReasonTests {
  /// Foundation tells a cause by a code of its own or by the system's, alone or beneath another error.
  @Test func `what to do depends on why a file can't be read`() {
    func told(_ code: CocoaError.Code, _ number: Int32) -> [SeCuError] {
      let system = NSError(domain: NSPOSIXErrorDomain, code: Int(number))
      let outer = NSError(domain: NSCocoaErrorDomain, code: 1, userInfo: [NSUnderlyingErrorKey: system])
      return ([CocoaError(code), system, outer] as [any Error]).map { .unreadable($0, at: "x", "folder") }
    }
    for error in told(.fileReadNoSuchFile, ENOENT) {
      #expect(error.kind == .noInput && error.remedy == "Check the path" && error.place == "x")
    }
    for error in told(.fileReadNoPermission, EACCES) {
      #expect(error.kind == .inputOutput && error.remedy == "Allow it to be read, or name another one")
    }
    for error in told(.fileReadUnknown, EIO) {
      #expect(error.kind == .inputOutput && error.remedy == "Make sure that it is a folder and that the disk works")
    }
    #expect(told(.fileReadUnknown, EIO)[2].problem == "the folder can't be read (\(String(cString: strerror(EIO))))")
  }
}
