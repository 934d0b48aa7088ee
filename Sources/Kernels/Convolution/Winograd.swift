import MicrokernelInterface

/// Winograd's convolution, for 3×3 kernels with stride 1: a quarter of the multiplications of the direct sum.
///
/// **One axis.** Four outputs of a kernel of three read six inputs d, and cost 12 multiplications. The six outputs of a polynomial
/// product are determined by its values at six points; at 0, 1, −1, 2, −2 and ∞ these values take only small constants. That is
/// the identity F(4, 3) (S. Winograd, "Arithmetic Complexity of Computations", 1980; A. Lavin and S. Gray, "Fast Algorithms for
/// Convolutional Neural Networks", CVPR 2016), with six multiplications:
///
///     y = Aᵀ [(G · g) ⊙ (Bᵀ · d)]                          y[4], g[3], d[6]; ⊙ multiplies element by element
///
/// **Two axes.** The same on both, F(4×4, 3×3): 36 multiplications instead of 144.
///
///     Y = Aᵀ [(G · g · Gᵀ) ⊙ (Bᵀ · d · B)] A               Y[4×4], g[3×3], d[6×6]
///
/// **Channels.** Sums over input channels are taken before Aᵀ, so that each of the 36 elements e is a matrix product over all
/// tiles t of 4×4 outputs:
///
///     M[e][t, co] = Σ_ci  V[e][t, ci] · U[e][ci, co]        V = Bᵀ d B, U = G g Gᵀ
///
/// **Gradients.** The input gradient is the same sum over dy, with weights turned by 180° and transposed (`WinogradSum`). The
/// weight gradient swaps roles: four gradients of outputs are the kernel, three weights the outputs, F(3×3, 4×4), with the same
/// points and the same Bᵀ (`WinogradWeightGradient`).
///
/// The matrices stand in `Microkernels/WinogradTransforms.swift`.
///
/// **Error.** The computed result is the exact one of factors each changed by a few roundings, so that, element by element,
///
///     |error| ≤ γ(n + 32) · |Aᵀ| [Σ (|G| |g| |Gᵀ|) ⊙ (|Bᵀ| |d| |B|)] |A|,       γ(k) = k·2⁻²⁴ / (1 − k·2⁻²⁴)
///
/// with n products a sum: no transform's line takes more than 8 roundings, each applies to rows and columns, and each of V, U and
/// M is transformed once. The sums of absolute values are larger than the direct sum's, by up to the product of the
/// matrices' norms; `WinogradTests` holds every element to this bound.
struct WinogradTiles {
  /// Elements of a transformed patch: 6×6.
  static let elements = 36

  /// Positions along each axis of the side that is cut in tiles of 4×4, and of the side that the 6×6 patches are read from.
  let tiledHeight: Int, tiledWidth: Int
  let patchedHeight: Int, patchedWidth: Int
  /// A tile that starts at y reads the patch that starts at y − padding.
  let padding: Int

  let down: Int, across: Int

  init(tiledHeight: Int, tiledWidth: Int, patchedHeight: Int, patchedWidth: Int, padding: Int) {
    (self.tiledHeight, self.tiledWidth) = (tiledHeight, tiledWidth)
    (self.patchedHeight, self.patchedWidth) = (patchedHeight, patchedWidth)
    self.padding = padding
    down = (tiledHeight + 3) / 4
    across = (tiledWidth + 3) / 4
  }

  /// Tiles of one image.
  var perImage: Int { down * across }

  /// Calls `body` for each of some tiles of a batch: which of them it is, its image, and its first row and column.
  @inline(__always)
  func forEach(_ tiles: Range<Int>, _ body: (_ index: Int, _ image: Int, _ y: Int, _ x: Int) -> Void) {
    guard !tiles.isEmpty else { return }
    var image = tiles.lowerBound / perImage
    let place = tiles.lowerBound - image * perImage
    var y = place / across, x = place - y * across
    for index in 0..<tiles.count {
      body(index, image, 4 * y, 4 * x)
      x += 1
      if x < across { continue }
      (x, y) = (0, y + 1)
      if y < down { continue }
      (y, image) = (0, image + 1)
    }
  }

  /// Floats from one tile's channels to the next's: whole vectors, at an odd number of cache lines.
  static func stride(_ channels: Int, lanes: Int) -> Int {
    ConvolutionShape.imageStride((channels + lanes - 1) / lanes * lanes)
  }

  /// Makes V[e][t, c] for the tiles: element e at `v + e · elementStride`, the first tile's channels there.
  func transformPatches(
    _ tiles: Range<Int>, of source: UnsafePointer<Float>, normalizing: InputNormalization?, channels: Int,
    into v: UnsafeMutablePointer<Float>, tileStride: Int, elementStride: Int, scratch: UnsafeMutablePointer<Float>,
    _ kernels: any MicrokernelTable.Type
  ) {
    let row = patchedWidth * channels
    var patch = WinogradPatch(
      source: source, row: row, column: channels, side: 6, target: v, row: 6 * elementStride, column: elementStride,
      side: 6, channels: channels, padsChannels: true, accumulate: false, scratch: scratch)
    forEach(tiles) { i, image, tileY, tileX in
      let y = tileY - padding, x = tileX - padding
      patch.source = source + (image * patchedHeight + y) * row + x * channels
      patch.firstRow = max(0, -y)
      patch.endRow = min(6, patchedHeight - y)
      patch.firstColumn = max(0, -x)
      patch.endColumn = min(6, patchedWidth - x)
      patch.target = v + i * tileStride
      patch.normalization = normalizing?[image]
      kernels.winogradInput(patch)
    }
  }
}
