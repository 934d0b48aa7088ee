import Basics
import Imaging

/// What a file says of the array that it holds: the type of its elements, its dimensions and where they begin.
struct ArrayHeader: Sendable, Equatable {
  /// How an element is stored.
  struct Element: Sendable, Equatable {
    enum Kind: Sendable { case unsigned, signed, float }
    let kind: Kind
    /// 1, 2, 4 or 8.
    let bytes: Int
    let isBigEndian: Bool

    static let byte = Element(kind: .unsigned, bytes: 1, isBigEndian: false)

    /// Such as `uint8` or `float32`.
    var name: String { (kind == .float ? "float" : kind == .signed ? "int" : "uint") + "\(8 * bytes)" }

    /// The bits of an element, from its most significant byte on.
    func bits(_ address: UnsafePointer<UInt8>) -> UInt64 {
      var value: UInt64 = 0
      for k in 0..<bytes { value = value << 8 | UInt64(address[isBigEndian ? k : bytes - 1 - k]) }
      return value
    }

    /// An element that is a whole number; nil for one beyond `Int`.
    func integer(_ address: UnsafePointer<UInt8>) -> Int? {
      let bits = bits(address)
      guard kind == .signed else { return Int(exactly: bits) }
      let shift = UInt64(64 - 8 * bytes)
      return Int(Int64(bitPattern: bits << shift) >> Int64(shift))
    }
  }

  let element: Element
  /// At least one, the slowest first.
  let dimensions: [Int]
  /// The byte at which the elements begin.
  let offset: Int
  /// Elements, and the bytes of header and elements.
  let count: Int
  let fileLength: Int

  /// - Parameter position: the byte at which the dimensions stand.
  /// - Throws: `SeCuError` of kind `.badData` if the array is larger than any file.
  init(_ element: Element, _ dimensions: [Int], offset: Int, path: String, position: Int) throws {
    (self.element, self.dimensions, self.offset) = (element, dimensions, offset)
    var count = 1
    for dimension in dimensions {
      let (product, isTooLarge) = count.multipliedReportingOverflow(by: dimension)
      guard !isTooLarge, product < 1 << 48 else {
        throw SeCuError(
          .badData, "expected fewer than 2⁴⁸ elements, found \(Self.text(dimensions))", at: path,
          position: "byte \(position)", remedy: "The file is damaged: copy it again")
      }
      count = product
    }
    self.count = count
    fileLength = offset + count * element.bytes
  }

  /// The array that `file` holds, or nil for another kind of file.
  ///
  /// - Throws: `SeCuError` of kind `.badData` for an array that can't be read, or whose file has another length than it should.
  static func read(_ file: DataFile) throws -> ArrayHeader? {
    if file.isCompressed, file.head.isEmpty, file.name.contains("idx") {
      // Nothing of it can be unpacked: this says why.
      _ = try file.unpacked(to: 1 << 20)
    }
    guard let header = try idx(file) ?? numPy(file) else { return nil }
    if file.isCompressed {
      // A header is not believed before the content is there; memory is taken by what it says.
      guard header.fileLength / Gzip.mostExpansion <= file.size else {
        throw SeCuError(
          .badData,
          "expected \(header.fileLength) bytes for \(text(header.dimensions)) elements of \(header.element.name), "
            + "found \(file.size) compressed bytes, which hold less",
          at: file.path, remedy: "The file is truncated or damaged: download it again")
      }
      return header
    }
    guard file.size == header.fileLength else {
      let isShort = file.size < header.fileLength
      throw SeCuError(
        .badData,
        "expected \(header.fileLength) bytes for \(text(header.dimensions)) elements of \(header.element.name), "
          + "found \(file.size)",
        at: file.path, position: "byte \(min(file.size, header.fileLength))",
        remedy: "The file \(isShort ? "is truncated" : "has more than an array"): download or write it again")
    }
    return header
  }

  /// Such as `60000×28×28`.
  static func text(_ dimensions: [Int]) -> String { dimensions.map(String.init).joined(separator: "×") }
}

// MARK: - IDX

extension ArrayHeader {
  /// Reads the header of an IDX file: two zeros, a type, the number of dimensions, each dimension as 32 bits, all big-endian.
  ///
  /// Source: "The IDX file format", Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits.
  private static func idx(_ file: DataFile) throws -> ArrayHeader? {
    let head = file.head
    let elements: [UInt8: Element] = [
      0x08: .byte, 0x09: .init(kind: .signed, bytes: 1, isBigEndian: true),
      0x0B: .init(kind: .signed, bytes: 2, isBigEndian: true), 0x0C: .init(kind: .signed, bytes: 4, isBigEndian: true),
      0x0D: .init(kind: .float, bytes: 4, isBigEndian: true), 0x0E: .init(kind: .float, bytes: 8, isBigEndian: true),
    ]
    guard head.count >= 4, head[0] == 0, head[1] == 0, let element = elements[head[2]], 1...4 ~= head[3] else {
      return nil
    }
    let rank = Int(head[3]), offset = 4 + 4 * rank
    guard head.count >= offset else {
      // Other files begin so too; one that is called IDX is one.
      guard file.name.contains("idx") else { return nil }
      throw SeCuError(
        .badData, "expected \(rank) dimensions (\(offset) bytes), found the end of the file after \(head.count) bytes",
        at: file.path, position: "byte \(head.count)", remedy: "The file is truncated: download it again")
    }
    let dimensions = (0..<rank).map { k in head[4 + 4 * k..<8 + 4 * k].reduce(0) { $0 << 8 | Int($1) } }
    let read = Result { try ArrayHeader(element, dimensions, offset: offset, path: file.path, position: 4) }
    // Four bytes are little to go by: in a file of another name, the length has to agree too.
    guard file.name.contains("idx") || file.isCompressed || (try? read.get())?.fileLength == file.size else {
      return nil
    }
    return try read.get()
  }
}
