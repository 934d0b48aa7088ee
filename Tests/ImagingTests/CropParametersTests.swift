import Basics
import Testing

@testable import Imaging

@Suite struct CropParametersTests {
  private static let draws = 4000

  /// The parameters of many views of images of 32×32 pixels by the recipe for CIFAR-10.
  private func parameters(view: Int, height: Int = 32, width: Int = 32) -> [CropParameters] {
    (0..<UInt64(Self.draws)).map { image in
      var stream = RandomStream(seed: 3, purpose: .augmentation, 0, image * 2 + UInt64(view))
      return CropParameters(.cifar10, view: view, imageHeight: height, imageWidth: width, drawing: &stream)
    }
  }

  /// Sides are rounded to whole pixels, so area and aspect ratio may pass their ends by half a pixel a side. With 4,000 draws the
  /// ends of every range are reached; the seed is fixed.
  @Test func cropsFillTheRecipesRange() {
    let crops = parameters(view: 0).map(\.crop)
    for crop in crops {
      let (h, w) = (Double(crop.height), Double(crop.width))
      #expect((h + 0.5) * (w + 0.5) >= 0.3 * 1024 && h <= 32 && w <= 32)
      #expect((w + 0.5) / (h - 0.5) >= 3.0 / 4 && (w - 0.5) / (h + 0.5) <= 4.0 / 3)
      #expect(crop.top >= 0 && crop.left >= 0 && crop.top + crop.height <= 32 && crop.left + crop.width <= 32)
    }
    let areas = crops.map { Double($0.height * $0.width) / 1024 }.sorted()
    #expect(areas[20] < 0.32 && areas[Self.draws - 20] > 0.93)
    let aspects = crops.map { Double($0.width) / Double($0.height) }.sorted()
    #expect(aspects[20] < 0.78 && aspects[Self.draws - 20] > 1.28)
    // Places within the room that a crop leaves: both ends, and the middle on average.
    let places = crops.filter { $0.height < 24 }.map { Double($0.top) / Double(32 - $0.height) }
    #expect(places.contains(0) && places.contains(1))
    // Uniform on 0…1 in at least eight steps: a standard deviation below 0.33.
    let count = Double(places.count), mean = places.reduce(0, +) / count
    #expect(abs(mean - 0.5) < 5 * 0.33 / count.squareRoot())
  }

  /// Frozen values: runs have the same views from one version to the next.
  @Test func parametersStayWhatTheyAre() {
    let jitter = CropParameters.Jitter(
      brightness: 0.6379179, contrast: 0.9948913, saturation: 1.06482, hue: 238, order: SIMD4(0, 3, 2, 1))
    let expected = CropParameters(
      crop: PixelRectangle(top: 0, left: 3, height: 23, width: 26), jitter: jitter, isSolarised: true)
    #expect(parameters(view: 1)[7] == expected)
  }

  @Test func probabilitiesAreEachViewsOwn() {
    /// How often something happens, against its probability: within five standard deviations of the binomial.
    func isLikely(_ probability: Double, _ views: [CropParameters], _ happens: (CropParameters) -> Bool) -> Bool {
      let n = Double(views.count), count = Double(views.count(where: happens))
      return abs(count - n * probability) <= 5 * (n * probability * (1 - probability)).squareRoot()
    }
    for (view, blur, solarise) in [(0, 1.0, 0.0), (1, 0.1, 0.2)] {
      let views = parameters(view: view)
      let likely = [
        isLikely(blur, views) { $0.blur != nil }, isLikely(solarise, views) { $0.isSolarised },
        isLikely(0.8, views) { $0.jitter != nil }, isLikely(0.2, views) { $0.isGrey },
        isLikely(0.5, views) { $0.isFlipped },
      ]
      #expect(likely == [true, true, true, true, true], "view \(view)")
      // What happens in one step says nothing about the next.
      let both = isLikely(0.16, views) { $0.jitter != nil && $0.isGrey }
      #expect(both)
      // Every order of the four steps is as likely as the others.
      var orders: [SIMD4<UInt8>: Int] = [:]
      for jitter in views.compactMap(\.jitter) { orders[jitter.order, default: 0] += 1 }
      #expect(orders.count == 24)
      for (order, count) in orders {
        #expect(abs(Double(count) - 133.3) < 5 * 133.3.squareRoot(), "\(order)")
        #expect(Set([order[0], order[1], order[2], order[3]]) == [0, 1, 2, 3])
      }
    }
  }

