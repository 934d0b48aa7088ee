import Basics

/// Makes the views that a network learns from: float32, NHWC, normalised.
///
/// A random view is a function of (seed, pass, image, view) and the recipe alone: the same place gives the same bits for
/// any number of threads and in any order. It is computed in four steps:
///
/// 1. Crop, mirroring, rotation, shift and the change of size are one affine map from the view to the image
///    (`AffineMap` has the formula), sampled bilinearly. There is no low-pass filter: a view should not have much fewer
///    pixels than the smallest crop.
/// 2. Jitter: p ← b · (m + c · (p − m)) with the brightness factor b, the contrast factor c and the view's mean m.
/// 3. Noise: p ← p + noise · z, with z of mean 0 and variance 1.
/// 4. Normalisation: (p − mean) / standard deviation, per channel.
///
/// A clean view has steps 1 (the change of size only) and 4. Values are not clipped in between.
public struct ViewMaker: Sendable {
  public let images: ImageSet
  public let recipe: Augmentation
  /// The shape of one view.
  public let viewShape: ImageShape
  private let mean: [Float]
  private let inverseDeviation: [Float]

  /// - Parameters:
  ///   - images: what views are made of.
  ///   - recipe: what may happen to them.
  ///   - height, width: the size of views; nil takes the images' own.
  /// - Throws: `SeCuError` for a recipe out of range, or one that doesn't fit the images' channels, or a size outside
  ///   1…65,535.
  public init(_ images: ImageSet, recipe: Augmentation, height: Int? = nil, width: Int? = nil) throws {
    let channels = images.shape.channels
    try recipe.validate(channels: channels)
    viewShape = try ImageShape(
      height: height ?? images.shape.height, width: width ?? images.shape.width, channels: channels)
    (self.images, self.recipe) = (images, recipe)
    func perChannel(_ values: [Double]) -> [Float] {
      values.count == 1 ? [Float](repeating: Float(values[0]), count: channels) : values.map { Float($0) }
    }
    mean = perChannel(recipe.mean)
    inverseDeviation = perChannel(recipe.standardDeviation.map { 1 / $0 })
  }

  /// Writes both random views of a batch: view 0 of all images, then view 1 of all images.
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
      let parameters = ViewParameters(recipe, drawing: &stream)
      renderer.render(id, parameters, into: output + position * renderer.viewCount)
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
      renderer.render(id, ViewParameters(), into: output + position * renderer.viewCount)
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
    withRenderer { renderer in
      cores.run((total + perTask - 1) / perTask) { task, _ in
        for position in task * perTask..<min(total, (task + 1) * perTask) {
          let (view, index) = position.quotientAndRemainder(dividingBy: ids.count)
          body(renderer, ids[index], view, position)
        }
      }
    }
  }

  /// Calls `body` with a renderer whose pointers are valid until it returns; not at all if there are no images.
  private func withRenderer(_ body: (ViewRenderer) -> Void) {
    images.pixels.withUnsafeBufferPointer { pixels in
      mean.withUnsafeBufferPointer { mean in
        inverseDeviation.withUnsafeBufferPointer { inverseDeviation in
          guard let pixels = pixels.baseAddress, let mean = mean.baseAddress,
            let inverseDeviation = inverseDeviation.baseAddress
          else { return }
          body(
            ViewRenderer(
              pixels: pixels, imageHeight: images.shape.height, imageWidth: images.shape.width,
              channels: images.shape.channels, viewHeight: viewShape.height, viewWidth: viewShape.width,
              background: Float(recipe.background * 255), noise: Float(recipe.noise), mean: mean,
              inverseDeviation: inverseDeviation))
        }
      }
    }
  }
}
