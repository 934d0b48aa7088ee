import Foundation
import Testing

@testable import Basics

@Suite struct FileStatusTests {
  @Test func `what lies there is told without opening it`() throws {
    try withFiles(["folder/file": "hello"]) { root in
      let folder = root.appending(path: "folder"), file = folder.appending(path: "file")
      #expect(try FileStatus(at: folder.path).kind == .folder)
      let date = Date(timeIntervalSince1970: 1_700_000_000.25)
      try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: file.path)
      for path in [file, try link(root, "link", to: "folder/file")].map(\.path) {
        let status = try FileStatus(at: path)
        #expect(status.kind == .plain && status.size == 5)
        #expect(abs(status.modified - date.timeIntervalSince1970) < 0.001)
      }
      #if !os(Windows)
        let pipe = root.appending(path: "pipe").path
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(try FileStatus(at: pipe).kind == .pipe)
        #expect(try FileStatus(at: "/dev/null").kind == .other)
      #endif
    }
  }

  @Test func `why nothing is found is told`() throws {
    try withFiles(["file": "hello"]) { root in
      func refusal(_ path: String) throws -> SeCuError {
        let error = try #require(throws: SeCuError.self) { try FileStatus(at: path) }
        #expect(error.place == path)
        return error
      }
      let missing = root.appending(path: "missing").path
      #expect(try refusal(missing) == FileStatus.absence(of: missing))
      #if !os(Windows)
        for target in ["missing", "loop"] {
          let error = try refusal(try link(root, "loop", to: target).path)
          #expect(error.kind == .noInput && error.problem == "a link to nothing")
          try FileManager.default.removeItem(at: root.appending(path: "loop"))
        }
        #expect(try refusal(root.path + "/bad\u{FFFD}.jpg").problem == "its name is not text in UTF-8: rename it")
        #expect(try refusal(root.path + "/file/x").kind == .noInput)
      #endif
    }
  }

  #if !os(Windows)
    @Test(.enabled(if: geteuid() != 0, "who may do everything is refused nothing"))
    func `a folder that may not be looked into is told`() throws {
      try withFiles(["file": "hello"]) { root in
        try FileManager.default.setAttributes([.posixPermissions: 0o000], ofItemAtPath: root.path)
        defer { try? FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: root.path) }
        let error = try #require(throws: SeCuError.self) { try FileStatus(at: root.path + "/file") }
        #expect(error.kind == .inputOutput && error.problem == "no permission to look at it")
      }
    }
  #endif

  private func link(_ root: URL, _ name: String, to target: String) throws -> URL {
    let link = root.appending(path: name)
    try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: target)
    return link
  }
}
