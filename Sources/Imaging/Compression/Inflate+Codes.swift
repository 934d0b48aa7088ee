// The Huffman codes of a block.
extension Inflate {
  /// What a table stores for each literal and length symbol.
  private static let symbolValues: [UInt32] = {
    let literals: [UInt32] = (0..<256).map { $0 << 16 | HuffmanDecoder.literal }
    return literals + [HuffmanDecoder.endOfBlock] + values(DeflateCodes.lengthBases, DeflateCodes.lengthExtraBits)
  }()

  /// What a table stores for each distance symbol.
  private static let distanceValues = values(DeflateCodes.distanceBases, DeflateCodes.distanceExtraBits)

  /// Lengths or distances, and the two symbols that only the fixed codes have and no block may use.
  private static func values(_ bases: [UInt16], _ extraBits: [UInt8]) -> [UInt32] {
    zip(bases, extraBits).map { UInt32($0) << 16 | UInt32($1) } + [HuffmanDecoder.invalid, HuffmanDecoder.invalid]
  }

  private static let codeLengthValues: [UInt32] = (0..<19).map { $0 << 16 }

  /// A block of type 1.
  mutating func buildFixedCodes() throws(CompressionFault) {
    try build(
      symbols, lengths: DeflateCodes.fixedSymbolLengths[...], values: Self.symbolValues, "literals and lengths")
    try build(distances, lengths: DeflateCodes.fixedDistanceLengths[...], values: Self.distanceValues, "distances")
  }

  /// A block of type 2: three counts, the lengths of the codes for code lengths, then the code lengths of symbols and
  /// distances in one sequence.
  mutating func readCodes() throws(CompressionFault) {
    let symbolCount = try reader.take(5) + 257
    let distanceCount = try reader.take(5) + 1
    let listed = try reader.take(4) + 4
    guard symbolCount <= DeflateCodes.symbolCount, distanceCount <= DeflateCodes.distanceCount else {
      throw reader.fault(
        "expected at most \(DeflateCodes.symbolCount) symbols and \(DeflateCodes.distanceCount) distances, "
          + "found \(symbolCount) and \(distanceCount)")
    }
    var lengths = [UInt8](repeating: 0, count: 19)
    for place in DeflateCodes.codeLengthOrder.prefix(listed) { lengths[place] = UInt8(try reader.take(3)) }
    try build(codeLengths, lengths: lengths[...], values: Self.codeLengthValues, "code lengths")

    lengths = []
    lengths.reserveCapacity(symbolCount + distanceCount)
    while lengths.count < symbolCount + distanceCount {
      let symbol = Int(try decode(codeLengths) >> 16)
      let (value, count): (UInt8, Int)
      switch symbol {
      case 16:
        guard let last = lengths.last else { throw reader.fault("expected a code length, found a repetition of none") }
        (value, count) = (last, try reader.take(2) + 3)
      case 17: (value, count) = (0, try reader.take(3) + 3)
      case 18: (value, count) = (0, try reader.take(7) + 11)
      default: (value, count) = (UInt8(symbol), 1)
      }
      lengths.append(contentsOf: repeatElement(value, count: count))
    }
    guard lengths.count == symbolCount + distanceCount else {
      throw reader.fault("expected \(symbolCount + distanceCount) code lengths, found \(lengths.count)")
    }
    guard lengths[DeflateCodes.endOfBlock] > 0 else {
      throw reader.fault("expected a code for the end of the block, found none")
    }
    try build(symbols, lengths: lengths[..<symbolCount], values: Self.symbolValues, "literals and lengths")
    try build(
      distances, lengths: lengths[symbolCount...], values: Self.distanceValues, "distances", mayBeEmpty: true)
  }

  private func build(
    _ decoder: HuffmanDecoder, lengths: ArraySlice<UInt8>, values: [UInt32], _ what: String, mayBeEmpty: Bool = false
  ) throws(CompressionFault) {
    let flaw = lengths.withUnsafeBufferPointer { decoder.build(lengths: $0, values: values, mayBeEmpty: mayBeEmpty) }
    if let flaw { throw reader.fault("expected Huffman codes for \(what), found \(flaw.rawValue)") }
  }

  /// Takes the next symbol's code, and not its extra bits.
  ///
  /// - Returns: the symbol's entry.
  /// - Throws: `CompressionFault` at the input's end or for a code that stands for nothing.
  mutating func decode(_ decoder: HuffmanDecoder) throws(CompressionFault) -> UInt32 {
    reader.refill()
    var entry = decoder.entries[reader.peek(decoder.indexBits)]
    if entry & HuffmanDecoder.link != 0 {
      guard decoder.indexBits <= reader.available else { throw reader.truncated }
      reader.drop(decoder.indexBits)
      entry = decoder.entries[Int(entry >> 16) + reader.peek(Int(entry >> 8 & 15))]
    }
    guard entry & HuffmanDecoder.invalid == 0 else { throw Self.notACode(reader) }
    let bits = Int(entry >> 8 & 15)
    guard bits <= reader.available else { throw reader.truncated }
    reader.drop(bits)
    return entry
  }
}
