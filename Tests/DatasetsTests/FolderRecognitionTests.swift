import Basics
import Foundation
import Imaging
import Testing

@testable import Datasets

/// Pictures far below a folder, or among many, with other files on top.
@Suite(.timeLimit(.minutes(10))) struct FolderRecognitionTests {
  private static let picture = Array("P5 3 2 255\n".utf8) + [UInt8](repeating: 7, count: 6)
  private static let archive: [UInt8] = [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 40)
  private static let array = npy("|u1", "(2, 6, 6)", [UInt8](repeating: 9, count: 72))

  /// Deeper than two levels, and beyond the first of many folders.
  private static let places = [
    ["2024/06/15/x.pgm"], (0..<70).map { "2024/d\($0)/\($0 == 69 ? "x.pgm" : "notes.txt")" },
  ]

  @Test(arguments: [("backup.zip", archive), ("features.npy", array), ("2024/features.npy", array)], places)
  func `a folder of pictures stays one`(_ other: (name: String, content: [UInt8]), _ files: [String]) throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    try folder.write(other.content, to: other.name)
    // Without a picture it is what the other file is.
    if other.content == Self.archive {
      #expect(try folder.failure().contains("found a ZIP archive"))
    } else {
      #expect(try folder.files().format == "numpy array")
    }
    for file in files {
      try folder.write(file.hasSuffix("pgm") ? Self.picture : Array("hello".utf8), to: file)
    }
    #expect(try DataCatalog.dataFiles(at: folder.path) == nil)
    let images = try ImageFolder(folder.path, .init(side: 8, cores: Cores(threads: 2)))
    #expect(images.files.count == 1)
    #expect(images.skipped.filter { $0.path == other.name }.map(\.kind) == [.other])
  }

  @Test func `a known data set stays one, whatever lies far below`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    try folder.write(cifarRecords([[3], [4]]), to: "batches/data_batch_1.bin")
    for name in ["a/b/c/d/x.pgm", "backup.zip"] {
      try folder.write(name == "backup.zip" ? Self.archive : Self.picture, to: name)
      #expect(try folder.files().entryName == "cifar10", "\(name)")
    }
  }

  @Test func `links in a circle end the search`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    try folder.write(Self.archive, to: "a/b/c/backup.zip")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/a/b/c/around", withDestinationPath: "../../..")
    #expect(!FolderScan.findsPicture(below: folder.path))
    #expect(!FolderScan.findsPicture(below: folder.path + "/missing"))
    try folder.write(Array("GIF89a".utf8), to: "a/b/moving")
    #expect(FolderScan.findsPicture(below: folder.path))
  }

  @Test func `one image is told from a data set`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    let path = try folder.write(Self.picture, to: "x.pgm")
    var error = try #require(throws: SeCuError.self) { try DataCatalog.find(path) }
    #expect(error.kind == .badData && error.problem == "expected a data set or a folder, found one image")
    error = try #require(throws: SeCuError.self) {
      try DataCatalog.find(folder.write(Array("hello".utf8), to: "notes"))
    }
    #expect(error.problem == "expected a data set, found none of the known kinds")
  }

  @Test func `a link to nothing is told by its path`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    let path = folder.path + "/loop"
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "loop")
    for ask in [{ _ = try DataCatalog.find($0) }, { _ = try ImageFiles([$0], cores: Cores(threads: 1)) }]
      as [(String) throws -> Void]
    {
      let error = try #require(throws: SeCuError.self) { try ask(path) }
      #expect(error.kind == .noInput && error.problem == "a link to nothing" && error.place == path)
    }
  }

  #if !os(Windows)
    @Test func `a named pipe is no data and no labels`() throws {
      let folder = try DataFolder()
      defer { folder.remove() }
      let images = try folder.write(idx(8, [2, 6, 6], [UInt8](repeating: 9, count: 72)), to: "images-idx3-ubyte")
      let pipe = folder.path + "/labels-idx1-ubyte"
      #expect(mkfifo(pipe, 0o600) == 0)
      // Somebody writes to it, so that no reading waits for ever.
      let writer = open(pipe, O_RDWR | O_NONBLOCK)
      defer { close(writer) }
      #expect(write(writer, idx(8, [2], [0, 1]), 10) == 10)
      let error = try #require(throws: SeCuError.self) { try DataCatalog.find(pipe) }
      #expect(error == SeCuError(.badData, "not a plain file", at: pipe, remedy: "Name a file or a folder of images"))
      #expect(try DataCatalog.find(images).labels() == nil)
      #expect(!FolderScan.findsPicture(below: folder.path))
    }
  #endif
}
