/// Decodes the blocks of progressive scans into coefficients (T.81, annex G).
///
/// Each scan gives some bits of a band of coefficients: the first scan of a band all bits down to Al, with their sign, and
/// each further scan one bit more. Values lose their low bits towards zero, DC by an arithmetic shift (G.1.2.1).
///
///     DC first     coefficient = (prediction + value) · 2^Al                       as in sequential scans
///     DC refine    coefficient |= bit · 2^Al
///     AC first     runs and values as in sequential scans, times 2^Al; "end of band" can count for many blocks
///     AC refine    a run counts coefficients that are still zero; each one passed that is not takes a bit, and moves by
///                  2^Al away from zero if it is 1; values are ±2^Al
struct JPEGProgressiveDecoder: JPEGBlockDecoder {
  /// What is needed for a component of the scan.
  struct Member {
    /// The component's coefficients: blocks row by row, each 64 row by row.
    var coefficients: UnsafeMutablePointer<Int16>
    /// Blocks in a row.
    var columns: Int
    var dc: JPEGHuffmanTable
    var ac: JPEGHuffmanTable
    /// The DC coefficient of the block before, without its low bits.
    var prediction: Int32 = 0
  }

  /// Which of the four kinds of scan it is.
  enum Pass { case dcFirst, dcRefine, acFirst, acRefine }

  private let pass: Pass
  /// At most 4.
  private let members: UnsafeMutablePointer<Member>
  private let count: Int
  private let zigzag: UnsafePointer<UInt8>
  private let first: Int
  private let last: Int
  private let bit: Int32
  /// EOBRUN: how many blocks from here on have nothing new in the band.
  private var emptyBlocks: Int32 = 0

  /// - Parameter members: stays with the caller.
  init(scan: JPEGScan, members: UnsafeMutableBufferPointer<Member>, zigzag: UnsafePointer<UInt8>) {
    // A scan has one component or more, so there is an address.
    self.members = members.baseAddress.unsafelyUnwrapped
    count = members.count
    self.zigzag = zigzag
    (first, last, bit) = (scan.band.lowerBound, scan.band.upperBound, Int32(scan.bit))
    pass =
      switch (scan.band.lowerBound == 0, scan.earlierBit == 0) {
      case (true, true): .dcFirst
      case (true, false): .dcRefine
      case (false, true): .acFirst
      case (false, false): .acRefine
      }
  }

  mutating func restart() {
    emptyBlocks = 0
    for index in 0..<count { members[index].prediction = 0 }
  }

  @inline(__always)
  mutating func decode(
    _ reader: inout JPEGBitReader, member: Int, row: Int, column: Int
  ) throws(JPEGEntropyFault) {
    let state = members + member
    let block = state.pointee.coefficients + 64 &* (row &* state.pointee.columns &+ column)
    switch pass {
    case .dcFirst:
      state.pointee.prediction &+= JPEGHuffmanTable.value(try state.pointee.dc.next(&reader), &reader)
      block[0] = Int16(truncatingIfNeeded: state.pointee.prediction &<< bit)
    case .dcRefine:
      if reader.bit() { block[0] |= 1 &<< Int16(bit) }
    case .acFirst:
      if emptyBlocks > 0 {
        emptyBlocks &-= 1
      } else {
        try acFirst(&reader, state.pointee.ac, block)
      }
    case .acRefine:
      try acRefine(&reader, state.pointee.ac, block)
    }
  }

  /// Figure G.3's decoder.
  private mutating func acFirst(
    _ shared: inout JPEGBitReader, _ table: JPEGHuffmanTable, _ block: UnsafeMutablePointer<Int16>
  ) throws(JPEGEntropyFault) {
    var reader = shared
    defer { shared = reader }
    var k = first
    while k <= last {
      let entry = try table.next(&reader)
      let run = JPEGHuffmanTable.run(entry)
      if run >= JPEGHuffmanTable.endOfBlock {
        let size = run &- JPEGHuffmanTable.endOfBlock
        emptyBlocks = (1 &<< size) &+ reader.receive(Int(size)) &- 1
        return
      }
      k &+= Int(run)
      guard k <= last else { throw .longRun }
      block[Int(zigzag[k])] = Int16(truncatingIfNeeded: JPEGHuffmanTable.value(entry, &reader) &<< bit)
      k &+= 1
    }
  }

