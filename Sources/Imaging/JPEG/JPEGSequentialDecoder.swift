/// Decodes the blocks of sequential scans into samples (T.81, F.2).
///
/// A block is a DC difference and then AC coefficients in zigzag order, each after a run of zeros, up to the end of the
/// block:
///
///     DC = prediction + value(dc)                        F.2.1.3: the prediction is the component's last DC
///     k = 1; until end of block: k += run; coefficient[zigzag[k]] = value(ac); k += 1
///
/// The samples follow at once: the coefficients of one block are all that is kept.
struct JPEGSequentialDecoder: JPEGBlockDecoder {
  /// What is needed for a component of the scan.
  struct Member {
    var dc: JPEGHuffmanTable
    var ac: JPEGHuffmanTable
    /// 64 factors, row by row.
    var quantization: UnsafePointer<Int16>
    var plane: JPEGPlane
    /// The DC coefficient of the block before.
    var prediction: Int32 = 0
  }

  /// At most 4.
  private let members: UnsafeMutablePointer<Member>
  private let count: Int
  private let zigzag: UnsafePointer<UInt8>
  /// 64 coefficients row by row, zeros between blocks.
  private let block: UnsafeMutablePointer<Int16>

  /// - Parameters:
  ///   - members: stays with the caller.
  ///   - block: 64 zeros, aligned to 16 bytes.
  init(
    members: UnsafeMutableBufferPointer<Member>, zigzag: UnsafePointer<UInt8>, block: UnsafeMutablePointer<Int16>
  ) {
    // A scan has one component or more, so there is an address.
    self.members = members.baseAddress.unsafelyUnwrapped
    count = members.count
    (self.zigzag, self.block) = (zigzag, block)
  }

  mutating func restart() {
    for index in 0..<count { members[index].prediction = 0 }
  }

  @inline(__always)
  mutating func decode(
    _ reader: inout JPEGBitReader, member: Int, row: Int, column: Int
  ) throws(JPEGEntropyFault) {
    let state = members + member
    let samples = state.pointee.plane.samples + 8 &* (row &* state.pointee.plane.stride &+ column)
    let last = try coefficients(&reader, state)
    if last == 0 {
      JPEGInverseDCT.fill(block[0], state.pointee.quantization[0], into: samples, stride: state.pointee.plane.stride)
      block[0] = 0
    } else {
      JPEGInverseDCT.transform(
        block, state.pointee.quantization, into: samples, stride: state.pointee.plane.stride)
      block.update(repeating: 0, count: 64)
    }
  }

  /// Decodes a block's coefficients.
  ///
  /// - Returns: 0 if there is none but DC.
  @inline(__always)
  private func coefficients(
    _ shared: inout JPEGBitReader, _ state: UnsafeMutablePointer<Member>
  ) throws(JPEGEntropyFault) -> Int {
    // A copy that nobody else sees stays in registers.
    var reader = shared
    defer { shared = reader }
    let difference = JPEGHuffmanTable.value(try state.pointee.dc.next(&reader), &reader)
    state.pointee.prediction &+= difference
    block[0] = Int16(truncatingIfNeeded: state.pointee.prediction)
    let ac = state.pointee.ac
    var k = 1
    while k < 64 {
      let entry = try ac.next(&reader)
      let place = k &+ Int(JPEGHuffmanTable.run(entry))
      if place > 63 {
        if JPEGHuffmanTable.run(entry) >= JPEGHuffmanTable.endOfBlock { break }
        throw .longRun
      }
      block[Int(zigzag[place])] = Int16(truncatingIfNeeded: JPEGHuffmanTable.value(entry, &reader))
      k = place &+ 1
    }
    return k &- 1
  }
}
