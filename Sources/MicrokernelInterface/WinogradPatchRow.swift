/// Bᵀ · d · B of patches that follow each other along a row of an image, and share the columns in which they overlap:
///
///     target[p, i, j, c] = Σ_r Σ_s  Bᵀ[i, r] · Bᵀ[j, s] · source[r, p · step + s, c]           p < patches, c < channels
///
///     source[r, q, c] = source[r · sourceRow + q · channels + c]       inside `rows` × `columns`, zero elsewhere
///     target[p, i, j, c] = target[p · targetPatch + (i · outputs + j) · targetElement + c]
///
/// All strides count floats. What B is, and `step` and `outputs`, `WinogradInputTransform` says.
package struct WinogradPatchRow {
  package var source: UnsafePointer<Float>
  package var sourceRow: Int
  /// The rows of the patches, and the columns counted from the first patch's, that lie inside the image; nothing is read outside.
  package var rows: Range<Int>
  package var columns: Range<Int>
  /// `WinogradInputTransform.mostPatches` at most.
  package var patches: Int
  /// Has room for whole vectors of channels; what is past `channels` becomes zero.
  package var target: UnsafeMutablePointer<Float>
  package var targetPatch: Int
  package var targetElement: Int
  /// Those of a pixel, 1 or more; the pixels of a row follow each other.
  package var channels: Int
  /// Takes relu(normalised source) in place of the source, inside the image.
  package var normalization: ChannelNormalization?
  /// `WinogradPatch.scratchFloats` floats.
  package var scratch: UnsafeMutablePointer<Float>

  package init(
    source: UnsafePointer<Float>, row: Int, rows: Range<Int>, columns: Range<Int>, patches: Int,
    target: UnsafeMutablePointer<Float>, patch: Int, element: Int, channels: Int,
    normalization: ChannelNormalization?, scratch: UnsafeMutablePointer<Float>
  ) {
    self.source = source
    sourceRow = row
    self.rows = rows
    self.columns = columns
    self.patches = patches
    self.target = target
    targetPatch = patch
    targetElement = element
    self.channels = channels
    self.normalization = normalization
    self.scratch = scratch
  }
}