  /// G.1.2.3.
  private mutating func acRefine(
    _ shared: inout JPEGBitReader, _ table: JPEGHuffmanTable, _ block: UnsafeMutablePointer<Int16>
  ) throws(JPEGEntropyFault) {
    var reader = shared
    defer { shared = reader }
    var k = first
    if emptyBlocks == 0 {
      while k <= last {
        let entry = try table.next(&reader)
        let run = JPEGHuffmanTable.run(entry)
        if run >= JPEGHuffmanTable.endOfBlock {
          let size = run &- JPEGHuffmanTable.endOfBlock
          emptyBlocks = (1 &<< size) &+ reader.receive(Int(size))
          break
        }
        // 0 after a run of 15: sixteen zeros stay zeros.
        let value = JPEGHuffmanTable.value(entry, &reader)
        guard -1...1 ~= value else { throw .wideRefinement }
        k = refine(block, from: k, passing: Int(run), &reader)
        if k <= last {
          if value != 0 { block[Int(zigzag[k])] = Int16(truncatingIfNeeded: value &<< bit) }
          k &+= 1
        } else if value != 0 {
          throw .longRun
        }
      }
    }
    if emptyBlocks > 0 {
      _ = refine(block, from: k, passing: .max, &reader)
      emptyBlocks &-= 1
    }
  }

  /// Takes a bit for each coefficient that is not zero, up to a zero with `zeros` zeros before it.
  ///
  /// - Returns: the place of that zero in zigzag order, or the one behind the band.
  @inline(__always)
  private func refine(
    _ block: UnsafeMutablePointer<Int16>, from start: Int, passing zeros: Int, _ reader: inout JPEGBitReader
  ) -> Int {
    var (k, zeros) = (start, zeros)
    let step: Int16 = 1 &<< Int16(truncatingIfNeeded: bit)
    while k <= last {
      let coefficient = block + Int(zigzag[k])
      let value = coefficient.pointee
      if value == 0 {
        if zeros == 0 { break }
        zeros &-= 1
      } else if reader.bit(), value & step == 0 {
        coefficient.pointee = value &+ (value < 0 ? 0 &- step : step)
      }
      k &+= 1
    }
    return k
  }
}

/// Which bits of each coefficient a progressive file has given, so that scans come in an order that makes sense (G.1.1.1).
///
/// No bit is given twice, so a file can make each coefficient be visited 14 times at most; `largestScanCount` bounds how
/// often blocks are visited with nothing to do.
struct JPEGProgression {
  /// One scan for each of 63 AC coefficients of 3 components is 190 scans; usual files have about 10.
  static let largestScanCount = 200

  private static let unknown: UInt8 = .max
  /// For each component and coefficient in zigzag order, the lowest bit that is known.
  private var lowestBits: [[UInt8]]
  private(set) var scanCount = 0

  init(components: Int) {
    lowestBits = Array(repeating: Array(repeating: Self.unknown, count: 64), count: components)
  }

  /// Whether each bit of each coefficient is known.
  var isComplete: Bool { lowestBits.allSatisfy { $0.allSatisfy { $0 == 0 } } }

  /// Whether each component has at least its DC coefficients.
  var hasAllComponents: Bool { lowestBits.allSatisfy { $0[0] != Self.unknown } }

  /// Takes note of a scan.
  ///
  /// - Returns: what is wrong with it, or nil.
  mutating func note(_ scan: JPEGScan) -> String? {
    scanCount += 1
    guard scanCount <= Self.largestScanCount else {
      return "expected at most \(Self.largestScanCount) scans, found more"
    }
    for member in scan.members {
      guard scan.band.lowerBound == 0 || lowestBits[member.component][0] != Self.unknown else {
        return "expected a scan of DC coefficients before AC, found \(scan.band.lowerBound)…\(scan.band.upperBound)"
      }
      let expected = scan.earlierBit == 0 ? Self.unknown : UInt8(scan.earlierBit)
      for coefficient in scan.band {
        guard lowestBits[member.component][coefficient] == expected else {
          return "expected each bit of a coefficient once and in order, found coefficient \(coefficient) again"
        }
        lowestBits[member.component][coefficient] = UInt8(scan.bit)
      }
    }
    return nil
  }
}
