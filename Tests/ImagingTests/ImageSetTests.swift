import Basics
import Foundation
import Testing

@testable import Imaging

@Suite struct ImageSetTests {
  @Test(arguments: [(0, 1, 1), (1, -1, 1), (1, 1, 65_536), (Int.max, 2, 2)])
  func shapeRefusesDimensionsOutOfRange(height: Int, width: Int, channels: Int) throws {
    #expect(try failure { _ = try ImageShape(height: height, width: width, channels: channels) }.kind == .badData)
  }

  @Test func shapeSurvivesJSON() throws {
    let shape = try ImageShape(height: 2, width: 3, channels: 4)
    #expect(shape.count == 24)
    let json = try JSONEncoder().encode(shape)
    #expect(try JSONDecoder().decode(ImageShape.self, from: json) == shape)
    let wrong = Data(#"{"height":0,"width":3,"channels":1}"#.utf8)
    #expect(try failure { _ = try JSONDecoder().decode(ImageShape.self, from: wrong) }.problem.contains("height"))
  }

  @Test func imageChecksItsSize() throws {
    let shape = try ImageShape(height: 2, width: 2, channels: 1)
    #expect(try Image(shape: shape, pixels: [1, 2, 3, 4]).pixels == [1, 2, 3, 4])
    #expect(try failure { _ = try Image(shape: shape, pixels: [1, 2, 3]) }.problem.contains("found 3"))
  }

  @Test func setChecksPixelsAndLabels() throws {
    let shape = try ImageShape(height: 1, width: 2, channels: 1)
    func make(_ pixels: [UInt8], _ labels: [Int]? = nil, _ names: [String]? = nil) throws -> SeCuError {
      try failure { _ = try ImageSet(name: "s", shape: shape, pixels: pixels, labels: labels, classNames: names) }
    }
    #expect(try make([1, 2, 3]).problem.contains("found 1 values after image 1"))
    #expect(try make([1, 2, 3, 4], [0]).problem == "expected 2 labels, one per image, found 1")
    #expect(try make([1, 2, 3, 4], [0, -1]).position == "image 1")
    #expect(try make([1, 2, 3, 4], [2, 0], ["a", "b"]).position == "image 0")
  }

  @Test func subsetsKeepPixelsAndLabelsTogether() throws {
    let shape = try ImageShape(height: 1, width: 2, channels: 1)
    let set = try ImageSet(
      name: "s", shape: shape, pixels: [1, 2, 3, 4, 5, 6], labels: [0, 1, 2], classNames: ["a", "b", "c"])
    let chosen = try set.subset([2, 0, 2])
    #expect(chosen.pixels == [5, 6, 1, 2, 5, 6])
    #expect(chosen.labels == [2, 0, 2])
    #expect(chosen.classNames == set.classNames)
    #expect(try set.prefix(2).pixels == [1, 2, 3, 4])
    #expect(try set.prefix(9) == set)
    #expect(try set.prefix(-1).count == 0)
    #expect(try set.image(at: 1).pixels == [3, 4])
    for wrong in [-1, 3, .max] {
      #expect(try failure { _ = try set.subset([0, wrong]) }.kind == .usage)
      #expect(try failure { _ = try set.image(at: wrong) }.kind == .usage)
    }
  }

  @Test func anySourceCanBeReadIntoMemory() throws {
    struct Growing: ImageSource {
      let name = "growing", count = 2
      let shape: ImageShape
      let channels = 1
      var commonShape: ImageShape? { shape }
      let labels: [Int]? = [1, 0]
      let classNames: [String]? = ["a", "b"]
      var isWrong = false
      func image(at index: Int) throws -> Image {
        let width = isWrong && index == 1 ? shape.width + 1 : shape.width
        let shape = try ImageShape(height: 1, width: width, channels: 1)
        return try Image(shape: shape, pixels: [UInt8](repeating: UInt8(index), count: width))
      }
    }
    let shape = try ImageShape(height: 1, width: 2, channels: 1)
    let set = try ImageSet(Growing(shape: shape))
    #expect(set.pixels == [0, 0, 1, 1])
    #expect(set.labels == [1, 0])
    let wrong = Growing(shape: shape, isWrong: true)
    let error = try failure { _ = try ImageSet(wrong) }
    #expect(
      error.description == "growing, image 1: expected an image of 1×2×1, found 1×3×1. "
        + "Let the source's channels and commonShape say what its images have.")
    // Nor is anything else made of it.
    #expect(try failure { _ = try wrong.runningChecksums() } == error)
    #expect(try failure { _ = try ViewMaker(wrong, recipe: .digits).clean([0, 1]) } == error)
  }

