import Basics
import Testing

@testable import Imaging

/// What is read, and which pixels come of it.
@Suite struct JPEGDecoderTests {
  @Test(arguments: JPEGSample.all)
  func pixelsAreLibjpegs(_ sample: JPEGSample) throws {
    let image = try JPEGDecoder.decode(sample.bytes, name: sample.name)
    #expect([image.height, image.width, image.channels] == [sample.height, sample.width, sample.channels])
    #expect(CRC32.checksum(image.pixels) == sample.checksum)
    #expect(try ImageFile.decode(sample.bytes, name: sample.name) == image)
  }

  /// Fill bytes, bytes that belong to nothing, remarks, trailing bytes, and no end marker: the pixels stay.
  @Test(arguments: JPEGSample.all)
  func passesOverWhatIsNoPixel(_ sample: JPEGSample) throws {
    let plain = try JPEGParts(sample.bytes)
    var changed = plain
    changed.segments = plain.segments.map { [0xFF, 0xFF] + $0 + [0x12, 0xFF, 0x00] }
    changed.segments.insert(JPEGParts.segment(0xFE, Array("a comment".utf8)), at: 0)
    changed.segments.append(JPEGParts.segment(0xE5, []))
    changed.scans += [0xFF, 0xD8, 0]
    let withoutEnd = Array(plain.bytes.dropLast(2))
    for bytes in [changed.bytes, withoutEnd] {
      let image = try JPEGDecoder.decode(bytes, name: sample.name)
      #expect(CRC32.checksum(image.pixels) == sample.checksum)
    }
  }

  /// The shown pixel (y, x) of a stored image, by the definition of each orientation: which side of the stored image is
  /// shown at the top, and which at the left.
  @Test(arguments: 1...8, [true, false])
  func appliesExifOrientation(_ orientation: Int, isBigEndian: Bool) throws {
    let sample = try JPEGSample.named("yCbCr422")
    var parts = try JPEGParts(sample.bytes)
    parts.segments.insert(JPEGParts.exif(UInt8(orientation), isBigEndian: isBigEndian), at: 1)
    let stored = try ImageFile.decode(parts.bytes, name: "stored", applyingOrientation: false)
    #expect(CRC32.checksum(stored.pixels) == sample.checksum)
    let shown = try ImageFile.decode(parts.bytes, name: "shown")
    let (h, w) = (stored.height, stored.width)
    #expect([shown.height, shown.width] == (orientation < 5 ? [h, w] : [w, h]))
    var wrong = 0
    for y in 0..<shown.height {
      for x in 0..<shown.width {
        let (row, column) =
          switch orientation {
          case 2: (y, w - 1 - x)
          case 3: (h - 1 - y, w - 1 - x)
          case 4: (h - 1 - y, x)
          case 5: (x, y)
          case 6: (h - 1 - x, y)
          case 7: (h - 1 - x, w - 1 - y)
          case 8: (x, w - 1 - y)
          default: (y, x)
          }
        for channel in 0..<3
        where shown.pixels[(y * shown.width + x) * 3 + channel] != stored.pixels[(row * w + column) * 3 + channel] {
          wrong += 1
        }
      }
    }
    #expect(wrong == 0)
  }

  /// Exif data that are damaged, or say an orientation that there isn't, turn nothing.
  @Test(arguments: [0, 9, 255] as [UInt8])
  func ignoresUnknownOrientations(_ orientation: UInt8) throws {
    let sample = try JPEGSample.named("grey")
    let exif = JPEGParts.exif(orientation, isBigEndian: true)
    for length in [exif.count, 30, 20, 12, 8] {
      var parts = try JPEGParts(sample.bytes)
      parts.segments.insert(JPEGParts.segment(0xE1, Array(exif[4..<min(length, exif.count)])), at: 0)
      let image = try JPEGDecoder.decode(parts.bytes, name: "exif")
      #expect(CRC32.checksum(image.pixels) == sample.checksum)
    }
  }

