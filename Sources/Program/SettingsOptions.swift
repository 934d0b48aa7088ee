import Basics
import Clustering
import Datasets
import Training

/// The options that change a run's settings. Each says which field it sets; what is not given keeps the preset's value.
enum SettingsOptions {
  /// The preset whose values help shows as defaults.
  private static let shown = TrainingSettings.digits

  private static func text(_ values: [Int]) -> String { values.map(String.init).joined(separator: ",") }

  static let preset = Option.choice(
    "preset", of: TrainingSettings.presets.keys.sorted(),
    help: "The settings to start from; other presets have other defaults."
  ).showing(default: shown.preset)
  static let data = Option.string(
    "data", "name", help: "The data set to cluster, one of those that 'secu data' lists."
  ).showing(default: shown.data)
  static let limit = Option.integer("limit", in: 1...Int.max, help: "Use only the first n images.")

  static let seed = Option.integer(
    "seed", in: 0...Int.max, help: "Same seed, same result, whatever the number of threads."
  ).showing(default: "\(shown.seed)")
  static let epochs = Option.integer("epochs", in: 1...1_000_000, help: "Epochs to train.").showing(
    default: "\(shown.epochs)")
  static let passes = Option.integer(
    "passes", in: 1...1_000_000, help: "Passes over the data in an epoch."
  ).showing(default: "\(shown.passesPerEpoch)")
  static let batch = Option.integer(
    "batch", in: 2...1_000_000, help: "Images in a step, each seen in two views."
  ).showing(default: "\(shown.batch)")
  static let warmup = Option.integer(
    "warmup", in: 0...1_000_000, help: "Epochs before the learning rate begins to fall."
  ).showing(default: "\(shown.warmupEpochs)")
  static let rate = Option.number("rate", in: 0...1e6, help: "The encoder's highest learning rate.").showing(
    default: "\(shown.rate)")
  static let centerRate = Option.number("center-rate", in: 0...1e6, help: "The centers' learning rate.").showing(
    default: "\(shown.centerRate)")
  static let momentum = Option.number("momentum", in: 0..<1, help: "Momentum of gradient descent.").showing(
    default: "\(shown.momentum)")
  static let weightDecay = Option.number("weight-decay", in: 0...1e6, help: "Weight decay of all parameters.").showing(
    default: "\(shown.weightDecay)")

  static let heads = Option.integers(
    "heads", "K,K,…", count: 1...100, in: 2...1_000_000, help: "The number of clusters of each head."
  ).showing(default: text(shown.heads))
  static let hardLabelWeight = Option.number(
    "tau", in: 0...1, help: "Weight of the stored label against the other view's prediction."
  ).showing(default: "\(shown.losses.hardLabelWeight)")
  static let representationTemperature = Option.number(
    "representation-temperature", "t", in: 0.001...1000, help: "Temperature of the representation loss."
  ).showing(default: "\(shown.losses.representationTemperature)")
  static let centerTemperature = Option.number(
    "center-temperature", "t", in: 0.001...1000, help: "Temperature of the center loss."
  ).showing(default: "\(shown.losses.centerTemperature)")
  static let dualRate = Option.number(
    "dual-rate", in: 0...1e6, help: "Step of the dual variables that keep clusters from shrinking."
  ).showing(default: "\(SizeConstraint().dualRate)")
  static let constraint = Option.choice(
    "constraint", of: ["size", "entropy"],
    help: "What keeps clusters from collapsing: a smallest size, or the entropy of all sizes."
  ).showing(default: "size")
  static let alpha = Option.number(
    "alpha", in: 0...1e9, help: "Weight of the entropy constraint, for this number of images.")
  static let alphaPerImage = Option.number(
    "alpha-per-image", in: 0...1e9, help: "The same for each image, which carries over to other data."
  ).showing(default: "\(EntropyConstraint.published.alpha)")
  static let ratio = Option.number(
    "ratio", in: 0...1, help: "Smallest cluster size as a share of the mean size; 0 turns the constraint off."
  ).showing(default: "\(SizeConstraint().ratio)")

