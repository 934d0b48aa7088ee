import Basics
import Foundation

/// What chance decided about one view of geometry `resizedCrop`, in the order of the operations.
struct CropParameters: Equatable {
  /// The pixels of the image that the view shows.
  var crop: PixelRectangle
  var jitter: Jitter?
  var isGrey = false
  /// The blur's standard deviation in pixels of the view.
  var blur: Float?
  var isSolarised = false
  var isFlipped = false

  /// The factors of the colour jitter; nil for what the recipe does not have.
  struct Jitter: Equatable {
    var brightness, contrast, saturation: Float?
    /// What is added to the 8-bit hue.
    var hue: UInt8?
    /// 0 brightness, 1 contrast, 2 saturation, 3 hue, from the first to the last.
    var order: SIMD4<UInt8>
  }
}

extension CropParameters {
  /// Draws the parameters of a view. Every number but those of crops is drawn whatever the recipe and whatever came before,
  /// so a change of one field leaves all other decisions as they were.
  ///
  /// - Parameter view: 0 or 1: which of the recipe's probabilities counts.
  init(_ recipe: Augmentation, view: Int, imageHeight: Int, imageWidth: Int, drawing stream: inout RandomStream) {
    func happens(_ probability: Double) -> Bool { Double(stream.uniform()) < probability }
    func happens(_ probabilities: [Double]) -> Bool {
      happens(probabilities[min(view, probabilities.count - 1)])
    }
    func factor(_ range: Double) -> Float? {
      let factor = stream.uniform(in: Float(1 - range)...Float(1 + range))
      return range == 0 ? nil : factor
    }
    isFlipped = happens(recipe.flipProbability)
    let jitters = happens(recipe.jitterProbability)
    let (brightness, contrast) = (factor(recipe.brightness), factor(recipe.contrast))
    let saturation = factor(recipe.saturation)
    let turn = stream.uniform(in: Float(-recipe.hue)...Float(recipe.hue))
    let order = Self.order(stream.below(24))
    if jitters {
      jitter = Jitter(
        brightness: brightness, contrast: contrast, saturation: saturation,
        hue: recipe.hue == 0 ? nil : Hue.shift(turn: turn), order: order)
    }
    isGrey = happens(recipe.greyscaleProbability)
    let blurs = happens(recipe.blurProbability)
    let sigma = stream.uniform(in: Float(recipe.smallestBlur)...Float(recipe.largestBlur))
    blur = blurs ? sigma : nil
    isSolarised = happens(recipe.solariseProbability)
    crop = PixelRectangle.random(recipe, height: imageHeight, width: imageWidth, drawing: &stream)
  }

  /// Permutation `index` (0..<24) of 0…3.
  private static func order(_ index: Int) -> SIMD4<UInt8> {
    var order = SIMD4<UInt8>(0, 1, 2, 3)
    var rest = index
    for last in [3, 2, 1] {
      let (quotient, chosen) = rest.quotientAndRemainder(dividingBy: last + 1)
      (order[last], order[chosen]) = (order[chosen], order[last])
      rest = quotient
    }
    return order
  }
}

extension PixelRectangle {
  /// A random crop by the rule of torchvision's `RandomResizedCrop`: up to ten times an area uniform in the recipe's range
  /// and an aspect ratio log-uniform in its own, until the rectangle fits the image; if none does, the largest one about
  /// the center whose aspect ratio is in range.
  static func random(
    _ recipe: Augmentation, height: Int, width: Int, drawing stream: inout RandomStream
  ) -> PixelRectangle {
    let (lowest, highest) = (log(recipe.smallestAspect), log(recipe.largestAspect))
    for _ in 0..<10 {
      let share = recipe.smallestCrop + (1 - recipe.smallestCrop) * Double(stream.uniform())
      let aspect = exp(lowest + (highest - lowest) * Double(stream.uniform()))
      let area = share * Double(height * width)
      let w = Int((area * aspect).squareRoot().rounded(.toNearestOrEven))
      let h = Int((area / aspect).squareRoot().rounded(.toNearestOrEven))
      if 1...width ~= w, 1...height ~= h {
        let top = stream.below(height - h + 1), left = stream.below(width - w + 1)
        return PixelRectangle(top: top, left: left, height: h, width: w)
      }
    }
    let aspect = Double(width) / Double(height)
    var (h, w) = (height, width)
    if aspect < recipe.smallestAspect {
      h = max(1, Int((Double(width) / recipe.smallestAspect).rounded(.toNearestOrEven)))
    } else if aspect > recipe.largestAspect {
      w = max(1, Int((Double(height) * recipe.largestAspect).rounded(.toNearestOrEven)))
    }
    return PixelRectangle(top: (height - h) / 2, left: (width - w) / 2, height: h, width: w)
  }
}

extension RandomStream {
  /// A uniform whole number in 0..<`count` (up to one part in 2³²/`count`), from one word.
  mutating func below(_ count: Int) -> Int {
    Int((UInt64(nextWord()) * UInt64(count)) >> 32)
  }
}