  /// An orientation is of type SHORT, 3 (Exif 2.32, 4.6.4); of type LONG it turns nothing.
  @Test func ignoresOrientationsOfAnotherType() throws {
    let sample = try JPEGSample.named("grey")
    var parts = try JPEGParts(sample.bytes), exif = JPEGParts.exif(6, isBigEndian: false)
    let type = try #require(exif.firstRange(of: [0x12, 1, 3, 0])).lowerBound + 2
    exif[type] = 4
    parts.segments.insert(exif, at: 1)
    #expect(CRC32.checksum(try JPEGDecoder.decode(parts.bytes, name: "exif").pixels) == sample.checksum)
    exif[type] = 3
    parts.segments[1] = exif
    #expect(CRC32.checksum(try JPEGDecoder.decode(parts.bytes, name: "exif").pixels) != sample.checksum)
  }

  /// Cameras write other entries first, put the directory elsewhere, and add segments of the same marker for other remarks.
  @Test func findsOrientationAmongOtherEntries() throws {
    let sample = try JPEGSample.named("yCbCr422")
    var parts = try JPEGParts(sample.bytes)
    parts.segments.insert(JPEGParts.exif(6, isBigEndian: true), at: 1)
    let turned = try JPEGDecoder.decode(parts.bytes, name: "turned")
    // From byte 10 on, two entries: the maker's name, in four letters, and the orientation.
    let header: [UInt8] = [0x4D, 0x4D, 0, 42, 0, 0, 0, 10, 0, 0, 0, 2]
    let maker: [UInt8] = [1, 0x0F, 0, 2, 0, 0, 0, 4, 0x61, 0x62, 0x63, 0]
    let orientation: [UInt8] = [1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0]
    let tiff = header + maker + orientation + [0, 0, 0, 0]
    parts.segments[1] = JPEGParts.segment(0xE1, Array("Exif".utf8) + [0, 0] + tiff)
    parts.segments.insert(JPEGParts.segment(0xE1, Array("http://ns.adobe.com/xap/1.0/".utf8) + [0]), at: 2)
    #expect(try JPEGDecoder.decode(parts.bytes, name: "camera") == turned)
  }

  /// A segment with Adobe's marker that is another program's says nothing of colours.
  @Test func ignoresOthersSegmentsWithAdobesMarker() throws {
    let sample = try JPEGSample.named("yCbCr444")
    var parts = try JPEGParts(sample.bytes)
    parts.segments.removeAll { $0[1] == 0xE0 }
    for (name, isOther) in [("Adobe", false), ("Abode", true)] {
      var marked = parts
      marked.segments.append(JPEGParts.segment(0xEE, Array(name.utf8) + [UInt8](repeating: 0, count: 7)))
      let pixels = try JPEGDecoder.decode(marked.bytes, name: name).pixels
      #expect((CRC32.checksum(pixels) == sample.checksum) == isOther)
    }
  }

