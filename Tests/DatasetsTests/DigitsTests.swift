import Basics
import Imaging
import Testing

@testable import Datasets

@Suite struct DigitsTests {
  /// Figures of the published files: 1,797 images whose grey levels sum to 561,718 before they become bytes.
  @Test func digitsAreThePublishedOnes() throws {
    let digits = Digits.images
    #expect(digits.count == 1_797)
    #expect(digits.shape == (try ImageShape(height: 8, width: 8, channels: 1)))
    #expect(digits.classNames == ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"])
    var histogram = [Int](repeating: 0, count: 10)
    for label in try #require(digits.labels) { histogram[label] += 1 }
    #expect(histogram == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    // Greys of 0…16 are 15.9375 apart as bytes.
    let greys = digits.pixels.map { (Double($0) * 16 / 255).rounded() }
    #expect(greys.reduce(0, +) == 561_718)
    #expect(digits.pixels == greys.map { UInt8(($0 * 255 / 16).rounded()) })
    #expect(digits.pixels.reduce(0) { $0 + Int($1) } == 8_953_801)
  }

  @Test(arguments: [
    (0, 0, 1, [0, 0, 207, 239, 159, 239, 80, 0]), (0, 0, 7, [0, 0, 96, 207, 159, 0, 0, 0]),
    (1_000, 1, 6, [0, 0, 159, 223, 207, 255, 128, 48]), (1_796, 8, 4, [0, 0, 191, 239, 239, 191, 0, 0]),
  ])
  func rowsAreThePublishedOnes(index: Int, label: Int, row: Int, expected: [UInt8]) throws {
    let pixels = try Digits.images.image(at: index).pixels
    #expect(Array(pixels[row * 8..<row * 8 + 8]) == expected)
    #expect(Digits.images.labels?[index] == label)
  }

  @Test func recipeNormalisesDigits() throws {
    let statistics = try Digits.images.channelStatistics()
    #expect(abs(statistics.mean[0] - Augmentation.digits.mean[0]) < 0.00005)
    #expect(abs(statistics.standardDeviation[0] - Augmentation.digits.standardDeviation[0]) < 0.00005)
    let maker = try ViewMaker(Digits.images, recipe: .digits)
    var views = [Float](repeating: .nan, count: 1_797 * 64)
    try views.withUnsafeMutableBufferPointer {
      try maker.cleanViews(of: Array(0..<1_797), cores: Cores(threads: 1), into: try #require($0.baseAddress))
    }
    // The recipe's figures have four digits: half a unit of the last, over the deviation.
    let mean = views.reduce(0.0) { $0 + Double($1) } / Double(views.count)
    #expect(abs(mean) < 0.00005 / 0.37)
  }

  @Test func damageIsFound() throws {
    #expect(try damage("0123").position == "line 1")
    #expect(try damage("00000000000000000000000000000000000000000000000000000000000000000").problem.contains("1797"))
    let wrongGrey: StaticString = "0000000000000000000000000000000000000000000000000000000000000000h"
    #expect(try damage(wrongGrey).problem.hasSuffix("found h"))
    let wrongLabel: StaticString = "a0000000000000000000000000000000000000000000000000000000000000000"
    #expect(try damage(wrongLabel).problem.hasSuffix("found a"))
    #expect(try damage("").problem.contains("found 0"))
  }

  func damage(_ text: StaticString) throws -> SeCuError {
    let error = try #require(throws: SeCuError.self) { try Digits.decode(text) }
    #expect(error.kind == .internal)
    return error
  }
}
