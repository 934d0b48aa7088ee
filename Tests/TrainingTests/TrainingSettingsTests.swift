import Basics
import Clustering
import Foundation
import Interchange
import Networks
import Testing

@testable import Training

@Suite struct TrainingSettingsTests {
  struct Mistake: CustomTestStringConvertible {
    let field: String
    let change: @Sendable (inout TrainingSettings) -> Void
    var kind = SeCuError.Kind.usage
    var testDescription: String { field }

    init(_ field: String, _ change: @escaping @Sendable (inout TrainingSettings) -> Void) {
      (self.field, self.change) = (field, change)
    }
  }

  /// Wrong whatever the images are.
  static let mistakes = [
    Mistake("limit") { $0.limit = 0 }, Mistake("limit") { $0.limit = -5 },
    Mistake("epochs") { $0.epochs = 0 }, Mistake("epochs") { $0.epochs = .max }, Mistake("epochs") { $0.epochs = .min },
    Mistake("passesPerEpoch") { $0.passesPerEpoch = 0 }, Mistake("passesPerEpoch") { $0.passesPerEpoch = .max },
    Mistake("epochs, passesPerEpoch") { ($0.epochs, $0.passesPerEpoch) = (1_000_000, 1_000_000) },
    Mistake("batch") { $0.batch = 1 }, Mistake("batch") { $0.batch = .max }, Mistake("batch") { $0.batch = -2 },
    Mistake("warmupEpochs") { $0.warmupEpochs = -1 }, Mistake("warmupEpochs") { $0.warmupEpochs = .max },
    Mistake("warmupEpochs") { ($0.epochs, $0.warmupEpochs) = (3, 3) },
    Mistake("rate") { $0.rate = -0.1 }, Mistake("rate") { $0.rate = .nan }, Mistake("rate") { $0.rate = .infinity },
    Mistake("centerRate") { $0.centerRate = 1e7 }, Mistake("centerRate") { $0.centerRate = .nan },
    Mistake("optimizer.trust") { $0.optimizer = .lars(trust: 0) },
    Mistake("optimizer.trust") { $0.optimizer = .lars(trust: .nan) },
    Mistake("predictor") { $0.network.predictor = 0 },
    Mistake("image size") { ($0.network.stem, $0.network.height, $0.network.width) = (.large, 2, 2) },
    Mistake("momentum") { $0.momentum = 1 }, Mistake("momentum") { $0.momentum = -0.1 },
    Mistake("weightDecay") { $0.weightDecay = -1 }, Mistake("weightDecay") { $0.weightDecay = .nan },
    Mistake("losses.hardLabelWeight") { $0.losses.hardLabelWeight = 1.1 },
    Mistake("losses.representationTemperature") { $0.losses.representationTemperature = 0 },
    Mistake("losses.centerTemperature") { $0.losses.centerTemperature = -1 },
    Mistake("losses.centerTemperature") { $0.losses.centerTemperature = .nan },
    Mistake("constraint.dualRate") { $0.constraint = .size(SizeConstraint(dualRate: -1)) },
    Mistake("constraint.ratio") { $0.constraint = .size(SizeConstraint(ratio: 1.01)) },
    Mistake("constraint.ratio") { $0.constraint = .size(SizeConstraint(ratio: .nan)) },
    Mistake("constraint.alpha") { $0.constraint = .entropy(EntropyConstraint(alpha: -1)) },
    Mistake("the number of heads") { $0.heads = [] },
    Mistake("the number of heads") { $0.heads = [Int](repeating: 3, count: 101) },
    Mistake("heads") { $0.heads = [3, 1] }, Mistake("heads") { $0.heads = [.max, .max] },
    Mistake("heads") { $0.heads = [-3] },
    Mistake("image size") { $0.network.height = 0 }, Mistake("image size") { $0.network.width = .max },
    Mistake("channels") { $0.network.channels = 65 }, Mistake("widths") { $0.network.widths = [4, 0] },
    Mistake("widths") { $0.network.widths = [4, .max] }, Mistake("blocks") { $0.network.blocks = [1, .max] },
    Mistake("widths, blocks") { $0.network.blocks = [1] }, Mistake("widths, blocks") { $0.network.widths = [] },
    Mistake("dimension") { $0.network.dimension = 0 }, Mistake("dimension") { $0.network.dimension = .max },
    Mistake("augmentation.noise") { $0.augmentation.noise = 2 },
    Mistake("augmentation.mean") { $0.augmentation.mean = [0, 0] },
    Mistake("strongAugmentation.cutout") {
      $0.strongAugmentation = .cifar
      $0.strongAugmentation?.cutout = -1
    },
  ]

