/// Inverts bright values, as Pillow's `solarize`: p ← p where p < threshold, else 255 − p.
enum Solarise {
  /// - Parameter threshold: 0…256; 128 in the published recipe.
  static func apply(_ view: Planes, threshold: Int = 128, _ workspace: Workspace) {
    workspace.kernels.invertBright(view.base, view.count, Int32(threshold))
  }
}
