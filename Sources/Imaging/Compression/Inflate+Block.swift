// The symbols of a block, up to its end.
extension Inflate {
  /// - Parameters:
  ///   - output: takes the bytes.
  ///   - first: the byte of output that distances may reach back to.
  mutating func decodeBlock(into output: inout InflateOutput, from first: Int) throws(CompressionFault) {
    while true {
      if output.count >= output.capacity {
        guard output.grow() else { throw tooLong(output) }
      }
      let isEnd =
        reader.next <= reader.count - 16 && output.count < output.capacity
        ? try decodeQuickly(into: &output, from: first) : try decodeCarefully(into: &output, from: first)
      if isEnd {
        guard output.count <= output.limit else { throw tooLong(output) }
        return
      }
    }
  }

  /// Decodes one symbol.
  ///
  /// - Returns: whether it was the end of the block.
  mutating func decodeCarefully(into output: inout InflateOutput, from first: Int) throws(CompressionFault) -> Bool {
    let symbol = try decode(symbols)
    if symbol & HuffmanDecoder.endOfBlock != 0 { return true }
    if symbol & HuffmanDecoder.literal != 0 {
      output.start[output.count] = UInt8(truncatingIfNeeded: symbol >> 16)
      output.count += 1
      return false
    }
    let length = try value(symbol)
    let distance = try value(decode(distances))
    guard distance <= output.count - first else { throw Self.tooFar(distance, output.count - first, reader) }
    for index in output.count..<output.count + length { output.start[index] = output.start[index - distance] }
    output.count += length
    return false
  }

  /// The length or distance of an entry whose code has been taken: takes its extra bits.
  private mutating func value(_ entry: UInt32) throws(CompressionFault) -> Int {
    Int(entry >> 16) + (try reader.take(Int(entry & 31) - Int(entry >> 8 & 15)))
  }

  private static func tooFar(_ distance: Int, _ available: Int, _ reader: BitReader) -> CompressionFault {
    reader.fault("expected a match at most \(available) bytes back, found one \(distance) bytes back")
  }

  static func notACode(_ reader: BitReader) -> CompressionFault {
    reader.fault("expected a Huffman code of this block, found bits that are none")
  }

  /// Decodes while 16 bytes of input are left and the output's capacity is not reached.
  ///
  /// Loading 8 bytes leaves 56 bits or more. They last for three literals of the first look-up and a length (3 · 11 + 15 +
  /// 5 bits); after another load, for a distance (15 + 13 bits).
  ///
  /// - Returns: whether the block has ended.
  private mutating func decodeQuickly(
    into output: inout InflateOutput, from first: Int
  ) throws(CompressionFault) -> Bool {
    var bits = reader
    var count = output.count
    defer { (reader, output.count) = (bits, count) }
    let lastLoad = bits.count - 16
    let (target, capacity) = (output.start, output.capacity)
    let (symbols, distances) = (symbols, distances)

    while bits.next <= lastLoad, count < capacity {
      bits.loadWord()
      var entry = symbols.entries[bits.peek(symbols.indexBits)]
      var literals = 0
      while entry & HuffmanDecoder.literal != 0, literals < 3 {
        target[count] = UInt8(truncatingIfNeeded: entry &>> 16)
        count &+= 1
        literals &+= 1
        bits.drop(Int(entry & 31))
        entry = symbols.entries[bits.peek(symbols.indexBits)]
      }
      entry = Self.follow(entry, symbols, &bits)
      if entry & (HuffmanDecoder.literal | HuffmanDecoder.endOfBlock | HuffmanDecoder.invalid) != 0 {
        guard entry & HuffmanDecoder.invalid == 0 else { throw Self.notACode(bits) }
        bits.drop(Int(entry & 31))
        if entry & HuffmanDecoder.endOfBlock != 0 { return true }
        target[count] = UInt8(truncatingIfNeeded: entry &>> 16)
        count &+= 1
        continue
      }
      let length = Self.takeValue(entry, &bits)

      bits.loadWord()
      entry = Self.follow(distances.entries[bits.peek(distances.indexBits)], distances, &bits)
      guard entry & HuffmanDecoder.invalid == 0 else { throw Self.notACode(bits) }
      let distance = Self.takeValue(entry, &bits)
      guard distance <= count &- first else { throw Self.tooFar(distance, count - first, bits) }
      Self.copy(target + count, distance: distance, length: length)
      count &+= length
    }
    return false
  }

  /// The entry that a link leads to, or `entry` if it is none.
  @inline(__always)
  private static func follow(_ entry: UInt32, _ decoder: HuffmanDecoder, _ bits: inout BitReader) -> UInt32 {
    guard entry & HuffmanDecoder.link != 0 else { return entry }
    bits.drop(decoder.indexBits)
    return decoder.entries[Int(entry &>> 16) &+ bits.peek(Int(entry &>> 8 & 15))]
  }

  /// Takes code and extra bits together.
  @inline(__always)
  private static func takeValue(_ entry: UInt32, _ bits: inout BitReader) -> Int {
    let both = bits.peek(Int(entry & 31))
    bits.drop(Int(entry & 31))
    return Int(entry &>> 16) &+ (both &>> Int(entry &>> 8 & 15))
  }

  /// Copies `length` bytes from `distance` back, where bytes that the copy itself writes count; writes up to 7 bytes more.
  @inline(__always)
  private static func copy(_ target: UnsafeMutablePointer<UInt8>, distance: Int, length: Int) {
    var to = UnsafeMutableRawPointer(target)
    let end = to + length
    var distance = distance
    if distance < 8 {
      // The bytes repeat with any multiple of the distance: take the first that reaches over a word.
      let period = distance &* ((distance &+ 7) / distance)
      var index = 0
      while index < min(period, length) {
        target[index] = target[index &- distance]
        index &+= 1
      }
      to += index
      distance = period
    }
    while to < end {
      to.storeBytes(of: (to - distance).loadUnaligned(as: UInt64.self), as: UInt64.self)
      to += 8
    }
  }
}
