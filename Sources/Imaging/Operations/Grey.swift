/// Grey levels of red, green and blue, to the bit as Pillow's `convert("L")` (ITU-R BT.601 in 16 bits after the point):
///
///     L = (19595·R + 38470·G + 7471·B + 2¹⁵) / 2¹⁶, rounded down
///
/// Checked against `ImagingReference.grey` and Pillow's own pixels.
enum Grey {
  /// Replaces each colour by its grey level; images without three channels stay as they are.
  static func apply(_ view: Planes, _ workspace: Workspace) {
    guard view.channels == 3 else { return }
    let spare = levels(view, workspace)
    for channel in 0..<3 { view.plane(channel).update(from: spare, count: view.planeCount) }
  }

  /// The grey levels of an image of three channels, in `workspace.spare`.
  static func levels(_ view: Planes, _ workspace: Workspace) -> UnsafeMutablePointer<UInt8> {
    let levels = workspace.spare.reserve(view.planeCount)
    workspace.kernels.greyLevels(view.plane(0), view.plane(1), view.plane(2), view.planeCount, levels)
    return levels
  }
}
