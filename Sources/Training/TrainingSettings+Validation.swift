import Basics
import Datasets
import Imaging

extension TrainingSettings {
  /// Checks every field by itself.
  ///
  /// - Throws: `SeCuError` of kind `.usage` that names the field, its value and what is allowed.
  public func validate() throws {
    try network.validate()
    try Self.within("augmentation") { try augmentation.validate(channels: network.channels) }
    func check<Value: Comparable>(_ name: String, _ value: Value, _ range: ClosedRange<Value>) throws {
      guard !range.contains(value) else { return }
      throw SeCuError(
        .usage, "\(value) is outside \(range.lowerBound) to \(range.upperBound)", at: name,
        remedy: "Change it by its option or in the settings file")
    }
    if let split { _ = try Splits(split) }
    try check("limit", limit ?? 1, 1...Int.max)
    try check("epochs", epochs, 1...1_000_000)
    try check("passesPerEpoch", passesPerEpoch, 1...1_000_000)
    try check("batch", batch, 2...1_000_000)
    try check("warmupEpochs", warmupEpochs, 0...1_000_000)
    try check("rate", rate, 0...1e6)
    try check("centerRate", centerRate, 0...1e6)
    if case .lars(let trust) = optimizer { try check("optimizer.trust", trust, 1e-9...1e3) }
    try check("momentum", momentum, 0...0.999999)
    try check("weightDecay", weightDecay, 0...1e6)
    try check("losses.hardLabelWeight", losses.hardLabelWeight, 0...1)
    try check("losses.representationTemperature", losses.representationTemperature, 1e-3...1e3)
    try check("losses.centerTemperature", losses.centerTemperature, 1e-3...1e3)
    switch constraint {
    case .size(let constraint):
      try check("constraint.dualRate", constraint.dualRate, 0...1e6)
      try check("constraint.ratio", constraint.ratio, 0...1)
    case .entropy(let constraint):
      try check("constraint.alpha", constraint.alpha, 0...1e9)
    case .instance: break
    }
    if let selfLabelling { try check("selfLabelling.threshold", selfLabelling.threshold, 0...1) }
    try Self.within("strongAugmentation") { try strongAugmentation?.validate() }
    try check("the number of heads", heads.count, 1...100)
    for clusters in heads { try check("heads", clusters, 2...1_000_000) }
    // A pass has random numbers of its own, by its 32-bit number.
    guard epochs * passesPerEpoch <= Int(UInt32.max) else {
      throw SeCuError(
        .usage, "\(epochs) epochs of \(passesPerEpoch) passes are more than \(UInt32.max) passes",
        at: "epochs, passesPerEpoch", remedy: "Use fewer epochs or fewer passes")
    }
    if warmupEpochs >= epochs, epochs > 1 {
      throw SeCuError(
        .usage, "\(warmupEpochs) of \(epochs) epochs leave none for the rate to fall", at: "warmupEpochs",
        remedy: "Use fewer warm-up epochs or more epochs")
    }
  }

  /// Checks every field by itself and against the data.
  ///
  /// - Parameter count: the images there are.
  /// - Throws: `SeCuError`: of kind `.badData` for fewer than two images, else as `validate()`.
  public func validate(images count: Int) throws {
    try validate()
    guard count >= 2 else {
      throw SeCuError(
        .badData, "expected 2 images or more, found \(count == 1 ? "one" : "none")", at: data,
        remedy: "Give at least 2 images")
    }
    guard batch <= count else {
      throw SeCuError(
        .usage, "\(batch) is outside 2 to \(count), the number of images", at: "batch",
        remedy: "Use --batch \(count) or fewer")
    }
    if let wrong = heads.first(where: { $0 > count }) {
      throw SeCuError(
        .usage, "\(wrong) clusters for \(count) images", at: "heads",
        remedy: "Each head needs from 2 clusters to as many as there are images")
    }
    if case .instance = constraint, let wrong = heads.first(where: { $0 != count }) {
      throw SeCuError(
        .usage, "\(wrong) clusters for \(count) images, each of which is a cluster of its own", at: "heads",
        remedy: "With the constraint 'instance' every head needs \(count) clusters")
    }
  }

  /// Runs `body`, whose errors name a field of the object `name`: they then name both, such as `augmentation.hue`.
  private static func within(_ name: String, _ body: () throws -> Void) throws {
    do {
      try body()
    } catch var error as SeCuError {
      error.place = error.place.map { "\(name).\($0)" } ?? name
      throw error
    }
  }

  /// Checks every field by itself and against `images`, and these by themselves.
  ///
  /// - Throws: as `validate(images:)`, `checkChannels` and `checkLabelsAndNames`.
  func validate(for images: any ImageSource) throws {
    try validate(images: images.count)
    try checkChannels(images.channels, of: images.name)
    try images.checkLabelsAndNames()
  }

  /// Throws unless the network takes images of so many channels, those of the data set `name`.
  package func checkChannels(_ channels: Int, of name: String) throws {
    guard channels == network.channels else {
      throw SeCuError(
        .usage, "the network takes \(network.channels) channels, the images have \(channels)", at: name,
        remedy: "Take images that have as many, or a network for these")
    }
  }
}

/// Settings as a file holds them: decoding checks every field.
struct StoredSettings: Decodable {
  let settings: TrainingSettings

  /// - Throws: `DecodingError` for a missing or malformed field, `SeCuError` of kind `.badData` for one out of range.
  init(from decoder: any Decoder) throws {
    settings = try TrainingSettings(from: decoder)
    do {
      try settings.validate()
    } catch var error as SeCuError {
      error.kind = .badData
      throw error
    }
  }
}
