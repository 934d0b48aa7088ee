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
  /// What views are made of.
  public let images: any ImageSource
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
  ///   1…65,535, or none where images differ in theirs.
  public init(_ images: any ImageSource, recipe: Augmentation, height: Int? = nil, width: Int? = nil) throws {
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
  ///   1…65,535, or none where images differ in theirs.
  public init(
    _ images: any ImageSource, recipe: Augmentation, first: ViewRecipe, second: ViewRecipe, height: Int? = nil,
    width: Int? = nil
  ) throws {
    try self.init(
      images, recipe: recipe, first: first, second: second, height: height, width: width,
      kernels: InstructionSet.chosen().microkernels)
  }

  init(
    _ images: any ImageSource, recipe: Augmentation, first: ViewRecipe, second: ViewRecipe, height: Int? = nil,
    width: Int? = nil, kernels: any MicrokernelTable.Type
  ) throws {
    let channels = images.channels
    try recipe.validate(channels: channels)
    for view in [first, second] {
      switch view {
      case .clean: break
      case .random(let recipe): try recipe.validate(channels: channels)
      case .strong(let recipe): try recipe.validate()
      }
    }
    guard let height = height ?? images.commonShape?.height, let width = width ?? images.commonShape?.width else {
      throw SeCuError(
        .usage, "views need a size, as the images have \(images.shapeText)", at: images.name,
        remedy: "Pass height and width")
    }
    viewShape = try ImageShape(height: height, width: width, channels: channels)
    (self.images, self.recipe, self.first, self.second, self.kernels) = (images, recipe, first, second, kernels)
    func perChannel(_ values: [Double]) -> [Float] {
      values.count == 1 ? [Float](repeating: Float(values[0]), count: channels) : values.map { Float($0) }
    }
    let mean = perChannel(recipe.mean), deviation = perChannel(recipe.standardDeviation)
    self.mean = mean
    inverseDeviation = perChannel(recipe.standardDeviation.map { 1 / $0 })
    normalised = (0..<channels).flatMap { (channel: Int) -> [Float] in
      let values = (0..<256).map { Float($0) / 255 }
      return values.map { ($0 - mean[channel]) / deviation[channel] }
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
  /// - Throws: `SeCuError` of kind `.usage` for a number that is not in `images`, before anything is written; what reading an image
  ///   throws, the first in the order of views.
  public func views(
    of ids: [Int], seed: UInt64, pass: Int, cores: Cores, into output: UnsafeMutablePointer<Float>
  ) throws {
    try each(of: ids, times: 2, cores) { renderer, image, id, view, position in
      var stream = RandomStream(
        seed: seed, purpose: .augmentation, UInt32(truncatingIfNeeded: pass), UInt64(id) * 2 + UInt64(view))
      let target = output + position * viewShape.count
      switch view == 0 ? first : second {
      case .clean: renderer.clean(image, recipe, into: target)
      case .random(let recipe): renderer.random(image, recipe, view: view, drawing: &stream, into: target)
      case .strong(let recipe): renderer.strong(image, recipe, drawing: &stream, into: target)
      }
    }
  }

  /// Writes the clean views of a batch, in the order of `ids`: resized and normalised, with nothing random.
  ///
  /// - Parameters:
  ///   - ids: b numbers of images.
  ///   - cores: share the work, in pieces of whole views.
  ///   - output: room for [b, height, width, channels].
  /// - Throws: `SeCuError` of kind `.usage` for a number that is not in `images`, before anything is written; what reading an image
  ///   throws, the first in the order of views.
  public func cleanViews(of ids: [Int], cores: Cores, into output: UnsafeMutablePointer<Float>) throws {
    try each(of: ids, times: 1, cores) { renderer, image, _, _, position in
      renderer.clean(image, recipe, into: output + position * viewShape.count)
    }
  }

  /// Calls `body(renderer, image, id, view, position)` for every view 0..<`times` of all `ids`; position = view · b + the id's own.
  ///
  /// The views of an image follow each other in one piece of work, so that one that is not in memory is read once.
  private func each(
    of ids: [Int], times: Int, _ cores: Cores, _ body: (ViewRenderer, PixelBuffer, Int, Int, Int) -> Void
  ) throws {
    for id in ids { try images.check(id) }
    // A value costs in the order of 10 ns, so a piece takes about the 100 µs that waking another core is worth.
    let perTask = max(1, 16_384 / (viewShape.count * times))
    let shape = images.commonShape
    let workspaces = (0..<cores.threads).map { _ in Workspace(kernels) }
    try withTables { mean, inverseDeviation, normalised in
      try cores.runThrowing((ids.count + perTask - 1) / perTask) { task, worker in
        let workspace = workspaces[worker]
        let renderer = ViewRenderer(
          viewShape: viewShape, mean: mean, inverseDeviation: inverseDeviation, normalised: normalised,
          cleanCrop: recipe.cleanCrop, workspace: workspace)
        for index in task * perTask..<min(ids.count, (task + 1) * perTask) {
          var isLent = false
          try images.withPixels(at: ids[index], in: workspace.room) { image in
            isLent = true
            try image.check(channels: viewShape.channels, shape: shape, of: images.name, id: ids[index])
            for view in 0..<times { body(renderer, image, ids[index], view, view * ids.count + index) }
          }
          guard isLent else {
            throw SeCuError(
              .badData, "expected pixels, found none", at: images.name, position: "image \(ids[index])",
              remedy: "Let the source's withPixels call its body once")
          }
        }
      }
    }
  }

  /// Calls `body` with pointers to the three tables.
  private func withTables(
    _ body: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>) throws -> Void
  ) rethrows {
    try mean.withUnsafeBufferPointer { mean in
      try inverseDeviation.withUnsafeBufferPointer { inverseDeviation in
        try normalised.withUnsafeBufferPointer { normalised in
          // There is at least one channel.
          guard let mean = mean.baseAddress, let inverseDeviation = inverseDeviation.baseAddress,
            let normalised = normalised.baseAddress
          else { return }
          try body(mean, inverseDeviation, normalised)
        }
      }
    }
  }
}
