/// The recipe of random views: what may happen to an image before the network sees it.
///
/// `Augmentation()` changes nothing; each field adds one kind of change. Values of pixels are in units of full scale:
/// 0 is black and 1 is the largest value. Two pipelines share this value, and `geometry` names the one in force:
///
/// | | `affine` | `resizedCrop` |
/// |---|---|---|
/// | meant for | small grey images, such as digits | photographs: the published pipeline |
/// | pixels between the steps | float32, not clipped | 8 bits, as Pillow's images |
/// | fields of its own | rotation, shift, noise, background | all from `saturation` to `cleanCrop` |
///
/// A field that the geometry in force does not use must keep its default. In JSON, fields may be missing (they keep their
/// default) but not misspelt.
///
/// A step that is likelier in one view than in the other has a list of probabilities: one for each of the two views of an
/// image, or one for both.
public struct Augmentation: Hashable, Encodable, Sendable {
  /// Which pixels of the image a view shows, and how they are computed.
  public enum Geometry: String, Codable, CaseIterable, Sendable {
    /// One affine map: crop, rotation, shift and mirroring, sampled bilinearly. There is no low-pass filter.
    case affine
    /// A crop along the pixels' grid, resized with a low-pass filter, as torchvision's `RandomResizedCrop` does on
    /// Pillow's images.
    case resizedCrop
  }

  /// Which of the two pipelines is in force.
  public var geometry = Geometry.affine
  /// The smallest crop as a share of the image's area, above 0 and at most 1. A crop's area is uniform in
  /// [`smallestCrop`, 1], its place uniform within the image.
  public var smallestCrop = 1.0
  /// A crop's width to height is log-uniform in [`smallestAspect`, `largestAspect`]: relative to the image's own with
  /// `affine`, where a crop that would be wider or higher than the image is cut to the image; in pixels with
  /// `resizedCrop`, which draws such a crop anew. This is the lower end, 0.1…1.
  public var smallestAspect = 1.0
  /// The upper end of the aspect ratio, 1…10.
  public var largestAspect = 1.0
  /// Degrees, 0…180: the angle is uniform in ± this, about the crop's center. `affine` only.
  public var largestRotation = 0.0
  /// Share of the image's sides, 0…1: the shifts across and down are uniform in ± this. `affine` only.
  public var largestShift = 0.0
  /// The probability that a view is mirrored left to right, 0…1. A mirrored digit is another sign, and a mirrored chest
  /// has its heart on the wrong side.
  public var flipProbability = 0.0
  /// 0…1: values are multiplied by a factor that is uniform in 1 ± this.
  public var brightness = 0.0
  /// 0…1: the distance of values to the view's mean is multiplied by a factor that is uniform in 1 ± this.
  public var contrast = 0.0
  /// The standard deviation of the noise that is added to each value on its own, 0…1. `affine` only.
  public var noise = 0.0
  /// The value outside the image, 0…1. `affine` only.
  public var background = 0.0
  /// 0…1: the distance of colours to grey is multiplied by a factor that is uniform in 1 ± this. `resizedCrop` only, as
  /// are all that follow up to `cleanCrop`. Where images do not have three channels, saturation, hue and greyscale change
  /// nothing.
  public var saturation = 0.0
  /// Turns of the colour wheel, 0…0.5: hues are shifted by an angle that is uniform in ± this.
  public var hue = 0.0
  /// The probability of the four above (brightness, contrast, saturation and hue, in random order), 0…1.
  public var jitterProbability = 1.0
  /// The probability that a view loses its colours, 0…1.
  public var greyscaleProbability = 0.0
  /// The probability of Gaussian blur in each view, 0…1: two numbers, or one for both.
  public var blurProbability = [0.0]
  /// The blur's standard deviation is uniform in [`smallestBlur`, `largestBlur`]. This is the lower end, in pixels of the
  /// view, 0…`largestBlur`.
  public var smallestBlur = 0.1
  /// The upper end of the blur's standard deviation, in pixels of the view, up to 20.
  public var largestBlur = 2.0
  /// The probability that each view is solarised (values of 128 and more of 255 are inverted), 0…1: two numbers, or one
  /// for both.
  public var solariseProbability = [0.0]
  /// The share of the image's shorter side that a clean view shows, 0.1…1. The image is resized to its inverse times the
  /// view's size and cropped about the center: 1 loses the ends of the longer side only and leaves an image of the view's
  /// size as it is, 0.875 resizes to 256 pixels for a view of 224.
  public var cleanCrop = 1.0
  /// Subtracted from each channel, 0…1: one number per channel, or one for all.
  public var mean = [0.0]
  /// What each channel is divided by after that, 0.001…1: one number per channel, or one for all.
  public var standardDeviation = [1.0]

  enum CodingKeys: String, CodingKey, CaseIterable {
    case geometry, smallestCrop, smallestAspect, largestAspect, largestRotation, largestShift, flipProbability
    case brightness, contrast, noise, background
    case saturation, hue, jitterProbability, greyscaleProbability, blurProbability, smallestBlur, largestBlur
    case solariseProbability, cleanCrop, mean, standardDeviation
  }

  /// A recipe that changes nothing.
  public init() {}
}
