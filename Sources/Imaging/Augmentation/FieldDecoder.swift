import Basics

/// Reads the fields of a recipe: those that are missing keep a default, those that are misspelt are refused.
struct FieldDecoder<Key: CodingKey & CaseIterable & RawRepresentable> where Key.RawValue == String {
  private let container: KeyedDecodingContainer<Key>
  /// Where the recipe stands in the file, such as `augmentation.`; empty where it is the file.
  private let prefix: String

  /// A key as it stands in the file, known or not.
  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// - Throws: `SeCuError` of kind `.badData` for an unknown field, naming the nearest known one.
  init(_ decoder: any Decoder) throws {
    prefix = decoder.codingPath.map { $0.stringValue + "." }.joined()
    let known = Key.allCases.map(\.rawValue)
    let keys = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
    for key in keys.sorted() where !known.contains(key) {
      let nearest = nearestName(to: key, in: known).map { "The nearest known field is \($0)" }
      throw SeCuError(
        .badData, "this augmentation field is not known", at: prefix + key,
        remedy: nearest ?? "Known are \(known.joined(separator: ", "))")
    }
    container = try decoder.container(keyedBy: Key.self)
  }

  /// The value of a field.
  ///
  /// - Parameters:
  ///   - kind: what the value must be, as errors say it, such as `a number`.
  ///   - fallback: the value of a field that is missing.
  /// - Throws: `SeCuError` of kind `.badData` for a value of another type.
  func value<Value: Decodable>(_ key: Key, _ kind: String, or fallback: Value) throws -> Value {
    do {
      return try container.decodeIfPresent(Value.self, forKey: key) ?? fallback
    } catch {
      // Not only DecodingError: a fraction for a whole number is another error of the decoder's.
      throw SeCuError(
        .badData, "expected \(kind), found something else", at: prefix + key.rawValue,
        remedy: "'secu train --show' prints how each field is written")
    }
  }

  func number(_ key: Key, or fallback: Double) throws -> Double {
    try value(key, "a number", or: fallback)
  }

  func numbers(_ key: Key, or fallback: [Double]) throws -> [Double] {
    try value(key, "a list of numbers", or: fallback)
  }

  /// One of the names of an enumeration.
  ///
  /// - Throws: `SeCuError` of kind `.badData` for another name, with all that there are.
  func name<Value: Decodable & CaseIterable & RawRepresentable>(
    _ key: Key, or fallback: Value
  ) throws -> Value where Value.RawValue == String {
    try named(try value(key, Self.all(Value.self), or: fallback.rawValue), key)
  }

  /// Names of an enumeration.
  func names<Value: Decodable & CaseIterable & RawRepresentable>(
    _ key: Key, or fallback: [Value]
  ) throws -> [Value] where Value.RawValue == String {
    try value(key, "a list of names", or: fallback.map(\.rawValue)).map { try named($0, key) }
  }

  private func named<Value: CaseIterable & RawRepresentable>(
    _ name: String, _ key: Key
  ) throws -> Value where Value.RawValue == String {
    guard let value = Value(rawValue: name) else {
      let nearest = nearestName(to: name, in: Value.allCases.map(\.rawValue))
      throw SeCuError(
        .badData, "expected \(Self.all(Value.self)), found '\(name)'", at: prefix + key.rawValue,
        remedy: nearest.map { "Did you mean '\($0)'?" })
    }
    return value
  }

  private static func all<Value: CaseIterable & RawRepresentable>(
    _ type: Value.Type
  ) -> String where Value.RawValue == String {
    type.allCases.map { "'\($0.rawValue)'" }.joined(separator: " or ")
  }

  /// Runs the check of a recipe that was read: what is out of range there is bad data, not wrong usage.
  func check(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch var error as SeCuError {
      error.kind = .badData
      error.place = error.place.map { prefix + $0 }
      throw error
    }
  }
}
