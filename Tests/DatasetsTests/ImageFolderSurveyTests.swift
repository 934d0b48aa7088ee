import Basics
import Imaging
import Testing

@testable import Datasets

@Suite struct ImageFolderSurveyTests {
  private static func survey(_ folder: DataFolder) throws -> ImageFolder.Survey {
    try ImageFolder.survey(folder.path, memory: 64e6, cores: Cores(threads: 2))
  }

  /// Of 120 files every fourth is looked at first, and none of these is an image that can be read.
  @Test func `where the first sample can't be read others are`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    let picture = Array("P5 30 20 255\n".utf8) + [UInt8](repeating: 1, count: 600)
    for i in 100..<220 {
      try folder.write(i % 4 == 3 ? picture : Array(picture.dropLast()), to: "\(i).pgm")
    }
    let survey = try Self.survey(folder)
    #expect((survey.images, survey.shorterSide) == (120, 20))
  }

  @Test func `where none can be read all are counted`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    for i in 100..<150 { try folder.write(Array("P5 30 20 255\n".utf8), to: "\(i).pgm") }
    try folder.write(Array("hello".utf8), to: "000.jpg")
    let error = try #require(throws: SeCuError.self) { try Self.survey(folder) }
    #expect(error.problem.contains("the first of 51 is 000.jpg"), "\(error)")
  }

  @Test func `a folder tells what decoding took`() throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    let header = Array("P6 500 400 255\n".utf8)
    try folder.write(header + [UInt8](repeating: 1, count: 600_000), to: "large.ppm")
    let images = try ImageFolder(folder.path, .init(side: 8, memory: 64e6, cores: Cores(threads: 1)))
    // Five times the decoded bytes, of which little is left.
    #expect(images.readingBytes == 3e6 && images.residentBytes < 1000)
    #expect(try ImageSubset(images, ids: [0]).readingBytes == 3e6)
  }
}
