import Basics
import Imaging
import Testing

@testable import Datasets

@Suite struct ImageFilesTests {
  /// A grey picture of 2×3 pixels of one value.
  private static func picture(_ value: UInt8) -> [UInt8] {
    Array("P5 3 2 255\n".utf8) + [UInt8](repeating: value, count: 6)
  }

  @Test func `batches come in order, with the files that gave no image`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    for (name, value) in [("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 5)] {
      // The second batch has no image at all.
      let whole = Self.picture(UInt8(value))
      try folder.write("cd".contains(name) ? whole.dropLast() : whole, to: "in/\(name).pgm")
    }
    try folder.write(Array("hello".utf8), to: "in/notes.txt")
    let named = try folder.write(Array("hello".utf8), to: "named.png")
    let cores = Cores(threads: 2)
    let files = try ImageFiles([folder.path + "/in", named], cores: cores)
    let paths = "abcde".map { "\(folder.path)/in/\($0).pgm" }
    #expect(files.paths == paths)
    // What was named is meant to be an image.
    #expect(files.skipped.map(\.kind) == [.other, .unreadable])
    #expect(files.skipped.map(\.path) == ["\(folder.path)/in/notes.txt", named])

    var names: [[String]] = [], unread: [[String]] = [], values: [UInt8] = []
    try files.eachBatch(of: 2, side: 8, channels: 3, memory: 64e6, cores: cores) { batch, skipped in
      #expect(batch.channels == 3 && batch.fileNames == batch.names && batch.labels == nil)
      for i in 0..<batch.count {
        let image = try batch.image(at: i)
        #expect(image.shape.description == "2×3×3")
        values.append(image.pixels[17])
      }
      #expect(throws: SeCuError.self) { try batch.image(at: batch.count) }
      names.append(batch.names)
      unread.append(skipped.map(\.path))
    }
    #expect(names == [[paths[0], paths[1]], [], [paths[4]]])
    #expect(unread == [[], [paths[2], paths[3]], []])
    #expect(values == [1, 2, 5])
  }

  /// The same values in another shape are another image.
  @Test func `the checksum tells sizes apart`() throws {
    func checksum(_ height: Int, _ width: Int) throws -> UInt32? {
      let shape = try ImageShape(height: height, width: width, channels: 1)
      let image = try Image(shape: shape, pixels: [1, 2, 3, 4, 5, 6])
      return try ImageBatch(images: [image], names: ["a"], channels: 1).runningChecksums().last
    }
    #expect(try Set([checksum(2, 3), checksum(3, 2), checksum(1, 6), checksum(6, 1)]).count == 4)
  }

  @Test func `what is not there, and what the body throws`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    let cores = Cores(threads: 1)
    let error = try #require(throws: SeCuError.self) { try ImageFiles([folder.path + "/none"], cores: cores) }
    #expect(error.kind == .noInput && error.remedy == "Check the path")
    for name in ["a", "b"] { try folder.write(Self.picture(1), to: "\(name).pgm") }
    var batches = 0
    #expect(throws: CancellationError.self) {
      try ImageFiles([folder.path], cores: cores).eachBatch(
        of: 1, side: 8, channels: 1, memory: 64e6, cores: cores
      ) { _, _ in
        batches += 1
        throw CancellationError()
      }
    }
    #expect(batches == 1)
  }
}
