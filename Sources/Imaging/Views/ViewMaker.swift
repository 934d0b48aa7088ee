import Basics
import Kernels
import MicrokernelInterface

/// Makes the views that a network learns from: float32, NHWC, normalised.
///
/// A random view is a function of (seed, pass, image, view) and its recipe alone: the same place gives the same bits for
/// any number of threads, in any order and, with geometry `resizedCrop`, on every instruction set.
///
/// With geometry `affine` it is computed in four steps:
///
/// 1. Crop, mirroring, rotation, shift and the change of size are one affine map from the view to the image
///    (`AffineMap` has the formula), sampled bilinearly. There is no low-pass filter: a view should not have much fewer
///    pixels than the smallest crop.
/// 2. Jitter: p ← b · (m + c · (p − m)) with the brightness factor b, the contrast factor c and the view's mean m.
/// 3. Noise: p ← p + noise · z, with z of mean 0 and variance 1.
/// 4. Normalisation: (p − mean) / standard deviation, per channel.
///
/// A clean view has steps 1 (the change of size only) and 4. Values are not clipped in between.
///
/// With geometry `resizedCrop`, `CropRenderer` has the steps. A clean view is the image resized with its shape kept, and of that
/// the middle, as `cleanCrop` says.
public struct ViewMaker: Sendable {
  public let images: ImageSet
  /// The recipe of normalisation and of clean views.
  public let recipe: Augmentation
  /// The recipes of view 0 and of view 1.
  public let first, second: ViewRecipe
  /// The shape of one view.
  public let viewShape: ImageShape
  private let mean: [Float]
  private let inverseDeviation: [Float]
  /// For each channel, what the 256 values become: (p/255 − mean) / standard deviation, rounded at each step.
  private let normalised: [Float]
  private let kernels: any MicrokernelTable.Type

  /// Both views are random ones of `recipe`.
  ///
  /// - Parameters:
  ///   - images: what views are made of.
  ///   - recipe: what may happen to them.
  ///   - height, width: the size of views; nil takes the images' own.
  /// - Throws: `SeCuError` for a recipe out of range, or one that doesn't fit the images' channels, or a size outside
  ///   1…65,535.
  public init(_ images: ImageSet, recipe: Augmentation, height: Int? = nil, width: Int? = nil) throws {
    try self.init(images, recipe: recipe, first: .random(recipe), second: .random(recipe), height: height, width: width)
  }

  /// Each view has a recipe of its own, such as a clean one and a strongly augmented one.
  ///
  /// - Parameters:
  ///   - images: what views are made of.
  ///   - recipe: how both views are normalised, and what a clean view is.
  ///   - first, second: the recipes of view 0 and of view 1. Mean and standard deviation of a random one do not count.
  ///   - height, width: the size of views; nil takes the images' own.
  /// - Throws: `SeCuError` for a recipe out of range, or one that doesn't fit the images' channels, or a size outside
  ///   1…65,535.
  public init(
    _ images: ImageSet, recipe: Augmentation, first: ViewRecipe, second: ViewRecipe, height: Int? = nil,
    width: Int? = nil
  ) throws {
    try self.init(
      images, recipe: recipe, first: first, second: second, height: height, width: width,
      kernels: InstructionSet.chosen().microkernels)
  }

  init(
    _ images: ImageSet, recipe: Augmentation, first: ViewRecipe, second: ViewRecipe, height: Int? = nil,
    width: Int? = nil, kernels: any MicrokernelTable.Type
  ) throws {
    let channels = images.shape.channels
    try recipe.validate(channels: channels)
    for view in [first, second] {
      switch view {
      case .clean: break
      case .random(let recipe): try recipe.validate(channels: channels)
      case .strong(let recipe): try recipe.validate()
      }
    }
    viewShape = try ImageShape(
      height: height ?? images.shape.height, width: width ?? images.shape.width, channels: channels)
    (self.images, self.recipe, self.first, self.second, self.kernels) = (images, recipe, first, second, kernels)
    func perChannel(_ values: [Double]) -> [Float] {
      values.count == 1 ? [Float](repeating: Float(values[0]), count: channels) : values.map { Float($0) }
    }
    let mean = perChannel(recipe.mean), deviation = perChannel(recipe.standardDeviation)
    self.mean = mean
    inverseDeviation = perChannel(recipe.standardDeviation.map { 1 / $0 })
    normalised = (0..<channels).flatMap { channel in
      (0..<256).map { (Float($0) / 255 - mean[channel]) / deviation[channel] }
    }
  }

