import Basics
import Imaging
import Synchronization
import Testing

@Suite struct ImageSubsetTests {
  @Test func `images and labels have their places, and may come more than once`() throws {
    let shape = try ImageShape(height: 1, width: 2, channels: 1)
    let whole = try ImageSet(
      name: "s", shape: shape, pixels: [1, 2, 3, 4, 5, 6], labels: [0, 1, 2], classNames: ["a", "b", "c"])
    let subset = try ImageSubset(whole, ids: [2, 0, 2])
    #expect(subset.count == 3 && subset.labels == [2, 0, 2] && subset.ids == [2, 0, 2])
    #expect((subset.name, subset.channels, subset.commonShape) == ("s", 1, shape))
    #expect(subset.classNames == whole.classNames && subset.fileNames == nil)
    #expect(try (0..<3).map { try subset.image(at: $0).pixels } == [[5, 6], [1, 2], [5, 6]])
    let room = PixelRoom()
    try subset.withPixels(at: 1, in: room) { image in
      #expect(Array(UnsafeBufferPointer(start: image.pixels, count: image.count)) == [1, 2])
    }
    // It is what a copy would be.
    #expect(try subset.runningChecksums() == whole.subset([2, 0, 2]).runningChecksums())
    for ids in [[], [0, 2], [-1, 3, .max, .min]] { subset.readAhead(ids[...]) }
    #expect(try ImageSubset(whole, ids: []).count == 0)
  }

  @Test func `images are read ahead by their numbers in the whole`() throws {
    final class Told: Sendable {
      let ids = Mutex<[Int]>([])
    }
    struct Slow: ImageSource {
      let name = "slow", count = 9, channels = 1
      let commonShape: ImageShape? = nil, labels: [Int]? = nil, classNames: [String]? = nil
      let told: Told
      func image(at index: Int) throws -> Image { throw SeCuError(.internal, "not to be asked for") }
      func readAhead(_ ids: ArraySlice<Int>) { told.ids.withLock { $0 += ids } }
    }
    let slow = Slow(told: Told())
    try ImageSubset(slow, ids: [7, 3, 5]).readAhead([2, 0, 3, -1])
    #expect(slow.told.ids.withLock { $0 } == [5, 7])
  }

  @Test func `wrong numbers are errors`() throws {
    let whole = try sampleSet(count: 3, height: 2, width: 2)
    for id in [-1, 3, .max] {
      #expect(try failure { _ = try ImageSubset(whole, ids: [0, id]) }.kind == .usage)
      // Within the whole is not within its subset.
      let subset = try ImageSubset(whole, ids: [1])
      #expect(try failure { _ = try subset.image(at: id) }.kind == .usage)
      #expect(try failure { _ = try subset.image(at: 1) }.kind == .usage)
    }
  }

  @Test func `a source without a label or a name for each image is refused`() throws {
    struct Careless: ImageSource {
      let name = "careless", count = 2, channels = 1
      let commonShape: ImageShape? = nil, classNames: [String]? = nil
      let labels: [Int]?, fileNames: [String]?
      func image(at index: Int) throws -> Image {
        try Image(shape: ImageShape(height: 1, width: 1, channels: 1), pixels: [0])
      }
    }
    for source in [Careless(labels: [1], fileNames: nil), Careless(labels: nil, fileNames: ["a", "b", "c"])] {
      #expect(try failure { _ = try ImageSubset(source, ids: [0]) }.kind == .badData)
    }
    #expect(try ImageSubset(Careless(labels: nil, fileNames: ["a", "b"]), ids: [1, 1]).fileNames == ["b", "b"])
  }
}