  /// The height can stand in a DNL segment behind the first scan (T.81, B.2.5).
  @Test(arguments: ["yCbCr420", "restarts", "scanForEach"])
  func readsHeightBehindFirstScan(_ name: String) throws {
    let sample = try JPEGSample.named(name)
    var parts = try JPEGParts(sample.bytes)
    try parts.change(0xC0) { $0.replaceSubrange(5..<7, with: [0, 0]) }
    let error = try failure { _ = try JPEGDecoder.decode(parts.bytes, name: "dnl") }
    #expect(error.problem == "expected a DNL marker with the height behind the first scan, found none")

    let restarts: ClosedRange<UInt8> = 0xD0...0xD7
    let end = try #require(
      (14..<parts.scans.count - 1).first { (i: Int) -> Bool in
        let next = parts.scans[i + 1]
        return parts.scans[i] == 0xFF && next != 0 && !restarts.contains(next)
      })
    parts.scans.insert(contentsOf: JPEGParts.segment(0xDC, [0, UInt8(sample.height)]), at: end)
    let image = try JPEGDecoder.decode(parts.bytes, name: "dnl")
    #expect(image.height == sample.height)
    #expect(CRC32.checksum(image.pixels) == sample.checksum)
  }

  /// Restart markers are numbered from 0 to 7 and then anew (T.81, B.2.1).
  @Test func restartMarkersBeginAnewAfterSeven() throws {
    let code = [1] + [UInt8](repeating: 0, count: 15) + [0]
    // Twenty blocks of grey; a byte has no difference of DC, the end of the block, and filling bits.
    let blocks = (0..<20).map { (block: Int) -> [UInt8] in
      block == 0 ? [0x3F] : [0xFF, 0xD0 + UInt8((block - 1) % 8), 0x3F]
    }
    let segments = [
      JPEGParts.segment(0xDB, [0] + [UInt8](repeating: 1, count: 64)),
      JPEGParts.segment(0xC0, [8, 0, 8, 0, 160, 1, 1, 0x11, 0]),
      JPEGParts.segment(0xC4, [0x00] + code + [0x10] + code), JPEGParts.segment(0xDD, [0, 1]),
      JPEGParts.segment(0xDA, [1, 1, 0x00, 0, 63, 0]),
    ]
    let bytes: [UInt8] = [0xFF, 0xD8] + segments.joined() + blocks.joined() + [0xFF, 0xD9]
    let image = try JPEGDecoder.decode(bytes, name: "restarts")
    #expect(image.pixels == [UInt8](repeating: 128, count: 8 * 160))
  }

  /// Without markers, the components' identifiers tell RGB from YCbCr; an Adobe marker overrules them, JFIF overrules both.
  @Test func guessesColoursAsLibjpegDoes() {
    let (rgb, numbers) = (Array("RGB".utf8), [1, 2, 3] as [UInt8])
    func guess(_ identifiers: [UInt8], jfif: Bool = false, adobe: UInt8? = nil) -> JPEGColour {
      JPEGColour(identifiers: identifiers, hasJFIF: jfif, adobeTransform: adobe)
    }
    #expect(guess([7]) == .grey)
    #expect(guess(numbers) == .yCbCr)
    #expect(guess([7, 8, 9]) == .yCbCr)
    #expect(guess(rgb) == .rgb)
    #expect(guess(rgb, adobe: 1) == .yCbCr)
    #expect(guess(numbers, adobe: 0) == .rgb)
    #expect(guess(numbers, jfif: true, adobe: 0) == .yCbCr)
    #expect(guess(rgb, jfif: true) == .yCbCr)
    #expect(guess([1, 2, 3, 4]) == .cmyk)
    #expect(guess([1, 2, 3, 4], jfif: true, adobe: 0) == .cmyk)
    #expect(guess([1, 2, 3, 4], adobe: 2) == .ycck)
  }

  @Test func readsProgressiveFilesThatLeaveCoefficientsOut() throws {
    let image = try JPEGDecoder.decode(JPEGParts.progressive(scans: [[0, 0, 1]]), name: "dc")
    #expect(image.pixels == [UInt8](repeating: 128, count: 64))
  }

  /// The last entry may end with the segment, without the place of a next directory.
  @Test func findsOrientationAtTheVeryEnd() throws {
    let sample = try JPEGSample.named("yCbCr422")
    var parts = try JPEGParts(sample.bytes), exif = JPEGParts.exif(6, isBigEndian: true)
    parts.segments.insert(exif, at: 1)
    let turned = try JPEGDecoder.decode(parts.bytes, name: "turned")
    exif = JPEGParts.segment(0xE1, Array(exif[4...].dropLast(4)))
    parts.segments[1] = exif
    #expect(try JPEGDecoder.decode(parts.bytes, name: "short") == turned)
  }
}
