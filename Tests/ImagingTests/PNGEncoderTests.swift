import Basics
import Testing

@testable import Imaging

@Suite struct PNGEncoderTests {
  private static func image(_ height: Int, _ width: Int, _ channels: Int, _ value: (Int) -> UInt8) throws -> Image {
    let shape = try ImageShape(height: height, width: width, channels: channels)
    return try Image(shape: shape, pixels: (0..<shape.count).map(value))
  }

  @Test(arguments: 1...4)
  func whatIsEncodedIsDecoded(channels: Int) throws {
    var random = RandomStream(seed: 4, purpose: .benchmark)
    for (height, width) in [(1, 1), (1, 7), (5, 1), (13, 11), (40, 50)] {
      let noise = (0..<height * width * channels).map { _ in UInt8(truncatingIfNeeded: random.nextWord()) }
      let images = [
        try Self.image(height, width, channels) { noise[$0] },
        try Self.image(height, width, channels) { UInt8(truncatingIfNeeded: $0 / 3) },
        try Self.image(height, width, channels) { UInt8(truncatingIfNeeded: $0 / (width * channels) * 5) },
        try Self.image(height, width, channels) { _ in 255 },
      ]
      for image in images {
        let decoded = try PNGDecoder.decode(PNGEncoder.encode(image), name: "a")
        #expect(decoded.channels == channels)
        #expect((decoded.height, decoded.width) == (height, width))
        #expect(decoded.pixels == image.pixels)
      }
    }
  }

  @Test func refusesOtherChannels() throws {
    let image = try Self.image(1, 1, 5) { _ in 0 }
    let error = try failure { _ = try PNGEncoder.encode(image) }
    #expect(error.kind == .usage)
    #expect(error.problem == "expected an image of 1…4 channels, found 5")
  }

  /// A slope costs one filter and next to nothing after it: far fewer bytes than one a pixel.
  @Test func filtersAreChosenByContent() throws {
    let image = try Self.image(64, 64, 1) { UInt8(truncatingIfNeeded: $0 % 64 * 3 + $0 / 64 * 2) }
    let file = try PNGEncoder.encode(image)
    #expect(file.count < 64 * 64 / 20)
  }
}
