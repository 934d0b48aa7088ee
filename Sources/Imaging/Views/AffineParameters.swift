import Basics
import Foundation

/// What chance decided about one view of geometry `affine`. `AffineParameters()` is the clean view: the whole image, upright and unchanged.
struct AffineParameters: Equatable {
  /// Share of the image's area, above 0 and at most 1.
  var area = 1.0
  /// Width to height of the crop, relative to the image's own.
  var aspect = 1.0
  /// Where the crop lies in the room that it leaves, 0 (left, top) to 1 (right, bottom).
  var place = SIMD2(0.5, 0.5)
  /// Radians; content turns counterclockwise on the screen.
  var angle = 0.0
  /// How far the window moves right and down, in shares of the image's sides.
  var shift = SIMD2(0.0, 0.0)
  var isFlipped = false
  /// The factor on values.
  var brightness: Float = 1
  /// The factor on the distance to the mean.
  var contrast: Float = 1
  /// The Philox key of the view's noise; nil for none.
  var noiseKey: SIMD2<UInt32>?
}

extension AffineParameters {
  /// Draws the parameters of a view: twelve words in the order of the lines below. Every word is drawn whatever the
  /// recipe, so a change of one field leaves all other decisions as they were.
  init(_ recipe: Augmentation, drawing stream: inout RandomStream) {
    /// Uniform in [low, high).
    func draw(_ low: Double, _ high: Double) -> Double { low + (high - low) * Double(stream.uniform()) }
    area = draw(recipe.smallestCrop, 1)
    aspect = exp(draw(log(recipe.smallestAspect), log(recipe.largestAspect)))
    place.x = draw(0, 1)
    place.y = draw(0, 1)
    angle = draw(-recipe.largestRotation, recipe.largestRotation) * .pi / 180
    shift.x = draw(-recipe.largestShift, recipe.largestShift)
    shift.y = draw(-recipe.largestShift, recipe.largestShift)
    isFlipped = draw(0, 1) < recipe.flipProbability
    brightness = Float(draw(1 - recipe.brightness, 1 + recipe.brightness))
    contrast = Float(draw(1 - recipe.contrast, 1 + recipe.contrast))
    noiseKey = SIMD2(stream.nextWord(), stream.nextWord())
  }
}
