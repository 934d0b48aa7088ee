import Basics
import Foundation
import TestSupport
import Testing

@testable import Interchange

@Suite(.timeLimit(.minutes(10))) struct FileContentsTests {
  #if !os(Windows)
    @Test func `a pipe that is open already is read to its end`() throws {
      let pipe = Pipe(), text = Data("{\"epochs\": 3}".utf8)
      try pipe.fileHandleForWriting.write(contentsOf: text)
      try pipe.fileHandleForWriting.close()
      let url = URL(fileURLWithPath: "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)")
      #expect(try FileContents.read(url) == text)
      withExtendedLifetime(pipe) {}
    }

    @Test func `a named pipe and a device are refused`() throws {
      let folder = try URL.temporaryFolder()
      defer { folder.remove() }
      let url = folder.appending(path: "pipe")
      #expect(mkfifo(url.path, 0o600) == 0)
      // Somebody writes to it, so that reading it would not wait for ever.
      let writer = open(url.path, O_RDWR | O_NONBLOCK)
      #expect(write(writer, [UInt8](repeating: 1, count: 4096), 4096) == 4096)
      defer { close(writer) }
      var error = try failure { try FileContents.read(url) }
      #expect(error.kind == .badData && error.problem == "expected a plain file, found a named pipe")
      error = try failure { try FileContents.read(URL(fileURLWithPath: "/dev/zero")) }
      #expect(error.kind == .badData && error.problem == "expected a plain file, found a device or socket")
      #expect(error.place == "/dev/zero")
    }
  #endif
}
