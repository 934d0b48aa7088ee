import Foundation
import Testing

@testable import Basics

#if !os(Windows)
  @Suite struct FileHandleTests {
    @Test func `a pipe that doesn't block gets all the same`() async throws {
      let pipe = Pipe(), writer = pipe.fileHandleForWriting, reader = pipe.fileHandleForReading
      #expect(fcntl(writer.fileDescriptor, F_SETFL, O_NONBLOCK) == 0)
      // More than a pipe holds.
      let data = Data((0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 % 251) })
      let received = Task.detached { try reader.readToEnd() }
      try writer.writeAll(data)
      try writer.close()
      #expect(try await received.value == data)
    }

    @Test func `what can't be written to is told`() throws {
      let pipe = Pipe()
      let error = #expect(throws: POSIXError.self) { try pipe.fileHandleForReading.writeAll(Data([1])) }
      #expect(error?.code == .EBADF)
    }

    @Test func `a file is closed when nobody has it any more`() throws {
      let pipe = Pipe()
      let ending = {
        let writer = try #require(FileHandle(forWritingAtPath: "/dev/fd/\(pipe.fileHandleForWriting.fileDescriptor)"))
        defer { writer.closeOnce() }
        try writer.writeAll(Data([1, 2]))
      }
      try ending()
      try pipe.fileHandleForWriting.close()
      // Else this would wait for ever.
      #expect(try pipe.fileHandleForReading.readToEnd() == Data([1, 2]))
    }
  }
#endif
