/// One two-dimensional transform of Winograd's convolution, T · d · Tᵀ, for every channel of a patch:
///
///     target[i, j, c] (+)= Σ_p Σ_q  T[i, p] · T[j, q] · source[p, q, c]              c < channels
///
///     source[p, q, c] = source[p · sourceRow + q · sourceColumn + c]   p < sourceRows, q < sourceColumns, zero elsewhere
///     target[i, j, c] = target[i · targetRow + j · targetColumn + c]   i < targetRows, j < targetColumns
///
/// All strides count floats and may be negative. What T is, `WinogradTransform` says.
package struct WinogradPatch {
  package var source: UnsafePointer<Float>
  package var sourceRow: Int
  package var sourceColumn: Int
  /// The positions of the patch that lie inside the image; nothing is read outside.
  package var sourceRows: Int
  package var sourceColumns: Int
  package var target: UnsafeMutablePointer<Float>
  package var targetRow: Int
  package var targetColumn: Int
  /// Results past these are not written: they fall outside the image.
  package var targetRows: Int
  package var targetColumns: Int
  /// 1 or more.
  package var channels: Int
  /// Whether the channels of a target position end on a whole vector, the rest of which is filled with zeros.
  package var padsChannels: Bool
  /// Adds to the target instead of replacing it.
  package var accumulate: Bool
  /// Receives the sums over what is written to the target, without `accumulate` and `padsChannels`; the outputs' transform alone looks at it.
  package var sums: ChannelSums?
  /// `scratchFloats` floats.
  package var scratch: UnsafeMutablePointer<Float>

  /// Room for 64 channels of a patch and of its results, 9 KiB each, which stay in L1; also for what `WinogradPatchRow` needs.
  package static let scratchFloats = 72 * 64

  /// A patch that lies whole inside.
  package init(
    _ transform: WinogradTransform, source: UnsafePointer<Float>, row sourceRow: Int, column sourceColumn: Int,
    target: UnsafeMutablePointer<Float>, row targetRow: Int, column targetColumn: Int, channels: Int,
    padsChannels: Bool, accumulate: Bool, scratch: UnsafeMutablePointer<Float>
  ) {
    self.source = source
    self.sourceRow = sourceRow
    self.sourceColumn = sourceColumn
    sourceRows = transform.inputs
    sourceColumns = transform.inputs
    self.target = target
    self.targetRow = targetRow
    self.targetColumn = targetColumn
    targetRows = transform.outputs
    targetColumns = transform.outputs
    self.channels = channels
    self.padsChannels = padsChannels
    self.accumulate = accumulate
    sums = nil
    self.scratch = scratch
  }
}
