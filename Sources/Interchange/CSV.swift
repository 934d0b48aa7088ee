import Basics
import Foundation

/// Tables of text as comma-separated values (RFC 4180).
///
/// Fields that hold a comma, a quote or a line break are quoted, and quotes in them doubled. Rows end with CR LF.
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

  /// A row of one empty field is quoted too: it would be a blank line.
  private static func quoted(_ field: String, isAlone: Bool) -> String {
    let isSpecial = field.utf8.contains { $0 == comma || $0 == quote || $0 == carriageReturn || $0 == lineFeed }
    guard isSpecial || (isAlone && field.isEmpty) else { return field }
    // Byte by byte: a quote with an accent above it is another Character.
    let doubled = field.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] }
    return "\"" + String(decoding: doubled, as: UTF8.self) + "\""
  }

  private static let comma = UInt8(ascii: ",")
  private static let quote = UInt8(ascii: "\"")
  private static let carriageReturn = UInt8(ascii: "\r")
  private static let lineFeed = UInt8(ascii: "\n")
}
