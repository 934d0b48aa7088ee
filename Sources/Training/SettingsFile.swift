import Basics
import Foundation
import Interchange

/// A settings file: any of the fields of `config.json`, nested as they are there; the rest stays as the preset has it.
///
///     { "preset": "cifar10", "epochs": 100, "losses": { "centerTemperature": 1 }, "heads": [10, 20] }
///
/// A whole `config.json` is such a file.
public struct SettingsFile: Sendable {
  /// What messages call the file.
  public let name: String
  private let fields: [String: JSONValue]
  private static let remedy = "'secu train --show' prints a right file"

  /// Reads a file and checks that every key is a setting and has a value of the right kind.
  ///
  /// - Throws: `SeCuError` of kind `.badData` that names the key, such as `losses.centerTemprature`, and the nearest one that there is,
  ///   or what was expected; what reading throws.
  public init(contentsOf url: URL) throws {
    name = url.relativePath
    let text = try FileContents.read(url)
    let value = try JSON.decode(JSONValue.self, from: text, name: name, remedy: Self.remedy)
    guard case .object(let members) = value else {
      throw SeCuError(
        .badData, "expected an object, found \(value.kind)", at: name, remedy: "Write { \"epochs\": 100, … }")
    }
    try SettingsSchema.all.check(value, at: "", in: name)
    if let key = JSON.repeatedKey(in: text) {
      throw SeCuError(.badData, "expected each setting once, found \(key) again", at: name, remedy: "Keep one of them")
    }
    fields = members
  }

  /// The preset that the file starts from, if it names one.
  public var preset: String? { fields["preset"]?.text }

  /// The data that the file names, if any.
  public var data: String? { fields["data"]?.text }

  /// Whether the file has the field `name` of the outermost object.
  public func sets(_ name: String) -> Bool { fields[name] != nil }

  /// `base` with the file's values in place of its own.
  ///
  /// Fewer epochs shorten the warm-up unless the file has `warmupEpochs`, as `TrainingSettings.setEpochs` says.
  ///
  /// - Throws: `SeCuError` of kind `.badData` that names the field which is out of range, or that belongs to another kind of constraint
  ///   than the one chosen.
  public func applied(to base: TrainingSettings) throws -> TrainingSettings {
    let whole = try JSONValue(base)
    var merged = try SettingsSchema.all.merged(.object(fields), over: whole, at: "", in: name)
    // A number of epochs that is none is left for decoding to refuse.
    if !sets("warmupEpochs"), case .integer(let epochs)? = fields["epochs"], (1...1_000_000).contains(epochs),
      epochs != base.epochs, case .object(var members) = merged
    {
      var shortened = base
      shortened.setEpochs(Int(epochs), shorteningWarmup: base.warmupEpochs)
      members["warmupEpochs"] = .integer(UInt64(shortened.warmupEpochs))
      merged = .object(members)
    }
    return try JSON.decode(StoredSettings.self, from: JSON.line(merged), name: name, remedy: Self.remedy).settings
  }
}

extension TrainingSettings {
  /// The settings as `config.json` holds them.
  ///
  /// - Throws: `SeCuError` of kind `.internal` if they can't be written as JSON.
  public func configuration() throws -> Data { try JSON.file(self) }
}
