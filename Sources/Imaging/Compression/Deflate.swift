/// Compression to deflate streams (RFC 1951).
///
/// The bytes become literals and matches (LZ77 with lazy matching: a match is given up for a longer one that begins a byte
/// later), which are written in blocks with Huffman codes of their own.
enum Deflate {
  /// A match of this length is not given up for one that begins a byte later. zlib's level 6 has the same value.
  private static let lazyLength = 16
  /// Literals and matches of a block: few enough for codes to follow the content, enough to pay for the codes.
  private static let blockLength = 16_384

  /// Compresses `input` to one stream and appends it to `output`. The stream ends with a whole byte.
  static func compress(_ input: UnsafeBufferPointer<UInt8>, into output: inout [UInt8]) {
    var writer = BitWriter(appendingTo: output)
    output = []
    let finder = MatchFinder(input)
    var block = DeflateBlock(capacity: blockLength)
    var (place, blockStart) = (0, 0)
    // The match that begins a byte before `place`, or a length of 0 for a literal there.
    var held = (length: 0, distance: 0)
    var holds = false
    while place < input.count {
      let candidate = finder.enter(place)
      var found = (length: 0, distance: 0)
      if held.length < lazyLength {
        found = finder.longestMatch(at: place, from: candidate, longerThan: held.length)
      }
      if held.length > 0, found.length == 0 {
        block.append(length: held.length, distance: held.distance)
        let end = place - 1 + held.length
        place += 1
        while place < end {
          finder.enter(place)
          place &+= 1
        }
        holds = false
        held = (0, 0)
      } else {
        if holds { block.append(literal: input[place - 1]) }
        holds = true
        held = found
        place += 1
      }
      if block.count >= blockLength {
        let end = holds ? place - 1 : place
        block.write(to: &writer, bytes: UnsafeBufferPointer(rebasing: input[blockStart..<end]), isLast: false)
        block = DeflateBlock(capacity: blockLength)
        blockStart = end
      }
    }
    // At the end no match is held: it would reach beyond it.
    if holds { block.append(literal: input[place - 1]) }
    block.write(to: &writer, bytes: UnsafeBufferPointer(rebasing: input[blockStart...]), isLast: true)
    output = writer.finish()
  }
}
