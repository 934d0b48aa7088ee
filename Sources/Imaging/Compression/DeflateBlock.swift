/// Literals and matches on their way into a block, with the statistics for its codes.
struct DeflateBlock {
  /// A literal as its value; a match as length · 65,536 + distance.
  private var tokens: [UInt32] = []
  private var symbolFrequencies = [Int](repeating: 0, count: DeflateCodes.symbolCount)
  private var distanceFrequencies = [Int](repeating: 0, count: DeflateCodes.distanceCount)

  init(capacity: Int) { tokens.reserveCapacity(capacity + 1) }

  var count: Int { tokens.count }

  mutating func append(literal: UInt8) {
    tokens.append(UInt32(literal))
    symbolFrequencies[Int(literal)] += 1
  }

  mutating func append(length: Int, distance: Int) {
    tokens.append(UInt32(length) << 16 | UInt32(distance))
    symbolFrequencies[Self.symbol(length: length)] += 1
    distanceFrequencies[Self.symbol(distance: distance)] += 1
  }

  /// The length symbol of each length 3…258.
  private static let lengthSymbols: [UInt16] = {
    var symbols = [UInt16](repeating: 0, count: DeflateCodes.longestMatch + 1)
    for (index, base) in DeflateCodes.lengthBases.enumerated() {
      let end = min(Int(base) + 1 << Int(DeflateCodes.lengthExtraBits[index]), symbols.count)
      for length in Int(base)..<end { symbols[length] = UInt16(257 + index) }
    }
    return symbols
  }()

  private static func symbol(length: Int) -> Int { Int(lengthSymbols[length]) }

  /// There are two distance symbols for each power of two: the two highest bits of distance − 1 say which.
  private static func symbol(distance: Int) -> Int {
    guard distance > 2 else { return distance - 1 }
    let power = Int.bitWidth - 1 - (distance - 1).leadingZeroBitCount
    return 2 * power + (distance - 1) >> (power - 1) & 1
  }

  /// A Huffman code: for each symbol the bits to write and how many.
  private struct Code {
    var lengths: [UInt8]
    var codes: [UInt16]

    init(lengths: [UInt8]) {
      self.lengths = lengths
      codes = [UInt16](unsafeUninitializedCapacity: lengths.count) { codes, count in
        lengths.withUnsafeBufferPointer { CanonicalCode.assign($0, codes) }
        count = lengths.count
      }
    }

    init(frequencies: [Int], limit: Int) {
      self.init(lengths: CanonicalCode.lengths(frequencies: frequencies, limit: limit))
    }

    /// The bits that all symbols take.
    func cost(_ frequencies: [Int]) -> Int {
      zip(frequencies, lengths).reduce(0) { $0 + $1.0 * Int($1.1) }
    }

    @inline(__always)
    func write(_ symbol: Int, to writer: inout BitWriter) {
      writer.write(Int(codes[symbol]), count: Int(lengths[symbol]))
    }
  }

  private static let fixedSymbols = Code(lengths: DeflateCodes.fixedSymbolLengths)
  private static let fixedDistances = Code(lengths: DeflateCodes.fixedDistanceLengths)

  /// Writes the block in the shortest of the three forms: stored, with the fixed codes or with its own.
  ///
  /// - Parameters:
  ///   - writer: takes the block.
  ///   - bytes: what the block stands for.
  ///   - isLast: whether the stream ends with it.
  mutating func write(to writer: inout BitWriter, bytes: UnsafeBufferPointer<UInt8>, isLast: Bool) {
    symbolFrequencies[DeflateCodes.endOfBlock] = 1
    let symbols = Code(frequencies: symbolFrequencies, limit: CanonicalCode.longest)
    let distances = Code(frequencies: distanceFrequencies, limit: CanonicalCode.longest)
    let header = CodeLengths(symbols: symbols.lengths, distances: distances.lengths)
    let own = header.cost + symbols.cost(symbolFrequencies) + distances.cost(distanceFrequencies)
    let fixed = Self.fixedSymbols.cost(symbolFrequencies) + Self.fixedDistances.cost(distanceFrequencies)
    let storedBlocks = max(1, (bytes.count + 65_534) / 65_535)
    let stored = 8 * bytes.count + 32 * storedBlocks + writer.bitsToByte(after: 3) + 8 * (storedBlocks - 1)
    let extra = extraBits
    if stored <= min(own, fixed) + extra {
      Self.store(bytes, to: &writer, isLast: isLast)
      return
    }
    writer.write(isLast ? 1 : 0, count: 1)
    writer.write(fixed <= own ? 1 : 2, count: 2)
    if fixed <= own {
      writeTokens(Self.fixedSymbols, Self.fixedDistances, to: &writer)
    } else {
      header.write(to: &writer)
      writeTokens(symbols, distances, to: &writer)
    }
  }