  @Test(arguments: mistakes) func `each field is checked and named`(mistake: Mistake) throws {
    let settings = TinyRun.settings(mistake.change)
    for validate in [{ try settings.validate() }, { try settings.validate(images: 13) }] {
      #expect(try failure(.usage, validate).place == mistake.field)
    }
  }

  @Test(arguments: mistakes) func `what a file holds is checked too`(mistake: Mistake) throws {
    let settings = TinyRun.settings(mistake.change)
    // JSON knows no NaN and no infinity: those fields are missing numbers in a file.
    let error = try failure(.badData) {
      try JSON.decode(StoredSettings.self, from: JSON.line(settings), name: "config.json")
    }
    #expect(error.place == "config.json")
    let field = mistake.field.split(separator: ".").last.map(String.init) ?? mistake.field
    #expect(error.problem.contains(field), "\(error)")
  }

  @Test func `settings are checked against the images`() throws {
    #expect(try failure(.badData) { try TinyRun.settings.validate(images: 0) }.problem.contains("found none"))
    #expect(try failure(.badData) { try TinyRun.settings.validate(images: 1) }.problem.contains("found one"))
    let batch = try failure(.usage) { try TinyRun.settings.validate(images: 3) }
    #expect(batch.description == "batch: 4 is outside 2 to 3, the number of images. Use --batch 3 or fewer.")
    let heads = try failure(.usage) { try TinyRun.settings.validate(images: 4) }
    #expect(heads.place == "heads")
    #expect(heads.problem == "5 clusters for 4 images")
    try TinyRun.settings.validate(images: 5)
  }

  @Test func `instances need a cluster each`() throws {
    let settings = TinyRun.settings { ($0.constraint, $0.heads) = (.instance, [13, 12]) }
    let error = try failure(.usage) { try settings.validate(images: 13) }
    #expect(error.place == "heads")
    #expect(error.problem == "12 clusters for 13 images, each of which is a cluster of its own")
    #expect(error.remedy == "With the constraint 'instance' every head needs 13 clusters")
    try TinyRun.instanceDiscrimination.validate(images: 13)
    try failure(.usage) { try TinyRun.instanceDiscrimination.validate(images: 14) }
  }

  @Test func `edges are allowed`() throws {
    let changes: [(inout TrainingSettings) -> Void] = [
      { ($0.epochs, $0.warmupEpochs) = (1, 9) }, { ($0.epochs, $0.warmupEpochs) = (2, 1) },
      { ($0.rate, $0.centerRate, $0.momentum, $0.weightDecay) = (0, 0, 0, 0) },
      { $0.constraint = .size(SizeConstraint(ratio: 0)) }, { $0.constraint = .size(SizeConstraint(ratio: 1)) },
      { $0.losses.hardLabelWeight = 1 },
      { $0.heads = [2] }, { $0.heads = [13] }, { $0.heads = [Int](repeating: 13, count: 100) }, { $0.batch = 13 },
      { $0.seed = .max }, { $0.limit = .max },
    ]
    for change in changes { try TinyRun.settings(change).validate(images: 13) }
    for preset in Preset.all { try preset.settings.validate(images: preset.data.images) }
  }

