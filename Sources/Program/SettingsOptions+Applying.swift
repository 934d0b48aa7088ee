import Basics
import Clustering
import Datasets
import Foundation
import Training

extension SettingsOptions {
  /// The settings of a new run: those of the preset, over them those of the file, over them those of the options. `--preset` wins over
  /// the preset that the file names; where neither is given, the run in `--init` stands for the preset.
  ///
  /// Where no preset is chosen, data that is named has the one that was made for it, or settings that follow from the images, which the preset
  /// `automatic` asks for.
  ///
  /// - Parameter output: where what follows from the images is told; nil for nowhere.
  /// - Throws: `SeCuError` for a file that can't be read or holds what it may not, for options that don't go together.
  static func resolve(_ values: ParsedOptions, _ output: Output? = nil) throws -> TrainingSettings {
    let (settings, automatic) = try resolved(values)
    if let automatic, let output { tell(automatic, for: settings, values, output) }
    return settings
  }

  private static func resolved(_ values: ParsedOptions) throws -> (TrainingSettings, AutomaticPreset?) {
    let file = try file(values)
    let named = values[preset] ?? file?.preset
    let weights = values.declares(initial) ? values[initial] : nil
    let run =
      named == nil ? try weights.flatMap { try InitialWeights(contentsOf: URL(fileURLWithPath: $0)).settings } : nil
    var start: TrainingSettings, automatic: AutomaticPreset?
    if let run {
      guard run.selfLabelling == nil || values.declares(selfLabel) && values[selfLabel] else {
        throw SeCuError(
          .usage, "\(weights ?? "") taught itself, and its rates and epochs are for that",
          at: initial.declaration.spelling,
          remedy: "Name other settings with --preset (its first were '\(run.preset)'), or go on with --self-label")
      }
      start = run
      (start.selfLabelling, start.strongAugmentation) = (nil, nil)
      // How much of its data that run took says nothing of other data.
      if let data = values[data] ?? file?.data, try DataCatalog.canonicalName(data) != run.data {
        (start.limit, start.classFolders) = (nil, nil)
      }
    } else if let chosen = named.flatMap({ TrainingSettings.presets[$0] }) {
      start = chosen
    } else if let data = values[data] ?? file?.data ?? (named == nil ? nil : TrainingSettings.digits.data) {
      (start, automatic) = try Self.automatic(data, values, isAsked: named != nil)
    } else {
      start = .digits
    }
    if let weights { start.initialWeights = wholePath(weights) }
    if values.declares(selfLabel), values[selfLabel] { start = start.forSelfLabelling }
    let name = start.preset
    guard let file else { return (try apply(values, to: start), automatic) }
    var settings = try file.applied(to: start)
    settings.preset = name
    // A path is whole, so that the run finds its images and weights from anywhere; data that isn't there yet keeps its name.
    if let data = file.data, let name = try? DataCatalog.canonicalName(data) { settings.data = name }
    if weights == nil { settings.initialWeights = settings.initialWeights.map(wholePath) }
    if file.sets("batch"), let automatic, values[batch] == nil, settings.batch > automatic.images {
      throw SeCuError(
        .usage, "\(settings.batch) is more than the \(automatic.images) images", at: "batch",
        remedy: "Use \(automatic.images) or fewer")
    }
    return (try apply(values, to: settings, warmup: file.sets("warmupEpochs") ? nil : start.warmupEpochs), automatic)
  }

  /// The settings of a run with those that are asked for in their place: equal to them if nothing else is asked for.
  ///
  /// - Throws: as `resolve`.
  static func change(_ settings: TrainingSettings, by values: ParsedOptions) throws -> TrainingSettings {
    var asked = try file(values)?.applied(to: settings) ?? settings
    if let name = values[preset] { asked.preset = name }
    if let weights = values[initial] { asked.initialWeights = wholePath(weights) }
    if values[selfLabel], asked.selfLabelling == nil { asked = asked.forSelfLabelling }
    return try apply(values, to: asked)
  }

