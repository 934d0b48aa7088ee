import Basics
import Testing

@testable import Imaging

@Suite struct PNMDecoderTests {
  private func decode(_ text: String, _ data: [UInt8] = []) throws -> DecodedImage {
    try PNMDecoder.decode(Array(text.utf8) + data, name: "a.pnm")
  }

  @Test(
    arguments: [
      ("P1\n3 2\n0 1 0\n1 1 0\n", [], [255, 0, 255, 0, 0, 255]), ("P1 3 2 010110", [], [255, 0, 255, 0, 0, 255]),
      ("P1#c\n#d\n3 # 4\n2\n01#1\n0110", [], [255, 0, 255, 0, 0, 255]),
      ("P4\n3 2\n", [0b0101_1111, 0b1100_0000], [255, 0, 255, 0, 0, 255]),
      ("P2 2 2\r\n255\r\n0 7\t200  255", [], [0, 7, 200, 255]), ("P2 2 2 15 0 7 # x\r8 15", [], [0, 119, 136, 255]),
      // Halves go to the even neighbour: 127.5 → 128; of 10: 25.5 → 26, 76.5 → 76.
      ("P2 3 1 2 0 1 2", [], [0, 128, 255]), ("P2 3 1 10 1 3 10", [], [26, 76, 255]),
      ("P2 2 2 65535 0 128 32768 65535", [], [0, 0, 128, 255]),
      ("P5 2 2 255\n", [0, 7, 200, 255, 99], [0, 7, 200, 255]), ("P5 2 2 255#c\n", [0, 7, 10, 255], [0, 7, 10, 255]),
      ("P5 2 1 1000\n", [3, 232, 0, 2], [255, 1]), ("P5 1 2 100 ", [50, 100], [128, 255]),
    ] as [(String, [UInt8], [UInt8])])
  func greyPixels(header: String, data: [UInt8], expected: [UInt8]) throws {
    let image = try decode(header, data)
    #expect(image.channels == 1)
    #expect(image.pixels == expected)
  }

  @Test func colourPixels() throws {
    let expected: [UInt8] = [1, 2, 3, 40, 50, 60]
    for image in [try decode("P3\n2 1\n255\n1 2 3\n40 50 60\n"), try decode("P6 2 1 255\n", expected)] {
      #expect((image.height, image.width, image.channels) == (1, 2, 3))
      #expect(image.pixels == expected)
    }
  }

  /// A row of a bitmap begins with a byte of its own.
  @Test func bitmapRowsOfEveryWidth() throws {
    for width in 1...17 {
      let bits = (0..<3 * width).map { ($0 * $0 + $0 / 3) % 3 == 0 }
      var data: [UInt8] = []
      for row in 0..<3 {
        for start in stride(from: 0, to: width, by: 8) {
          data.append(
            (0..<8).reduce(0) { byte, bit in
              let x = start + bit
              return byte << 1 | (x < width && bits[row * width + x] ? 1 : 0)
            })
        }
      }
      #expect(try decode("P4 \(width) 3\n", data).pixels == bits.map { $0 ? 0 : 255 })
    }
  }

  @Test(arguments: [
    ("P7\n1 1 255\n0", "expected P1, P2, P3, P4, P5 or P6", 0), ("P", "found the end of the file", 0),
    ("P5 0 1 255\n", "height and width of 1 or more, found 1×0", 2),
    ("P5 x", "expected the width, found the byte 78", 3),
    ("P5 -1 1 255\n", "expected the width, found the byte 2D", 3), ("P5 1", "expected the height, found the end", 4),
    ("P5 99999999999 1 255\n", "a number above 2147483647", 12),
    ("P5 1 1 0\n1", "highest value of 1…65535, found 0", 8),
    ("P5 1 1 65536\n1", "highest value of 1…65535, found 65536", 12), ("P5 1 1 255", "white space", 10),
    ("P5 1 1 255a", "white space after the header, found the byte 61", 10),
    ("P5 2 1 100\nAe", "value of at most 100, found a higher one", 12), ("P5 2 2 255\nabc", "4 values of a byte", 11),
    ("P6 1 1 256\nabcde", "3 values of two bytes", 11), ("P4 9 2\nabc", "2 rows of 2 bytes", 7),
    ("P1 2 1 02", "value of at most 1, found 2", 9), ("P1 2 2 01 0", "expected a pixel, found the end", 11),
    ("P2 2 1 9 1 10", "value of at most 9, found 10", 13), ("P2 9 9 9 1", "81 values", 8),
    ("P2 30000 30000 9 1", "an image of at most 134217728 pixels", 2),
  ])
  func faults(text: String, problem: String, byte: Int) throws {
    let error = try failure { _ = try decode(text) }
    #expect(error.kind == refusalKind(error.problem))
    #expect(error.place == "a.pnm")
    #expect(error.problem.contains(problem), "\(error)")
    #expect(error.position == "byte \(byte)", "\(error)")
    #expect(error.remedy != nil)
  }
}
