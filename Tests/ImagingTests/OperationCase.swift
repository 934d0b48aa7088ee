import Basics
import Kernels
import Testing

@testable import Imaging

/// One operation with its parameters: its fast form, and its plain one where there is one.
enum OperationCase: CustomTestStringConvertible {
  /// Top, left, height and width of a crop, and the size that it gets.
  case resizedCrop(Int, Int, Int, Int, to: Int, Int)
  case brightness(Float), contrast(Float), saturation(Float), sharpness(Float)
  /// A share of a turn.
  case hue(Float)
  case greyscale, flip, autocontrast, equalise
  case gaussianBlur(Float), solarise(Int), posterise(Int)
  case rotate(Double), shearX(Double), shearY(Double), translate(x: Double, y: Double)

  var testDescription: String { "\(self)" }

  /// The result of the fast form.
  func fast(_ image: Image, _ instructionSet: InstructionSet) throws -> Image {
    let workspace = Workspace(instructionSet.microkernels)
    let shape = image.shape
    var view = workspace.viewPlanes(height: shape.height, width: shape.width, channels: shape.channels)
    if case .resizedCrop(let top, let left, let height, let width, let toHeight, let toWidth) = self {
      view = workspace.viewPlanes(height: toHeight, width: toWidth, channels: shape.channels)
      try image.pixels.withUnsafeBufferPointer { pixels in
        Resize.apply(
          PixelBuffer(
            pixels: try #require(pixels.baseAddress), height: shape.height, width: shape.width,
            channels: shape.channels),
          crop: PixelRectangle(top: top, left: left, height: height, width: width), height: toHeight, width: toWidth,
          window: PixelRectangle(top: 0, left: 0, height: toHeight, width: toWidth), into: view, workspace)
      }
    } else {
      for channel in 0..<shape.channels {
        for y in 0..<shape.height {
          for x in 0..<shape.width { view.plane(channel)[y * shape.width + x] = image[y, x, channel] }
        }
      }
      apply(view, workspace)
    }
    return try ImagingReference.image(view.height, view.width, view.channels) { y, x, channel in
      view.plane(channel)[y * view.width + x]
    }
  }

  private func apply(_ view: Planes, _ workspace: Workspace) {
    switch self {
    case .resizedCrop: break
    case .brightness(let factor): ColourJitter.brightness(view, factor: factor, workspace)
    case .contrast(let factor): ColourJitter.contrast(view, factor: factor, workspace)
    case .saturation(let factor): ColourJitter.saturation(view, factor: factor, workspace)
    case .sharpness(let factor): Sharpness.apply(view, factor: factor, workspace)
    case .hue(let turn): Hue.apply(view, shift: Hue.shift(turn: turn), workspace)
    case .greyscale: Grey.apply(view, workspace)
    case .flip: Flip.apply(view)
    case .autocontrast: ValueMap.autocontrast(view, workspace)
    case .equalise: ValueMap.equalise(view, workspace)
    case .gaussianBlur(let sigma): GaussianBlur.apply(view, sigma: sigma, workspace)
    case .solarise(let threshold): Solarise.apply(view, threshold: threshold, workspace)
    case .posterise(let bits): ValueMap.posterise(view, bits: bits)
    case .rotate(let degrees):
      NearestMap.rotation(degrees: degrees, height: view.height, width: view.width).apply(view, workspace)
    case .shearX(let share): NearestMap.shearX(share).apply(view, workspace)
    case .shearY(let share): NearestMap.shearY(share).apply(view, workspace)
    case .translate(let x, let y): NearestMap.translation(x: x, y: y).apply(view, workspace)
    }
  }

  /// The result of the plain form; nil for operations that have none.
  func plain(_ image: Image) throws -> Image? {
    switch self {
    case .resizedCrop(let top, let left, let height, let width, let toHeight, let toWidth):
      let part = PixelRectangle(top: top, left: left, height: height, width: width)
      return try ImagingReference.resize(ImagingReference.crop(image, part), height: toHeight, width: toWidth)
    case .brightness(let factor): return try ImagingReference.brightness(image, factor: factor)
    case .contrast(let factor): return try ImagingReference.contrast(image, factor: factor)
    case .saturation(let factor): return try ImagingReference.saturation(image, factor: factor)
    case .sharpness(let factor): return try ImagingReference.sharpness(image, factor: factor)
    case .hue(let turn): return try ImagingReference.hue(image, shift: Hue.shift(turn: turn))
    case .greyscale: return try ImagingReference.grey(image)
    case .flip: return try ImagingReference.flip(image)
    case .gaussianBlur(let sigma): return try ImagingReference.gaussianBlur(image, sigma: sigma)
    case .solarise(let threshold): return try ImagingReference.solarise(image, threshold: threshold)
    case .autocontrast, .equalise, .posterise, .rotate, .shearX, .shearY, .translate: return nil
    }
  }
}