  @Test func strengthsFillTheirRanges() {
    let views = parameters(view: 0), jitters = views.compactMap(\.jitter)
    /// Whether values lie in the range and their extremes within a twentieth of its ends.
    func fills(_ range: ClosedRange<Float>, _ values: [Float]) -> Bool {
      guard let least = values.min(), let most = values.max() else { return false }
      let margin = (range.upperBound - range.lowerBound) / 20
      return least >= range.lowerBound && most <= range.upperBound && least < range.lowerBound + margin
        && most > range.upperBound - margin
    }
    #expect(fills(0.6...1.4, jitters.compactMap(\.brightness)))
    #expect(fills(0.6...1.4, jitters.compactMap(\.contrast)))
    #expect(fills(0.8...1.2, jitters.compactMap(\.saturation)))
    #expect(fills(-25...25, jitters.compactMap(\.hue).map { Float(Int8(bitPattern: $0)) }))
    #expect(fills(0.1...2, views.compactMap(\.blur)))
  }

  /// As torchvision: 255 · turn without its fraction, modulo 256.
  @Test func hueShiftsAreCut() {
    #expect([-0.1, 0.1, -0.003, 0, 0.5, -0.5].map { Hue.shift(turn: $0) } == [231, 25, 0, 0, 127, 129])
  }

  @Test func oneFieldLeavesTheOthersDraws() {
    func draw(_ recipe: Augmentation) -> CropParameters {
      var stream = RandomStream(seed: 2, purpose: .augmentation, 3, 4)
      return CropParameters(recipe, view: 0, imageHeight: 32, imageWidth: 32, drawing: &stream)
    }
    var all = Augmentation.cifar10
    all.jitterProbability = 1
    var changed = all
    (changed.contrast, changed.hue, changed.solariseProbability) = (0, 0, [1])
    var expected = draw(all)
    let found = draw(changed)
    #expect(expected.jitter?.contrast != nil && found.jitter?.contrast == nil && found.jitter?.hue == nil)
    expected.jitter?.contrast = nil
    expected.jitter?.hue = nil
    expected.isSolarised = true
    #expect(found == expected)
  }

  /// A try fits this image with p = 0.0933: the area is uniform in 0.01…1, and at aspect ratio a, 1.0139 on average, the height stays
  /// below 100.5 up to an area of 0.101·a. Ten tries fit with 1 − (1 − p)¹⁰, within five standard deviations of the binomial.
  @Test func cropsAreTriedTenTimes() {
    var recipe = Augmentation.cifar10
    recipe.smallestCrop = 0.01
    let fallback = PixelRectangle(top: 0, left: 433, height: 100, width: 133)
    let fitting = (0..<2000 as Range<UInt64>).count { seed in
      var stream = RandomStream(seed: seed, purpose: .augmentation)
      return PixelRectangle.random(recipe, height: 100, width: 1000, drawing: &stream) != fallback
    }
    let expected: Double = 2000 * 0.6246
    let deviation = (expected * 0.3754).squareRoot()
    #expect(abs(Double(fitting) - expected) < 5 * deviation)
  }

  /// Images so long that no crop of 0.9 of their area fits: the largest of an allowed aspect ratio about the center.
  @Test(arguments: [
    (100, 1000, PixelRectangle(top: 0, left: 433, height: 100, width: 133)),
    (1000, 100, PixelRectangle(top: 433, left: 0, height: 133, width: 100)),
    (1, 50, PixelRectangle(top: 0, left: 24, height: 1, width: 1)),
  ])
  func longImagesFallBack(height: Int, width: Int, expected: PixelRectangle) {
    var recipe = Augmentation.cifar10
    recipe.smallestCrop = 0.9
    for seed in 0..<20 as Range<UInt64> {
      var stream = RandomStream(seed: seed, purpose: .augmentation)
      #expect(PixelRectangle.random(recipe, height: height, width: width, drawing: &stream) == expected)
    }
  }

  /// Each side of the range of aspect ratios has its own fallback.
  @Test func fallbackKeepsTheNearerAspect() {
    var recipe = Augmentation.cifar10
    (recipe.smallestCrop, recipe.smallestAspect, recipe.largestAspect) = (0.9, 0.5, 1.25)
    for (height, width, expected) in [
      (100, 1000, PixelRectangle(top: 0, left: 437, height: 100, width: 125)),
      (1000, 100, PixelRectangle(top: 400, left: 0, height: 200, width: 100)),
    ] {
      var stream = RandomStream(seed: 0, purpose: .augmentation)
      #expect(PixelRectangle.random(recipe, height: height, width: width, drawing: &stream) == expected)
    }
  }
}
