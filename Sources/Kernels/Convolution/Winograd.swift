import MicrokernelInterface

/// Winograd's convolution, for 3×3 kernels: with stride 1 a quarter of the multiplications of the direct sum, with stride 2 nine of sixteen.
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
/// **Stride 2.** Along an axis, four outputs read nine inputs: taps 0 and 2 meet every other one, tap 1 those between, so that it is a sum of
/// two convolutions with stride 1 (J. Yepez and S.-B. Ko, "Stride 2 1-D, 2-D, and 3-D Winograd for Convolutional Neural Networks", IEEE
/// Transactions on VLSI Systems 28, 2020):
///
///     y[i] = g[0] · d[2i] + g[2] · d[2i + 2]     F(4, 2) at the points 0, 1, −1, 2 and ∞: 5 multiplications
///          + g[1] · d[2i + 1]                    F(4, 1) at the four finite ones:         4 multiplications
///
/// Both have the same Aᵀ, so elements at the same point are added up before it. On two axes 81 multiplications take the place of 144, and
/// an element of M sums up one product, two or four, at the points that the elements k and l of each axis stand for:
///
///     M[p, q] = Σ over k at p, l at q   V[k, l] · U[k, l]       k, l = 0 … 8; p, q = 0 … 4; k stands for point k, or k − 5 from 5 on
///
/// The input gradient is that transposed: one V of 5×5 elements meets 9×9 weights, and Aᵀ makes eight pixels of nine elements. The weight
/// gradient multiplies 9×9 elements of x with the 5×5 of dy.
///
/// The matrices stand in `Microkernels/WinogradTransforms.swift` and `WinogradStridedTransforms.swift`.
///
/// **Error.** The computed result is the exact one of factors each changed by a few roundings, so that, element by element,
///
///     |error| ≤ γ(n + 32) · |Aᵀ| [Σ (|G| |g| |Gᵀ|) ⊙ (|Bᵀ| |d| |B|)] |A|,       γ(k) = k·2⁻²⁴ / (1 − k·2⁻²⁴)
///
/// with n products a sum: the channels that are summed over, forward with stride 2 up to four times as many, and in the weight gradient the
/// tiles of the whole batch. On its longest path a line of Bᵀ takes 3 roundings, one of G 4 and one of Aᵀ 3, constants included; each applies
/// to rows and columns, and each of V, U and M is transformed once: 20, and some to spare. The sums of absolute values are larger than the
/// direct sum's, by up to the product of the matrices' norms; `WinogradTests` holds every element to this bound.
///
/// A form is what one pass takes of all this: its transforms, and how patches and tiles follow each other.
struct WinogradForm {
  /// Bᵀ of a patch, and Aᵀ of the sums of products.
  let input: WinogradInputTransform, output: WinogradTransform
  /// G of what the patch is multiplied with.
  let factor: WinogradTransform
  /// Pixels from one tile's patch to the next one's, and the pixels that a tile covers; the weight gradient's are those of dy, the factor.
  let patchStep: Int, tile: Int
  /// Elements along one axis of a transformed patch, of what is summed up, and of the products.
  let inputElements: Int, outputElements: Int, products: Int

  init(_ pass: ConvolutionPass, stride: Int) {
    switch (pass, stride) {
    case (.weightGradient, 1): (input, output, factor) = (.input, .weightGradient, .gradient)
    case (_, 1): (input, output, factor) = (.input, .output, .weights)
    case (.forward, _): (input, output, factor) = (.stridedInput, .stridedOutput, .stridedWeights)
    case (.inputGradient, _): (input, output, factor) = (.transposedInput, .transposedOutput, .stridedWeights)
    case (.weightGradient, _): (input, output, factor) = (.stridedInput, .stridedWeightGradient, .stridedGradient)
    }
    patchStep = input.step
    tile = pass == .weightGradient ? factor.inputs : output.outputs
    (inputElements, outputElements) = (input.outputs, output.inputs)
    products = max(inputElements, outputElements)
  }

  /// Which of `elements` along an axis stands for the same point as product `k`.
  static func element(_ k: Int, of elements: Int) -> Int { k < elements ? k : k - 5 }
}

