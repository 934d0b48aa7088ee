import Basics
import Kernels
import Testing

@testable import Imaging

@Suite struct CropRendererTests {
  /// The view that the parameters stand for, from the plain forms.
  private func plain(_ image: Image, _ view: CropParameters, height: Int, width: Int) throws -> Image {
    typealias Plain = ImagingReference
    var result = try Plain.resize(Plain.crop(image, view.crop), height: height, width: width)
    if let jitter = view.jitter {
      for turn in 0..<4 {
        switch jitter.order[turn] {
        case 0: result = try Plain.brightness(result, factor: try #require(jitter.brightness))
        case 1: result = try Plain.contrast(result, factor: try #require(jitter.contrast))
        case 2: result = try Plain.saturation(result, factor: try #require(jitter.saturation))
        default: result = try Plain.hue(result, shift: try #require(jitter.hue))
        }
      }
    }
    if view.isGrey { result = try Plain.grey(result) }
    if let sigma = view.blur { result = try Plain.gaussianBlur(result, sigma: sigma) }
    if view.isSolarised { result = try Plain.solarise(result) }
    return view.isFlipped ? try Plain.flip(result) : result
  }

  private func normalised(_ image: Image, _ recipe: Augmentation) -> [Float] {
    image.pixels.enumerated().map { index, pixel in
      let channel = index % image.shape.channels
      return (Float(pixel) / 255 - Float(recipe.mean[channel])) / Float(recipe.standardDeviation[channel])
    }
  }

  /// Both views of a few images are the plain operations one after the other, to the bit, in colour and in grey.
  @Test(arguments: InstructionSet.available, [1, 3])
  func viewsAreThePlainOperations(instructionSet: InstructionSet, channels: Int) throws {
    let set = try sampleSet(count: 12, height: 21, width: 34, channels: channels)
    var recipe = Augmentation.cifar10
    recipe.mean = Array(recipe.mean.prefix(channels))
    recipe.standardDeviation = Array(recipe.standardDeviation.prefix(channels))
    let maker = try ViewMaker(
      set, recipe: recipe, first: .random(recipe), second: .random(recipe), height: 13, width: 19,
      kernels: instructionSet.microkernels)
    let found = try maker.random(Array(0..<12), seed: 8, pass: 2)
    for view in 0..<2 {
      for id in 0..<12 {
        var stream = RandomStream(seed: 8, purpose: .augmentation, 2, UInt64(id * 2 + view))
        let parameters = CropParameters(recipe, view: view, imageHeight: 21, imageWidth: 34, drawing: &stream)
        let expected = try plain(set.image(at: id), parameters, height: 13, width: 19)
        let start = (view * 12 + id) * maker.viewShape.count
        #expect(
          Array(found[start..<start + maker.viewShape.count]) == normalised(expected, recipe),
          "view \(view) of image \(id): \(parameters)")
      }
    }
  }

  @Test(arguments: [2, 3])
  func bitsDoNotDependOnThreads(threads: Int) throws {
    let set = try sampleSet(count: 40, height: 32, width: 30, channels: 3)
    let maker = try ViewMaker(
      set, recipe: .cifar10, first: .random(.cifar10), second: .strong(.cifar), height: 32, width: 32)
    let ids = Array((0..<40).reversed())
    #expect(try maker.random(ids, threads: threads) == maker.random(ids))
    #expect(try maker.clean(ids, threads: threads) == maker.clean(ids))
  }

  /// An image of the view's size is shown as it is.
  @Test func cleanViewsKeepTheViewsSize() throws {
    let set = try sampleSet(count: 2, height: 12, width: 9, channels: 3)
    let clean = try ViewMaker(set, recipe: .cifar10).clean([1, 0])
    #expect(clean == normalised(try set.image(at: 1), .cifar10) + normalised(try set.image(at: 0), .cifar10))
  }

  /// An image, its view, and what the image is resized to before its middle is taken; all are height and width or place.
  struct Middle: Sendable {
    let image, view: [Int]
    let share: Double
    let resized, corner: [Int]
  }

  static let middles = [
    // ImageNet's evaluation: 256 pixels, of which 224.
    Middle(image: [375, 500], view: [224, 224], share: 0.875, resized: [256, 341], corner: [16, 58]),
    Middle(image: [40, 60], view: [28, 28], share: 0.875, resized: [32, 48], corner: [2, 10]),
    Middle(image: [60, 40], view: [28, 28], share: 1, resized: [42, 28], corner: [7, 0]),
    Middle(image: [20, 20], view: [10, 15], share: 1, resized: [15, 15], corner: [2, 0]),
    Middle(image: [5, 7], view: [20, 20], share: 1, resized: [20, 28], corner: [0, 4]),
  ]

  @Test(arguments: middles)
  func cleanViewsAreTheMiddle(middle: Middle) throws {
    let (image, view, resized, corner) = (middle.image, middle.view, middle.resized, middle.corner)
    var recipe = Augmentation.stl10
    recipe.cleanCrop = middle.share
    (recipe.mean, recipe.standardDeviation) = ([0.4], [0.2])
    // The plain resize takes all pixels of an axis for each output: large images are for their sizes alone.
    let large = image[0] > 100
    let set = try sampleSet(count: 1, height: image[0], width: image[1])
    let found = try ViewMaker(set, recipe: recipe, height: view[0], width: view[1]).clean([0])
    let part = PixelRectangle(top: corner[0], left: corner[1], height: view[0], width: view[1])
    let whole =
      large
      ? try OperationCase.resizedCrop(0, 0, image[0], image[1], to: resized[0], resized[1])
        .fast(set.image(at: 0), .portable)
      : try ImagingReference.resize(set.image(at: 0), height: resized[0], width: resized[1])
    #expect(found == normalised(try ImagingReference.crop(whole, part), recipe))
  }
}
