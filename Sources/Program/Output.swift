import Interchange

/// Where a subcommand's results and messages go.
///
/// Programs read standard output, people read standard error. With `--json`, standard output holds exactly one JSON
/// object, so that text written by `print` is left out.
struct Output: Sendable {
  /// Whether `--json` was given.
  let isJSON: Bool
  let results: StandardStream
  /// For progress, warnings and remarks.
  let messages: StandardStream

  /// Writes `line` and a line's end to standard output, unless `isJSON`.
  ///
  /// - Throws: `SeCuError` (`.inputOutput`) if it can't be written.
  func print(_ line: String) throws {
    if !isJSON { try results.write(line + "\n") }
  }

  /// Writes `object` as one line of JSON with sorted keys to standard output, if `isJSON`. To be called once, at the
  /// end. A number that is not finite becomes null.
  ///
  /// - Throws: `SeCuError` (`.inputOutput`) if it can't be written.
  func printJSON(_ object: some Encodable) throws {
    if isJSON { try results.write(String(decoding: JSON.line(object), as: UTF8.self)) }
  }
}
