/// A table that decodes a canonical Huffman code (RFC 1951, 3.2.2) of at most 15 bits in one or two look-ups.
///
/// The next `indexBits` bits of input index the first part. A code of no more bits fills all entries that end in it. Longer
/// codes share the entry of their first bits, which leads to a second part for the bits that follow:
///
///     entry      31 … 16                        15 … 12     11 … 8                4 … 0
///     value      literal, or length or          kind        bits of the code      bits of the code
///                distance before extra bits                                       and extra bits
///     link       where the second part begins   kind        bits that index it    indexBits
struct HuffmanDecoder {
  static let literal: UInt32 = 1 << 12
  static let link: UInt32 = 1 << 13
  static let endOfBlock: UInt32 = 1 << 14
  /// What no code leads to, or what deflate leaves undefined.
  static let invalid: UInt32 = 1 << 15

  let entries: UnsafeMutablePointer<UInt32>
  let indexBits: Int

  /// - Parameters:
  ///   - indexBits: the bits of the first look-up, 1…15.
  ///   - symbols: how many symbols there can be. A second part of 2^(15 − indexBits) entries at most holds two codes or
  ///     more, so there are at most symbols / 2 of them.
  init(indexBits: Int, symbols: Int) {
    self.indexBits = indexBits
    entries = .allocate(capacity: (1 << indexBits) + (symbols / 2) << (CanonicalCode.longest - indexBits))
  }

  func deallocate() { entries.deallocate() }

  /// Why code lengths make no code.
  enum Flaw: String {
    case overSubscribed = "more Huffman codes than fit their lengths"
    case incomplete = "fewer Huffman codes than their lengths leave room for"
  }

  /// Makes the table.
  ///
  /// - Parameters:
  ///   - lengths: the bits of each symbol's code, 0…15; 0 for a symbol that doesn't occur.
  ///   - values: what to store for each symbol: value and kind, and its extra bits in the lowest five.
  ///   - mayBeEmpty: whether there may be no code at all, as in blocks without matches.
  /// - Returns: why the lengths are impossible, or nil. A code that is alone and has one bit is taken, as by zlib, which refuses it for the
  ///   lengths of other codes.
  func build(lengths: UnsafeBufferPointer<UInt8>, values: [UInt32], mayBeEmpty: Bool) -> Flaw? {
    withUnsafeTemporaryAllocation(of: UInt16.self, capacity: lengths.count) { codes in
      let counts = CanonicalCode.counts(lengths)
      var free = 1
      for length in 1...CanonicalCode.longest {
        free = 2 * free - counts[length]
        if free < 0 { return .overSubscribed }
      }
      if free > 0 {
        let used = lengths.count - counts[0]
        guard used == 1 && counts[1] == 1 || used == 0 && mayBeEmpty else { return .incomplete }
        entries.update(repeating: Self.invalid, count: 1 << indexBits)
      }
      CanonicalCode.assign(lengths, codes)
      let codes = UnsafeBufferPointer(codes)
      if counts[(indexBits + 1)...].contains(where: { $0 > 0 }) { measureSecondParts(lengths, codes) }
      fill(lengths, codes, values)
      return nil
    }
  }

  /// Leaves, where long codes begin, how many bits the longest of them has left, and 0 elsewhere.
  private func measureSecondParts(_ lengths: UnsafeBufferPointer<UInt8>, _ codes: UnsafeBufferPointer<UInt16>) {
    let size = 1 << indexBits
    entries.update(repeating: 0, count: size)
    for symbol in 0..<lengths.count where Int(lengths[symbol]) > indexBits {
      let first = Int(codes[symbol]) & (size - 1)
      entries[first] = max(entries[first], UInt32(Int(lengths[symbol]) - indexBits))
    }
  }

  private func fill(
    _ lengths: UnsafeBufferPointer<UInt8>, _ codes: UnsafeBufferPointer<UInt16>, _ values: [UInt32]
  ) {
    let size = 1 << indexBits
    var end = size
    for symbol in 0..<lengths.count where lengths[symbol] > 0 {
      let (length, code) = (Int(lengths[symbol]), Int(codes[symbol]))
      if length <= indexBits {
        repeatEntry(values[symbol], bits: length, from: code, upTo: size)
        continue
      }
      let first = code & (size - 1)
      if entries[first] & Self.link == 0 {
        let bits = entries[first]
        entries[first] = UInt32(end) << 16 | Self.link | bits << 8 | UInt32(indexBits)
        end += 1 << Int(bits)
      }
      let (start, bits) = (Int(entries[first] >> 16), Int(entries[first] >> 8) & 15)
      repeatEntry(
        values[symbol], bits: length - indexBits, from: start + (code >> indexBits), upTo: start + (1 << bits))
    }
  }

  /// Enters a symbol wherever its code's `bits` bits are the lowest of the index.
  @inline(__always)
  private func repeatEntry(_ value: UInt32, bits: Int, from first: Int, upTo end: Int) {
    // Extra bits are below 32 in all, so the sum stays in its field.
    let entry = (value + UInt32(bits)) | UInt32(bits) << 8
    var index = first
    while index < end {
      entries[index] = entry
      index += 1 << bits
    }
  }
}