  private var extraBits: Int {
    let lengths = zip(symbolFrequencies[257...], DeflateCodes.lengthExtraBits)
    let distances = zip(distanceFrequencies, DeflateCodes.distanceExtraBits)
    return lengths.reduce(0) { $0 + $1.0 * Int($1.1) } + distances.reduce(0) { $0 + $1.0 * Int($1.1) }
  }

  private func writeTokens(_ symbols: Code, _ distances: Code, to writer: inout BitWriter) {
    for token in tokens {
      let length = Int(token >> 16)
      guard length > 0 else {
        symbols.write(Int(token), to: &writer)
        continue
      }
      let distance = Int(token & 0xFFFF)
      let (lengthSymbol, distanceSymbol) = (Self.symbol(length: length), Self.symbol(distance: distance))
      symbols.write(lengthSymbol, to: &writer)
      let lengthIndex = lengthSymbol - 257
      writer.write(
        length - Int(DeflateCodes.lengthBases[lengthIndex]), count: Int(DeflateCodes.lengthExtraBits[lengthIndex]))
      distances.write(distanceSymbol, to: &writer)
      writer.write(
        distance - Int(DeflateCodes.distanceBases[distanceSymbol]),
        count: Int(DeflateCodes.distanceExtraBits[distanceSymbol]))
    }
    symbols.write(DeflateCodes.endOfBlock, to: &writer)
  }

  /// Stored blocks, each of at most 65,535 bytes.
  private static func store(_ bytes: UnsafeBufferPointer<UInt8>, to writer: inout BitWriter, isLast: Bool) {
    var start = 0
    repeat {
      let length = min(bytes.count - start, 65_535)
      writer.write(isLast && start + length == bytes.count ? 1 : 0, count: 3)
      writer.alignToByte()
      writer.write(length, count: 16)
      writer.write(length ^ 0xFFFF, count: 16)
      writer.write(UnsafeBufferPointer(rebasing: bytes[start..<start + length]))
      start += length
    } while start < bytes.count
  }

  /// The header of a block with its own codes: run lengths of code lengths, in a Huffman code of their own.
  private struct CodeLengths {
    private let symbolCount: Int
    private let distanceCount: Int
    /// A symbol 0…18 and its extra bits.
    private var items: [(symbol: Int, extra: Int)] = []
    private let code: Code
    private let listed: Int

    init(symbols: [UInt8], distances: [UInt8]) {
      symbolCount = max(257, (symbols.lastIndex { $0 > 0 } ?? 0) + 1)
      distanceCount = (distances.lastIndex { $0 > 0 } ?? 0) + 1
      let lengths = symbols[..<symbolCount] + distances[..<distanceCount]
      var rest = lengths[...]
      while let value = rest.first {
        var run = rest.prefix { $0 == value }.count
        rest = rest.dropFirst(run)
        if value > 0 {
          items.append((Int(value), 0))
          run -= 1
        }
        while run >= 3 {
          let (symbol, most) = value > 0 ? (16, 6) : run <= 10 ? (17, 10) : (18, 138)
          let part = min(run, most)
          items.append((symbol, part - (symbol == 18 ? 11 : 3)))
          run -= part
        }
        items += repeatElement((symbol: Int(value), extra: 0), count: run)
      }
      var frequencies = [Int](repeating: 0, count: 19)
      for item in items { frequencies[item.symbol] += 1 }
      code = Code(frequencies: frequencies, limit: 7)
      let lengthsOfCode = code.lengths
      listed = max(4, (DeflateCodes.codeLengthOrder.lastIndex { lengthsOfCode[$0] > 0 } ?? 0) + 1)
    }

    private static func extraBits(_ symbol: Int) -> Int { symbol == 16 ? 2 : symbol == 17 ? 3 : symbol == 18 ? 7 : 0 }

    var cost: Int {
      5 + 5 + 4 + 3 * listed + items.reduce(0) { $0 + Int(code.lengths[$1.symbol]) + Self.extraBits($1.symbol) }
    }

    func write(to writer: inout BitWriter) {
      writer.write(symbolCount - 257, count: 5)
      writer.write(distanceCount - 1, count: 5)
      writer.write(listed - 4, count: 4)
      for symbol in DeflateCodes.codeLengthOrder.prefix(listed) {
        writer.write(Int(code.lengths[symbol]), count: 3)
      }
      for item in items {
        code.write(item.symbol, to: &writer)
        writer.write(item.extra, count: Self.extraBits(item.symbol))
      }
    }
  }
}
