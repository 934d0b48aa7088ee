import Basics
import Foundation

/// What the header of a safetensors file says.
struct SafeTensorsHeader {
  /// One tensor's entry; offsets count from the end of the header.
  struct Entry {
    var name: String
    /// The byte of the file at which the entry begins.
    var position: Int
    var dataType: SafeTensors.DataType
    var shape: [Int]
    var begin: Int
    var end: Int
  }

  var metadata: [String: String] = [:]
  var entries: [Entry] = []
}

/// Reads a header's JSON.
///
/// Foundation's decoders accept a key that stands twice and don't tell where a value stands; this parser knows only the
/// JSON that a header may hold, and names the byte of every fault.
struct SafeTensorsHeaderParser {
  private let bytes: [UInt8]
  private let file: String
  private var index = 0
  /// The tensor whose entry is being read.
  private var tensor: String?

  /// - Parameters:
  ///   - header: the header's bytes, which begin at byte 8 of the file.
  ///   - file: what messages call the file.
  init(header: Data, file: String) {
    bytes = [UInt8](header)
    self.file = file
  }

  /// - Throws: `SeCuError` of kind `.badData` with the byte and the tensor at fault.
  mutating func parse() throws(SeCuError) -> SafeTensorsHeader {
    var header = SafeTensorsHeader()
    try object { parser, key, position throws(SeCuError) in
      if key == SafeTensors.metadataKey {
        try parser.object { parser, key, _ throws(SeCuError) in header.metadata[key] = try parser.string() }
      } else {
        header.entries.append(try parser.entry(key, position))
      }
    }
    skipWhitespace()
    guard index == bytes.count else { throw unexpected("the end of the header") }
    return header
  }

  private mutating func entry(_ name: String, _ position: Int) throws(SeCuError) -> SafeTensorsHeader.Entry {
    tensor = name
    defer { tensor = nil }
    var dataType: SafeTensors.DataType?
    var shape: [Int]?
    var offsets: [Int]?
    try object { parser, key, position throws(SeCuError) in
      switch key {
      case "dtype": dataType = try parser.dataType()
      case "shape": shape = try parser.numbers()
      case "data_offsets":
        parser.skipWhitespace()
        let position = parser.index
        let numbers = try parser.numbers()
        guard numbers.count == 2 else { throw parser.fault("expected two offsets, found \(numbers.count)", position) }
        offsets = numbers
      default:
        throw parser.fault("expected dtype, shape or data_offsets, found \(quoted(key))", position)
      }
    }
    guard let dataType, let shape, let offsets else {
      let missing = dataType == nil ? "dtype" : shape == nil ? "shape" : "data_offsets"
      throw fault("expected a \(missing), found none", position)
    }
    return SafeTensorsHeader.Entry(
      name: name, position: position + 8, dataType: dataType, shape: shape, begin: offsets[0], end: offsets[1])
  }

  private mutating func dataType() throws(SeCuError) -> SafeTensors.DataType {
    skipWhitespace()
    let position = index
    let text = try string()
    guard let type = SafeTensors.DataType(rawValue: text) else {
      let known = SafeTensors.DataType.allCases.map(\.rawValue).joined(separator: ", ")
      throw fault(
        "expected one of the types \(known), found \(quoted(text))", position, remedy: "Save it in one of these types")
    }
    return type
  }
}

// JSON itself (RFC 8259). Each of these skips the white space before what it reads.
extension SafeTensorsHeaderParser {
  /// Reads an object and calls `member` before each value, which it has to read. No key may stand twice.
  private mutating func object(
    _ member: (_ parser: inout Self, _ key: String, _ position: Int) throws(SeCuError) -> Void
  ) throws(SeCuError) {
    try expect("{")
    guard !accept("}") else { return }
    var keys: Set<String> = []
    repeat {
      skipWhitespace()
      let position = index
      let key = try string()
      guard keys.insert(key).inserted else {
        throw fault("expected each key once, found \(quoted(key)) again", position)
      }
      try expect(":")
      try member(&self, key, position)
    } while accept(",")
    try expect("}")
  }

  /// Reads a list of numbers.
  private mutating func numbers() throws(SeCuError) -> [Int] {
    try expect("[")
    var numbers: [Int] = []
    guard !accept("]") else { return numbers }
    repeat { numbers.append(try number()) } while accept(",")
    try expect("]")
    return numbers
  }

  /// Reads an integer from 0 up, without sign, fraction, exponent or leading zero.
  private mutating func number() throws(SeCuError) -> Int {
    skipWhitespace()
    let start = index
    while index < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) { index += 1 }
    let digits = bytes[start..<index]
    guard let first = digits.first else { throw unexpected("a whole number from 0 up") }
    guard first != UInt8(ascii: "0") || digits.count == 1 else {
      throw fault("expected a number without leading zeros", start)
    }
    guard let number = Int(String(decoding: digits, as: UTF8.self)) else {
      throw fault("expected a number up to \(Int.max), found a larger one", start)
    }
    return number
  }

  private mutating func string() throws(SeCuError) -> String {
    try expect("\"")
    let start = index
    var isEscaped = false
    while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
      guard bytes[index] >= 0x20 else { throw unexpected("a string without control characters") }
      if bytes[index] == UInt8(ascii: "\\") {
        isEscaped = true
        index += 1
      }
      index += 1
    }
    guard index < bytes.count else { throw fault("expected a closing quote, found the end of the header", start - 1) }
    defer { index += 1 }
    guard let text = String(validating: bytes[start..<index], as: UTF8.self) else {
      throw fault("expected UTF-8 text", start)
    }
    guard isEscaped else { return text }
    do {
      return try JSONDecoder().decode(String.self, from: Data(bytes[start - 1...index]))
    } catch {
      throw fault("expected a string with valid escapes", start)
    }
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(SeCuError) {
    guard accept(character) else { throw unexpected("'\(character)'") }
  }

  private mutating func accept(_ character: Unicode.Scalar) -> Bool {
    skipWhitespace()
    guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  private mutating func skipWhitespace() {
    while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
  }

  private func unexpected(_ expected: String) -> SeCuError {
    guard index < bytes.count else { return fault("expected \(expected), found the end of the header", index) }
    let byte = bytes[index]
    let found = (0x21..<0x7F).contains(byte) ? "'\(Unicode.Scalar(byte))'" : "the byte \(byte)"
    return fault("expected \(expected), found \(found)", index)
  }

  private func fault(
    _ problem: String, _ index: Int, remedy: String = "The file is damaged or not a safetensors file: copy it again"
  ) -> SeCuError {
    SeCuError(
      .badData, (tensor.map { "tensor \(quoted($0)): " } ?? "header: ") + problem, at: file,
      position: "byte \(index + 8)", remedy: remedy)
  }
}