/// How pixels are cut in tiles, and where the patches that these read lie.
struct WinogradTiles {
  let form: WinogradForm
  /// Positions along each axis of the side that is cut in tiles, and of the side that the patches are read from.
  let tiledHeight: Int, tiledWidth: Int
  let patchedHeight: Int, patchedWidth: Int
  /// The first tile reads the patch that starts at −padding.
  private let padding: Int

  private let down: Int, across: Int

  /// Tiles of outputs and patches of inputs; for the input gradient the other way round. With stride 2 and padding 1, its first tile reads
  /// nothing before the first output.
  init(_ s: ConvolutionShape, _ pass: ConvolutionPass) {
    form = WinogradForm(pass, stride: s.stride)
    if pass == .inputGradient {
      (tiledHeight, tiledWidth, patchedHeight, patchedWidth) = (s.height, s.width, s.outputHeight, s.outputWidth)
      padding = s.stride == 1 ? 2 - s.padding : 0
    } else {
      (tiledHeight, tiledWidth, patchedHeight, patchedWidth) = (s.outputHeight, s.outputWidth, s.height, s.width)
      padding = s.padding
    }
    down = (tiledHeight + form.tile - 1) / form.tile
    across = (tiledWidth + form.tile - 1) / form.tile
  }

  /// Tiles of one image.
  var perImage: Int { down * across }

  /// Where the patch of an image's tile `t` starts, along either axis.
  func patchStart(_ t: Int) -> Int { t * form.patchStep - padding }

  /// Calls `body` for each of some tiles of a batch: which of them it is, its image, and its row and column among the image's tiles.
  @inline(__always)
  func forEach(_ tiles: Range<Int>, _ body: (_ index: Int, _ image: Int, _ y: Int, _ x: Int) -> Void) {
    guard !tiles.isEmpty else { return }
    var image = tiles.lowerBound / perImage
    let place = tiles.lowerBound - image * perImage
    var y = place / across, x = place - y * across
    for index in 0..<tiles.count {
      body(index, image, y, x)
      x += 1
      if x < across { continue }
      (x, y) = (0, y + 1)
      if y < down { continue }
      (y, image) = (0, image + 1)
    }
  }

  /// Floats from one tile's channels to the next's: whole vectors, and from 64 channels on a cache line more.
  static func stride(_ channels: Int, lanes: Int) -> Int {
    ConvolutionShape.paddedChannels((channels + lanes - 1) / lanes * lanes)
  }

  /// Makes V[e][t, c] for the tiles: element e at `v + e · elementStride`, the first tile's channels there.
  func transformPatches(
    _ tiles: Range<Int>, of source: UnsafePointer<Float>, normalizing: InputNormalization?, channels: Int,
    into v: UnsafeMutablePointer<Float>, tileStride: Int, elementStride: Int, scratch: UnsafeMutablePointer<Float>,
    _ kernels: any MicrokernelTable.Type
  ) {
    let transform = form.input, side = transform.inputs, most = transform.mostPatches, row = patchedWidth * channels
    var first = tiles.lowerBound
    while first < tiles.upperBound {
      let image = first / perImage, place = first % perImage
      let patches = min(most, min(across - place % across, tiles.upperBound - first))
      let y = patchStart(place / across), x = patchStart(place % across)
      kernels.winogradInput(
        transform,
        WinogradPatchRow(
          source: source + (image * patchedHeight + y) * row + x * channels, row: row,
          rows: inside(y, side, patchedHeight), columns: inside(x, (patches - 1) * form.patchStep + side, patchedWidth),
          patches: patches,
          target: v + (first - tiles.lowerBound) * tileStride, patch: tileStride, element: elementStride,
          channels: channels, normalization: normalizing?[image], scratch: scratch))
      first += patches
    }
  }

  /// Which of some positions from `start` on lie in 0 ..< `size`.
  private func inside(_ start: Int, _ count: Int, _ size: Int) -> Range<Int> {
    let first = min(count, max(0, -start))
    return first..<max(first, min(count, size - start))
  }
}
