import Basics
import Testing

@testable import Imaging

/// What is refused, and what a user reads about it.
@Suite struct JPEGFaultTests {
  private func problem(_ bytes: [UInt8], limits: DecodingLimits = DecodingLimits()) throws -> String {
    let error = try failure { _ = try JPEGDecoder.decode(bytes, name: "photo.jpg", limits: limits) }
    #expect(error.kind == refusalKind(error.problem))
    #expect(error.place == "photo.jpg")
    #expect(error.position?.hasPrefix("byte ") == true)
    #expect(error.remedy != nil)
    return error.problem
  }

  /// Cut off anywhere before the end marker, a file is refused.
  @Test(arguments: JPEGSample.all)
  func truncatedFilesAreRefused(_ sample: JPEGSample) throws {
    let bytes = sample.bytes
    for count in 0..<bytes.count - 2 {
      let found = Result { try JPEGDecoder.decode(Array(bytes.prefix(count)), name: "cut") }
      guard case .failure(let error as SeCuError) = found else {
        Issue.record("\(count) of \(bytes.count) bytes were accepted")
        continue
      }
      #expect(error.kind == .badData)
    }
  }

  @Test func truncationIsNamed() throws {
    let sample = try JPEGSample.named("yCbCr420")
    let error = try failure { _ = try JPEGDecoder.decode(Array(sample.bytes.dropLast(20)), name: "photo.jpg") }
    #expect(error.remedy == "The JPEG file is truncated: copy it again, or leave it out")
    #expect(error.problem.hasPrefix("expected more image data, found their end after "))
    #expect(error.problem.hasSuffix(" of 6 blocks of the scan"))
  }

  @Test(
    arguments: [
      (0xC3, "lossless"), (0xC5, "hierarchical"), (0xC6, "hierarchical"), (0xC7, "hierarchical"),
      (0xC9, "arithmetic-coded"), (0xCA, "arithmetic-coded"), (0xCB, "lossless arithmetic-coded"),
      (0xCD, "hierarchical arithmetic-coded"), (0xF7, "JPEG-LS"),
    ] as [(UInt8, String)])
  func otherCodingsAreRefusedByName(_ marker: UInt8, name: String) throws {
    var parts = try JPEGParts(JPEGSample.named("yCbCr444").bytes)
    try parts.change(0xC0) { $0[1] = marker }
    #expect(try problem(parts.bytes) == "expected baseline or progressive JPEG, found \(name) JPEG")
  }

