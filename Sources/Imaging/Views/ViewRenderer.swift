import Basics

/// Renders views of any recipe with one worker's memory.
struct ViewRenderer {
  /// All images, one after the other.
  let pixels: UnsafePointer<UInt8>
  let imageShape, viewShape: ImageShape
  /// One number per channel.
  let mean, inverseDeviation: UnsafePointer<Float>
  /// 256 numbers per channel.
  let normalised: UnsafePointer<Float>
  let cleanCrop: Double
  let workspace: Workspace

  func clean(_ id: Int, _ recipe: Augmentation, into output: UnsafeMutablePointer<Float>) {
    switch recipe.geometry {
    case .affine: affine(recipe).render(image(id), AffineParameters(), into: output)
    case .resizedCrop: crop.renderClean(image(id), workspace, into: output)
    }
  }

  /// - Parameter view: 0 or 1: which of the recipe's probabilities counts.
  func random(
    _ id: Int, _ recipe: Augmentation, view: Int, drawing stream: inout RandomStream,
    into output: UnsafeMutablePointer<Float>
  ) {
    switch recipe.geometry {
    case .affine:
      affine(recipe).render(image(id), AffineParameters(recipe, drawing: &stream), into: output)
    case .resizedCrop:
      let parameters = CropParameters(
        recipe, view: view, imageHeight: imageShape.height, imageWidth: imageShape.width, drawing: &stream)
      crop.render(image(id), parameters, workspace, into: output)
    }
  }

  func strong(
    _ id: Int, _ recipe: StrongAugmentation, drawing stream: inout RandomStream,
    into output: UnsafeMutablePointer<Float>
  ) {
    crop.render(image(id), recipe, drawing: &stream, workspace, into: output)
  }

  private func image(_ id: Int) -> PixelBuffer {
    PixelBuffer(
      pixels: pixels + id * imageShape.count, height: imageShape.height, width: imageShape.width,
      channels: imageShape.channels)
  }

  private func affine(_ recipe: Augmentation) -> AffineRenderer {
    AffineRenderer(
      viewHeight: viewShape.height, viewWidth: viewShape.width, background: Float(recipe.background * 255),
      noise: Float(recipe.noise), mean: mean, inverseDeviation: inverseDeviation)
  }

  private var crop: CropRenderer {
    CropRenderer(
      viewHeight: viewShape.height, viewWidth: viewShape.width, cleanCrop: cleanCrop, normalised: normalised)
  }
}
