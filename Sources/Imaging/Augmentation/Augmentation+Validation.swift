import Basics

extension Augmentation {
  /// Checks that every field is in its range, that the geometry uses it, and that `mean` and `standardDeviation` fit
  /// `channels`.
  ///
  /// - Parameter channels: the images' channels, or nil where they are not known yet.
  /// - Throws: `SeCuError` of kind `.usage` that names the first wrong field, its range and the value found.
  public func validate(channels: Int? = nil) throws {
    guard smallestCrop > 0, smallestCrop <= 1 else {
      throw SeCuError(
        .usage, "expected a number above 0 and at most 1, found \(smallestCrop)", at: CodingKeys.smallestCrop.rawValue,
        remedy: "Change it by --smallest-crop or in the settings file")
    }
    try check(smallestAspect, in: 0.1...1, .smallestAspect)
    try check(largestAspect, in: 1...10, .largestAspect)
    try check(largestRotation, in: 0...180, .largestRotation)
    try check(largestShift, in: 0...1, .largestShift)
    try check(flipProbability, in: 0...1, .flipProbability)
    try check(brightness, in: 0...1, .brightness)
    try check(contrast, in: 0...1, .contrast)
    try check(noise, in: 0...1, .noise)
    try check(background, in: 0...1, .background)
    try check(saturation, in: 0...1, .saturation)
    try check(hue, in: 0...0.5, .hue)
    try check(jitterProbability, in: 0...1, .jitterProbability)
    try check(greyscaleProbability, in: 0...1, .greyscaleProbability)
    try check(blurProbability, in: 0...1, .blurProbability, views: 2)
    try check(largestBlur, in: 0...20, .largestBlur)
    try check(smallestBlur, in: 0...largestBlur, .smallestBlur)
    try check(solariseProbability, in: 0...1, .solariseProbability, views: 2)
    try check(cleanCrop, in: 0.1...1, .cleanCrop)
    try check(mean, in: 0...1, .mean, channels: channels)
    try check(standardDeviation, in: 0.001...1, .standardDeviation, channels: channels)
    try checkUse()
  }

  /// Checks that fields of the other geometry keep their default.
  private func checkUse() throws {
    func unused<Value: Equatable>(_ field: CodingKeys, _ value: KeyPath<Augmentation, Value>) throws {
      let neutral = Augmentation()[keyPath: value]
      guard self[keyPath: value] == neutral else {
        let other = Geometry.allCases.filter { $0 != geometry }.map { "'\($0.rawValue)'" }.joined(separator: " or ")
        throw SeCuError(
          .usage, "expected \(neutral) with geometry '\(geometry.rawValue)', found \(self[keyPath: value])",
          at: field.rawValue, remedy: "It belongs to geometry \(other)")
      }
    }
    switch geometry {
    case .affine:
      try unused(.saturation, \.saturation)
      try unused(.hue, \.hue)
      try unused(.jitterProbability, \.jitterProbability)
      try unused(.greyscaleProbability, \.greyscaleProbability)
      try unused(.blurProbability, \.blurProbability)
      try unused(.smallestBlur, \.smallestBlur)
      try unused(.largestBlur, \.largestBlur)
      try unused(.solariseProbability, \.solariseProbability)
      try unused(.cleanCrop, \.cleanCrop)
    case .resizedCrop:
      try unused(.largestRotation, \.largestRotation)
      try unused(.largestShift, \.largestShift)
      try unused(.noise, \.noise)
      try unused(.background, \.background)
    }
  }

  private func check(_ value: Double, in range: ClosedRange<Double>, _ field: CodingKeys) throws {
    guard range.contains(value) else {
      throw SeCuError(
        .usage, "expected a number from \(range.lowerBound) to \(range.upperBound), found \(value)", at: field.rawValue,
        remedy: "Change it in the settings file")
    }
  }

  private func check(_ values: [Double], in range: ClosedRange<Double>, _ field: CodingKeys, channels: Int?) throws {
    guard values.count == 1 || values.count == channels ?? max(1, values.count) else {
      let expected = channels.map { $0 == 1 ? "one number" : "one number or \($0), one per channel" }
      throw SeCuError(
        .usage, "expected \(expected ?? "a number for each channel"), found \(values.count)", at: field.rawValue,
        remedy: "Give one for all channels, or one for each")
    }
    for value in values { try check(value, in: range, field) }
  }

  private func check(_ values: [Double], in range: ClosedRange<Double>, _ field: CodingKeys, views: Int) throws {
    guard values.count == 1 || values.count == views else {
      throw SeCuError(
        .usage, "expected one number or \(views), one per view, found \(values.count)", at: field.rawValue,
        remedy: "Give one for all views, or one for each")
    }
    for value in values { try check(value, in: range, field) }
  }
}