  /// Lowers what nobody asked for to what so many images allow.
  static func fit(_ settings: inout TrainingSettings, to images: Int, _ values: ParsedOptions) {
    // The published batch of self-labelling is large; a small data set is one batch. And automatic settings count images before it is
    // known which can be read.
    let isUsual =
      settings.selfLabelling != nil
      ? settings.batch == TrainingSettings.selfLabellingBatch : settings.preset == AutomaticPreset.name
    if isUsual, values[batch] == nil {
      settings.batch = max(2, min(settings.batch, images))
    }
    if let value = values[clusters], settings.heads == AutomaticPreset.heads(around: value) {
      settings.heads = AutomaticPreset.heads(around: value, images: images)
    }
  }

  /// The data that the options mean, as settings have it.
  ///
  /// - Throws: as `resolve`.
  static func dataName(_ values: ParsedOptions) throws -> String {
    let file = try file(values)
    if let name = values[data] ?? file?.data { return try DataCatalog.canonicalName(name) }
    let chosen = (values[preset] ?? file?.preset).flatMap { TrainingSettings.presets[$0] }
    let weights = try values[initial].map { try InitialWeights(contentsOf: URL(fileURLWithPath: $0)) }
    return (chosen ?? weights?.settings ?? .digits).data
  }

  /// Whether any option says, or may say, what data is meant.
  static func namesData(_ values: ParsedOptions) -> Bool {
    values[data] != nil || values[preset] != nil || values[config] != nil || values[initial] != nil
  }

  private static func wholePath(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }

  private static func file(_ values: ParsedOptions) throws -> SettingsFile? {
    try values[config].map { try SettingsFile(contentsOf: URL(fileURLWithPath: $0)) }
  }

  /// `base` with the options that were given in place of its values.
  ///
  /// - Parameter start: the warm-up that another number of epochs shortens; that of `base` if nil.
  private static func apply(
    _ values: ParsedOptions, to base: TrainingSettings, warmup start: Int? = nil
  ) throws -> TrainingSettings {
    var s = base
    // Other data has other splits.
    if let value = values[data], case let name = try DataCatalog.canonicalName(value), name != s.data {
      (s.data, s.split) = (name, nil)
    }
    if let value = values[split] { s.split = value.description }
    if let value = values[limit] { s.limit = value }
    if values[FolderOptions.classFolders] { s.classFolders = true }
    if values.declares(seed), let value = values[seed] { s.seed = UInt64(value) }
    if let value = values[epochs], value != s.epochs {
      s.setEpochs(value, shorteningWarmup: values[warmup] == nil ? start ?? s.warmupEpochs : nil)
    }
    if let value = values[passes] { s.passesPerEpoch = value }
    if let value = values[batch] { s.batch = value }
    if let value = values[warmup] { s.warmupEpochs = value }
    if let value = values[rate] { s.rate = Float(value) }
    if let value = values[centerRate] { s.centerRate = Float(value) }
    if let value = values[centerSchedule].flatMap(CenterSchedule.init) { s.centerSchedule = value }
    switch (values[optimizer], s.optimizer) {
    case ("lars", .sgd): s.optimizer = .lars
    case ("sgd", .lars): s.optimizer = .sgd
    // One of the same kind keeps what a file says of it.
    default: break
    }
    if let value = values[momentum] { s.momentum = Float(value) }
    if let value = values[weightDecay] { s.weightDecay = Float(value) }
    if let value = values[smallestCrop] { s.augmentation.smallestCrop = value }
    if let value = values[clusters] {
      guard values[heads] == nil else {
        throw SeCuError(.usage, "given together with --heads", at: "--clusters", remedy: "Give one of them")
      }
      if s.heads.first != value { s.heads = AutomaticPreset.heads(around: value) }
    }
    if let value = values[heads] { s.heads = value }
    if let value = values[hardLabelWeight] { s.losses.hardLabelWeight = Float(value) }
    if let value = values[representationTemperature] { s.losses.representationTemperature = Float(value) }
    if let value = values[centerTemperature] { s.losses.centerTemperature = Float(value) }
    if values.declares(discrimination), let value = values[discrimination].flatMap(Discrimination.init) {
      s.losses.discrimination = value
    }
    if let sibling = sibling(of: s, with: values[constraint]) {
      s.constraint = sibling.constraint
      if values[centerSchedule] == nil { s.centerSchedule = sibling.centerSchedule }
    }
    s.constraint = try constraint(values, base: s.constraint)
    if s.selfLabelling != nil { try refuseWhatSelfLabellingLacks(values) }
    if values.declares(threshold), let value = values[threshold] {
      guard s.selfLabelling != nil else {
        throw SeCuError(
          .usage, "belongs to self-labelling", at: threshold.declaration.spelling, remedy: "Choose it with --self-label"
        )
      }
      s.selfLabelling?.threshold = Float(value)
    }
    if let value = values[network].flatMap(NamedNetwork.init) { s.network = value.description(like: s.network) }
    if let value = values[imageSize] { (s.network.height, s.network.width) = (value, value) }
    if let value = values[widths] { s.network.widths = value }
    if let value = values[blocks] { s.network.blocks = value }
    if let value = values[dimension] { s.network.dimension = value }
    return s
  }

