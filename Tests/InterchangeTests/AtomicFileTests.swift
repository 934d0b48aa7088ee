import Basics
import Foundation
import TestSupport
import Testing

@testable import Interchange

@Suite struct AtomicFileTests {
  private struct Interrupted: Error {}

  @Test func createsAndReplacesAFile() throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let url = folder.appending(path: "a")
    for text in ["first", "", "a longer third"] {
      try AtomicFile.write(Data(text.utf8), to: url)
      #expect(try FileContents.read(url) == Data(text.utf8))
    }
    #expect(try names(in: folder) == ["a"])
  }

  @Test func whatIsThereIsNotCreatedAgain() throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let url = folder.appending(path: "a"), link = folder.appending(path: "b")
    try AtomicFile.create(Data([1]), at: url)
    try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "nowhere")
    for taken in [url, link] {
      let error = try failure { try AtomicFile.create(Data([2]), at: taken) }
      #expect(error.kind == .cannotCreate && error.problem == "the file is there already")
    }
    #expect(try FileContents.read(url) == Data([1]))
    #expect(try names(in: folder) == ["a", "b"])
  }

  @Test func longestNamesWork() throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let name = String(repeating: "n", count: 255)
    try AtomicFile.write(Data([1]), to: folder.appending(path: name))
    #expect(try names(in: folder) == [name])
  }

  @Test func missingFolderIsReportedWithTheSystemsReason() throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let url = folder.appending(path: "missing/a")
    let error = try failure { try AtomicFile.write(Data(), to: url) }
    #expect(error.kind == .cannotCreate)
    #expect(error.place == url.relativePath)
    #expect(error.problem.contains("No such file or directory"))
    #expect(try names(in: folder) == [])
  }

  @Test func fileInPlaceOfTheFolderIsReported() throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let file = folder.appending(path: "file")
    try AtomicFile.write(Data([1]), to: file)
    let error = try failure { try AtomicFile.write(Data(), to: file.appending(path: "a")) }
    #expect(error.kind == .cannotCreate)
    #expect(error.problem.contains("Not a directory"))
    #expect(try FileContents.read(file) == Data([1]))
  }

  #if !os(Windows)
    /// Permissions don't bind the superuser.
    @Test(.enabled(if: geteuid() != 0)) func unwritableFolderIsReported() throws {
      let folder = try URL.temporaryFolder()
      defer { folder.remove() }
      let url = folder.appending(path: "a")
      try AtomicFile.write(Data([1]), to: url)
      try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: folder.path)
      defer { try? FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path) }
      let error = try failure { try AtomicFile.write(Data([2]), to: url) }
      #expect(error.kind == .cannotCreate)
      #expect(error.problem.contains("Permission denied"))
      #expect(try FileContents.read(url) == Data([1]))
    }

    @Test func newFilesHaveTheUsualPermissions() throws {
      let folder = try URL.temporaryFolder()
      defer { folder.remove() }
      let plain = folder.appending(path: "plain")
      #expect(FileManager.default.createFile(atPath: plain.path, contents: nil))
      let url = folder.appending(path: "a")
      try AtomicFile.write(Data([1]), to: url)
      let permissions = try [plain, url].map {
        try FileManager.default.attributesOfItem(atPath: $0.path)[.posixPermissions] as? Int
      }
      #expect(permissions[0] == permissions[1])
    }

    @Test func namedPipeIsNotReplaced() throws {
      let folder = try URL.temporaryFolder()
      defer { folder.remove() }
      let url = folder.appending(path: "pipe")
      #expect(mkfifo(url.path, 0o600) == 0)
      let error = try failure { try AtomicFile.write(Data(), to: url) }
      #expect(error.kind == .cannotCreate)
      #expect(try names(in: folder) == ["pipe"])
      let type = try FileManager.default.attributesOfItem(atPath: url.path)[.type] as? FileAttributeType
      #expect(type != .typeRegular)
    }
  #endif

  @Test func folderIsNotReplaced() throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let url = folder.appending(path: "a")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    let error = try failure { try AtomicFile.write(Data(), to: url) }
    #expect(error.kind == .cannotCreate)
    #expect(error.problem.contains("found a folder"))
    #expect(try names(in: folder) == ["a"])
  }

  @Test func tryingOutChangesNothing() throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let url = folder.appending(path: "a")
    try AtomicFile.tryOut(url)
    #expect(try names(in: folder) == [])
    try AtomicFile.write(Data([1]), to: url)
    try AtomicFile.tryOut(url)
    #expect(try names(in: folder) == ["a"])
    #expect(try FileContents.read(url) == Data([1]))
    for place in [folder, folder.appending(path: "missing/a"), url.appending(path: "b")] {
      #expect(try failure { try AtomicFile.tryOut(place) }.kind == .cannotCreate)
    }
  }

  /// What was put in place while the content was written is not overwritten if it is a folder.
  @Test func failedRenameLeavesNoTemporary() throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let url = folder.appending(path: "a")
    let error = try failure {
      try AtomicFile.replace(url) { _ in
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        try Data([1]).write(to: url.appending(path: "inside"))
      }
    }
    #expect(error.kind == .cannotCreate)
    #expect(try names(in: folder) == ["a"])
    #expect(try names(in: url) == ["inside"])
  }

  @Test func symbolicLinkStaysAndItsTargetIsReplaced() throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let (url, link) = (folder.appending(path: "a"), folder.appending(path: "link"))
    try AtomicFile.write(Data([1]), to: url)
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: url)
    try AtomicFile.write(Data([2]), to: link)
    #expect(try FileContents.read(url) == Data([2]))
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.path) == url.path)
    #expect(try names(in: folder) == ["a", "link"])
  }

  /// The error of replacing a file by what `body` writes until it throws, which must leave the old file, and it alone.
  private func failureThatLeavesTheOldFile(
    _ body: (FileHandle) throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> (error: SeCuError, url: URL) {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let url = folder.appending(path: "a")
    try AtomicFile.write(Data([1]), to: url)
    let error = try failure({ try AtomicFile.replace(url, content: body) }, sourceLocation: sourceLocation)
    #expect(try FileContents.read(url) == Data([1]), sourceLocation: sourceLocation)
    #expect(try names(in: folder) == ["a"], sourceLocation: sourceLocation)
    return (error, url)
  }

  #if os(Linux)
    /// The error is the system's own: /dev/full accepts no byte.
    @Test func fullDiskLeavesTheOldFile() throws {
      let (error, url) = try failureThatLeavesTheOldFile { handle in
        try handle.write(contentsOf: Data([2]))
        try FileHandle(forWritingTo: URL(filePath: "/dev/full")).write(contentsOf: Data([3]))
      }
      #expect(error.kind == .inputOutput)
      #expect(error.place == url.relativePath)
      #expect(error.problem.contains("No space left on device"))
    }
  #endif

  @Test func failureHalfWayLeavesTheOldFile() throws {
    let (error, _) = try failureThatLeavesTheOldFile { handle in
      try handle.write(contentsOf: Data(repeating: 2, count: 1000))
      throw Interrupted()
    }
    #expect(error.kind == .inputOutput)
    let own = SeCuError(.badData, "expected this error")
    #expect(try failureThatLeavesTheOldFile { _ in throw own }.error == own)
  }

  @Test func targetIsWholeWhileItIsReplacedFromSeveralThreads() throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let url = folder.appending(path: "a")
    try AtomicFile.write(Data(repeating: 0, count: 50_000), to: url)
    DispatchQueue.concurrentPerform(iterations: 8) { index in
      do {
        try AtomicFile.write(Data(repeating: UInt8(index), count: 50_000), to: url)
        let content = try FileContents.read(url)
        #expect(content.count == 50_000)
        #expect(Set(content).count == 1)
      } catch {
        Issue.record(error)
      }
    }
    #expect(try names(in: folder) == ["a"])
  }

  @Test func leftoversOfKilledProcessesAreRemovedAndNothingElse() throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    // The name that a temporary has, taken from a write that is under way.
    var temporaries: [String] = []
    try AtomicFile.replace(folder.appending(path: "a")) { _ in temporaries = try names(in: folder) }
    let temporary = try #require(temporaries.first)
    #expect(temporaries.count == 1)
    let others = [".secu-notes.partial", ".secu-\(UUID().uuidString)", "\(UUID().uuidString).partial"]
    for name in others + [temporary] { try Data([1]).write(to: folder.appending(path: name)) }
    AtomicFile.removeLeftovers(in: folder, olderThan: 3600)
    #expect(try names(in: folder).contains(temporary))
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -3700)], ofItemAtPath: folder.appending(path: temporary).path)
    AtomicFile.removeLeftovers(in: folder, olderThan: 3600)
    #expect(try names(in: folder) == (others + ["a"]).sorted())
    try Data([1]).write(to: folder.appending(path: temporary))
    AtomicFile.removeLeftovers(in: folder)
    #expect(try names(in: folder) == (others + ["a"]).sorted())
    AtomicFile.removeLeftovers(in: folder.appending(path: "missing"))
  }

  @Test func missingFileAndFolderAreToldApartWhenReading() throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    let missing = try failure { try FileContents.read(folder.appending(path: "a")) }
    #expect(missing.kind == .noInput)
    let unreadable = try failure { try FileContents.read(folder) }
    #expect(unreadable.kind == .inputOutput)
  }
}
