import Basics

/// Reads JPEG files (ITU-T T.81): baseline, extended sequential and progressive, Huffman-coded, 8 bits.
///
///     markers, tables         JPEGMarker, JPEGDecoding+Segments
///     bits → coefficients     JPEGBitReader, JPEGHuffmanTable, JPEGScan, JPEGSequentialDecoder, JPEGProgressiveDecoder
///     coefficients → samples  JPEGInverseDCT
///     samples → pixels        JPEGUpsampler, JPEGColour, ExifOrientation
///
/// Pixels as stored are the same numbers as libjpeg-turbo's with its default settings, and so as Pillow's, OpenCV's and
/// PyTorch's. (One exception: libjpeg smooths the blocks of a progressive file that ends before all coefficients were
/// sent.) Then the image is turned as its Exif data say, which of these only OpenCV does unasked.
///
/// Bytes that belong to nothing are passed over between segments, and so is what follows the last coefficient: a file
/// without an end marker is read if nothing else is missing. What is missing or wrong elsewhere is an error: a picture with
/// a grey lower half would spoil a training set unseen.
package enum JPEGDecoder {
  /// Decodes a file.
  ///
  /// Besides the pixels it needs memory for the samples, about as much as for the pixels, and of progressive files for the
  /// coefficients, twice as much; of CMYK a third more of both. An image that is turned is there twice for a moment.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - name: what messages call the file.
  ///   - limits: how large the image may be.
  ///   - applyingOrientation: whether to turn the image as its Exif data say.
  /// - Returns: an image of 1 channel (grey) or 3 (RGB; of CMYK too).
  /// - Throws: `SeCuError` of kind `.badData` that says what is wrong and at which byte: the file is damaged or truncated, or its coding
  ///   not one of the above; of kind `.tooLarge` for an image above a limit.
  package static func decode(
    _ bytes: [UInt8], name: String, limits: DecodingLimits = DecodingLimits(), applyingOrientation: Bool = true
  ) throws(SeCuError) -> DecodedImage {
    let (image, orientation) = try decodeAsStored(bytes, name, limits)
    return applyingOrientation ? orientation.applied(to: image) : image
  }

  /// On return all but the pixels is freed.
  @inline(never)
  private static func decodeAsStored(
    _ bytes: [UInt8], _ name: String, _ limits: DecodingLimits
  ) throws(SeCuError) -> (DecodedImage, ExifOrientation) {
    var decoding = JPEGDecoding(reader: ByteReader(bytes, name: name, format: "JPEG"), limits: limits)
    try decoding.readSegments()
    return (try decoding.image(), decoding.orientation)
  }
}

/// The state of one decoding.
struct JPEGDecoding {
  var reader: ByteReader
  private let limits: DecodingLimits
  let memory = JPEGMemory()

  /// The factors of four tables, row by row, and whether each was defined.
  let quantization: UnsafeMutablePointer<Int16>
  var hasQuantization = [false, false, false, false]
  var dcTables: [JPEGHuffmanTable]
  var acTables: [JPEGHuffmanTable]
  /// The place of each coefficient of the zigzag order, counted row by row.
  let zigzag: UnsafeMutablePointer<UInt8>
  /// Minimum coded units between restart markers, 0 for no such markers.
  var restartInterval = 0
  var hasJFIF = false
  var adobeTransform: UInt8?
  var orientation = ExifOrientation.upright

  private var frame: JPEGFrame?
  private var progression = JPEGProgression(components: 0)
  private var planes: [JPEGPlane] = []
  /// Of progressive files, the coefficients of all blocks, each 64 row by row.
  private var coefficients: UnsafeMutablePointer<Int16>?
  /// For each component the quantisation table that it had at its first scan.
  private let factors: UnsafeMutablePointer<Int16>
  /// One block of coefficients, zeros between uses.
  private let block: UnsafeMutablePointer<Int16>

  init(reader: ByteReader, limits: DecodingLimits) {
    (self.reader, self.limits) = (reader, limits)
    let memory = memory
    quantization = memory.zeros(4 * 64, of: Int16.self)
    factors = memory.zeros(4 * 64, of: Int16.self)
    block = memory.zeros(64, of: Int16.self)
    zigzag = memory.zeros(64, of: UInt8.self)
    zigzag.update(from: Self.zigzagOrder, count: 64)
    dcTables = (0..<4).map { _ in JPEGHuffmanTable(memory: memory) }
    acTables = (0..<4).map { _ in JPEGHuffmanTable(memory: memory) }
  }

