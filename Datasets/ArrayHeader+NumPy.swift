import Basics

/// The header of numpy's `.npy` files.
///
///     93 'NUMPY' major minor | length of the text, u16 LE (version 1) or u32 LE (2, 3) | text | elements
///
/// The text is a Python dictionary: `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`. Source: "numpy.lib.format", the NumPy
/// developers, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
extension ArrayHeader {
  static func numPy(_ file: DataFile) throws -> ArrayHeader? {
    let head = file.head
    guard head.starts(with: [0x93] + Array("NUMPY".utf8)) else { return nil }
    func fault(_ problem: String, at position: Int, _ remedy: String = "Save the array again with numpy.save")
      -> SeCuError
    {
      SeCuError(.badData, problem, at: file.path, position: "byte \(position)", remedy: remedy)
    }
    let isLong = head.count > 6 && head[6] > 1
    let textStart = isLong ? 12 : 10
    guard head.count >= textStart else {
      throw fault("expected a header of numpy, found the end of the file after \(head.count) bytes", at: head.count)
    }
    guard 1...3 ~= head[6] else { throw fault("expected version 1, 2 or 3, found \(head[6])", at: 6) }
    let length = head[8..<textStart].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= head.count - textStart else {
      let isTruncated = file.size < textStart + length
      throw fault(
        isTruncated
          ? "expected a header of \(length) bytes, found the end of the file after \(head.count - textStart)"
          : "expected a header of at most \(DataFile.headLength - textStart) bytes, found \(length)", at: 8)
    }
    var text = PythonText(Array(head[textStart..<textStart + length]))
    guard let fields = text.dictionary(), case .text(let descr)? = fields["descr"],
      case .bool(let isFortran)? = fields["fortran_order"], case .tuple(let shape)? = fields["shape"]
    else {
      // A record type is a list of fields.
      throw fault(
        "expected a description of one array with 'descr', 'fortran_order' and 'shape', found another", at: 10)
    }
    guard !descr.contains("O") else {
      throw fault(
        "expected numbers, found Python objects (a pickle), which can run any program", at: 10,
        "Save an array of one shape, as with numpy.stack(images).astype(numpy.uint8)")
    }
    guard let element = element(descr) else {
      throw fault(
        "expected elements of uint8, float32 or whole numbers, found '\(descr.prefix(20))'", at: 10,
        "Convert the array with astype(numpy.uint8) or astype(numpy.float32)")
    }
    guard !isFortran else {
      throw fault("expected an array in C order, found Fortran order", at: 10, "Save numpy.ascontiguousarray(images)")
    }
    guard !shape.isEmpty else { throw fault("expected an array of images or labels, found a single number", at: 10) }
    return try ArrayHeader(element, shape, offset: textStart + length, path: file.path, position: 10)
  }

  /// The element that a type string such as `<f4` describes.
  private static func element(_ descr: String) -> Element? {
    let letters = Array(descr)
    guard letters.count == 3, let bytes = letters[2].wholeNumberValue, [1, 2, 4, 8].contains(bytes),
      "<>|".contains(letters[0])
    else { return nil }
    let kind: Element.Kind
    switch letters[1] {
    case "u": kind = .unsigned
    case "i": kind = .signed
    case "f" where bytes >= 4: kind = .float
    default: return nil
    }
    return Element(kind: kind, bytes: bytes, isBigEndian: letters[0] == ">")
  }
}

/// As much of Python's literals as numpy's headers have.
private struct PythonText {
  enum Value { case text(String), bool(Bool), tuple([Int]) }

  private let bytes: [UInt8]
  private var next = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// `{'key': value, …}`, and after it nothing but space; nil for anything else.
  mutating func dictionary() -> [String: Value]? {
    var fields: [String: Value] = [:]
    guard take("{") else { return nil }
    while !take("}") {
      guard let key = string(), take(":"), let value = value() else { return nil }
      guard fields.updateValue(value, forKey: key) == nil else { return nil }
      guard take(",") || peek() == UInt8(ascii: "}") else { return nil }
    }
    return peek() == nil ? fields : nil
  }

  private mutating func value() -> Value? {
    switch peek() {
    case UInt8(ascii: "'"), UInt8(ascii: "\""): return string().map(Value.text)
    case UInt8(ascii: "T"): return take("True") ? .bool(true) : nil
    case UInt8(ascii: "F"): return take("False") ? .bool(false) : nil
    case UInt8(ascii: "("): return tuple().map(Value.tuple)
    default: return nil
    }
  }

  private mutating func tuple() -> [Int]? {
    guard take("(") else { return nil }
    var numbers: [Int] = []
    while !take(")") {
      _ = peek()
      let digits = bytes[next...].prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
      guard let number = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
      next += digits.count
      numbers.append(number)
      guard take(",") || peek() == UInt8(ascii: ")") else { return nil }
    }
    return numbers
  }

  private mutating func string() -> String? {
    guard let quote = peek(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\""),
      let end = bytes[(next + 1)...].firstIndex(of: quote)
    else { return nil }
    defer { next = end + 1 }
    return String(decoding: bytes[next + 1..<end], as: UTF8.self)
  }

  /// The next byte that is no space, without taking it; nil at the end.
  private mutating func peek() -> UInt8? {
    while next < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[next]) { next += 1 }
    return next < bytes.count ? bytes[next] : nil
  }

  private mutating func take(_ word: String) -> Bool {
    _ = peek()
    guard bytes[next...].starts(with: word.utf8) else { return false }
    next += word.utf8.count
    return true
  }
}
