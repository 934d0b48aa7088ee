/// Decompression of deflate streams: RFC 1951, "DEFLATE Compressed Data Format Specification", P. Deutsch, 1996.
///
/// A stream is a sequence of blocks: stored bytes, or symbols in Huffman codes that are fixed or precede the symbols. A
/// symbol is a literal byte, or a length that is followed by a distance: copy that many bytes from so far back.
///
/// `decodeQuickly` decodes while 16 bytes of input are left and loads 8 at a time; `decodeCarefully` takes over at the
/// input's end, one symbol at a time.
struct Inflate: ~Copyable {
  /// The most bytes that a byte of a stream makes: the shortest codes, one bit each for length and distance, make 258.
  static let mostExpansion = 258 * 8 / 2

  var reader: BitReader
  /// Literals, lengths and the end of a block; the first look-up decodes nearly all literals.
  let symbols = HuffmanDecoder(indexBits: 11, symbols: 288)
  let distances = HuffmanDecoder(indexBits: 8, symbols: 32)
  let codeLengths = HuffmanDecoder(indexBits: 7, symbols: 19)

  deinit {
    symbols.deallocate()
    distances.deallocate()
    codeLengths.deallocate()
  }

  private init(_ reader: BitReader) { self.reader = reader }

  /// Decompresses one stream.
  ///
  /// - Parameters:
  ///   - input: the stream and perhaps more.
  ///   - first: where in `input` it begins.
  ///   - output: takes the bytes, after those it holds already; no match reaches into those.
  /// - Returns: where in `input` the stream has ended.
  /// - Throws: `CompressionFault` for a stream that is malformed, truncated or longer than the output's limit.
  static func decompress(
    _ input: UnsafeBufferPointer<UInt8>, from first: Int = 0, into output: inout InflateOutput
  ) throws(CompressionFault) -> Int {
    guard let bytes = input.baseAddress else {
      throw CompressionFault(problem: BitReader.endOfInput, offset: 0)
    }
    var inflate = Inflate(BitReader(bytes, count: input.count, from: first))
    // Where a new stream begins: its matches reach no further back.
    let start = output.count
    var isLast = false
    while !isLast {
      isLast = try inflate.reader.take(1) == 1
      switch try inflate.reader.take(2) {
      case 0: try inflate.copyStored(into: &output)
      case 1:
        try inflate.buildFixedCodes()
        try inflate.decodeBlock(into: &output, from: start)
      case 2:
        try inflate.readCodes()
        try inflate.decodeBlock(into: &output, from: start)
      default: throw inflate.reader.fault("expected a block of type 0, 1 or 2, found 3")
      }
    }
    inflate.reader.alignToByte()
    return inflate.reader.next
  }

  /// A block of type 0: length, its complement, bytes.
  private mutating func copyStored(into output: inout InflateOutput) throws(CompressionFault) {
    reader.alignToByte()
    let (length, complement) = (try reader.take(16), try reader.take(16))
    guard length ^ complement == 0xFFFF else {
      throw reader.fault("expected the complement of a stored block's length \(length), found \(complement)")
    }
    reader.alignToByte()
    guard length <= reader.count - reader.next else { throw reader.truncated }
    guard output.append(UnsafeBufferPointer(start: reader.input + reader.next, count: length)) else {
      throw tooLong(output)
    }
    reader.next += length
  }

  func tooLong(_ output: borrowing InflateOutput) -> CompressionFault {
    reader.fault("expected at most \(output.limit) bytes after decompression, found more")
  }
}
