import Basics

/// Reads the text of a PNM file: numbers with white space and comments between them. A comment goes from # to the end of its
/// line.
struct PNMScanner {
  var file: ByteReader

  init(_ bytes: [UInt8], name: String) {
    file = ByteReader(bytes, name: name, format: "PNM")
  }

  /// What the first two bytes say, P1 to P6.
  struct Kind {
    let isText: Bool
    let isBitmap: Bool
    let isColour: Bool
  }

  mutating func kind() throws(SeCuError) -> Kind {
    let letters = try file.skip(2, "P1, P2, P3, P4, P5 or P6")
    let number = Int(file.bytes[letters.upperBound - 1]) - 0x30
    guard file.bytes[letters.lowerBound] == UInt8(ascii: "P"), 1...6 ~= number else {
      throw file.fault("expected P1, P2, P3, P4, P5 or P6, found other bytes", at: 0)
    }
    return Kind(isText: number <= 3, isBitmap: number % 3 == 1, isColour: number % 3 == 0)
  }

  /// The byte where reading stands, or nil at the end.
  private var next: UInt8? { file.remaining > 0 ? file.bytes[file.position] : nil }

  private mutating func skipSpace() {
    while let byte = next {
      if byte == UInt8(ascii: "#") {
        skipComment()
      } else if PNMDecoder.isSpace(byte) {
        file.move(to: file.position + 1)
      } else {
        return
      }
    }
  }

  /// Skips up to a line's end, and over it.
  private mutating func skipComment() {
    while let byte = next {
      file.move(to: file.position + 1)
      if byte == 0x0A || byte == 0x0D { return }
    }
  }

  /// The next digit, after white space and comments.
  mutating func digit(_ what: String) throws(SeCuError) -> Int {
    skipSpace()
    guard let byte = next else {
      throw file.fault("expected \(what), found the end of the file", remedy: file.truncatedRemedy)
    }
    guard 0x30...0x39 ~= byte else {
      throw file.fault("expected \(what), found the byte \(hex(byte))")
    }
    file.move(to: file.position + 1)
    return Int(byte) - 0x30
  }

  /// The next number, after white space and comments.
  mutating func number(_ what: String) throws(SeCuError) -> Int {
    var number = try digit(what)
    while let byte = next, 0x30...0x39 ~= byte {
      number = 10 * number + Int(byte) - 0x30
      guard number <= Int32.max else { throw file.fault("expected \(what), found a number above \(Int32.max)") }
      file.move(to: file.position + 1)
    }
    return number
  }

  /// Skips the one byte of white space that ends the header of a binary file; a comment may stand before it.
  mutating func endHeader() throws(SeCuError) {
    if next == UInt8(ascii: "#") {
      skipComment()
      return
    }
    let byte = try file.byte("white space")
    guard PNMDecoder.isSpace(byte) else {
      throw file.fault("expected white space after the header, found the byte \(hex(byte))", at: file.position - 1)
    }
  }
}
