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
      let keys = misfits(type, try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed))
      let place = keys.isEmpty ? "" : "\(keys.joined(separator: ", ")): "
      return place + "expected a number that fits (a whole one where it counts something), found another"
    } catch {
      let reason = (error as NSError).userInfo["NSDebugDescription"] as? String ?? systemReason(error)
      return "expected JSON, found something else (\(plain(reason)))"
    }
  }

  /// The keys of the numbers in `value` that make decoding fail: each is tried with 1, which fits every type, in place of
  /// all others. Gives up, with none, where there are hundreds.
  private static func misfits<Value: Decodable>(_ type: Value.Type, _ value: Any) -> [String] {
    var keys: [String] = []
    _ = withOnes(value, "", except: nil, &keys)
    guard keys.count <= 300 else { return [] }
    return keys.filter { key in
      var others: [String] = []
      let trial = withOnes(value, "", except: key, &others)
      do {
        _ = try JSONDecoder().decode(
          type, from: JSONSerialization.data(withJSONObject: trial, options: .fragmentsAllowed))
      } catch DecodingError.dataCorrupted(let context) {
        return context.codingPath.isEmpty
      } catch {}
      return false
    }
  }

  /// `value` with 1 for every number but 0, 1 (which may stand for a truth value) and the one at `kept`.
  ///
  /// - Parameter keys: gets the keys of the numbers replaced.
  private static func withOnes(_ value: Any, _ key: String, except kept: String?, _ keys: inout [String]) -> Any {
    switch value {
    case let object as [String: Any]:
      var result: [String: Any] = [:]
      for (name, member) in object.sorted(by: { $0.key < $1.key }) {
        result[name] = withOnes(member, key.isEmpty ? name : "\(key).\(name)", except: kept, &keys)
      }
      return result
    case let array as [Any]:
      return array.enumerated().map { withOnes($1, "\(key)[\($0)]", except: kept, &keys) }
    case let number as NSNumber where number != 0 && number != 1 && key != kept:
      keys.append(key)
      return 1
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