  @Test func `presets know their names`() {
    for (name, preset) in TrainingSettings.presets { #expect(preset.preset == name) }
    #expect(TrainingSettings.presets["digits"] != nil)
  }

  @Test func `JSON brings back the same settings`() throws {
    for settings in [
      TinyRun.settings, .digits, TinyRun.instanceDiscrimination,
      TinyRun.settings { ($0.limit, $0.seed, $0.rate) = (7, .max, 0.1) },
      TinyRun.settings { ($0.network, $0.optimizer) = (.resNet50, .lars(trust: 0.002)) },
    ] {
      let text = try JSON.file(settings)
      #expect(try JSON.decode(StoredSettings.self, from: text, name: "config.json").settings == settings)
    }
  }

  @Test(arguments: Discrimination.allCases) func `the center loss goes by its name`(loss: Discrimination) throws {
    let settings = TinyRun.settings { $0.losses.discrimination = loss }
    let text = String(decoding: try JSON.file(settings), as: UTF8.self)
    let field = "\"discrimination\" : \"\(loss)\","
    try #require(text.contains(field))
    #expect(try JSON.decode(StoredSettings.self, from: Data(text.utf8), name: "x").settings == settings)
    // Files from before there was a choice have SeCu's.
    let older = text.replacing(field, with: "")
    let found = try JSON.decode(StoredSettings.self, from: Data(older.utf8), name: "x").settings
    #expect(found == TinyRun.settings)
    let misspelt = text.replacing(field, with: "\"discrimination\" : \"stabel\",")
    let error = try failure(.badData) {
      try JSON.decode(StoredSettings.self, from: Data(misspelt.utf8), name: "x")
    }
    #expect(error.problem.contains("losses.discrimination"), "\(error)")
  }

  /// What a program that knew one optimizer and one kind of network wrote.
  @Test func `older files mean what they meant`() throws {
    var old = try String(decoding: JSON.line(TinyRun.settings), as: UTF8.self)
    for field in [
      #""optimizer":{"kind":"sgd"},"#, #""block":"basic","#, #""projector":"twoLayers","#, #""stem":"small","#,
    ] {
      try #require(old.contains(field), "\(field)")
      old = old.replacingOccurrences(of: field, with: "")
    }
    let settings = try JSON.decode(StoredSettings.self, from: Data(old.utf8), name: "config.json").settings
    #expect(settings == TinyRun.settings)
  }

  @Test func `a misspelt name is answered with the right one`() throws {
    let text = try String(decoding: JSON.line(TinyRun.settings), as: UTF8.self)
    for (right, wrong, path) in [
      (#""stem":"small""#, #""stem":"smal""#, "network.stem"), (#""kind":"sgd""#, #""kind":"sdg""#, "optimizer.kind"),
    ] {
      try #require(text.contains(right))
      let changed = Data(text.replacingOccurrences(of: right, with: wrong).utf8)
      let error = try failure(.badData) {
        try JSON.decode(StoredSettings.self, from: changed, name: "config.json")
      }
      #expect(error.place == "config.json" && error.problem.hasPrefix("\(path): expected one of "), "\(error)")
      #expect(error.remedy?.hasPrefix("Did you mean ") == true)
    }
  }

  static let differences: [(String, String, String, @Sendable (inout TrainingSettings) -> Void)] = [
    ("epochs", "3", "4", { $0.epochs = 4 }),
    ("limit", "nothing", "9", { $0.limit = 9 }),
    ("heads", "3,5", "3", { $0.heads = [3] }),
    ("losses.discrimination", "stable", "uniform", { $0.losses.discrimination = .uniform }),
    ("constraint.dualRate", "0.1", "nothing", { $0.constraint = .instance }),
    ("losses.centerTemperature", "0.05", "1", { $0.losses.centerTemperature = 1 }),
    ("network.widths", "4,6", "4,7", { $0.network.widths = [4, 7] }),
    ("augmentation.noise", "0.05", "0", { $0.augmentation.noise = 0 }),
    ("network.predictor", "nothing", "16", { $0.network.predictor = 16 }),
    ("optimizer.kind", "sgd", "lars", { $0.optimizer = .lars }),
    ("data", "tiny", "other", { ($0.data, $0.seed) = ("other", 9) }),
  ]

  @Test(arguments: differences) func `the first difference is named`(
    field: String, ours: String, theirs: String, change: @Sendable (inout TrainingSettings) -> Void
  ) throws {
    let difference = try #require(try TinyRun.settings.firstDifference(from: TinyRun.settings(change)))
    #expect(difference == (field, ours, theirs))
  }

  @Test func `equal settings have no difference`() throws {
    #expect(try TinyRun.settings.firstDifference(from: TinyRun.settings) == nil)
  }

  @Test func `steps of a pass and of a run`() {
    let settings = TinyRun.settings
    #expect([2, 4, 5, 6, 7, 8, 13].map { settings.stepsPerPass(images: $0) } == [1, 1, 1, 2, 2, 2, 3])
    #expect(settings.schedule(images: 13).stepsPerEpoch == 6)
  }
}
