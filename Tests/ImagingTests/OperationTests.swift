import Basics
import Kernels
import Testing

@testable import Imaging

/// Every operation in its fast form against its plain one: to the bit, on every instruction set.
@Suite struct OperationTests {
  /// Height, width and channels: single pixels, lines, sizes around those of vectors, and channels that are not colours.
  static let shapes = [(1, 1, 3), (1, 9, 1), (7, 1, 3), (2, 2, 3), (5, 33, 3), (17, 15, 1), (16, 70, 3), (9, 11, 2)]

  static let cases: [OperationCase] =
    [0, 0.05, 0.6, 1, 1.4, 2.7].flatMap { [.brightness($0), .contrast($0), .saturation($0), .sharpness($0)] }
    + [-0.5, -0.1, -0.003, 0, 0.05, 0.2, 0.5].map { .hue($0) }
    // Up to 1.41 the box has one whole pixel, up to 2.45 three; 20 is the recipe's limit.
    + [0, 0.1, 0.9, 1.4, 1.42, 2, 3.5, 20].map { .gaussianBlur($0) }
    + [0, 1, 128, 255, 256].map { .solarise($0) } + [.greyscale, .flip]

  @Test(arguments: InstructionSet.available, cases)
  func fastIsPlain(instructionSet: InstructionSet, operation: OperationCase) throws {
    for (height, width, channels) in Self.shapes {
      let image = try sampleSet(count: 1, height: height, width: width, channels: channels).image(at: 0)
      #expect(try operation.fast(image, instructionSet) == operation.plain(image), "\(height)×\(width)×\(channels)")
    }
  }

  /// Crops of an image of 40×37 pixels and the sizes that they get: enlarged, shrunk, both, up to single pixels.
  static let resizes: [OperationCase] = [
    .resizedCrop(0, 0, 40, 37, to: 40, 37), .resizedCrop(3, 5, 16, 16, to: 32, 32),
    .resizedCrop(39, 36, 1, 1, to: 5, 3), .resizedCrop(0, 0, 40, 37, to: 1, 1), .resizedCrop(2, 1, 33, 36, to: 7, 70),
    .resizedCrop(7, 0, 31, 2, to: 30, 1), .resizedCrop(1, 30, 4, 7, to: 3, 19),
  ]

  @Test(arguments: InstructionSet.available, resizes)
  func fastResizeIsPlain(instructionSet: InstructionSet, operation: OperationCase) throws {
    for channels in 1...3 {
      let image = try sampleSet(count: 1, height: 40, width: 37, channels: channels).image(at: 0)
      #expect(try operation.fast(image, instructionSet) == operation.plain(image), "\(channels)")
    }
  }

  /// All pairs of the larger and the middle channel with the least at five levels, for each order of the channels: every sector and
  /// every edge between two of them.
  @Test(arguments: InstructionSet.available)
  func hueOfAllKindsOfColours(instructionSet: InstructionSet) throws {
    var pixels: [UInt8] = []
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
      for most in stride(from: 0, through: 255, by: 15) {
        for middle in stride(from: 0, through: most, by: 5) {
          for least in Set([0, middle / 3, max(0, middle - 1), middle]) {
            let levels = [most, middle, least]
            pixels += order.map { UInt8(levels[$0]) }
          }
        }
      }
    }
    let image = try Image(shape: ImageShape(height: 1, width: pixels.count / 3, channels: 3), pixels: pixels)
    for turn in [0, -0.1, 0.31] as [Float] {
      #expect(try OperationCase.hue(turn).fast(image, instructionSet) == OperationCase.hue(turn).plain(image))
    }
  }

  /// A window of a resized image is that part of the whole.
  @Test func windowsAreParts() throws {
    let image = try sampleSet(count: 1, height: 20, width: 31, channels: 3).image(at: 0)
    let whole = try ImagingReference.resize(image, height: 13, width: 40)
    let part = PixelRectangle(top: 4, left: 17, height: 8, width: 22)
    let workspace = Workspace(InstructionSet.portable.microkernels)
    let view = workspace.viewPlanes(height: part.height, width: part.width, channels: 3)
    try image.pixels.withUnsafeBufferPointer { pixels in
      Resize.apply(
        PixelBuffer(pixels: try #require(pixels.baseAddress), height: 20, width: 31, channels: 3),
        crop: PixelRectangle(top: 0, left: 0, height: 20, width: 31), height: 13, width: 40, window: part, into: view,
        workspace)
    }
    let found = try ImagingReference.image(part.height, part.width, 3) { y, x, channel in
      view.plane(channel)[y * part.width + x]
    }
    #expect(found == (try ImagingReference.crop(whole, part)))
  }
}
