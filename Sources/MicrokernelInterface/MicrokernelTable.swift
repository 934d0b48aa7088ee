/// The entry points that one build of the microkernels offers.
///
/// The same sources are compiled once for each instruction set; each build has a type that conforms to this protocol, and
/// the program picks one of them at start. Calls go through the protocol's table and are never inlined: a function inlined
/// out of an AVX-512 module would be compiled for its caller's instruction set.
///
/// What each function computes stands beside its source in `Sources/Microkernels`. Counts and strides are in elements of what a pointer points to.
package protocol MicrokernelTable: Sendable {
  typealias Floats = UnsafePointer<Float>
  typealias MutableFloats = UnsafeMutablePointer<Float>
  typealias Bytes = UnsafePointer<UInt8>
  typealias MutableBytes = UnsafeMutablePointer<UInt8>

  /// Floats in one vector.
  static var lanes: Int { get }
  /// Rows of a tile that are computed at a time.
  static var tileRows: Int { get }
  /// The most columns of a tile.
  static var tileColumns: Int { get }

  /// A tile whose depth lies along the rows of A: `aDepthStride` is 1.
  static func tileAlongRows(_ tile: Tile)
  /// A tile whose depth lies across the rows of A: `aRowStride` is 1.
  static func tileAcrossRows(_ tile: Tile)

  static func prefetchLines(_ x: Floats, _ count: Int)

  static func winogradInput(_ transform: WinogradInputTransform, _ patches: WinogradPatchRow)
  static func winograd(_ transform: WinogradTransform, _ patch: WinogradPatch)

  static func channelSums(_ x: Floats, _ rows: Int, _ channels: Int, _ sums: MutableFloats)
  static func channelSquares(
    _ x: Floats, _ center: Floats?, _ rows: Int, _ channels: Int, _ squares: MutableFloats,
    _ deviations: MutableFloats)
  static func normForward(
    _ x: Floats, _ n: ChannelNormalization, _ residual: Floats?, _ relu: Bool, _ rows: Int, _ channels: Int,
    _ y: MutableFloats, _ yStep: Int)
  static func normGradientSums(
    _ dy: Floats, _ mask: ReLUMask, _ x: Floats, _ n: ChannelNormalization, _ rows: Int, _ channels: Int,
    _ sumG: MutableFloats, _ sumGD: MutableFloats)
  static func normGradient(
    _ dy: Floats, _ mask: ReLUMask, _ x: Floats, _ n: ChannelNormalization, _ slope: Floats, _ offset: Floats,
    _ rows: Int, _ channels: Int, _ dx: MutableFloats, _ residualGradient: MutableFloats?)
  static func normPairForward(
    _ x: Floats, _ n: ChannelNormalization, _ x2: Floats, _ n2: ChannelNormalization, _ secondReLU: Bool, _ rows: Int,
    _ channels: Int, _ y: MutableFloats)
  static func normPairGradientSums(
    _ dy: Floats, _ y: Floats, _ x: Floats, _ center: Floats, _ x2: Floats, _ center2: Floats, _ rows: Int,
    _ channels: Int, _ sumG: MutableFloats, _ sumGD: MutableFloats, _ sumGD2: MutableFloats)
  static func normPairGradient(
    _ dy: Floats, _ y: Floats, _ first: NormGradient, _ second: NormGradient, _ rows: Int, _ channels: Int)

  static func maximums(_ x: Floats, _ count: Int, _ most: MutableFloats)
  static func routeToMaximum(
    _ x: Floats, _ y: Floats, _ count: Int, _ remaining: MutableFloats, _ dx: MutableFloats)

  static func exponentials(_ x: Floats, _ count: Int, _ y: MutableFloats)
  static func dotProduct(_ x: Floats, _ y: Floats, _ count: Int) -> Float
  static func addScaledRows(
    _ x: Floats, _ b: Floats, _ stride: Int, _ rows: Int, _ columns: Int, _ y: MutableFloats)
  static func scale(_ x: Floats, _ factor: Float, _ count: Int, _ y: MutableFloats)
  static func scaleAndAdd(_ a: Float, _ x: Floats, _ b: Float, _ y: MutableFloats, _ count: Int)
  static func exponentialsAndSum(_ x: Floats, _ scale: Float, _ count: Int, _ y: MutableFloats) -> (
    maximum: Float, sum: Float
  )
  static func copyStretches(
    _ x: Floats, _ xStep: Int, _ y: MutableFloats, _ yStep: Int, _ length: Int, _ count: Int)
  static func momentumStep(
    _ w: MutableFloats, _ g: Floats, _ v: MutableFloats, _ count: Int, _ rate: Float, _ momentum: Float,
    _ weightDecay: Float)

  static func blendWithValue(_ p: MutableBytes, _ count: Int, _ d: UInt8, _ factor: Float)
  static func blendWithPixels(_ p: MutableBytes, _ count: Int, _ d: Bytes, _ factor: Float)
  static func greyLevels(_ r: Bytes, _ g: Bytes, _ b: Bytes, _ count: Int, _ grey: MutableBytes)
  static func sumOfBytes(_ p: Bytes, _ count: Int) -> UInt32
  static func invertBright(_ p: MutableBytes, _ count: Int, _ threshold: Int32)
  static func turnHue(
    _ red: MutableBytes, _ green: MutableBytes, _ blue: MutableBytes, _ count: Int, _ shift: Int32)
  static func weighRows(
    _ rows: Bytes, _ stride: Int, _ weights: UnsafePointer<Int32>, _ taps: Int, _ count: Int,
    _ sums: UnsafeMutablePointer<Int32>, _ y: MutableBytes)
  static func boxFilter(
    _ x: Bytes, _ step: Int, _ count: Int, _ radius: Int, _ inner: UInt32, _ ends: UInt32,
    _ sums: UnsafeMutablePointer<UInt32>, _ y: MutableBytes)

  /// FLOPs of one step of `multiplyAddPeak`.
  static var peakFlopsPerStep: Int { get }
  static func multiplyAddPeak(_ steps: Int) -> Float
}
