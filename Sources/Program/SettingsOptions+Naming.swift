import Basics
import Foundation

/// The options by the fields that they set, for messages: a person who gave `--warmup` need not know `warmupEpochs`.
extension SettingsOptions {
  private static let options: [String: [any DeclaredOption]] = [
    "batch": [batch], "epochs": [epochs], "passesPerEpoch": [passes], "warmupEpochs": [warmup],
    "heads": [heads, clusters], "widths": [widths], "blocks": [blocks],
  ]

  /// Does what may find settings wrong. An error that names fields of the settings then names the options that were given for them, or
  /// the preset that has them so.
  static func naming<Result>(
    _ values: ParsedOptions, preset: String, _ body: () throws -> Result
  ) throws -> Result {
    do {
      return try body()
    } catch var error as SeCuError where error.kind == .usage {
      guard let place = error.place else { throw error }
      let fields = place.components(separatedBy: ", ")
      guard fields.allSatisfy({ options[$0] != nil }) else { throw error }
      let given = fields.map { values.firstGiven(of: options[$0] ?? [])?.spelling }
      error.place = zip(given, fields).map { $0 ?? $1 }.joined(separator: ", ")
      if given.allSatisfy({ $0 == nil }), values[config] == nil { error.place = "\(place) of preset \(preset)" }
      throw error
    }
  }
}