  @Test func headersAreChecked() throws {
    let bytes = try JPEGSample.named("yCbCr444").bytes
    func changed(_ marker: UInt8, _ offset: Int, _ value: UInt8) throws -> String {
      var parts = try JPEGParts(bytes)
      try parts.change(marker) { $0[offset] = value }
      return try problem(parts.bytes)
    }
    #expect(try problem([]) == "expected the start marker FFD8 of a JPEG file, found none")
    #expect(try changed(0xC0, 4, 12) == "expected samples of 8 bits, found 12-bit JPEG")
    #expect(try changed(0xC0, 8, 0) == "expected a height and width of 1 or more, found 9×0")
    #expect(try changed(0xC0, 9, 2) == "expected 1, 3 or 4 components, found 2")
    #expect(try changed(0xC0, 9, 4) == "expected a frame header of 20 bytes, found a length of 17")
    #expect(try changed(0xC0, 11, 0x51) == "expected sampling factors 1…4, found 5×1")
    #expect(try changed(0xC0, 11, 0x10) == "expected sampling factors 1…4, found 1×0")
    #expect(try changed(0xC0, 12, 4) == "expected quantisation table 0…3, found 4")
    #expect(try changed(0xC0, 12, 3) == "expected quantisation table 3, found none")
    #expect(try changed(0xC0, 13, 1) == "expected each component once, found 1 again")
    #expect(try changed(0xC0, 1, 0xF0) == "expected a segment of a JPEG file, found the marker FFF0")
    #expect(try changed(0xDB, 4, 0x20) == "expected quantisation table 0…3 of precision 0 or 1, found 0 of 2")
    #expect(try changed(0xDB, 4, 0x10) == "expected 64 factors of a quantisation table, found the end of the segment")
    #expect(try changed(0xC4, 4, 0x20) == "expected Huffman table 0…3 of class 0 or 1, found 0 of 2")
    func table(_ content: [UInt8]) throws -> String {
      var parts = try JPEGParts(bytes)
      parts.segments.append(JPEGParts.segment(0xC4, content))
      return try problem(parts.bytes)
    }
    let lengths = [UInt8](repeating: 0, count: 15)
    // The second code word of one bit would be all ones.
    #expect(try table([0, 2] + lengths + [0, 1]) == "expected a Huffman code, found more code words than fit")
    #expect(try table([0, 1] + lengths + [16]) == "expected DC sizes up to 15, found 16")
    #expect(
      try table([0x10, 9] + lengths + [1])
        == "expected the symbols of a Huffman table, found 9 for a shorter segment")
    #expect(
      try table([0, 1] + lengths + [0, 0x13])
        == "expected 16 code lengths of a Huffman table, found the end of the segment")
  }

  @Test func scansAreChecked() throws {
    var parts = try JPEGParts(JPEGSample.named("yCbCr444").bytes)
    let scans = parts.scans
    func changed(_ offset: Int, _ value: UInt8) throws -> String {
      parts.scans[offset] = value
      defer { parts.scans = scans }
      return try problem(parts.bytes)
    }
    #expect(
      try changed(4, 4) == "expected a scan header of 1…3 components, found 4 in 12 bytes")
    #expect(try changed(5, 9) == "expected a component of the frame, each once, found component 9")
    #expect(try changed(7, 1) == "expected a component of the frame, each once, found component 1")
    #expect(try changed(6, 0x40) == "expected Huffman tables 0…3, found 4 and 0")
    #expect(try changed(6, 0x20) == "expected Huffman table 2 for DC, found none")
    #expect(try changed(6, 0x02) == "expected Huffman table 2 for AC, found none")

    let frame = try #require(parts.segments.first { $0[1] == 0xC0 })
    parts.segments.append(frame)
    #expect(try problem(parts.bytes) == "expected one frame header, found another")
    parts.segments.removeAll { $0[1] == 0xC0 }
    #expect(try problem(parts.bytes) == "expected a frame header before the first scan, found none")
    #expect(
      try problem([0xFF, 0xD8, 0xFF, 0xD9])
        == "expected image data of each component before the end marker, found none")
  }

  /// The third restart marker is FFD2, and no other will do.
  @Test func restartMarkersAreInOrder() throws {
    var bytes = try JPEGSample.named("restarts").bytes
    let place = try #require(bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xD2 })
    bytes[place + 1] = 0xD3
    #expect(
      try problem(bytes) == "expected the restart marker FFD2, found FFD3 after 3 of 9 blocks of the scan")
  }

  @Test func progressionIsChecked() throws {
    func found(_ scans: [UInt8]...) throws -> String { try problem(JPEGParts.progressive(scans: scans)) }
    let form = "expected a progressive scan of DC or AC coefficients, found "
    #expect(try found([0, 5, 0]) == form + "0…5 of 1 components, bits 0 and 0")
    #expect(try found([0, 0, 0], [5, 64, 0]) == form + "5…64 of 1 components, bits 0 and 0")
    #expect(try found([0, 0, 14]) == form + "0…0 of 1 components, bits 0 and 14")
    #expect(try found([0, 0, 1], [0, 0, 0x20]) == form + "0…0 of 1 components, bits 2 and 0")
    #expect(try found([1, 63, 0]) == "expected a scan of DC coefficients before AC, found 1…63")
    let again = "expected each bit of a coefficient once and in order, found coefficient "
    #expect(try found([0, 0, 1], [0, 0, 1]) == again + "0 again")
    #expect(try found([0, 0, 0], [1, 5, 1], [4, 9, 1]) == again + "4 again")
    #expect(try found([0, 0, 0], [1, 5, 0x10]) == again + "1 again")
  }

  /// Many scans of next to no bytes can't keep the decoder busy.
  @Test func scansAreCounted() throws {
    var scans: [[UInt8]] = [[0, 0, 0]]
    for bit in (0...13 as ClosedRange<UInt8>).reversed() {
      let bits = bit == 13 ? bit : (bit + 1) << 4 | bit
      for coefficient in 1...63 as ClosedRange<UInt8> { scans.append([coefficient, coefficient, bits]) }
    }
    let most = JPEGProgression.largestScanCount
    #expect(try problem(JPEGParts.progressive(scans: scans)) == "expected at most \(most) scans, found more")
    let image = try JPEGDecoder.decode(JPEGParts.progressive(scans: Array(scans.prefix(most))), name: "many")
    #expect(image.pixels == [UInt8](repeating: 128, count: 64))
  }

  /// A small file can't claim a large image: neither above the limits, nor with fewer bits than blocks.
  @Test func memoryIsBounded() throws {
    let sample = try JPEGSample.named("yCbCr420")
    var parts = try JPEGParts(sample.bytes)
    let pixels = sample.height * sample.width
    let exact = DecodingLimits(mostPixels: pixels, mostBytes: 3 * pixels)
    #expect(throws: Never.self) { try JPEGDecoder.decode(parts.bytes, name: "exact", limits: exact) }
    #expect(
      try problem(parts.bytes, limits: DecodingLimits(mostPixels: pixels - 1))
        == "expected an image of at most \(pixels - 1) pixels, found \(sample.height)×\(sample.width)")
    try parts.change(0xC0) { $0.replaceSubrange(5..<9, with: [0x27, 0x10, 0x27, 0x10]) }
    let left = parts.scans.count - 14
    #expect(
      try problem(parts.bytes)
        == "expected 585938 bytes or more for 10000×10000 pixels, found the end of the file after \(left)")
  }
}