  /// Writes both views of a batch: view 0 of all images, then view 1 of all images.
  ///
  /// - Parameters:
  ///   - ids: b numbers of images.
  ///   - seed: the run's seed.
  ///   - pass: how many passes over the data came before, 0 or above; the low 32 bits count.
  ///   - cores: share the work, in pieces of whole views.
  ///   - output: room for [2·b, height, width, channels].
  /// - Throws: `SeCuError` of kind `usage` for a number that is not in `images`; nothing is written then.
  public func views(
    of ids: [Int], seed: UInt64, pass: Int, cores: Cores, into output: UnsafeMutablePointer<Float>
  ) throws {
    try each(of: ids, times: 2, cores) { renderer, id, view, position in
      var stream = RandomStream(
        seed: seed, purpose: .augmentation, UInt32(truncatingIfNeeded: pass), UInt64(id) * 2 + UInt64(view))
      let target = output + position * viewShape.count
      switch view == 0 ? first : second {
      case .clean: renderer.clean(id, recipe, into: target)
      case .random(let recipe): renderer.random(id, recipe, view: view, drawing: &stream, into: target)
      case .strong(let recipe): renderer.strong(id, recipe, drawing: &stream, into: target)
      }
    }
  }

  /// Writes the clean views of a batch, in the order of `ids`: resized and normalised, with nothing random.
  ///
  /// - Parameters:
  ///   - ids: b numbers of images.
  ///   - cores: share the work, in pieces of whole views.
  ///   - output: room for [b, height, width, channels].
  /// - Throws: `SeCuError` of kind `usage` for a number that is not in `images`; nothing is written then.
  public func cleanViews(of ids: [Int], cores: Cores, into output: UnsafeMutablePointer<Float>) throws {
    try each(of: ids, times: 1, cores) { renderer, id, _, position in
      renderer.clean(id, recipe, into: output + position * viewShape.count)
    }
  }

  /// Calls `body(renderer, id, view, position)` for every view 0..<`times` of all `ids`; position = view · b + the id's
  /// own.
  private func each(
    of ids: [Int], times: Int, _ cores: Cores, _ body: (ViewRenderer, Int, Int, Int) -> Void
  ) throws {
    for id in ids { try images.check(id) }
    // A value costs in the order of 10 ns, so a piece takes about the 100 µs that waking another core is worth.
    let perTask = max(1, 16_384 / viewShape.count)
    let total = ids.count * times
    let workspaces = (0..<cores.threads).map { _ in Workspace(kernels) }
    withTables { pixels, mean, inverseDeviation, normalised in
      cores.run((total + perTask - 1) / perTask) { task, worker in
        let renderer = ViewRenderer(
          pixels: pixels, imageShape: images.shape, viewShape: viewShape, mean: mean,
          inverseDeviation: inverseDeviation, normalised: normalised, cleanCrop: recipe.cleanCrop,
          workspace: workspaces[worker])
        for position in task * perTask..<min(total, (task + 1) * perTask) {
          let (view, index) = position.quotientAndRemainder(dividingBy: ids.count)
          body(renderer, ids[index], view, position)
        }
      }
    }
  }

  /// Calls `body` with pointers to the pixels and the three tables; not at all if there are no images.
  private func withTables(
    _ body: (UnsafePointer<UInt8>, UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>) -> Void
  ) {
    images.pixels.withUnsafeBufferPointer { pixels in
      mean.withUnsafeBufferPointer { mean in
        inverseDeviation.withUnsafeBufferPointer { inverseDeviation in
          normalised.withUnsafeBufferPointer { normalised in
            guard let pixels = pixels.baseAddress, let mean = mean.baseAddress,
              let inverseDeviation = inverseDeviation.baseAddress, let normalised = normalised.baseAddress
            else { return }
            body(pixels, mean, inverseDeviation, normalised)
          }
        }
      }
    }
  }
}
