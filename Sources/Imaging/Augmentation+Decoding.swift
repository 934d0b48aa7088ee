import Basics

extension Augmentation: Decodable {
  /// A key as it stands in the file, known or not.
  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Fields that are missing keep their default.
  ///
  /// - Throws: `SeCuError` of kind `badData` for an unknown field (naming the nearest known one), a value that is not
  ///   a number, or one outside its range.
  public init(from decoder: any Decoder) throws {
    let known = CodingKeys.allCases.map(\.rawValue)
    for key in try decoder.container(keyedBy: AnyKey.self).allKeys where !known.contains(key.stringValue) {
      let nearest = nearestName(to: key.stringValue, in: known).map { "The nearest known field is \($0)" }
      throw SeCuError(
        .badData, "this augmentation field is not known", at: key.stringValue,
        remedy: nearest ?? "Known are \(known.joined(separator: ", "))")
    }
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func value<Value: Decodable>(_ key: CodingKeys, _ kind: String, or fallback: Value) throws -> Value {
      do {
        return try container.decodeIfPresent(Value.self, forKey: key) ?? fallback
      } catch is DecodingError {
        throw SeCuError(.badData, "expected \(kind), found something else", at: key.rawValue)
      }
    }
    func number(_ key: CodingKeys, or fallback: Double) throws -> Double {
      try value(key, "a number", or: fallback)
    }
    func numbers(_ key: CodingKeys, or fallback: [Double]) throws -> [Double] {
      try value(key, "a list of numbers", or: fallback)
    }
    let geometryName = try value(.geometry, Self.geometryNames, or: geometry.rawValue)
    guard let geometry = Geometry(rawValue: geometryName) else {
      throw SeCuError(
        .badData, "expected \(Self.geometryNames), found '\(geometryName)'", at: CodingKeys.geometry.rawValue)
    }
    self.geometry = geometry
    smallestCrop = try number(.smallestCrop, or: smallestCrop)
    smallestAspect = try number(.smallestAspect, or: smallestAspect)
    largestAspect = try number(.largestAspect, or: largestAspect)
    largestRotation = try number(.largestRotation, or: largestRotation)
    largestShift = try number(.largestShift, or: largestShift)
    flipProbability = try number(.flipProbability, or: flipProbability)
    brightness = try number(.brightness, or: brightness)
    contrast = try number(.contrast, or: contrast)
    noise = try number(.noise, or: noise)
    background = try number(.background, or: background)
    saturation = try number(.saturation, or: saturation)
    hue = try number(.hue, or: hue)
    jitterProbability = try number(.jitterProbability, or: jitterProbability)
    greyscaleProbability = try number(.greyscaleProbability, or: greyscaleProbability)
    blurProbability = try numbers(.blurProbability, or: blurProbability)
    smallestBlur = try number(.smallestBlur, or: smallestBlur)
    largestBlur = try number(.largestBlur, or: largestBlur)
    solariseProbability = try numbers(.solariseProbability, or: solariseProbability)
    cleanCrop = try number(.cleanCrop, or: cleanCrop)
    mean = try numbers(.mean, or: mean)
    standardDeviation = try numbers(.standardDeviation, or: standardDeviation)
    do {
      try validate()
    } catch var error as SeCuError {
      error.kind = .badData
      throw error
    }
  }

  private static let geometryNames = Geometry.allCases.map { "'\($0.rawValue)'" }.joined(separator: " or ")
}
