extension Augmentation: Decodable {
  /// Fields that are missing keep their default.
  ///
  /// - Throws: `SeCuError` of kind `.badData` for an unknown field (naming the nearest known one), a value of another type
  ///   than expected, or one outside its range.
  public init(from decoder: any Decoder) throws {
    let fields = try FieldDecoder<CodingKeys>(decoder)
    geometry = try fields.name(.geometry, or: geometry)
    smallestCrop = try fields.number(.smallestCrop, or: smallestCrop)
    smallestAspect = try fields.number(.smallestAspect, or: smallestAspect)
    largestAspect = try fields.number(.largestAspect, or: largestAspect)
    largestRotation = try fields.number(.largestRotation, or: largestRotation)
    largestShift = try fields.number(.largestShift, or: largestShift)
    flipProbability = try fields.number(.flipProbability, or: flipProbability)
    brightness = try fields.number(.brightness, or: brightness)
    contrast = try fields.number(.contrast, or: contrast)
    noise = try fields.number(.noise, or: noise)
    background = try fields.number(.background, or: background)
    saturation = try fields.number(.saturation, or: saturation)
    hue = try fields.number(.hue, or: hue)
    jitterProbability = try fields.number(.jitterProbability, or: jitterProbability)
    greyscaleProbability = try fields.number(.greyscaleProbability, or: greyscaleProbability)
    blurProbability = try fields.numbers(.blurProbability, or: blurProbability)
    smallestBlur = try fields.number(.smallestBlur, or: smallestBlur)
    largestBlur = try fields.number(.largestBlur, or: largestBlur)
    solariseProbability = try fields.numbers(.solariseProbability, or: solariseProbability)
    cleanCrop = try fields.number(.cleanCrop, or: cleanCrop)
    mean = try fields.numbers(.mean, or: mean)
    standardDeviation = try fields.numbers(.standardDeviation, or: standardDeviation)
    try fields.check { try validate() }
  }
}
