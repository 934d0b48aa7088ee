import Basics
import Testing

@testable import Imaging

@Suite struct ImageFileTests {
  @Test(
    arguments: [
      ("89 50 4E 47 0D 0A 1A 0A", .png), ("09 50 4E 47 0D 0A 1A 0A", .png), ("FF D8 FF E0", .jpeg), ("42 4D 00", .bmp),
      ("50 36 0A", .pnm), ("50 31 23", .pnm), ("47 49 46 38 39 61", .gif), ("49 49 2A 00", .tiff),
      ("4D 4D 00 2A", .tiff),
      ("52 49 46 46 01 02 03 04 57 45 42 50", .webp), ("00 00 00 18 66 74 79 70 68 65 69 63", .heif),
      ("00 00 00 18 66 74 79 70 61 76 69 66", .heif), ("50 36 31", nil), ("50 37 0A", nil), ("50 36", nil), ("", nil),
      ("89 51 4F 47", nil), ("00 00 00 18 66 74 79 70 71 74 20 20", nil),
    ] as [(String, ImageFormat?)])
  func kindsAreToldByContent(head: String, expected: ImageFormat?) {
    #expect(ImageFormat.detect(bytes(head)) == expected)
  }

  @Test func everyReadableKindIsDispatched() throws {
    var png = PNGSample(width: 2, height: 1)
    png.store([5, 6])
    #expect(try ImageFile.decode(png.file(), name: "a.jpg").pixels == [5, 6])
    #expect(try ImageFile.decode(Array("P2 2 1 255 5 6".utf8), name: "a.png").pixels == [5, 6])
    let truncated = try failure { _ = try ImageFile.decode(Array("BM".utf8), name: "a") }
    #expect(truncated.problem.contains("the header of a BMP file"))
    let large = try failure {
      _ = try ImageFile.decode(png.file(), name: "a", limits: DecodingLimits(mostPixels: 1))
    }
    #expect(large.problem == "expected an image of at most 1 pixels, found 1×2")
  }

  @Test(arguments: [
    ("47 49 46 38 39 61", "found GIF", "Convert it to PNG"),
    ("", "found an empty file", "Copy it again, or leave it out"),
    ("25 50 44 46", "found the bytes 25 50 44 46", "Leave it out"),
  ])
  func otherKindsAreNamed(head: String, problem: String, remedy: String) throws {
    let error = try failure { _ = try ImageFile.decode(bytes(head), name: "a.png") }
    #expect(error.kind == .badData)
    #expect(error.place == "a.png")
    #expect(error.problem == "expected an image file (PNG, JPEG, PNM, BMP), \(problem)")
    #expect(error.remedy == remedy)
  }

  @Test func imagesBecomeGreyOrColour() throws {
    let grey = DecodedImage(height: 1, width: 2, channels: 1, pixels: [1, 2])
    #expect(try grey.image(channels: 1).pixels == [1, 2])
    #expect(try grey.image(channels: 3).pixels == [1, 1, 1, 2, 2, 2])
    let greyAlpha = DecodedImage(height: 2, width: 1, channels: 2, pixels: [1, 0, 2, 255])
    #expect(try greyAlpha.image(channels: 1).pixels == [1, 2])
    #expect(try greyAlpha.image(channels: 3).pixels == [1, 1, 1, 2, 2, 2])
    // Pillow's convert("L") of the primaries, of greys and of (1, 2, 3).
    let colours: [UInt8] = [255, 0, 0, 0, 255, 0, 0, 0, 255, 7, 7, 7, 255, 255, 255, 1, 2, 3]
    let rgb = DecodedImage(height: 1, width: 6, channels: 3, pixels: colours)
    #expect(try rgb.image(channels: 3).pixels == colours)
    #expect(try rgb.image(channels: 1).pixels == [76, 150, 29, 7, 255, 2])
    let rgba = DecodedImage(height: 1, width: 2, channels: 4, pixels: [1, 2, 3, 0, 200, 100, 50, 255])
    #expect(try rgba.image(channels: 3).pixels == [1, 2, 3, 200, 100, 50])
    #expect(try rgba.image(channels: 1).pixels == [2, 124])
    #expect(try rgba.image(channels: 3).shape == ImageShape(height: 1, width: 2, channels: 3))
    #expect(try failure { _ = try rgba.image(channels: 4) }.kind == .usage)
    let wide = DecodedImage(height: 1, width: 65_536, channels: 1, pixels: [UInt8](repeating: 0, count: 65_536))
    #expect(try failure { _ = try wide.image(channels: 1) }.problem.contains("width 1…65535"))
  }
}
