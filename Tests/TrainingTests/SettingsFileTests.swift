import Basics
import Clustering
import Foundation
import Interchange
import TestSupport
import Testing

@testable import Training

@Suite struct SettingsFileTests {
  /// `TinyRun.settings` with what the file `text` says.
  private func applied(_ text: String, to base: TrainingSettings = TinyRun.settings) throws -> TrainingSettings {
    try file(text).applied(to: base)
  }

  private func file(_ text: String) throws -> SettingsFile {
    let url = URL.temporary()
    defer { url.remove() }
    try Data(text.utf8).write(to: url)
    return try SettingsFile(contentsOf: url)
  }

  static let changes: [(String, @Sendable (inout TrainingSettings) -> Void)] = [
    ("{}", { _ in }),
    (
      #"{"seed": 18446744073709551615, "rate": 0.125, "data": "mine"}"#,
      { ($0.seed, $0.rate, $0.data) = (.max, 0.125, "mine") }
    ),
    (#"{"losses": {"centerTemperature": 1}}"#, { $0.losses.centerTemperature = 1 }),
    (
      #"{"losses": {"discrimination": "uniform"}, "centerSchedule": "cosineRise"}"#,
      {
        ($0.losses.discrimination, $0.centerSchedule) = (.uniform, .cosineRise)
      }
    ),
    (#"{"network": {"widths": [3, 9], "dimension": 7}}"#, { ($0.network.widths, $0.network.dimension) = ([3, 9], 7) }),
    (#"{"heads": [2, 3, 4], "batch": 5}"#, { ($0.heads, $0.batch) = ([2, 3, 4], 5) }),
    (
      #"{"augmentation": {"noise": 0, "mean": [0.25]}}"#,
      { ($0.augmentation.noise, $0.augmentation.mean) = (0, [0.25]) }
    ),
    (#"{"limit": 9}"#, { $0.limit = 9 }),
    (#"{"constraint": {"ratio": 0.5}}"#, { $0.constraint = .size(SizeConstraint(dualRate: 0.1, ratio: 0.5)) }),
    (#"{"constraint": {"kind": "entropy"}}"#, { $0.constraint = .entropy(.published) }),
    (
      #"{"constraint": {"kind": "entropy", "alpha": 6000, "isPerImage": false}}"#,
      {
        $0.constraint = .entropy(EntropyConstraint(alpha: 6000))
      }
    ),
    (#"{"optimizer": {"kind": "lars"}}"#, { $0.optimizer = .lars(trust: 0.001) }),
    (#"{"optimizer": {"kind": "lars", "trust": 0.5}}"#, { $0.optimizer = .lars(trust: 0.5) }),
    (
      #"{"network": {"stem": "pooled", "block": "bottleneck", "predictor": 9}}"#,
      {
        ($0.network.stem, $0.network.block, $0.network.predictor) = (.pooled, .bottleneck, 9)
      }
    ),
    (
      #"{"augmentation": {"blurProbability": [0.5, 0], "geometry": "resizedCrop", "noise": 0, "largestShift": 0}}"#,
      {
        ($0.augmentation.blurProbability, $0.augmentation.geometry) = ([0.5, 0], .resizedCrop)
        ($0.augmentation.noise, $0.augmentation.largestShift) = (0, 0)
      }
    ),
    (#"{"epochs": 30}"#, { $0.epochs = 30 }),
    (#"{"epochs": 2}"#, { ($0.epochs, $0.warmupEpochs) = (2, 1) }),
    (#"{"epochs": 12, "warmupEpochs": 11}"#, { ($0.epochs, $0.warmupEpochs) = (12, 11) }),
    (#"{"epochs": 1}"#, { ($0.epochs, $0.warmupEpochs) = (1, 1) }),
    (#"{"epochs": 3}"#, { $0.epochs = 3 }),
  ]

  @Test(arguments: changes) func `a file changes what it names and nothing else`(
    text: String, change: @Sendable (inout TrainingSettings) -> Void
  ) throws {
    #expect(try applied(text) == TinyRun.settings(change))
  }

  /// A run's warm-up may be longer than half of it; epochs that stay as they are leave it so.
  @Test func `the same number of epochs shortens nothing`() throws {
    let base = TinyRun.settings { ($0.epochs, $0.warmupEpochs) = (4, 3) }
    #expect(try applied(#"{"epochs": 4}"#, to: base) == base)
  }

  @Test func `null takes away what may be missing`() throws {
    #expect(try applied(#"{"limit": null}"#, to: TinyRun.settings { $0.limit = 9 }) == TinyRun.settings)
  }

  @Test func `alpha keeps its meaning where the kind stays`() throws {
    let base = TinyRun.settings { $0.constraint = .entropy(.published) }
    let expected = AssignmentConstraint.entropy(EntropyConstraint(alpha: 0.5, isPerImage: true))
    #expect(try applied(#"{"constraint": {"alpha": 0.5}}"#, to: base).constraint == expected)
    // A file that names the kind does not know which one is there.
    let error = try failure(.badData) { try applied(#"{"constraint": {"kind": "entropy", "alpha": 6000}}"#, to: base) }
    #expect(error.problem == "constraint.isPerImage is missing")
  }

  @Test(arguments: Preset.all.map(\.name)) func `whole settings come back over any others`(name: String) throws {
    var settings = try #require(TrainingSettings.presets[name])
    (settings.limit, settings.seed) = (77, .max)
    for constraint in [settings.constraint, .instance, .entropy(EntropyConstraint(alpha: 0.3, isPerImage: true))] {
      settings.constraint = constraint
      let text = String(decoding: try settings.configuration(), as: UTF8.self)
      for base in [TrainingSettings.digits, settings, TinyRun.settings { $0.constraint = .entropy(.published) }] {
        #expect(try applied(text, to: base) == settings)
      }
      #expect(try file(text).preset == name)
    }
  }

  struct Mistake: CustomTestStringConvertible, Sendable {
    let text: String, problem: String, remedy: String?
    var testDescription: String { text }

    init(_ text: String, _ problem: String, _ remedy: String? = nil) {
      (self.text, self.problem, self.remedy) = (text, problem, remedy)
    }
  }

  static let mistakes = [
    Mistake(
      #"{"losses": {"centerTemprature": 1}}"#, "there is no setting losses.centerTemprature",
      "Did you mean losses.centerTemperature?"),
    Mistake(#"{"epochs": 3, "epochs": 4}"#, "expected each setting once, found epochs again", "Keep one of them"),
    Mistake(#"{"epoch": 3}"#, "there is no setting epoch", "Did you mean epochs?"),
    Mistake(#"{"ratio": 1}"#, "there is no setting ratio", "Did you mean constraint.ratio?"),
    Mistake(
      #"{"losses": {"zzz": null}}"#, "there is no setting losses.zzz",
      "Known in losses are centerTemperature, discrimination, hardLabelWeight, representationTemperature"),
    Mistake(#"{"constraint": {"rato": 1}}"#, "there is no setting constraint.rato", "Did you mean constraint.ratio?"),
    Mistake(
      #"{"constraint": {"kind": "size", "rato": 1}}"#, "there is no setting constraint.rato",
      "Did you mean constraint.ratio?"),
    Mistake(
      #"{"constraint": {"alpha": 1}}"#, "constraint.alpha belongs to the kind entropy, and this is size",
      #"Choose it with "kind": "entropy" beside it"#),
    Mistake(
      #"{"constraint": {"kind": "entropy", "ratio": 1}}"#,
      "constraint.ratio belongs to the kind size, and this is entropy",
      #"Choose it with "kind": "size" beside it"#),
    Mistake(
      #"{"constraint": {"kind": "entropy", "alpha": 6000}}"#, "constraint.isPerImage is missing",
      "Say whether alpha is for one image (true) or for all of them together (false)"),
    Mistake(
      #"{"constraint": {"kind": "entropie"}}"#,
      #"constraint.kind: expected one of entropy, instance, size, found the text "entropie""#,
      #"Did you mean "entropy"?"#),
    Mistake(
      #"{"centerSchedule": "cosinerise"}"#,
      #"centerSchedule: expected one of constant, cosineRise, found the text "cosinerise""#,
      #"Did you mean "cosineRise"?"#),
    Mistake(#"{"epochs": "many"}"#, #"epochs: expected a number, found the text "many""#),
    Mistake(#"{"epochs": true}"#, "epochs: expected a number, found true or false"),
    Mistake(#"{"epochs": null}"#, "epochs: expected a number, found null"),
    Mistake(
      #"{"epochs": 1.5}"#, "epochs: expected a number that fits (a whole one where it counts something), found another",
      "'secu train --show' prints a right file"),
    Mistake(
      #"{"seed": -1}"#, "seed: expected a number that fits (a whole one where it counts something), found another",
      "'secu train --show' prints a right file"),
    Mistake(#"{"heads": 10}"#, "heads: expected a list, found a number"),
    Mistake(#"{"heads": [10, "x"]}"#, #"heads[1]: expected a number, found the text "x""#),
    Mistake(#"{"network": [1]}"#, "network: expected an object, found a list"),
    Mistake(#"{"data": 3}"#, "data: expected a text, found a number"),
    Mistake(
      #"{"constraint": {"kind": "entropy", "alpha": 1, "isPerImage": 1}}"#,
      "constraint.isPerImage: expected true or false, found a number"),
    Mistake(#"{"epochs": "3"}"#, #"epochs: expected a number, found the text "3""#, "Write it without quotation marks"),
    Mistake(
      #"{"epochs": 0}"#, "epochs: 0 is outside 1 to 1000000", "Change it by its option or in the settings file"),
    Mistake(
      #"{"rate": -0.5}"#, "rate: -0.5 is outside 0.0 to 1000000.0", "Change it by its option or in the settings file"),
    Mistake(
      #"{"augmentation": {"noise": 2}}"#, "augmentation.noise: expected a number from 0.0 to 1.0, found 2.0",
      "Change it in the settings file"),
    Mistake(
      #"{"augmentation": {"geometry": "afine"}}"#,
      "augmentation.geometry: expected 'affine' or 'resizedCrop', found 'afine'", "Did you mean 'affine'?"),
    Mistake(
      #"{"strongAugmentation": {"count": 17}}"#,
      "strongAugmentation.count: expected a number from 0 to 16, found 17", "Change it in the settings file"),
    Mistake(
      #"{"warmupEpochs": 3}"#, "warmupEpochs: 3 of 3 epochs leave none for the rate to fall",
      "Use fewer warm-up epochs or more epochs"),
    Mistake("[1]", "expected an object, found a list", #"Write { "epochs": 100, … }"#),
  ]

  @Test(arguments: mistakes) func `a mistake is named with its place`(mistake: Mistake) throws {
    let error = try failure(.badData) { try applied(mistake.text) }
    #expect(error.problem.hasSuffix(mistake.problem), "\(error)")
    #expect(error.remedy == mistake.remedy, "\(error)")
    #expect(error.place?.isEmpty == false)
  }

  /// By recipes of both kinds, which refuse most numbers in place of their own.
  @Test(arguments: [
    ("seed", #"{"seed": 1.5}"#), ("epochs", #"{"epochs": 2.5}"#), ("passesPerEpoch", #"{"passesPerEpoch": 1.5}"#),
    ("batch", #"{"batch": 1.5}"#), ("warmupEpochs", #"{"warmupEpochs": 1.5}"#), ("limit", #"{"limit": 1.5}"#),
    ("heads[1]", #"{"heads": [10, 20.5]}"#), ("network.dimension", #"{"network": {"dimension": 1.5}}"#),
    ("network.height", #"{"network": {"height": 8.5}}"#), ("network.blocks[0]", #"{"network": {"blocks": [1.5, 1]}}"#),
    ("rate", #"{"rate": 1e39}"#), ("momentum", #"{"momentum": 1e39}"#),
    ("losses.centerTemperature", #"{"losses": {"centerTemperature": 1e39}}"#),
  ])
  func `a number that doesn't fit is named`(field: String, text: String) throws {
    for base in [TrainingSettings.digits, try #require(TrainingSettings.presets["cifar10"])] {
      let error = try failure(.badData) { try applied(text, to: base) }
      #expect(error.problem.hasPrefix("\(field): expected a number that fits"), "\(error)")
    }
  }

  @Test func `what is no JSON or no file is said`() throws {
    #expect(try failure(.badData) { try file("epochs = 3") }.problem.contains("expected JSON"))
    #expect(try failure(.noInput) { try SettingsFile(contentsOf: .temporary()) }.place != nil)
  }

  /// What the schema does not know, a file could not set.
  @Test func `every stored property is a field of the schema`() throws {
    let paths = SettingsSchema.all.paths
    for preset in Preset.all {
      for path in Self.storedProperties(of: preset.settings, "") {
        // What is an enum has fields of its own that depend on the case.
        let isKnown = paths.contains { $0 == path || $0.hasPrefix("\(path).") }
        #expect(isKnown, "\(path)")
      }
    }
    for path in [
      "limit", "constraint.alpha", "constraint.isPerImage", "constraint.dualRate", "constraint.kind", "optimizer.kind",
      "optimizer.trust",
    ] {
      #expect(paths.contains(path), "\(path)")
    }
  }

  private static func storedProperties(of value: Any, _ path: String) -> [String] {
    Mirror(reflecting: value).children.flatMap { child -> [String] in
      guard let label = child.label, !label.hasPrefix("_") else { return [] }
      let here = path.isEmpty ? label : "\(path).\(label)"
      let mirror = Mirror(reflecting: child.value)
      return mirror.displayStyle == .struct && !mirror.children.isEmpty && !(child.value is [Any])
        ? storedProperties(of: child.value, here) : [here]
    }
  }
}
