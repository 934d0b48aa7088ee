import Basics
import Foundation
import Testing

@testable import Program

@Suite struct StandardStreamTests {
  private func stream(isTerminal: Bool = true, _ environment: [String: String] = [:], width: Int? = nil)
    -> StandardStream
  {
    Recorder().stream(isTerminal: isTerminal, environment: environment, width: width)
  }

  @Test func `style is for terminals without NO_COLOR`() {
    #expect(stream().hasStyle)
    #expect(stream(["NO_COLOR": ""]).hasStyle)
    #expect(!stream(["NO_COLOR": "1"]).hasStyle)
    #expect(stream(["NO_COLOR": "1"]).isTerminal)
    #expect(!stream(isTerminal: false).hasStyle)
    #expect(stream(["NO_COLOR": "1"]).emphasized("secu:") == "secu:")
    #expect(stream().emphasized("secu:").contains("\u{1B}["))
  }

  @Test func `a dumb terminal is none`() {
    #expect(!stream(["TERM": "dumb"]).isTerminal)
    #expect(!stream(["TERM": "dumb"]).hasStyle)
    #expect(stream(["TERM": "xterm"]).isTerminal)
  }

  @Test func `the width has a default and a minimum`() {
    #expect(stream(width: 132).width() == 132)
    #expect(stream(width: nil).width() == 80)
    #expect(stream(width: 3).width() == 20)
    #expect(stream(isTerminal: false, width: 132).width() == 80)
  }

  @Test func `a failed write names the cause`() throws {
    let cause = NSError(domain: NSPOSIXErrorDomain, code: Int(ENOSPC))
    let failing = StandardStream(isTerminal: false) { _ in
      throw NSError(domain: NSCocoaErrorDomain, code: 640, userInfo: [NSUnderlyingErrorKey: cause])
    }
    let error = #expect(throws: SeCuError.self) { try failing.write("x") }
    #expect(error?.kind == .inputOutput)
    #expect(error?.description.contains("No space left on device") == true)
    failing.tell("nobody reads this, and nothing happens")
  }
}

@Suite struct PlatformTests {
  @Test func `a pipe is no terminal and has no width`() {
    let pipe = Pipe()
    withExtendedLifetime(pipe) {
      let descriptor = pipe.fileHandleForWriting.fileDescriptor
      #expect(!Platform.isTerminal(descriptor))
      #expect(Platform.terminalWidth(descriptor) == nil)
    }
    #expect(!Platform.isTerminal(-1))
  }
}