  /// Reads the file up to the last coefficient or the end marker.
  mutating func readSegments() throws(SeCuError) {
    guard reader.bytes.starts(with: [0xFF, JPEGMarker.startOfImage.rawValue]) else {
      throw reader.fault("expected the start marker FFD8 of a JPEG file, found none")
    }
    reader.move(to: 2)
    while !progression.isComplete || frame == nil {
      guard let (marker, position) = reader.nextMarker() else {
        throw reader.fault(
          "expected more data or the end marker FFD9, found the end of the file", remedy: reader.truncatedRemedy)
      }
      if marker == .endOfImage { break }
      if marker.isAlone && marker != .startOfImage { continue }
      switch marker {
      case .baseline, .extendedSequential, .progressive:
        guard frame == nil else { throw reader.fault("expected one frame header, found another", at: position) }
        let frame = try JPEGFrame(marker: marker, reader: &reader)
        progression = JPEGProgression(components: frame.components.count)
        self.frame = frame
      case .startOfScan: try readScan(position)
      case .huffmanTables: try readHuffmanTables()
      case .quantizationTables: try readQuantizationTables()
      case .restartInterval: try readRestartInterval()
      case .application0, .application1, .application14: try readApplication(marker)
      case _ where marker.isPassedOver: try passOver("a segment")
      default:
        guard let coding = marker.unreadableCoding else {
          throw reader.fault("expected a segment of a JPEG file, found the marker \(marker.text)", at: position)
        }
        throw reader.fault(
          "expected baseline or progressive JPEG, found \(coding) JPEG", at: position, remedy: jpegRemedy)
      }
    }
  }

  /// Reads a scan: its header and its entropy-coded data.
  private mutating func readScan(_ position: Int) throws(SeCuError) {
    guard var frame else {
      throw reader.fault("expected a frame header before the first scan, found none", at: position)
    }
    let scan = try JPEGScan(frame: frame, reader: &reader)
    if planes.isEmpty {
      if frame.height == 0 { frame.height = try numberOfLines() }
      try frame.layOut(reader: reader, limits: limits)
      self.frame = frame
      // Scans write all blocks that rows of pixels are made of, or end in an error.
      let samples = memory.bytes(64 * frame.blockCount)
      planes = frame.components.map { JPEGPlane($0, frame: frame, memory: samples) }
      if frame.isProgressive { coefficients = memory.zeros(64 * frame.blockCount, of: Int16.self) }
    }
    if let problem = progression.note(scan) {
      throw reader.fault(problem, at: position)
    }
    try requireTables(scan, frame, position)

    var walk = JPEGScanWalk(scan: scan, frame: frame, restartInterval: restartInterval)
    let start = reader.position
    var used = start
    let fault: JPEGEntropyFault? = reader.bytes.withUnsafeBufferPointer { bytes in
      guard let address = bytes.baseAddress else { return .truncated }
      var bits = JPEGBitReader(address + start, end: address + bytes.count)
      defer { used = bits.next - address }
      do throws(JPEGEntropyFault) {
        if let coefficients {
          try decodeProgressive(scan, frame, coefficients, &walk, &bits)
        } else {
          try decodeSequential(scan, &walk, &bits)
        }
        return nil
      } catch {
        return error
      }
    }
    reader.move(to: used)
    if let fault { throw describe(fault, walk) }
  }

  /// Checks that the tables a scan needs were defined, and keeps the quantisation tables of components that it begins.
  private func requireTables(_ scan: JPEGScan, _ frame: JPEGFrame, _ position: Int) throws(SeCuError) {
    for member in scan.members {
      let component = frame.components[member.component]
      if scan.band.lowerBound == 0, scan.earlierBit == 0 {
        guard hasQuantization[component.quantization] else {
          throw reader.fault("expected quantisation table \(component.quantization), found none", at: position)
        }
        (factors + 64 * member.component).update(from: quantization + 64 * component.quantization, count: 64)
      }
      if scan.band.lowerBound == 0, scan.earlierBit == 0, !dcTables[member.dc].isDefined {
        throw reader.fault("expected Huffman table \(member.dc) for DC, found none", at: position)
      }
      if scan.band.upperBound > 0, !acTables[member.ac].isDefined {
        throw reader.fault("expected Huffman table \(member.ac) for AC, found none", at: position)
      }
    }
  }

