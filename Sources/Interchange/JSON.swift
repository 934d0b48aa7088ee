import Basics
import Foundation

/// How this project writes and reads JSON (RFC 8259): keys in order, slashes plain, and null for a number that is not
/// finite.
///
/// JSON has no NaN and no infinity. A loss that diverged is nevertheless worth a line, so it is written as null; a type
/// that reads it back declares such a number optional.
package enum JSON {
  /// `value` as the text of a file: indented, with a final newline.
  ///
  /// - Throws: `SeCuError` of kind `.internal` where `value` refuses to be encoded.
  package static func file(_ value: some Encodable) throws(SeCuError) -> Data {
    try encoded(value, [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
  }

  /// `value` in one line, with a final newline.
  ///
  /// - Throws: `SeCuError` of kind `.internal` where `value` refuses to be encoded.
  package static func line(_ value: some Encodable) throws(SeCuError) -> Data {
    try encoded(value, [.sortedKeys, .withoutEscapingSlashes])
  }

  /// Replaces the file at `url` by `value`.
  ///
  /// - Throws: as `file(_:)` and `AtomicFile.write(_:to:)`.
  package static func write(_ value: some Encodable, to url: URL) throws(SeCuError) {
    try AtomicFile.write(file(value), to: url)
  }

  /// The value in the file at `url`.
  ///
  /// - Parameter remedy: what to do if the file holds no such value.
  /// - Throws: as `FileContents.read(_:)` and `decode(_:from:name:position:remedy:)`.
  package static func read<Value: Decodable>(
    _ type: Value.Type, contentsOf url: URL, remedy: String? = nil
  ) throws(SeCuError) -> Value {
    try decode(type, from: FileContents.read(url), name: url.displayName, remedy: remedy)
  }

  /// The value that the text `data` holds.
  ///
  /// - Parameters:
  ///   - type: what is expected.
  ///   - data: UTF-8 text.
  ///   - name: the file that messages name.
  ///   - position: the place in that file, such as `line 3`.
  ///   - remedy: what to do if the text is no such value, unless the value's own decoding knows better.
  /// - Throws: `SeCuError` of kind `.badData` that names the key at fault, such as `layers[2].width`. A `SeCuError` that
  ///   the value's own decoding throws gets the file's name and keeps the rest.
  package static func decode<Value: Decodable>(
    _ type: Value.Type, from data: Data, name: String, position: String? = nil, remedy: String? = nil
  ) throws(SeCuError) -> Value {
    do {
      return try JSONDecoder().decode(type, from: data)
    } catch var error as SeCuError {
      error.problem = error.place.map { "\($0): \(error.problem)" } ?? error.problem
      error.place = name
      error.position = error.position ?? position
      error.remedy = error.remedy ?? remedy
      throw error
    } catch {
      throw SeCuError(.badData, problem(error, type, data), at: name, position: position, remedy: remedy)
    }
  }

  /// Stands for null while encoding. As no one can know it, no text of a user is mistaken for it.
  private static let notFinite = UUID().uuidString

  private static func encoded(
    _ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting
  ) throws(SeCuError) -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = formatting
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: notFinite, negativeInfinity: notFinite, nan: notFinite)
    do {
      var data = try encoder.encode(value)
      let quoted = Data("\"\(notFinite)\"".utf8)
      var start = data.startIndex
      while let range = data.range(of: quoted, in: start..<data.endIndex) {
        data.replaceSubrange(range, with: Data("null".utf8))
        start = range.lowerBound
      }
      data.append(UInt8(ascii: "\n"))
      return data
    } catch {
      throw SeCuError(.internal, "this value can't be written as JSON (\(error))", at: "\(type(of: value))")
    }
  }
}