  @Test func imagesThatAreNoneAreRefused() throws {
    struct Strange: ImageSource {
      let name = "strange", count = 1, channels = 3
      let commonShape: ImageShape? = nil, labels: [Int]? = nil, classNames: [String]? = nil
      let height, width, found: Int
      func image(at index: Int) throws -> Image { throw SeCuError(.internal, "not to be asked for") }
      func withPixels(at index: Int, in room: PixelRoom, _ body: (PixelBuffer) throws -> Void) throws {
        try body(PixelBuffer(pixels: room.reserve(1), height: height, width: width, channels: found))
      }
    }
    for (height, width, channels) in [(0, 4, 3), (4, 0, 3), (65_536, 1, 3), (1, 1, 1)] {
      let strange = Strange(height: height, width: width, found: channels)
      let problem = "expected an image of 3 channels, found \(height)×\(width)×\(channels)"
      #expect(try failure { _ = try strange.runningChecksums() }.problem == problem)
      let maker = try ViewMaker(strange, recipe: Augmentation(), height: 8, width: 8)
      #expect(try failure { _ = try maker.clean([0]) }.problem == problem)
    }
    let strange = Strange(height: 1, width: 1, found: 3)
    #expect(try failure { _ = try ImageSet(strange) }.problem.hasPrefix("expected images of one shape"))
  }

  @Test func `a source that lends no pixels is refused`() throws {
    struct Miser: ImageSource {
      let name = "miser", count = 2, channels = 1
      let commonShape: ImageShape?, labels: [Int]? = nil, classNames: [String]? = nil
      func image(at index: Int) throws -> Image { throw SeCuError(.internal, "not to be asked for") }
      func withPixels(at index: Int, in room: PixelRoom, _ body: (PixelBuffer) throws -> Void) throws {}
    }
    let miser = Miser(commonShape: try ImageShape(height: 8, width: 8, channels: 1))
    let error = try failure { _ = try ViewMaker(miser, recipe: .digits).clean([1]) }
    #expect(error.description.hasPrefix("miser, image 1: expected pixels, found none."))
    let coloured = Miser(commonShape: try ImageShape(height: 8, width: 8, channels: 3))
    #expect(
      try failure { try coloured.checkLabelsAndNames() }.problem == "expected a common shape of 1 channel, found 8×8×3")
  }

  @Test func `any label from 0 on may stand without names of classes`() throws {
    let shape = try ImageShape(height: 1, width: 1, channels: 1)
    #expect(try ImageSet(name: "s", shape: shape, pixels: [1, 2], labels: [0, .max]).labels == [0, .max])
    #expect(
      try failure { _ = try ImageSet(name: "", shape: shape, pixels: [1], labels: [-1]) }.description.hasPrefix(
        "image 0: expected a label"))
  }

  @Test func statisticsOfEachChannel() throws {
    let shape = try ImageShape(height: 1, width: 2, channels: 2)
    let set = try ImageSet(name: "s", shape: shape, pixels: [0, 51, 255, 51, 0, 51, 255, 51])
    let statistics = try set.channelStatistics()
    // Every term is exact but 51/255 and a division: one rounding each.
    #expect(abs(statistics.mean[0] - 0.5) <= 0.5.ulp)
    #expect(abs(statistics.mean[1] - 0.2) <= 0.2.ulp)
    #expect(abs(statistics.standardDeviation[0] - 0.5) <= 0.5.ulp)
    #expect(statistics.standardDeviation[1] == 0)
    #expect(try failure { _ = try set.prefix(0).channelStatistics() }.kind == .badData)
  }
}
