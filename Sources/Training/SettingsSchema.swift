import Basics
import Clustering
import Foundation
import Interchange
import Networks

/// What may stand in a settings file: the keys that there are and the kinds of their values.
///
/// It is not written down anywhere but read off examples: what the settings themselves encode to is what may be decoded. `all` has an
/// example of every field; a test holds that.
struct SettingsSchema: Sendable {
  private indirect enum Shape: Sendable {
    /// A value without members; one that is only ever missing in the examples is of no known kind.
    case plain(kind: String)
    case list(Shape?)
    case object([String: Member])
    /// An object whose member `kind` decides its other members: an example of each.
    case variants([String: JSONValue], [String: Shape])
  }

  private struct Member: Sendable {
    var shape: Shape
    /// Whether there are settings without this member, which may therefore be null.
    var isOptional: Bool
  }

  private let root: Shape
  /// The values that a text may have, by its path.
  private let choices: [String: [String]]

  /// The fields of `TrainingSettings`.
  static let all = SettingsSchema(examples: examples, choices: choices)

  private static let choices: [String: [String]] = [
    "centerSchedule": CenterSchedule.allCases.map(\.rawValue),
    "losses.discrimination": Discrimination.allCases.map(\.rawValue),
    "network.block": ResNet.Block.allCases.map(\.rawValue),
    "network.projector": ResNet.Projector.allCases.map(\.rawValue),
    "network.stem": ResNet.Stem.allCases.map(\.rawValue),
    "preset": Preset.all.map(\.name) + [AutomaticPreset.name],
  ]

  /// Settings that have, between them, every field and every kind of constraint.
  private static let examples: [TrainingSettings] = Preset.all.map(\.settings).flatMap { settings in
    [AssignmentConstraint.size(SizeConstraint()), .entropy(.published), .instance].map {
      var example = settings
      (example.constraint, example.limit, example.initialWeights) = ($0, 1, "")
      (example.selfLabelling, example.strongAugmentation, example.split) = (SelfLabelling(), .cifar, "")
      example.classFolders = true
      return example
    } + [settings]
  }

  init(examples: [some Encodable], choices: [String: [String]] = [:]) {
    root = Self.shape(of: examples.compactMap { try? JSONValue($0) })
    self.choices = choices
  }

  private static func shape(of examples: [JSONValue]) -> Shape {
    let objects = examples.compactMap(\.members)
    if !objects.isEmpty {
      let kinds = Dictionary(grouping: examples.filter { $0.members != nil }) { $0.members?["kind"]?.text ?? "" }
      if kinds[""] == nil {
        return .variants(kinds.compactMapValues(\.first), kinds.mapValues { object(of: $0.compactMap(\.members)) })
      }
      return object(of: objects)
    }
    let lists = examples.compactMap { if case .array(let elements) = $0 { elements } else { nil } }
    if !lists.isEmpty {
      let elements = Array(lists.joined())
      return .list(elements.isEmpty ? nil : shape(of: elements))
    }
    return .plain(kind: examples.first?.kind ?? JSONValue.null.kind)
  }

  private static func object(of objects: [[String: JSONValue]]) -> Shape {
    let keys = Set(objects.flatMap(\.keys))
    return .object(
      Dictionary(
        uniqueKeysWithValues: keys.map { key in
          let values = objects.compactMap { $0[key] }
          return (key, Member(shape: shape(of: values), isOptional: values.count < objects.count))
        }))
  }

  /// The paths of all fields, such as `losses.centerTemperature`, in order.
  var paths: [String] { Self.paths(root, "").sorted() }

  private static func paths(_ shape: Shape, _ path: String) -> Set<String> {
    switch shape {
    case .plain: [path]
    case .list(let element): (element.map { paths($0, path) } ?? []).union([path])
    case .object(let members):
      members.reduce(into: []) { $0.formUnion(paths($1.value.shape, join(path, $1.key))) }
    case .variants(_, let shapes): shapes.values.reduce(into: []) { $0.formUnion(paths($1, path)) }
    }
  }

  private static func join(_ path: String, _ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
}

// MARK: - Checking

extension SettingsSchema {
  /// Checks the keys and the kinds of values of `value`, the content of the file `name`.
  ///
  /// - Throws: `SeCuError` of kind `.badData` at the first that is wrong, in alphabetical order.
  func check(_ value: JSONValue, at path: String, in name: String) throws {
    try check(value, root, path, name)
  }

  private func check(_ value: JSONValue, _ shape: Shape, _ path: String, _ name: String) throws {
    switch (shape, value) {
    case (.object(let known), .object(let members)):
      for (key, member) in members.sorted(by: { $0.key < $1.key }) {
        guard let field = known[key] else { throw unknown(key, in: path, among: known.keys.sorted(), name) }
        if member == .null, field.isOptional { continue }
        try check(member, field.shape, Self.join(path, key), name)
      }
    case (.variants(_, let shapes), .object(let members)):
      let kinds = shapes.keys.sorted()
      if let kind = members["kind"] {
        guard let text = kind.text, let shape = shapes[text] else {
          throw unexpected(kind, "one of \(kinds.joined(separator: ", "))", Self.join(path, "kind"), name, kinds)
        }
        try checkVariant(members, of: text, shape, kinds, path, name)
      } else {
        // Which of them is meant is known only once there is something to start from.
        let known = shapes.values.reduce(into: Set<String>()) { known, shape in
          if case .object(let members) = shape { known.formUnion(members.keys) }
        }
        for key in members.keys.sorted() where !known.contains(key) {
          throw unknown(key, in: path, among: known.sorted(), name)
        }
      }
    case (.list(let element), .array(let values)):
      guard let element else { return }
      for (i, value) in values.enumerated() { try check(value, element, "\(path)[\(i)]", name) }
    case (.plain(let kind), let value) where kind == value.kind:
      if let known = choices[path], let text = value.text, !known.contains(text) {
        throw unexpected(value, "one of \(known.joined(separator: ", "))", path, name, known)
      }
    default:
      let expected =
        switch shape {
        case .plain(let kind): kind
        case .list: JSONValue.array([]).kind
        case .object, .variants: JSONValue.object([:]).kind
        }
      throw unexpected(value, expected, path, name)
    }
  }

