import Basics

/// Reads a file's bytes in order; running over the end throws instead of trapping.
package struct ByteReader: Sendable {
  /// The whole file.
  package let bytes: [UInt8]
  /// What messages call the file.
  package let name: String
  /// What messages call the kind of file, such as `PNG`.
  package let format: String
  /// The next byte to read, in 0...`bytes.count`.
  package private(set) var position: Int

  package init(_ bytes: [UInt8], name: String, format: String) {
    (self.bytes, self.name, self.format, position) = (bytes, name, format, 0)
  }

  /// How many bytes are left.
  package var remaining: Int { bytes.count - position }

  /// What to do about a file that ends too soon.
  package var truncatedRemedy: String { "The \(format) file is truncated: copy it again, or leave it out" }

  /// An error of kind `.badData` at `position` of the file, by default where reading stands.
  package func fault(_ problem: String, at position: Int? = nil, remedy: String? = nil) -> SeCuError {
    SeCuError(
      .badData, problem, at: name, position: "byte \(position ?? self.position)",
      remedy: remedy ?? "The \(format) file is damaged: copy it again, or leave it out")
  }

  /// - Parameter what: what the bytes are, for the message, such as `a chunk's length`.
  /// - Throws: `SeCuError` of kind `.badData` if fewer than `count` bytes are left.
  package func require(_ count: Int, _ what: @autoclosure () -> String) throws(SeCuError) {
    guard count <= remaining else {
      throw fault(
        "expected \(what()) (\(count) bytes), found the end of the file after \(remaining)",
        remedy: truncatedRemedy)
    }
  }

  /// Goes on at another place of the file.
  ///
  /// - Parameter position: in 0...`bytes.count`.
  package mutating func move(to position: Int) {
    precondition(0...bytes.count ~= position)
    self.position = position
  }

  /// - Returns: the range of the next `count` bytes, which count as read.
  /// - Throws: as `require(_:_:)`.
  package mutating func skip(_ count: Int, _ what: @autoclosure () -> String) throws(SeCuError) -> Range<Int> {
    try require(count, what())
    defer { position += count }
    return position..<position + count
  }

  /// The next byte.
  package mutating func byte(_ what: @autoclosure () -> String) throws(SeCuError) -> UInt8 {
    try require(1, what())
    defer { position += 1 }
    return bytes[position]
  }

  /// The next unsigned integer, most significant byte first.
  package mutating func bigEndian<Value: FixedWidthInteger & UnsignedInteger>(
    _ type: Value.Type, _ what: @autoclosure () -> String
  ) throws(SeCuError) -> Value {
    bytes[try skip(MemoryLayout<Value>.size, what())].reduce(0) { $0 << 8 | Value($1) }
  }

  /// The next unsigned integer, least significant byte first.
  package mutating func littleEndian<Value: FixedWidthInteger & UnsignedInteger>(
    _ type: Value.Type, _ what: @autoclosure () -> String
  ) throws(SeCuError) -> Value {
    bytes[try skip(MemoryLayout<Value>.size, what())].reversed().reduce(0) { $0 << 8 | Value($1) }
  }
}

/// A number as all its hexadecimal digits.
func hex(_ value: some FixedWidthInteger) -> String {
  let digits = String(value, radix: 16, uppercase: true)
  return String(repeating: "0", count: value.bitWidth / 4 - digits.count) + digits
}
