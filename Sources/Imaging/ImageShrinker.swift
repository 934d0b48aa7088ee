import Basics
import Kernels

/// Makes images smaller to keep them: antialiased, with their shape kept. One worker's own; not for two threads at a time.
///
/// The filter is `Resize`'s triangle over every pixel of the original, as Pillow's `resize(…, BILINEAR)` has it. What it
/// costs: a view made of the smaller image is filtered twice, and a crop that has fewer pixels than the view is enlarged, where the original
/// might have had enough.
package final class ImageShrinker {
  private let workspace: Workspace

  /// - Throws: `SeCuError` of kind `.usage` if an instruction set is asked for that this machine lacks.
  package init() throws {
    workspace = Workspace(try InstructionSet.chosen().microkernels)
  }

  /// The image with a shorter side of `side` pixels, or as it is if it is not larger.
  ///
  /// - Parameter side: 1 or more.
  /// - Throws: as `ImageShape.init`, for a size that no image has.
  package func shrink(_ image: Image, shorterSide side: Int) throws -> Image {
    let shape = image.shape, shorter = min(shape.height, shape.width)
    guard shorter > side else { return image }
    func scaled(_ length: Int) -> Int { max(side, (length * side + shorter / 2) / shorter) }
    let small = try ImageShape(
      height: scaled(shape.height), width: scaled(shape.width), channels: shape.channels)
    let view = workspace.viewPlanes(height: small.height, width: small.width, channels: small.channels)
    image.withPixels { pixels in
      Resize.apply(
        pixels, crop: PixelRectangle(top: 0, left: 0, height: shape.height, width: shape.width), height: small.height,
        width: small.width, window: PixelRectangle(top: 0, left: 0, height: small.height, width: small.width),
        into: view,
        workspace)
    }
    let interleaved = [UInt8](unsafeUninitializedCapacity: small.count) { target, filled in
      for channel in 0..<small.channels {
        let plane = view.plane(channel)
        for i in 0..<view.planeCount { target[i &* small.channels &+ channel] = plane[i] }
      }
      filled = small.count
    }
    return try Image(shape: small, pixels: interleaved)
  }
}
