import Foundation

/// Any JSON value, for files whose parts are to be looked at before they are decoded into a type.
///
/// Unlike what `JSONSerialization` returns, it tells truth values from numbers, and keeps whole numbers up to 2⁶⁴ exact.
package enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(UInt64)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// What people call this kind of value, with its article.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "true or false"
    case .integer, .number: "a number"
    case .string: "a text"
    case .array: "a list"
    case .object: "an object"
    }
  }

  /// The members of an object; nil for anything else.
  package var members: [String: JSONValue]? {
    if case .object(let members) = self { members } else { nil }
  }

  /// The text of a string; nil for anything else.
  package var text: String? {
    if case .string(let text) = self { text } else { nil }
  }
}

extension JSONValue: Codable {
  /// Lists and objects in each other. Every look at a value takes time for each that it lies in, and files of this program have a few.
  private static let mostLevels = 16

  /// - Throws: what the decoder does for text that is not JSON, and `DecodingError` for a number beyond a `Double` and for values that lie
  ///   too deep.
  package init(from decoder: any Decoder) throws {
    guard decoder.codingPath.count <= Self.mostLevels else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: Array(decoder.codingPath.prefix(3)),
          debugDescription: "Expected at most \(Self.mostLevels) lists and objects in each other, found more."))
    }
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(UInt64.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if (try? decoder.unkeyedContainer()) != nil {
      self = .array(try container.decode([JSONValue].self))
    } else if (try? decoder.container(keyedBy: AnyKey.self)) != nil {
      self = .object(try container.decode([String: JSONValue].self))
    } else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "Expected a number of magnitude up to 1.8e308, found a larger one.")
    }
  }

  /// A member's name, whatever it is.
  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }
}
