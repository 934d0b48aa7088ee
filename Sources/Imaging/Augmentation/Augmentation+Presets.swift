extension Augmentation {
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

  /// The recipe of SeCu's published program for photographs: a resized crop of aspect 3/4…4/3, colour jitter in 8 of 10
  /// views, greyscale in 2 of 10, blur in all first and 1 of 10 second views, solarisation in 2 of 10 second views only,
  /// mirroring in every other one.
  ///
  /// - Parameters:
  ///   - smallestCrop: the smallest crop as a share of the image's area.
  ///   - mean, standardDeviation: of each channel, in units of full scale.
  public static func published(
    smallestCrop: Double, mean: [Double], standardDeviation: [Double]
  ) -> Augmentation {
    var recipe = Augmentation()
    recipe.geometry = .resizedCrop
    recipe.smallestCrop = smallestCrop
    recipe.smallestAspect = 3.0 / 4
    recipe.largestAspect = 4.0 / 3
    recipe.flipProbability = 0.5
    recipe.brightness = 0.4
    recipe.contrast = 0.4
    recipe.saturation = 0.2
    recipe.hue = 0.1
    recipe.jitterProbability = 0.8
    recipe.greyscaleProbability = 0.2
    recipe.blurProbability = [1, 0.1]
    recipe.solariseProbability = [0, 0.2]
    recipe.mean = mean
    recipe.standardDeviation = standardDeviation
    return recipe
  }

  /// The published recipe for CIFAR-10, 32 px.
  public static let cifar10 = published(
    smallestCrop: 0.3, mean: [0.4914, 0.4822, 0.4465], standardDeviation: [0.2023, 0.1994, 0.2010])

  /// The published recipe for CIFAR-100, with 20 as with 100 classes, 32 px.
  public static let cifar100 = published(
    smallestCrop: 0.2, mean: [0.5071, 0.4867, 0.4408], standardDeviation: [0.2675, 0.2565, 0.2761])

  /// The published recipe for STL-10, 96 px.
  public static let stl10 = published(
    smallestCrop: 0.2, mean: photographMean, standardDeviation: photographStandardDeviation)

  /// The published recipe for ImageNet, 224 px; clean views are the middle of the image resized to 256.
  public static let imageNet = {
    var recipe = published(
      smallestCrop: 0.08, mean: photographMean, standardDeviation: photographStandardDeviation)
    recipe.cleanCrop = 0.875
    return recipe
  }()

  /// The mean of red, green and blue over ImageNet, 0…1, which stands in for that of any photographs.
  public static let photographMean = [0.485, 0.456, 0.406]
  /// Their standard deviation, as the mean.
  public static let photographStandardDeviation = [0.229, 0.224, 0.225]
}
