import Basics

/// Renders one view through 8-bit pixels, as the published program does with Pillow. Holds what all views of a call share, as
/// plain numbers and pointers.
///
///     image (HWC) ── Resize ──▶ view (CHW, 8 bits) ── operations, in place ──▶ ── normalise ──▶ output (HWC, float32)
struct CropRenderer {
  let viewHeight, viewWidth: Int
  /// The share of an image's shorter side in a clean view.
  let cleanCrop: Double
  /// `channels` tables of 256 normalised values.
  let normalised: UnsafePointer<Float>

  /// Writes a random view: crop, colour jitter, greyscale, blur, solarisation, mirroring, normalisation, in this order.
  ///
  /// - Parameter output: room for the view, HWC.
  func render(
    _ image: PixelBuffer, _ parameters: CropParameters, _ workspace: Workspace, into output: UnsafeMutablePointer<Float>
  ) {
    let view = planes(image, workspace)
    Resize.apply(
      image, crop: parameters.crop, height: viewHeight, width: viewWidth,
      window: PixelRectangle(top: 0, left: 0, height: viewHeight, width: viewWidth), into: view, workspace)
    if let jitter = parameters.jitter { apply(jitter, view, workspace) }
    if parameters.isGrey { Grey.apply(view, workspace) }
    if let sigma = parameters.blur { GaussianBlur.apply(view, sigma: sigma, workspace) }
    if parameters.isSolarised { Solarise.apply(view, workspace) }
    if parameters.isFlipped { Flip.apply(view) }
    normalise(view, into: output)
  }

  private func apply(_ jitter: CropParameters.Jitter, _ view: Planes, _ workspace: Workspace) {
    for turn in 0..<4 {
      switch jitter.order[turn] {
      case 0: if let factor = jitter.brightness { ColourJitter.brightness(view, factor: factor, workspace) }
      case 1: if let factor = jitter.contrast { ColourJitter.contrast(view, factor: factor, workspace) }
      case 2: if let factor = jitter.saturation { ColourJitter.saturation(view, factor: factor, workspace) }
      default: if let shift = jitter.hue { Hue.apply(view, shift: shift, workspace) }
      }
    }
  }

  /// Writes the clean view: the middle of the resized image, normalised.
  func renderClean(_ image: PixelBuffer, _ workspace: Workspace, into output: UnsafeMutablePointer<Float>) {
    let view = planes(image, workspace)
    resizeWhole(image, place: nil, into: view, workspace)
    normalise(view, into: output)
  }

  /// Writes a strongly augmented view: resizing and a random place, mirroring, operations, normalisation, a hole.
  func render(
    _ image: PixelBuffer, _ recipe: StrongAugmentation, drawing stream: inout RandomStream, _ workspace: Workspace,
    into output: UnsafeMutablePointer<Float>
  ) {
    let parameters = StrongParameters(recipe, drawing: &stream)
    let view = planes(image, workspace)
    resizeWhole(image, place: parameters.place, into: view, workspace)
    if parameters.isFlipped { Flip.apply(view) }
    for _ in 0..<recipe.count {
      recipe.operations[stream.below(recipe.operations.count)].apply(view, drawing: &stream, workspace)
    }
    normalise(view, into: output)
    cutOut(parameters, channels: image.channels, output)
  }

  private func planes(_ image: PixelBuffer, _ workspace: Workspace) -> Planes {
    workspace.viewPlanes(height: viewHeight, width: viewWidth, channels: image.channels)
  }

  /// Resizes the image to the smallest size of its own shape that holds the view's size over `cleanCrop`, and takes the view
  /// out of its middle or, if it is not nil, at `place` (0 left or top, 1 right or bottom).
  ///
  /// As torchvision's `Resize` and `CenterCrop` round: the longer side down, the corner to the nearest, ties to even.
  private func resizeWhole(_ image: PixelBuffer, place: SIMD2<Float>?, into view: Planes, _ workspace: Workspace) {
    var height = Int((Double(viewHeight) / cleanCrop).rounded())
    var width = Int((Double(viewWidth) / cleanCrop).rounded())
    if height * image.width >= width * image.height {
      width = Int(Double(height * image.width) / Double(image.height))
    } else {
      height = Int(Double(width * image.height) / Double(image.width))
    }
    let (roomDown, roomAcross) = (height - viewHeight, width - viewWidth)
    func middle(_ room: Int) -> Int { Int((Double(room) / 2).rounded(.toNearestOrEven)) }
    func corner(_ room: Int, _ share: Float) -> Int { min(room, Int(Float(room + 1) * share)) }
    Resize.apply(
      image, crop: PixelRectangle(top: 0, left: 0, height: image.height, width: image.width), height: height,
      width: width,
      window: PixelRectangle(
        top: place.map { corner(roomDown, $0.y) } ?? middle(roomDown),
        left: place.map { corner(roomAcross, $0.x) } ?? middle(roomAcross), height: viewHeight, width: viewWidth),
      into: view, workspace)
  }

  /// Looks each value up among its channel's normalised values.
  private func normalise(_ view: Planes, into output: UnsafeMutablePointer<Float>) {
    if view.channels == 3 {
      let (red, green, blue) = (view.plane(0), view.plane(1), view.plane(2))
      let (reds, greens, blues) = (normalised, normalised + 256, normalised + 512)
      var target = output
      var i = 0
      while i < view.planeCount {
        target[0] = reds[Int(red[i])]
        target[1] = greens[Int(green[i])]
        target[2] = blues[Int(blue[i])]
        target += 3
        i &+= 1
      }
      return
    }
    for channel in 0..<view.channels {
      let (plane, table) = (view.plane(channel), normalised + 256 * channel)
      for i in 0..<view.planeCount { output[i &* view.channels &+ channel] = table[Int(plane[i])] }
    }
  }

  /// Sets a square to 0, the normalised mean: as much of it as lies in the view.
  private func cutOut(_ parameters: StrongParameters, channels: Int, _ output: UnsafeMutablePointer<Float>) {
    let radius = parameters.holeRadius
    let x = min(viewWidth - 1, Int(parameters.holePlace.x * Float(viewWidth)))
    let y = min(viewHeight - 1, Int(parameters.holePlace.y * Float(viewHeight)))
    let (left, right) = (max(0, x - radius), min(viewWidth, x + radius))
    for row in max(0, y - radius)..<min(viewHeight, y + radius) {
      (output + (row * viewWidth + left) * channels).update(repeating: 0, count: (right - left) * channels)
    }
  }
}