  private func decodeSequential(
    _ scan: JPEGScan, _ walk: inout JPEGScanWalk, _ bits: inout JPEGBitReader
  ) throws(JPEGEntropyFault) {
    var members = scan.members.map {
      JPEGSequentialDecoder.Member(
        dc: dcTables[$0.dc], ac: acTables[$0.ac], quantization: factors + 64 * $0.component, plane: planes[$0.component]
      )
    }
    try members.withUnsafeMutableBufferPointer { members throws(JPEGEntropyFault) in
      var decoder = JPEGSequentialDecoder(members: members, zigzag: zigzag, block: block)
      try walk.run(&decoder, &bits)
    }
  }

  private func decodeProgressive(
    _ scan: JPEGScan, _ frame: JPEGFrame, _ coefficients: UnsafeMutablePointer<Int16>, _ walk: inout JPEGScanWalk,
    _ bits: inout JPEGBitReader
  ) throws(JPEGEntropyFault) {
    var members = scan.members.map {
      JPEGProgressiveDecoder.Member(
        coefficients: coefficients + 64 * frame.components[$0.component].firstBlock,
        columns: frame.components[$0.component].paddedColumns, dc: dcTables[$0.dc], ac: acTables[$0.ac])
    }
    try members.withUnsafeMutableBufferPointer { members throws(JPEGEntropyFault) in
      var decoder = JPEGProgressiveDecoder(scan: scan, members: members, zigzag: zigzag)
      try walk.run(&decoder, &bits)
    }
  }

  /// What a user reads about a fault of entropy-coded data. Reading stands where it was found, to some bytes.
  private func describe(_ fault: JPEGEntropyFault, _ walk: JPEGScanWalk) -> SeCuError {
    let place = "after \(walk.decodedUnits) of \(walk.unitCount) blocks of the scan"
    switch fault {
    case .truncated:
      return reader.fault("expected more image data, found their end \(place)", remedy: reader.truncatedRemedy)
    case .unknownCode: return reader.fault("expected a Huffman code word, found other bits \(place)")
    case .longRun: return reader.fault("expected 64 coefficients, found more \(place)")
    case .wideRefinement: return reader.fault("expected one bit for a coefficient, found more \(place)")
    case .restart(let expected, nil):
      return reader.fault(
        "expected the restart marker FFD\(expected), found the end of the file \(place)",
        remedy: reader.truncatedRemedy)
    case .restart(let expected, let found?):
      return reader.fault(
        "expected the restart marker FFD\(expected), found \(JPEGMarker(rawValue: found).text) \(place)")
    }
  }

  /// Makes the pixels of the samples, those of progressive files first of the coefficients.
  func image() throws(SeCuError) -> DecodedImage {
    guard let frame, progression.hasAllComponents else {
      throw reader.fault(
        "expected image data of each component before the end marker, found none", remedy: reader.truncatedRemedy)
    }
    if let coefficients { transform(coefficients, frame) }
    let colour = JPEGColour(
      identifiers: frame.components.map(\.identifier), hasJFIF: hasJFIF, adobeTransform: adobeTransform)
    let upsamplers = planes.map { JPEGUpsampler($0, width: frame.width, memory: memory) }
    let rowLength = frame.width * frame.channels
    let count = frame.height * rowLength
    let pixels = [UInt8](unsafeUninitializedCapacity: count) { target, written in
      guard let address = target.baseAddress else { return }
      withUnsafeTemporaryAllocation(of: UnsafePointer<UInt8>.self, capacity: upsamplers.count) { rows in
        guard let first = rows.baseAddress else { return }
        for y in 0..<frame.height {
          for (index, upsampler) in upsamplers.enumerated() {
            (first + index).initialize(to: upsampler.row(y))
          }
          colour.convert(first, width: frame.width, into: address + y * rowLength)
        }
      }
      written = count
    }
    return DecodedImage(height: frame.height, width: frame.width, channels: frame.channels, pixels: pixels)
  }

  /// Makes the samples of all blocks.
  private func transform(_ coefficients: UnsafeMutablePointer<Int16>, _ frame: JPEGFrame) {
    for (index, component) in frame.components.enumerated() {
      let plane = planes[index]
      for row in 0..<component.blockRows {
        for column in 0..<component.blockColumns {
          let block = component.firstBlock &+ row &* component.paddedColumns &+ column
          JPEGInverseDCT.transform(
            coefficients + 64 &* block, factors + 64 &* index,
            into: plane.samples + 8 &* (row &* plane.stride &+ column), stride: plane.stride)
        }
      }
    }
  }
}
