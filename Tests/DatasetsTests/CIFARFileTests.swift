import Basics
import Datasets
import Foundation
import Testing

/// The binary files of CIFAR against what numpy reads from them.
@Suite struct CIFARFileTests {
  private static let part = ProcessInfo.processInfo.environment["SECU_CIFAR10_PART"]

  /// A folder with the first file for training and a fifth of a file for testing.
  @Test(.enabled(if: part != nil, "SECU_CIFAR10_PART names no folder"))
  func `a part of CIFAR-10 is read as numpy reads it`() throws {
    let files = try DataCatalog.find(try #require(Self.part))
    #expect(files.splits == [.train, .test])
    #expect(files.format == "CIFAR-10, binary version")
    #expect(
      files.warnings == ["this is a part of CIFAR-10: 10000 of 50000 images in train, 2000 of 10000 images in test"])

    let train = try files.load()
    #expect((train.count, train.labels?.prefix(5)) == (10_000, [3, 8, 1, 0, 4]))
    #expect(train.classNames?[3] == "cat")
    #expect(train.pixels.reduce(0) { $0 + Int($1) } == 3_717_219_661)
    func pixel(_ image: Int, _ y: Int, _ x: Int) -> [UInt8] {
      let first = ((image * 32 + y) * 32 + x) * 3
      return Array(train.pixels[first..<first + 3])
    }
    #expect(pixel(0, 0, 0) == [193, 195, 194])
    #expect(pixel(17, 5, 9) == [99, 123, 127])
    #expect(pixel(9_999, 31, 30) == [141, 156, 177])

    let test = try files.load(Splits(.test), limit: 1_999)
    #expect((test.count, test.labels?.prefix(5)) == (1_999, [2, 6, 1, 4, 0]))
    let both = try files.load(Splits("test+train"))
    #expect((both.count, both.labels?.prefix(5)) == (12_000, [2, 6, 1, 4, 0]))
    let sum = both.pixels.prefix(2_000 * 3_072).reduce(0) { $0 + Int($1) }
    #expect(sum == 745_847_648)
  }
}
