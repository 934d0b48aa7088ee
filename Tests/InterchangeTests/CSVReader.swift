import Basics
import Foundation

@testable import Interchange

/// What any reader of CSV makes of a table: what was written is held against it. A bare LF ends a row too.
extension CSV {
  /// The table in the file at `url`, header included.
  ///
  /// - Throws: as `FileContents.read(_:)` and `rows(in:name:)`.
  static func read(contentsOf url: URL) throws(SeCuError) -> [[String]] {
    try rows(in: FileContents.read(url), name: url.displayName)
  }

  /// The rows of a table, header included, all of one length.
  ///
  /// - Parameters:
  ///   - data: UTF-8 text.
  ///   - name: the file that messages name.
  /// - Throws: `SeCuError` of kind `.badData` with the line of a quote at the wrong place, a quote that is never closed, a
  ///   row that is longer or shorter than the first, or text that is not UTF-8.
  static func rows(in data: Data, name: String) throws(SeCuError) -> [[String]] {
    var parser = CSVParser(bytes: [UInt8](data), name: name)
    var rows: [[String]] = []
    while let row = try parser.nextRow() {
      let expected = rows.first?.count ?? row.count
      guard row.count == expected else {
        throw parser.error("expected \(expected) fields, as in the first row, found \(row.count)", parser.rowLine)
      }
      rows.append(row)
    }
    return rows
  }
}

private let comma = UInt8(ascii: ",")
private let quote = UInt8(ascii: "\"")
private let carriageReturn = UInt8(ascii: "\r")
private let lineFeed = UInt8(ascii: "\n")

/// Reads a table's bytes from front to back.
private struct CSVParser {
  let bytes: [UInt8]
  let name: String
  private var index = 0
  private var line = 1
  /// The line, from 1, that the row last read began on.
  private(set) var rowLine = 1

  init(bytes: [UInt8], name: String) {
    self.bytes = bytes
    self.name = name
  }

  /// The next row, or nil at the end of the text.
  mutating func nextRow() throws(SeCuError) -> [String]? {
    guard index < bytes.count else { return nil }
    rowLine = line
    var row = [try nextField()]
    while index < bytes.count, bytes[index] == comma {
      index += 1
      row.append(try nextField())
    }
    skipLineBreak()
    return row
  }

  func error(_ problem: String, _ line: Int) -> SeCuError {
    SeCuError(.badData, problem, at: name, position: "line \(line)")
  }

  /// Reads up to the comma, line break or end of text behind a field.
  private mutating func nextField() throws(SeCuError) -> String {
    guard index < bytes.count, bytes[index] == quote else {
      let start = index
      while !isAtFieldEnd {
        guard bytes[index] != quote else {
          throw error("expected a quoted field, found a quote in a plain one", line)
        }
        index += 1
      }
      return try text(bytes[start..<index])
    }
    let startLine = line
    var field: [UInt8] = []
    index += 1
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      if byte == quote {
        guard index < bytes.count, bytes[index] == quote else {
          guard isAtFieldEnd else { throw error("expected a comma behind a closing quote, found other text", line) }
          return try text(field[...])
        }
        index += 1
      }
      if byte == lineFeed { line += 1 }
      field.append(byte)
    }
    throw error("expected a closing quote, found the end of the file", startLine)
  }

  private var isAtFieldEnd: Bool {
    guard index < bytes.count else { return true }
    let byte = bytes[index]
    return byte == comma || byte == lineFeed || isAtCarriageReturnLineFeed
  }

  private var isAtCarriageReturnLineFeed: Bool {
    index + 1 < bytes.count && bytes[index] == carriageReturn && bytes[index + 1] == lineFeed
  }

  private mutating func skipLineBreak() {
    guard index < bytes.count else { return }
    index += isAtCarriageReturnLineFeed ? 2 : 1
    line += 1
  }

  private func text(_ field: ArraySlice<UInt8>) throws(SeCuError) -> String {
    guard let text = String(validating: field, as: UTF8.self) else { throw error("expected UTF-8 text", line) }
    return text
  }
}
