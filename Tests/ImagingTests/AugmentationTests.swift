import Basics
import Foundation
import Testing

@testable import Imaging

@Suite struct AugmentationTests {
  /// A recipe with one field out of range, and that field's name.
  struct Wrong: Sendable, CustomTestStringConvertible {
    let field: String
    let spoil: @Sendable (inout Augmentation) -> Void
    var testDescription: String { field }
  }

  static let wrong = [
    Wrong(field: "smallestCrop") { $0.smallestCrop = 0 },
    Wrong(field: "smallestCrop") { $0.smallestCrop = 1.01 },
    Wrong(field: "smallestCrop") { $0.smallestCrop = .nan },
    Wrong(field: "smallestAspect") { $0.smallestAspect = 1.1 },
    Wrong(field: "largestAspect") { $0.largestAspect = 0.9 },
    Wrong(field: "largestAspect") { $0.largestAspect = .infinity },
    Wrong(field: "largestRotation") { $0.largestRotation = 181 },
    Wrong(field: "largestShift") { $0.largestShift = -0.1 },
    Wrong(field: "flipProbability") { $0.flipProbability = 2 },
    Wrong(field: "brightness") { $0.brightness = 1.5 },
    Wrong(field: "contrast") { $0.contrast = -1 },
    Wrong(field: "noise") { $0.noise = .nan },
    Wrong(field: "background") { $0.background = 255 },
    Wrong(field: "mean") { $0.mean = [0.5, 1.5, 0.5] },
    Wrong(field: "mean") { $0.mean = [0.5, 0.5] },
    Wrong(field: "standardDeviation") { $0.standardDeviation = [0] },
    Wrong(field: "standardDeviation") { $0.standardDeviation = [] },
    // What geometry affine has no use for.
    Wrong(field: "saturation") { $0.saturation = 0.2 },
    Wrong(field: "hue") { $0.hue = 0.1 },
    Wrong(field: "jitterProbability") { $0.jitterProbability = 0.8 },
    Wrong(field: "greyscaleProbability") { $0.greyscaleProbability = 0.2 },
    Wrong(field: "blurProbability") { $0.blurProbability = [1, 0.1] },
    Wrong(field: "smallestBlur") { $0.smallestBlur = 0.2 },
    Wrong(field: "largestBlur") { $0.largestBlur = 1 },
    Wrong(field: "solariseProbability") { $0.solariseProbability = [0, 0.2] },
    Wrong(field: "cleanCrop") { $0.cleanCrop = 0.875 },
    Wrong(field: "largestRotation") { $0.geometry = .resizedCrop },
  ]

  static let wrongPublished = [
    Wrong(field: "saturation") { $0.saturation = -0.1 },
    Wrong(field: "hue") { $0.hue = 0.6 },
    Wrong(field: "jitterProbability") { $0.jitterProbability = 1.1 },
    Wrong(field: "greyscaleProbability") { $0.greyscaleProbability = .nan },
    Wrong(field: "blurProbability") { $0.blurProbability = [1, 1, 1] },
    Wrong(field: "blurProbability") { $0.blurProbability = [1, 2] },
    Wrong(field: "smallestBlur") { $0.smallestBlur = 3 },
    Wrong(field: "largestBlur") { $0.largestBlur = 21 },
    Wrong(field: "largestBlur") { $0.largestBlur = -1 },
    Wrong(field: "solariseProbability") { $0.solariseProbability = [] },
    Wrong(field: "cleanCrop") { $0.cleanCrop = 0 },
    Wrong(field: "noise") { $0.noise = 0.1 },
    Wrong(field: "background") { $0.background = 0.5 },
    Wrong(field: "largestShift") { $0.largestShift = 0.1 },
    Wrong(field: "mean") { $0.mean = [0.5, 0.5] },
  ]

  @Test(arguments: wrong)
  func validationNamesTheField(wrong: Wrong) throws {
    try expectNamed(wrong, in: .digits)
  }

  @Test(arguments: wrongPublished)
  func validationNamesThePublishedField(wrong: Wrong) throws {
    try expectNamed(wrong, in: .cifar10)
  }

  /// The recipe is right for three channels, and once spoilt the error names the field.
  private func expectNamed(_ wrong: Wrong, in recipe: Augmentation) throws {
    var recipe = recipe
    try recipe.validate(channels: 3)
    wrong.spoil(&recipe)
    let error = try failure { try recipe.validate(channels: 3) }
    #expect(error.kind == .usage)
    #expect(error.place == wrong.field)
    #expect(error.problem.contains("found"))
  }