  static let widths = Option.integers(
    "widths", "c,c,…", count: 1...16, in: 1...16_384, help: "Channels of each stage of the network."
  ).showing(default: text(shown.network.widths))
  static let blocks = Option.integers(
    "blocks", "n,n,…", count: 1...16, in: 1...1000, help: "Residual blocks of each stage."
  ).showing(default: text(shown.network.blocks))
  static let dimension = Option.integer(
    "dimension", in: 1...16_384, help: "Length of the feature vector."
  ).showing(default: "\(shown.network.dimension)")

  static let groups: [Subcommand.Group] = [
    .init("data", data, limit, preset),
    .init("training", epochs, passes, batch, seed, rate, centerRate, warmup, momentum, weightDecay),
    .init(
      "clustering", heads, constraint, ratio, dualRate, alpha, alphaPerImage, hardLabelWeight,
      representationTemperature, centerTemperature),
    .init("network", widths, blocks, dimension),
  ]

  /// `base` with the options that were given in place of its values.
  static func apply(_ values: ParsedOptions, to base: TrainingSettings) throws -> TrainingSettings {
    var s = base
    if let value = values[data] { s.data = try DataCatalog.entry(named: value).name }
    if let value = values[limit] { s.limit = value }
    if let value = values[seed] { s.seed = UInt64(value) }
    if let value = values[epochs], value != s.epochs {
      s.epochs = value
      // A short run warms up over its first half at most, unless told otherwise.
      if values[warmup] == nil { s.warmupEpochs = min(s.warmupEpochs, (value + 1) / 2) }
    }
    if let value = values[passes] { s.passesPerEpoch = value }
    if let value = values[batch] { s.batch = value }
    if let value = values[warmup] { s.warmupEpochs = value }
    if let value = values[rate] { s.rate = Float(value) }
    if let value = values[centerRate] { s.centerRate = Float(value) }
    if let value = values[momentum] { s.momentum = Float(value) }
    if let value = values[weightDecay] { s.weightDecay = Float(value) }
    if let value = values[heads] { s.heads = value }
    if let value = values[hardLabelWeight] { s.losses.hardLabelWeight = Float(value) }
    if let value = values[representationTemperature] { s.losses.representationTemperature = Float(value) }
    if let value = values[centerTemperature] { s.losses.centerTemperature = Float(value) }
    s.constraint = try constraint(values, base: s.constraint)
    if let value = values[widths] { s.network.widths = value }
    if let value = values[blocks] { s.network.blocks = value }
    if let value = values[dimension] { s.network.dimension = value }
    return s
  }

  /// The constraint that is asked for; options that belong to the other one are refused.
  private static func constraint(_ values: ParsedOptions, base: AssignmentConstraint) throws -> AssignmentConstraint {
    var size = SizeConstraint(), entropy = EntropyConstraint.published
    var isEntropy = false
    switch base {
    case .size(let constraint): size = constraint
    case .entropy(let constraint): (entropy, isEntropy) = (constraint, true)
    case .instance: break
    }
    if let kind = values[constraint] { isEntropy = kind == "entropy" }
    for (option, belongsToEntropy) in [
      (dualRate, false), (ratio, false), (alpha, true), (alphaPerImage, true),
    ] as [(any DeclaredOption, Bool)] where belongsToEntropy != isEntropy && values.isGiven(option.declaration.name) {
      throw SeCuError(
        .usage, "belongs to the \(belongsToEntropy ? "entropy" : "size") constraint", at: option.declaration.spelling,
        remedy: "Choose it with --constraint \(belongsToEntropy ? "entropy" : "size")")
    }
    if let value = values[dualRate] { size.dualRate = Float(value) }
    if let value = values[ratio] { size.ratio = Float(value) }
    if let value = values[alpha] { entropy = EntropyConstraint(alpha: Float(value)) }
    if let value = values[alphaPerImage] { entropy = EntropyConstraint(alpha: Float(value), isPerImage: true) }
    return isEntropy ? .entropy(entropy) : .size(size)
  }
}