  /// Checks the members of a variant; one that belongs to another is told apart from one that there is not.
  private func checkVariant(
    _ members: [String: JSONValue], of kind: String, _ shape: Shape, _ kinds: [String], _ path: String, _ name: String
  ) throws {
    guard case .variants(_, let shapes) = self.shape(at: path), case .object(let known) = shape else { return }
    for key in members.keys.sorted() where known[key] == nil {
      let owner = kinds.first { if case .object(let others) = shapes[$0] { others[key] != nil } else { false } }
      guard let owner else { break }
      throw SeCuError(
        .badData, "\(Self.join(path, key)) belongs to the kind \(owner), and this is \(kind)", at: name,
        remedy: "Choose it with \"kind\": \"\(owner)\" beside it")
    }
    try check(.object(members), shape, path, name)
  }

  private func shape(at path: String) -> Shape {
    path.split(separator: ".").reduce(root) { shape, key in
      if case .object(let members) = shape, let member = members[String(key)] { member.shape } else { shape }
    }
  }

  private func unknown(_ key: String, in path: String, among known: [String], _ name: String) -> SeCuError {
    let key = Self.cut(key), elsewhere = paths.first { $0.split(separator: ".").last.map(String.init) == key }
    let nearest = elsewhere ?? nearestName(to: key, in: known).map { Self.join(path, $0) }
    return SeCuError(
      .badData, "there is no setting \(Self.join(path, key))", at: name,
      remedy: nearest.map { "Did you mean \($0)?" }
        ?? "Known\(path.isEmpty ? "" : " in \(path)") are \(known.joined(separator: ", "))")
  }

  /// As much of a file's text as a message has room for.
  private static func cut(_ text: String) -> String { String(text.prefix(60)) }

  private func unexpected(
    _ value: JSONValue, _ expected: String, _ path: String, _ name: String, _ known: [String] = []
  ) -> SeCuError {
    let text = value.text.map(Self.cut), found = text.map { "the text \"\($0)\"" } ?? value.kind
    let nearest = text.flatMap { nearestName(to: $0, in: known) }
    let isQuotedNumber = expected == JSONValue.number(0).kind && value.text.flatMap(Double.init) != nil
    return SeCuError(
      .badData, "\(path): expected \(expected), found \(found)", at: name,
      remedy: nearest.map { "Did you mean \"\($0)\"?" }
        ?? (isQuotedNumber ? "Write it without quotation marks" : nil))
  }
}

// MARK: - Merging

extension SettingsSchema {
  /// `file` over `base`: members of objects one by one, anything else as a whole.
  ///
  /// Another kind of variant starts from the values of its example.
  ///
  /// - Throws: `SeCuError` of kind `.badData` for a member of another kind of variant than the one that `base` has.
  func merged(_ file: JSONValue, over base: JSONValue, at path: String, in name: String) throws -> JSONValue {
    try merged(file, base, root, path, name)
  }

  private func merged(
    _ file: JSONValue, _ base: JSONValue, _ shape: Shape, _ path: String, _ name: String
  ) throws -> JSONValue {
    switch (shape, file, base) {
    case (.object(let known), .object(let members), .object(var result)):
      for (key, member) in members.sorted(by: { $0.key < $1.key }) {
        guard member != .null, let field = known[key] else {
          result[key] = nil
          continue
        }
        result[key] = try result[key].map { try merged(member, $0, field.shape, Self.join(path, key), name) } ?? member
      }
      return .object(result)
    case (.variants(let examples, let shapes), .object(let members), .object(let old)):
      let oldKind = old["kind"]?.text ?? ""
      let kind = members["kind"]?.text ?? oldKind
      guard let shape = shapes[kind], let example = examples[kind] else { return file }
      try checkVariant(members, of: kind, shape, shapes.keys.sorted(), path, name)
      if members["kind"] != nil, members["alpha"] != nil, members["isPerImage"] == nil {
        throw SeCuError(
          .badData, "\(Self.join(path, "isPerImage")) is missing", at: name,
          remedy: "Say whether alpha is for one image (true) or for all of them together (false)")
      }
      return try merged(file, kind == oldKind ? base : example, shape, path, name)
    case (.list(let element?), .array(let values), .array(let old)) where values.count == old.count:
      return .array(
        try zip(values, old).enumerated().map { try merged($1.0, $1.1, element, "\(path)[\($0)]", name) })
    default:
      return file
    }
  }
}

extension JSONValue {
  /// What `value` is encoded as.
  init(_ value: some Encodable) throws {
    self = try JSON.decode(JSONValue.self, from: JSON.line(value), name: "settings")
  }
}
