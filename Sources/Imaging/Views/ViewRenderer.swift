import Basics

/// Renders views of any recipe with one worker's memory.
struct ViewRenderer {
  let viewShape: ImageShape
  /// One number per channel.
  let mean, inverseDeviation: UnsafePointer<Float>
  /// 256 numbers per channel.
  let normalised: UnsafePointer<Float>
  let cleanCrop: Double
  let workspace: Workspace

  func clean(_ image: PixelBuffer, _ recipe: Augmentation, into output: UnsafeMutablePointer<Float>) {
    switch recipe.geometry {
    case .affine: affine(recipe).render(image, AffineParameters(), into: output)
    case .resizedCrop: crop.renderClean(image, workspace, into: output)
    }
  }

  /// - Parameter view: 0 or 1: which of the recipe's probabilities counts.
  func random(
    _ image: PixelBuffer, _ recipe: Augmentation, view: Int, drawing stream: inout RandomStream,
    into output: UnsafeMutablePointer<Float>
  ) {
    switch recipe.geometry {
    case .affine:
      affine(recipe).render(image, AffineParameters(recipe, drawing: &stream), into: output)
    case .resizedCrop:
      let parameters = CropParameters(
        recipe, view: view, imageHeight: image.height, imageWidth: image.width, drawing: &stream)
      crop.render(image, parameters, workspace, into: output)
    }
  }

  func strong(
    _ image: PixelBuffer, _ recipe: StrongAugmentation, drawing stream: inout RandomStream,
    into output: UnsafeMutablePointer<Float>
  ) {
    crop.render(image, recipe, drawing: &stream, workspace, into: output)
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
