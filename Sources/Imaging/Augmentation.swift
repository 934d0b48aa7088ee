/// The recipe of random views: what may happen to an image before the network sees it.
///
/// `Augmentation()` changes nothing; each field adds one kind of change. Values of pixels are in units of full scale:
/// 0 is black and 1 is the largest value. `ViewMaker` says how a view is computed.
///
/// In JSON, fields may be missing (they keep their default) but not misspelt.
public struct Augmentation: Hashable, Encodable, Sendable {
  /// The smallest crop as a share of the image's area, above 0 and at most 1. A crop's area is uniform in
  /// [`smallestCrop`, 1], its place uniform within the image.
  public var smallestCrop = 1.0
  /// A crop's width to height, relative to the image's own, is log-uniform in [`smallestAspect`, `largestAspect`].
  /// This is the lower end, 0.1…1. A crop that would be wider or higher than the image is cut to the image.
  public var smallestAspect = 1.0
  /// The upper end of the aspect ratio, 1…10.
  public var largestAspect = 1.0
  /// Degrees, 0…180: the angle is uniform in ± this, about the crop's center.
  public var largestRotation = 0.0
  /// Share of the image's sides, 0…1: the shifts across and down are uniform in ± this.
  public var largestShift = 0.0
  /// The probability that a view is mirrored left to right, 0…1. A mirrored digit is another sign.
  public var flipProbability = 0.0
  /// 0…1: values are multiplied by a factor that is uniform in 1 ± this.
  public var brightness = 0.0
  /// 0…1: the distance of values to the view's mean is multiplied by a factor that is uniform in 1 ± this.
  public var contrast = 0.0
  /// The standard deviation of the noise that is added to each value on its own, 0…1.
  public var noise = 0.0
  /// The value outside the image, 0…1.
  public var background = 0.0
  /// Subtracted from each channel, 0…1: one number per channel, or one for all.
  public var mean = [0.0]
  /// What each channel is divided by after that, 0.001…1: one number per channel, or one for all.
  public var standardDeviation = [1.0]

  enum CodingKeys: String, CodingKey, CaseIterable {
    case smallestCrop, smallestAspect, largestAspect, largestRotation, largestShift, flipProbability
    case brightness, contrast, noise, background, mean, standardDeviation
  }

  public init() {}

  /// A recipe for 8×8 handwritten digits, with their mean and standard deviation.
  public static let digits = {
    var recipe = Augmentation()
    recipe.smallestCrop = 0.6
    recipe.smallestAspect = 0.8
    recipe.largestAspect = 1.25
    recipe.largestRotation = 12
    recipe.largestShift = 0.08
    recipe.brightness = 0.2
    recipe.noise = 0.05
    recipe.mean = [0.3053]
    recipe.standardDeviation = [0.3759]
    return recipe
  }()
}