  @Test func recipesSurviveJSON() throws {
    let decoder = JSONDecoder()
    var dark = Augmentation.digits, blurred = Augmentation.cifar10
    dark.background = 0.75
    (blurred.smallestBlur, blurred.largestBlur) = (0.5, 3)
    for recipe in [Augmentation(), .digits, .cifar10, .cifar100, .stl10, .imageNet, dark, blurred] {
      let json = try JSONEncoder().encode(recipe)
      #expect(try decoder.decode(Augmentation.self, from: json) == recipe)
    }
    #expect(try decoder.decode(Augmentation.self, from: Data("{}".utf8)) == Augmentation())
    var noisy = Augmentation()
    noisy.noise = 0.25
    noisy.mean = [0.5, 0.25, 0.125]
    let json = Data(#"{"noise": 0.25, "mean": [0.5, 0.25, 0.125]}"#.utf8)
    #expect(try decoder.decode(Augmentation.self, from: json) == noisy)
  }

  @Test(arguments: [
    (#"{"noize": 0.1}"#, "noize", "noise"), (#"{"zoom": 0.1}"#, "zoom", "smallestCrop"),
    (#"{"noise": "much"}"#, "noise", "a number"), (#"{"mean": 0.5}"#, "mean", "a list of numbers"),
    (#"{"geometry": "crop"}"#, "geometry", "'affine' or 'resizedCrop'"), (#"{"geometry": 1}"#, "geometry", "'affine'"),
    (#"{"hue": 0.1}"#, "hue", "It belongs to geometry 'resizedCrop'"),
    (#"{"geometry": "resizedCrop", "blurProbability": 1}"#, "blurProbability", "a list of numbers"),
    (#"{"contrast": 7}"#, "contrast", "found 7"), (#"{"mean": []}"#, "mean", "a number for each channel"),
  ])
  func decodingNamesTheField(json: String, field: String, hint: String) throws {
    let error = try failure { _ = try JSONDecoder().decode(Augmentation.self, from: Data(json.utf8)) }
    #expect(error.kind == .badData)
    #expect(error.place == field)
    #expect(error.description.contains(hint))
  }

  /// Parameters of many views lie in the recipe's ranges and fill them: with n draws, the extremes of a uniform variable
  /// stay in the middle 90 % with probability 0.95ⁿ at either end, under 10⁻²².
  @Test func drawsFillTheirRanges() {
    var recipe = Augmentation.digits
    recipe.flipProbability = 0.25
    recipe.contrast = 0.5
    let draws = (0..<1_000 as Range<UInt64>).map { image in
      var stream = RandomStream(seed: 9, purpose: .augmentation, 0, image)
      return AffineParameters(recipe, drawing: &stream)
    }
    func fills(_ range: ClosedRange<Double>, _ value: (AffineParameters) -> Double) -> Bool {
      let values = draws.map(value).sorted()
      let margin = (range.upperBound - range.lowerBound) / 20
      // Float rounding may pass an end of brightness and contrast by one ulp.
      return values[0] > range.lowerBound - 1e-7 && values[0] < range.lowerBound + margin
        && values[999] < range.upperBound + 1e-7 && values[999] > range.upperBound - margin
    }
    #expect(fills(0.6...1) { $0.area })
    #expect(fills(log(0.8)...log(1.25)) { log($0.aspect) })
    #expect(fills(0...1) { $0.place.x })
    #expect(fills(0...1) { $0.place.y })
    #expect(fills(-.pi / 15 ... .pi / 15) { $0.angle })
    #expect(fills(-0.08...0.08) { $0.shift.x })
    #expect(fills(-0.08...0.08) { $0.shift.y })
    #expect(fills(0.8...1.2) { Double($0.brightness) })
    #expect(fills(0.5...1.5) { Double($0.contrast) })
    // Binomial: 250 ± 5 · √(1000 · ¼ · ¾).
    #expect(abs(draws.count { $0.isFlipped } - 250) < 69)
    #expect(Set(draws.map(\.noiseKey)).count == 1_000)
  }

  @Test func oneFieldLeavesTheOthersDraws() {
    func parameters(_ recipe: Augmentation) -> AffineParameters {
      var stream = RandomStream(seed: 2, purpose: .augmentation, 3, 4)
      return AffineParameters(recipe, drawing: &stream)
    }
    var changed = parameters(.digits)
    var recipe = Augmentation.digits
    recipe.largestRotation = 0
    recipe.contrast = 0.5
    let other = parameters(recipe)
    #expect(changed.angle != 0 && other.angle == 0 && changed.contrast == 1 && other.contrast != 1)
    changed.angle = other.angle
    changed.contrast = other.contrast
    #expect(changed == other)
  }
}
