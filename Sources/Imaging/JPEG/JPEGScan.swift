import Basics

/// A scan's header: which components it has, and which part of their coefficients (T.81, B.2.3).
struct JPEGScan {
  struct Member {
    /// The component's place in the frame.
    var component: Int
    /// The places of its Huffman tables, 0…3.
    var dc: Int
    var ac: Int
  }

  var members: [Member]
  /// The first and last coefficient in zigzag order, Ss and Se: 0…63.
  var band: ClosedRange<Int>
  /// The lowest bit that earlier scans gave, Ah; 0 in the first.
  var earlierBit: Int
  /// The lowest bit that this scan gives, Al: 0…13.
  var bit: Int

  /// Reads the segment of SOS.
  ///
  /// - Throws: `SeCuError` of kind `.badData`.
  init(frame: JPEGFrame, reader: inout ByteReader) throws(SeCuError) {
    let segment = try reader.segment(atLeast: 6, "a scan header")
    let count = Int(try reader.byte("the number of components of a scan"))
    guard 1...frame.components.count ~= count, segment.count == 4 + 2 * count else {
      throw reader.fault(
        "expected a scan header of 1…\(frame.components.count) components, found \(count) in \(segment.count + 2) bytes",
        at: segment.lowerBound)
    }
    members = []
    for _ in 0..<count {
      let identifier = try reader.byte("a component's identifier")
      let tables = try reader.byte("a component's Huffman tables")
      guard let component = frame.components.firstIndex(where: { $0.identifier == identifier }),
        !members.contains(where: { $0.component == component })
      else {
        throw reader.fault(
          "expected a component of the frame, each once, found component \(identifier)", at: reader.position - 2)
      }
      guard tables >> 4 <= 3, tables & 15 <= 3 else {
        throw reader.fault("expected Huffman tables 0…3, found \(tables >> 4) and \(tables & 15)")
      }
      members.append(Member(component: component, dc: Int(tables >> 4), ac: Int(tables & 15)))
    }
    let start = reader.position
    let (first, last) = (Int(try reader.byte("Ss")), Int(try reader.byte("Se")))
    let bits = try reader.byte("Ah and Al")
    guard frame.isProgressive else {
      // Sequential scans have all coefficients; some writers leave these bytes 0.
      (band, earlierBit, bit) = (0...63, 0, 0)
      return
    }
    (earlierBit, bit) = (Int(bits >> 4), Int(bits & 15))
    // G.1.1.1.1: DC alone or a band of AC; AC of one component; one bit more at a time.
    guard first <= last, last <= 63, first > 0 || last == 0, first == 0 || count == 1, bit <= 13,
      earlierBit == 0 || earlierBit == bit + 1
    else {
      throw reader.fault(
        "expected a progressive scan of DC or AC coefficients, found \(first)…\(last) of \(count) components, "
          + "bits \(earlierBit) and \(bit)", at: start)
    }
    band = first...last
  }
}

/// Decodes one kind of entropy-coded block.
protocol JPEGBlockDecoder {
  /// Forgets what was carried from block to block (F.2.1.3.1, G.1.2.2).
  mutating func restart()

  /// Decodes the next block of a scan.
  ///
  /// - Parameters:
  ///   - member: the component's place in the scan.
  ///   - row: the block's row and column among the component's padded blocks.
  mutating func decode(
    _ reader: inout JPEGBitReader, member: Int, row: Int, column: Int
  ) throws(JPEGEntropyFault)
}

/// The order of a scan's blocks (T.81, A.2).
///
/// A scan of one component has that component's blocks row by row. A scan of several has minimum coded units row by row,
/// each with H × V blocks of each component:
///
///     Y 2×2, Cb 1×1, Cr 1×1        Y₀ Y₁ | Y₄ Y₅       unit 0: Y₀ Y₁ Y₂ Y₃ Cb₀ Cr₀
///                                  Y₂ Y₃ | Y₆ Y₇       unit 1: Y₄ Y₅ Y₆ Y₇ Cb₁ Cr₁
struct JPEGScanWalk {
  /// For each component of the scan, the blocks of a unit.
  private let shapes: [(columns: Int, rows: Int)]
  private let unitColumns: Int
  private let unitRows: Int
  /// Units between restart markers, 0 for no such markers.
  private let restartInterval: Int
  /// Units that were decoded.
  private(set) var decodedUnits = 0

  var unitCount: Int { unitColumns * unitRows }

  init(scan: JPEGScan, frame: JPEGFrame, restartInterval: Int) {
    self.restartInterval = restartInterval
    if scan.members.count == 1 {
      let component = frame.components[scan.members[0].component]
      shapes = [(1, 1)]
      (unitColumns, unitRows) = (component.blockColumns, component.blockRows)
    } else {
      shapes = scan.members.map {
        (frame.components[$0.component].horizontal, frame.components[$0.component].vertical)
      }
      (unitColumns, unitRows) = (frame.unitColumns, frame.unitRows)
    }
  }

  /// Decodes all blocks.
  @inline(__always)
  mutating func run<Decoder: JPEGBlockDecoder>(
    _ decoder: inout Decoder, _ reader: inout JPEGBitReader
  ) throws(JPEGEntropyFault) {
    var unitsToRestart = restartInterval
    var restarts: UInt8 = 0
    for unitRow in 0..<unitRows {
      for unitColumn in 0..<unitColumns {
        if restartInterval > 0 {
          if unitsToRestart == 0 {
            try reader.restart(restarts & 7)
            decoder.restart()
            restarts &+= 1
            unitsToRestart = restartInterval
          }
          unitsToRestart -= 1
        }
        for (member, shape) in shapes.enumerated() {
          for row in 0..<shape.rows {
            for column in 0..<shape.columns {
              try decoder.decode(
                &reader, member: member, row: unitRow &* shape.rows &+ row,
                column: unitColumn &* shape.columns &+ column)
            }
          }
        }
        if reader.isOverrun { throw .truncated }
        decodedUnits &+= 1
      }
    }
  }
}
