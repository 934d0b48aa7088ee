import Basics
import Foundation
import Interchange

extension TrainingSettings {
  /// The first field, in alphabetical order, in which two settings differ: its name as in `config.json`, such as
  /// `losses.centerTemperature`, with both values; nil if they agree.
  ///
  /// - Throws: `SeCuError` of kind `.internal` if one can't be written as JSON.
  public func firstDifference(
    from other: TrainingSettings
  ) throws -> (field: String, ours: String, theirs: String)? {
    Self.difference(try Self.object(self), try Self.object(other), field: "")
  }

  private static func object(_ settings: TrainingSettings) throws -> Any {
    try JSONSerialization.jsonObject(with: JSON.line(settings))
  }

  private static func difference(_ a: Any?, _ b: Any?, field: String) -> (String, String, String)? {
    if let a = a as? [String: Any], let b = b as? [String: Any] {
      for key in Set(a.keys).union(b.keys).sorted() {
        if let found = difference(a[key], b[key], field: field.isEmpty ? key : "\(field).\(key)") { return found }
      }
      return nil
    }
    let (ours, theirs) = (text(a), text(b))
    return ours == theirs ? nil : (field, ours, theirs)
  }

  private static func text(_ value: Any?) -> String {
    switch value {
    case nil: "nothing"
    case let list as [Any]: list.map { text($0) }.joined(separator: ",")
    case let value?: "\(value)"
    }
  }
}
