/// Brightness, contrast and saturation, to the bit as Pillow's `ImageEnhance`: the image is blended with a degenerate image d,
///
///     p ← ⌊clip(d + factor · (p − d), 0, 255)⌋   in float32
///
/// where a factor of 1 leaves p, 0 gives d, and one above 1 goes on beyond p. For brightness d is black, for contrast the mean
/// grey level, for saturation the grey image. `Hue` is the fourth of torchvision's `ColorJitter`.
/// Checked against `ImagingReference` and Pillow's own pixels.
enum ColourJitter {
  /// Multiplies all values by `factor`.
  static func brightness(_ view: Planes, factor: Float, _ workspace: Workspace) {
    workspace.kernels.blendWithValue(view.base, view.count, 0, factor)
  }

  /// Multiplies the distance of all values to the mean grey level, rounded to the nearest, by `factor`. Images without
  /// three channels take the mean of all values.
  static func contrast(_ view: Planes, factor: Float, _ workspace: Workspace) {
    let isColour = view.channels == 3
    let levels = isColour ? Grey.levels(view, workspace) : view.base
    let count = isColour ? view.planeCount : view.count
    let mean = Double(sum(levels, count, workspace)) / Double(count)
    workspace.kernels.blendWithValue(view.base, view.count, UInt8(mean + 0.5), factor)
  }

  /// Multiplies the distance of colours to their grey level by `factor`; images without three channels stay as they are.
  static func saturation(_ view: Planes, factor: Float, _ workspace: Workspace) {
    guard view.channels == 3 else { return }
    let levels = Grey.levels(view, workspace)
    for channel in 0..<3 {
      workspace.kernels.blendWithPixels(view.plane(channel), view.planeCount, levels, factor)
    }
  }

  private static func sum(_ values: UnsafePointer<UInt8>, _ count: Int, _ workspace: Workspace) -> Int {
    let most = 1 << 23
    var total = 0
    for start in stride(from: 0, to: count, by: most) {
      total += Int(workspace.kernels.sumOfBytes(values + start, min(most, count - start)))
    }
    return total
  }
}
