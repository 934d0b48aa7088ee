import Basics
import Foundation

extension JSON {
  /// What is wrong with the text `data`, from which decoding a `type` threw `error`.
  static func problem<Value: Decodable>(_ error: any Error, _ type: Value.Type, _ data: Data) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, let context):
      return "\(path(context.codingPath + [key])) is missing"
    case DecodingError.valueNotFound(let type, let context):
      return "\(path(context.codingPath)): expected \(type), found null"
    case DecodingError.typeMismatch(_, let context):
      return "\(path(context.codingPath)): \(plain(context.debugDescription))"
    case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
      return "\(path(context.codingPath)): \(plain(context.debugDescription))"
    case DecodingError.dataCorrupted:
      return problemWithoutPath(type, data)
    default:
      return systemReason(error)
    }
  }

  /// Foundation's decoder says "not valid JSON" and no more in two cases, which are told apart here: text that is not
  /// JSON, and a number that its type can't hold, such as 1.5 for an integer.
  private static func problemWithoutPath<Value: Decodable>(_ type: Value.Type, _ data: Data) -> String {
    do {
      let keys = misfits(type, try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed), data.count)
      let place = keys.isEmpty ? "" : "\(keys.joined(separator: ", ")): "
      return place + "expected a number that fits (a whole one where it counts something), found another"
    } catch {
      let reason = (error as NSError).userInfo["NSDebugDescription"] as? String ?? systemReason(error)
      return "expected JSON, found something else (\(plain(reason)))"
    }
  }

  /// The keys of the numbers in `value` that make decoding fail. Gives up, with none, where there are hundreds of numbers or a long text:
  /// each number takes some decodings of the whole.
  ///
  /// One alone is found by trying others in its place: with one of them decoding succeeds. Of several, each is tried with 1 in place of
  /// all others. That fits every type, though not every range, so that a type which checks its ranges may hide one.
  private static func misfits<Value: Decodable>(_ type: Value.Type, _ value: Any, _ length: Int) -> [String] {
    var numbers: [(key: String, value: Double)] = []
    _ = replacingNumbers(value) { key, number in
      numbers.append((key, number.doubleValue))
      return number
    }
    guard numbers.count <= 300, numbers.count * length <= 1 << 19 else { return [] }
    let alone = numbers.filter { key, number in
      let whole = abs(number) < 1e9 ? [Int(number), Int(number) + 1] : []
      return (whole + [0, 1, 2]).contains { other in
        failure(type, replacingNumbers(value) { $0 == key ? NSNumber(value: other) : $1 }) == nil
      }
    }
    if !alone.isEmpty { return alone.map(\.key) }
    return numbers.map(\.key).filter { key in
      if case DecodingError.dataCorrupted(let context)? = failure(
        type, replacingNumbers(value) { $0 == key ? $1 : 1 })
      {
        context.codingPath.isEmpty
      } else {
        false
      }
    }
  }

  /// What decoding a `type` from `value` throws; nil where it succeeds.
  private static func failure<Value: Decodable>(_ type: Value.Type, _ value: Any) -> (any Error)? {
    do {
      _ = try JSONDecoder().decode(
        type, from: JSONSerialization.data(withJSONObject: value, options: .fragmentsAllowed))
      return nil
    } catch {
      return error
    }
  }

  /// `value` with other numbers, but for 0 and 1, which may stand for truth values.
  ///
  /// - Parameter other: what stands in place of a number, from its key and itself. Keys come in alphabetical order.
  private static func replacingNumbers(
    _ value: Any, at key: String = "", by other: (_ key: String, _ number: NSNumber) -> NSNumber
  ) -> Any {
    switch value {
    case let object as [String: Any]:
      var result: [String: Any] = [:]
      for (name, member) in object.sorted(by: { $0.key < $1.key }) {
        result[name] = replacingNumbers(member, at: key.isEmpty ? name : "\(key).\(name)", by: other)
      }
      return result
    case let array as [Any]:
      return array.enumerated().map { replacingNumbers($1, at: "\(key)[\($0)]", by: other) }
    case let number as NSNumber where number != 0 && number != 1:
      return other(key, number)
    default:
      return value
    }
  }

  /// `a.b[2].c`; the whole value is called `the value`.
  private static func path(_ keys: [any CodingKey]) -> String {
    let text = keys.reduce(into: "") { text, key in
      text += key.intValue.map { "[\($0)]" } ?? (text.isEmpty ? key.stringValue : "." + key.stringValue)
    }
    return text.isEmpty ? "the value" : text
  }

  /// Foundation's sentence as a part of another.
  private static func plain(_ message: String) -> String {
    let words = message.hasSuffix(".") ? message.dropLast() : message[...]
    return words.prefix(1).lowercased() + words.dropFirst()
  }
}
