import Basics
import Foundation

/// Tables of text as comma-separated values (RFC 4180).
///
/// Fields that hold a comma, a quote or a line break are quoted, and quotes in them doubled. Rows end with CR LF when
/// written; when read, a bare LF will do.
package enum CSV {
  /// The text of a table.
  package static func text(_ rows: some Sequence<[String]>) -> String {
    var text = ""
    for row in rows {
      for (column, field) in row.enumerated() {
        if column > 0 { text += "," }
        text += quoted(field, isAlone: row.count == 1)
      }
      text += "\r\n"
    }
    return text
  }

  /// Replaces the file at `url` by a table.
  ///
  /// - Throws: as `AtomicFile.write(_:to:)`.
  package static func write(_ rows: some Sequence<[String]>, to url: URL) throws(SeCuError) {
    try AtomicFile.write(Data(text(rows).utf8), to: url)
  }

  /// The table in the file at `url`, header included.
  ///
  /// - Throws: as `FileContents.read(_:)` and `rows(in:name:)`.
  package static func read(contentsOf url: URL) throws(SeCuError) -> [[String]] {
    try rows(in: FileContents.read(url), name: url.displayName)
  }

  /// The rows of a table, header included, all of one length.
  ///
  /// - Parameters:
  ///   - data: UTF-8 text.
  ///   - name: the file that messages name.
  /// - Throws: `SeCuError` of kind `badData` with the line of a quote at the wrong place, a quote that is never closed, a
  ///   row that is longer or shorter than the first, or text that is not UTF-8.
  package static func rows(in data: Data, name: String) throws(SeCuError) -> [[String]] {
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

  /// A row of one empty field is quoted too: it would be a blank line.
  private static func quoted(_ field: String, isAlone: Bool) -> String {
    let isSpecial = field.utf8.contains { $0 == comma || $0 == quote || $0 == carriageReturn || $0 == lineFeed }
    guard isSpecial || (isAlone && field.isEmpty) else { return field }
    return "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\""
  }

  fileprivate static let comma = UInt8(ascii: ",")
  fileprivate static let quote = UInt8(ascii: "\"")
  fileprivate static let carriageReturn = UInt8(ascii: "\r")
  fileprivate static let lineFeed = UInt8(ascii: "\n")
}

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
    while index < bytes.count, bytes[index] == CSV.comma {
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
    guard index < bytes.count, bytes[index] == CSV.quote else {
      let start = index
      while !isAtFieldEnd {
        guard bytes[index] != CSV.quote else {
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
      if byte == CSV.quote {
        guard index < bytes.count, bytes[index] == CSV.quote else {
          guard isAtFieldEnd else { throw error("expected a comma behind a closing quote, found other text", line) }
          return try text(field[...])
        }
        index += 1
      }
      if byte == CSV.lineFeed { line += 1 }
      field.append(byte)
    }
    throw error("expected a closing quote, found the end of the file", startLine)
  }

  private var isAtFieldEnd: Bool {
    guard index < bytes.count else { return true }
    let byte = bytes[index]
    return byte == CSV.comma || byte == CSV.lineFeed || isAtCarriageReturnLineFeed
  }

  private var isAtCarriageReturnLineFeed: Bool {
    index + 1 < bytes.count && bytes[index] == CSV.carriageReturn && bytes[index + 1] == CSV.lineFeed
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
