import Basics

/// A component of an image, such as its luma, and how many samples and blocks it has.
struct JPEGComponent {
  /// What scans call it.
  var identifier: UInt8
  /// Blocks in a row of a minimum coded unit, H of T.81: 1…4.
  var horizontal: Int
  /// Rows of blocks of a minimum coded unit, V of T.81: 1…4.
  var vertical: Int
  /// The place of its quantisation table, 0…3.
  var quantization: Int

  /// Samples that count, in a row and in a column: ⌈X·H/Hmax⌉ and ⌈Y·V/Vmax⌉ (A.1.1).
  var width = 0, height = 0
  /// Blocks that hold those samples: what a scan of this component alone has (A.2.2).
  var blockColumns = 0, blockRows = 0
  /// Blocks of whole minimum coded units: what a scan of several components has (A.2.3).
  var paddedColumns = 0, paddedRows = 0
  /// The first block, counted over all components' padded blocks.
  var firstBlock = 0
}

/// The frame: the size of the image, and its components (T.81, B.2.2).
struct JPEGFrame {
  var isProgressive: Bool
  /// The byte of the file at which the size stands.
  var position: Int
  /// Rows, 0 if a DNL marker behind the first scan has them.
  var height: Int
  var width: Int
  var components: [JPEGComponent]

  /// The largest H and V: a minimum coded unit has 8·`horizontal` × 8·`vertical` pixels.
  var horizontal = 1, vertical = 1
  /// Minimum coded units of a scan of several components.
  var unitColumns = 0, unitRows = 0
  /// Blocks of all components, padded to whole units.
  var blockCount = 0

  /// Channels of the decoded image: 1 for one component, 3 for three or four.
  var channels: Int { components.count == 1 ? 1 : 3 }

  /// Reads the segment of SOF0, SOF1 or SOF2.
  ///
  /// - Throws: `SeCuError` of kind `.badData`.
  init(marker: JPEGMarker, reader: inout ByteReader) throws(SeCuError) {
    let segment = try reader.segment(atLeast: 6, "a frame header")
    let precision = try reader.byte("the sample precision")
    guard precision == 8 else {
      throw reader.fault(
        "expected samples of 8 bits, found \(precision)-bit JPEG", at: segment.lowerBound, remedy: jpegRemedy)
    }
    isProgressive = marker == .progressive
    position = reader.position
    height = Int(try reader.bigEndian(UInt16.self, "the height"))
    width = Int(try reader.bigEndian(UInt16.self, "the width"))
    let count = Int(try reader.byte("the number of components"))
    guard count == 1 || count == 3 || count == 4 else {
      throw reader.fault("expected 1, 3 or 4 components, found \(count)", at: reader.position - 1, remedy: jpegRemedy)
    }
    guard segment.count == 6 + 3 * count else {
      throw reader.fault(
        "expected a frame header of \(8 + 3 * count) bytes, found a length of \(segment.count + 2)",
        at: segment.lowerBound - 2)
    }
    components = []
    for _ in 0..<count {
      let start = reader.position
      let identifier = try reader.byte("a component's identifier")
      let factors = try reader.byte("a component's sampling factors")
      let quantization = try reader.byte("a component's quantisation table")
      let (horizontal, vertical) = (Int(factors >> 4), Int(factors & 15))
      guard 1...4 ~= horizontal, 1...4 ~= vertical else {
        throw reader.fault("expected sampling factors 1…4, found \(horizontal)×\(vertical)", at: start + 1)
      }
      guard quantization <= 3 else {
        throw reader.fault("expected quantisation table 0…3, found \(quantization)", at: start + 2)
      }
      guard !components.contains(where: { $0.identifier == identifier }) else {
        throw reader.fault("expected each component once, found \(identifier) again", at: start)
      }
      components.append(
        JPEGComponent(
          identifier: identifier, horizontal: horizontal, vertical: vertical, quantization: Int(quantization)))
    }
  }

  /// Works out how many samples, blocks and units there are, before any memory for them is reserved.
  ///
  /// Each block takes at least 2 bits of a sequential file, a code word for DC and one for the end of the block, and at
  /// least 1 bit of a progressive one. So memory stays within 512 samples (and as many coefficients) a byte of the file for
  /// blocks that hold pixels; padding to whole units adds less than a row and a column of units.
  ///
  /// - Parameters:
  ///   - reader: stands at the first scan's entropy-coded data.
  ///   - limits: what the image may have.
  /// - Throws: `SeCuError` of kind `.tooLarge` if the image is above a limit, of kind `.badData` if the file is too short for it.
  mutating func layOut(reader: ByteReader, limits: DecodingLimits) throws(SeCuError) {
    _ = try limits.check(height: height, width: width, channels: channels, name: reader.name, position: position)
    horizontal = components.map(\.horizontal).max() ?? 1
    vertical = components.map(\.vertical).max() ?? 1
    unitColumns = ceilingDivision(width, 8 * horizontal)
    unitRows = ceilingDivision(height, 8 * vertical)
    blockCount = 0
    var codedBlocks = 0
    for index in components.indices {
      var component = components[index]
      component.width = ceilingDivision(width * component.horizontal, horizontal)
      component.height = ceilingDivision(height * component.vertical, vertical)
      component.blockColumns = ceilingDivision(component.width, 8)
      component.blockRows = ceilingDivision(component.height, 8)
      component.paddedColumns = unitColumns * component.horizontal
      component.paddedRows = unitRows * component.vertical
      component.firstBlock = blockCount
      blockCount += component.paddedColumns * component.paddedRows
      codedBlocks += component.blockColumns * component.blockRows
      components[index] = component
    }
    let least = ceilingDivision(codedBlocks * (isProgressive ? 1 : 2), 8)
    guard reader.remaining >= least else {
      throw reader.fault(
        "expected \(least) bytes or more for \(height)×\(width) pixels, found the end of the file after "
          + "\(reader.remaining)", remedy: reader.truncatedRemedy)
    }
  }
}

/// What to do about a JPEG file of a kind that is not read.
let jpegRemedy = "Save the image as a baseline or progressive JPEG file, or leave it out"

/// ⌈dividend / divisor⌉ of positive numbers.
func ceilingDivision(_ dividend: Int, _ divisor: Int) -> Int { (dividend + divisor - 1) / divisor }