  /// The published recipe for the constraint that is asked for, where the preset of `settings` has another: `imagenet-entropy` beside
  /// `imagenet`, and so on.
  private static func sibling(of settings: TrainingSettings, with constraint: String?) -> TrainingSettings? {
    let ending = "-entropy", name = settings.preset
    switch (constraint, settings.constraint) {
    case ("entropy", .size): return TrainingSettings.presets[name + ending]
    case ("size", .entropy) where name.hasSuffix(ending):
      return TrainingSettings.presets[String(name.dropLast(ending.count))]
    default: return nil
    }
  }

  /// Throws if an option was given that self-labelling has no use for: it has one rate, Adam, and neither a constraint nor SeCu's losses.
  private static func refuseWhatSelfLabellingLacks(_ values: ParsedOptions) throws {
    let others: [any DeclaredOption] = [
      centerRate, centerSchedule, optimizer, momentum, constraint, dualRate, ratio, alpha, alphaPerImage,
      hardLabelWeight, centerTemperature, discrimination, warmup,
    ]
    guard let option = values.firstGiven(of: others) else { return }
    throw SeCuError(.usage, "means nothing for self-labelling", at: option.spelling, remedy: "Leave it out")
  }

  /// The constraint that is asked for; options that belong to another one are refused.
  private static func constraint(_ values: ParsedOptions, base: AssignmentConstraint) throws -> AssignmentConstraint {
    let start: AssignmentConstraint =
      switch (values[constraint], base) {
      case ("size", .entropy), ("size", .instance): .size(SizeConstraint())
      case ("entropy", .size), ("entropy", .instance): .entropy(.published)
      case ("instance", _): .instance
      default: base
      }
    let sizeOptions: [any DeclaredOption] = [dualRate, ratio],
      entropyOptions: [any DeclaredOption] = [alpha, alphaPerImage]
    switch start {
    case .size(var size):
      try refuse(entropyOptions, of: "entropy", in: values)
      if let value = values[dualRate] { size.dualRate = Float(value) }
      if let value = values[ratio] { size.ratio = Float(value) }
      return .size(size)
    case .entropy(var entropy):
      try refuse(sizeOptions, of: "size", in: values)
      if values[alpha] != nil, values[alphaPerImage] != nil {
        throw SeCuError(.usage, "given together with --alpha-per-image", at: "--alpha", remedy: "Give one of them")
      }
      if let value = values[alpha] { entropy = EntropyConstraint(alpha: Float(value)) }
      if let value = values[alphaPerImage] { entropy = EntropyConstraint(alpha: Float(value), isPerImage: true) }
      return .entropy(entropy)
    case .instance:
      try refuse(sizeOptions, of: "size", in: values)
      try refuse(entropyOptions, of: "entropy", in: values)
      return .instance
    }
  }

  /// Throws if an option of a constraint that is not chosen was given.
  private static func refuse(_ options: [any DeclaredOption], of constraint: String, in values: ParsedOptions) throws {
    guard let option = values.firstGiven(of: options) else { return }
    throw SeCuError(
      .usage, "belongs to the \(constraint) constraint", at: option.spelling,
      remedy: "Choose it with --constraint \(constraint)")
  }
}
