/// A Huffman code of a JPEG file, laid out so that one look-up mostly gives a whole coefficient.
///
/// A file lists how many codes there are of each length, 1…16, and their symbols in order; code words count up within a
/// length and double from one to the next (T.81, annex C). A symbol is RRRRSSSS: a run of R zeros (always 0 for DC) and
/// then a coefficient of S bits, which follow the code word (F.1.2.1, F.1.2.2).
///
///     next bits    1 0 1 1 0 1 0 1 1 0 …          code 1011 for run 0, size 3; its 3 bits 010 mean −5
///                  ╰ code ╯╰ value ╯
///                  ╰──── indexBits ────╯          entry: 7 bits used, run 0, value −5
///
///     entry bits   31 … 16    15 … 9             8 … 5                      4 … 0
///                  value      run, plus 64       size, where the value      bits to drop: code word, and the value's
///                             for end of block   does not fit the index     where it fits; 0 for no entry
///
/// Code words longer than `indexBits` are found as in figure F.16, by comparing with the first that is too high for each
/// length.
struct JPEGHuffmanTable {
  static let indexBits = 10
  /// What `run` is for the symbols R0 with R < 15: the end of the block (F.1.2.2.1) or of 2^R blocks (G.1.2.2).
  static let endOfBlock: Int32 = 64

  private let entries: UnsafeMutablePointer<Int32>
  /// The entries of code words in order of the code, without values.
  private let codes: UnsafeMutablePointer<Int32>
  /// For each length, the first 16-bit window that is too high for a code word of that length or a shorter one.
  private let bounds: UnsafeMutablePointer<Int32>
  /// For each length, what to add to a code word for its place in `codes`.
  private let offsets: UnsafeMutablePointer<Int32>
  /// Whether a table was defined.
  private(set) var isDefined = false

  init(memory: JPEGMemory) {
    entries = memory.zeros(1 << Self.indexBits + 256 + 17 + 17, of: Int32.self)
    codes = entries + 1 << Self.indexBits
    bounds = codes + 256
    offsets = bounds + 17
  }

  enum Kind { case dc, ac }

  /// Replaces the table.
  ///
  /// - Parameters:
  ///   - counts: how many code words there are of length 1…16.
  ///   - symbols: as many as `counts` say, 256 at most.
  /// - Returns: what is wrong with the table, or nil.
  mutating func define(_ kind: Kind, counts: ArraySlice<UInt8>, symbols: ArraySlice<UInt8>) -> String? {
    isDefined = false
    entries.update(repeating: 0, count: 1 << Self.indexBits)
    var code: Int32 = 0
    var index = 0
    for (length, count) in zip(1..., counts) {
      offsets[length] = Int32(index) - code
      for symbol in symbols.dropFirst(index).prefix(Int(count)) {
        if kind == .dc, symbol > 15 { return "expected DC sizes up to 15, found \(symbol)" }
        // No code word may be all ones (annex C).
        guard code < 1 << length - 1 else { return "expected a Huffman code, found more code words than fit" }
        codes[index] = enter(symbol, kind, code: Int(code), length: length)
        code += 1
        index += 1
      }
      bounds[length] = code << (16 - Int32(length))
      code <<= 1
    }
    isDefined = true
    return nil
  }

  /// Fills all entries that begin with a code word.
  ///
  /// - Returns: the entry without a value.
  private func enter(_ symbol: UInt8, _ kind: Kind, code: Int, length: Int) -> Int32 {
    let size = Int(symbol & 15)
    var run = Int32(symbol >> 4)
    if kind == .ac, size == 0, run < 15 { run += Self.endOfBlock }
    let plain = run << 9 | Int32(size) << 5 | Int32(length)
    guard length <= Self.indexBits else { return plain }
    let free = Self.indexBits - length
    let first = entries + code << free
    if size == 0 || size > free {
      first.update(repeating: plain, count: 1 << free)
    } else {
      for bits in 0..<1 << size {
        let value = Int32(bits) - (bits < 1 << (size - 1) ? 1 << size - 1 : 0)
        let entry = value << 16 | run << 9 | Int32(length + size)
        (first + bits << (free - size)).update(repeating: entry, count: 1 << (free - size))
      }
    }
    return plain
  }

  /// DECODE (F.2.2.3): the entry of the next code word, whose bits it drops. 15 more bits are available afterwards.
  ///
  /// - Throws: `JPEGEntropyFault.unknownCode`.
  @inline(__always)
  func next(_ reader: inout JPEGBitReader) throws(JPEGEntropyFault) -> Int32 {
    reader.fill()
    var entry = entries[Int(truncatingIfNeeded: reader.window &>> UInt64(64 - Self.indexBits))]
    if entry == 0 {
      entry = long(Int32(truncatingIfNeeded: reader.window &>> 48))
      if entry == 0 { throw .unknownCode }
    }
    reader.drop(Int(entry & 31))
    return entry
  }

  /// The entry of a code word longer than the index, or 0.
  private func long(_ window: Int32) -> Int32 {
    var length = Self.indexBits + 1
    while length <= 16 {
      if window < bounds[length] {
        return codes[Int((window &>> Int32(truncatingIfNeeded: 16 &- length)) &+ offsets[length])]
      }
      length += 1
    }
    return 0
  }

  /// The run of an entry.
  @inline(__always)
  static func run(_ entry: Int32) -> Int32 { (entry &>> 9) & 127 }

  /// The size of the value that follows, 0 if the entry has it or there is none.
  @inline(__always)
  static func size(_ entry: Int32) -> Int { Int((entry &>> 5) & 15) }

  /// The value of an entry, whose bits it drops.
  @inline(__always)
  static func value(_ entry: Int32, _ reader: inout JPEGBitReader) -> Int32 {
    let size = size(entry)
    return size == 0 ? entry &>> 16 : reader.receiveExtended(size)
  }
}
