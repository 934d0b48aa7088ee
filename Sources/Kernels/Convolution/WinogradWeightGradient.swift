import MicrokernelInterface

/// Weight gradient by Winograd's convolution; `Winograd.swift` has the formulas. A tile of 4×4 gradients of outputs
/// takes the part of the kernel:
///
///     dw = Aᵀ [Σ over tiles (G · dy · Gᵀ) ⊙ (Bᵀ · x · B)] A
///
/// With few channels, each core keeps to itself:
///
///     for each task: a part of the tiles                            spread over the cores
///       for each stretch of the part
///         transform x: V[e][tile][ci], and dy: Z[e][tile][co]       in L2
///         for each element e: S[part][e][ci, co] += V[e]ᵀ · Z[e]    sums in registers, then in L2
///           ask memory for a part of the next stretch
///     S = the sum of all parts                                      in a fixed order
///     dw (+)= Aᵀ S A
///
/// With many, a core's own S would leave its caches for every stretch; then all cores work on one:
///
///     for each stretch of tiles
///       transform x: V[e][tile][ci], and dy: Z[e][tile][co]         spread over the cores, in L3
///       for each element e                                          spread over the cores
///         S[e][ci, co] += V[e]ᵀ · Z[e]                              sums in registers, then in memory
///     dw (+)= Aᵀ S A
///
/// There half of what a core multiplies comes from another one, which is slow where the two don't share an L3: 64 channels on 32×32 pixels
/// took 16 ms on two cores that do, and 45 ms on two that don't; when each keeps to itself, 17 and 19 ms.
///
/// Parts and stretches depend on the shape alone, and each S is added up by one core at a time, stretch by stretch, so results have
/// the same bits for any number of threads.
final class WinogradWeightGradient: WeightGradientSum {
  private let shape: ConvolutionShape
  private let tiles: WinogradTiles
  private var form: WinogradForm { tiles.form }

  /// - Parameter s: 3×3.
  init(_ s: ConvolutionShape) {
    shape = s
    tiles = WinogradTiles(s, .weightGradient)
  }

  func run(
    on engine: Engine, x: UnsafePointer<Float>, normalizing: InputNormalization?, dy: UnsafePointer<Float>,
    dw: UnsafeMutablePointer<Float>, count: Int, accumulate: Bool
  ) {
    let plan = Plan(self, count: count, lanes: engine.kernels.lanes)
    let operands = WeightGradientOperands(x: x, normalizing: normalizing, dy: dy)
    let sums = plan.parts > 0 ? addParts(on: engine, plan, operands) : addStretches(on: engine, plan, operands)
    transform(sums, plan, into: dw, accumulate: accumulate, on: engine)
  }

  /// The scratch memory of a whole batch: what all cores share, and what each has for itself, in floats.
  ///
  /// - Parameter lanes: floats of a vector.
  func scratchFloats(lanes: Int) -> (shared: Int, perCore: Int) {
    let plan = Plan(self, count: shape.batch, lanes: lanes)
    return plan.parts > 0
      ? (plan.parts * plan.sumFloats + bOverread, plan.ownFloats) : (plan.sharedFloats, WinogradPatch.scratchFloats)
  }

  /// S, part by part; V and Z are the cores' own.
  private func addParts(on engine: Engine, _ plan: Plan, _ operands: WeightGradientOperands) -> UnsafePointer<Float> {
    let kernels = engine.kernels
    let sums = WeightGradientParts(
      segments: 1, segmentFloats: plan.sumFloats, segmentStride: plan.sumFloats, parts: plan.parts, on: engine)
    engine.reserveWorkerScratch(plan.ownFloats)
    engine.sweep(plan.parts, flops: plan.flops(plan.tileCount)) { part, worker in
      let scratch = engine.workerScratch(worker)
      let v = scratch + WinogradPatch.scratchFloats, z = v + plan.vFloats
      let tiles = part * plan.tileCount / plan.parts..<(part + 1) * plan.tileCount / plan.parts
      WinogradPrefetch.withRoom(for: plan.stretchTiles, form) { ahead in
        var first = tiles.lowerBound
        repeat {
          let stretch = first..<min(tiles.upperBound, first + plan.stretchTiles)
          transform(stretch, plan, operands, v: v, z: z, scratch: scratch, kernels)
          let next = stretch.upperBound..<min(tiles.upperBound, stretch.upperBound + plan.stretchTiles)
          ahead.removeAll()
          ahead.addPatches(next, self.tiles, operands.x, channels: shape.inputChannels)
          ahead.addTiles(next, self.tiles, operands.dy, channels: shape.outputChannels)
          for e in 0..<plan.elements {
            ahead.ask(e, of: plan.elements, kernels)
            multiply(
              e, stretch.count, plan, v, z, into: sums.partial(part), accumulate: first > tiles.lowerBound, kernels)
          }
          first = stretch.upperBound
        } while first < tiles.upperBound
      }
    }
    return UnsafePointer(sums.addUp(on: engine))
  }

  /// S, stretch by stretch, by all cores together.
  private func addStretches(on engine: Engine, _ plan: Plan, _ operands: WeightGradientOperands) -> UnsafePointer<Float>
  {
    let kernels = engine.kernels
    let v = engine.sharedScratch(plan.sharedFloats)
    let z = v + plan.vFloats, sums = z + plan.zFloats
    engine.reserveWorkerScratch(WinogradPatch.scratchFloats)
    var first = 0
    repeat {
      let stretch = first..<min(plan.tileCount, first + plan.stretchTiles)
      let pieces = (stretch.count + 15) / 16
      engine.run(pieces, flops: 400 * stretch.count * (shape.inputChannels + shape.outputChannels)) { task, worker in
        let from = task * stretch.count / pieces, to = (task + 1) * stretch.count / pieces
        transform(
          first + from..<first + to, plan, operands, v: v + from * plan.vStride, z: z + from * plan.zStride,
          scratch: engine.workerScratch(worker), kernels)
      }
      engine.run(plan.elements, flops: plan.flops(stretch.count)) { e, _ in
        multiply(e, stretch.count, plan, v, z, into: sums, accumulate: first > 0, kernels)
      }
      first = stretch.upperBound
    } while first < plan.tileCount
    engine.sweptForwards()
    return UnsafePointer(sums)
  }

  private struct Plan {
    let tileCount: Int
    /// Parts of the tiles whose sums are apart, or 0 for one sum by all cores.
    let parts: Int
    let stretchTiles: Int
    private let tileFlops: Int
    /// Floats from tile to tile and element to element of V and Z, and from row to row and element to element of the sums.
    let vStride: Int, vElement: Int
    let zStride: Int, zElement: Int
    let sumStride: Int, sumElement: Int
    /// Elements of V and S, and of Z.
    let elements: Int
    private let factorElements: Int

    init(_ g: WinogradWeightGradient, count: Int, lanes: Int) {
      let s = g.shape
      tileCount = count * g.tiles.perImage
      vStride = WinogradTiles.stride(s.inputChannels, lanes: lanes)
      zStride = WinogradTiles.stride(s.outputChannels, lanes: lanes)
      sumStride = (s.outputChannels + lanes - 1) / lanes * lanes
      sumElement = s.inputChannels * sumStride + 16
      elements = g.form.products * g.form.products
      factorElements = g.form.factor.outputs * g.form.factor.outputs
      tileFlops = 2 * elements * s.inputChannels * s.outputChannels
      let sumFloats = elements * sumElement
      if sumFloats <= Self.ownSumFloats {
        let most = min(min(Self.mostParts, Self.partFloats / sumFloats), tileCount / Self.fewestTiles)
        // A power of two, so that they are shared out evenly between as many cores.
        var power = 1
        while 2 * power <= most { power *= 2 }
        parts = power
        stretchTiles = min(Self.ownStretchTiles, (tileCount + parts - 1) / parts)
      } else {
        parts = 0
        let fitting = Self.stretchFloats / (elements * vStride + factorElements * zStride)
        let most = max(Self.fewestTiles, fitting)
        let stretches = max(1, (tileCount + most - 1) / most)
        stretchTiles = max(1, (tileCount + stretches - 1) / stretches)
      }
      vElement = stretchTiles * vStride + 16
      zElement = stretchTiles * zStride + 16
    }

    /// S with which a core keeps to itself, up to 128 × 128 channels with stride 1; all parts of it; and the tiles between reading and
    /// writing it: V and Z are 220 kB for 16 channels, 2 MB for 128.
    private static let ownSumFloats = 700_000
    private static let partFloats = 5_400_000
    private static let mostParts = 16
    private static let ownStretchTiles = 48
    /// V and Z of a stretch by all cores: 8 MiB, a part of an L3. Half and double of that were slower.
    private static let stretchFloats = 2 << 20
    /// With fewer tiles in a stretch by all, the sums (36 MiB for 512 × 512 channels) would come and go more often than pays; with fewer
    /// in a part, adding up the parts would cost too much.
    private static let fewestTiles = 128

    var vFloats: Int { elements * vElement }
    var zFloats: Int { factorElements * zElement }
    var sumFloats: Int { elements * sumElement }
    /// What a core needs that keeps to itself, and what all share that work together.
    var ownFloats: Int { WinogradPatch.scratchFloats + vFloats + zFloats + bOverread }
    var sharedFloats: Int { vFloats + zFloats + sumFloats + bOverread }

    /// Multiplications and additions of some tiles.
    func flops(_ tiles: Int) -> Int { tiles * tileFlops }
  }

  /// V = Bᵀ · x · B and Z = G · dy · Gᵀ of some tiles, the first one's channels at `v` and `z`.
  private func transform(
    _ piece: Range<Int>, _ plan: Plan, _ operands: WeightGradientOperands, v: UnsafeMutablePointer<Float>,
    z: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>, _ kernels: any MicrokernelTable.Type
  ) {
    tiles.transformPatches(
      piece, of: operands.x, normalizing: operands.normalizing, channels: shape.inputChannels, into: v,
      tileStride: plan.vStride, elementStride: plan.vElement, scratch: scratch, kernels)
    transform(operands.dy, piece, plan, into: z, scratch: scratch, kernels)
  }

  /// Z[e][t, co] = G · dy · Gᵀ for the tiles, the first one's channels at `z`.
  private func transform(
    _ dy: UnsafePointer<Float>, _ piece: Range<Int>, _ plan: Plan, into z: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, _ kernels: any MicrokernelTable.Type
  ) {
    let channels = shape.outputChannels, row = shape.outputWidth * channels, transform = form.factor
    var patch = WinogradPatch(
      transform, source: dy, row: row, column: channels, target: z, row: transform.outputs * plan.zElement,
      column: plan.zElement, channels: channels, padsChannels: true, accumulate: false, scratch: scratch)
    tiles.forEach(piece) { i, image, y, x in
      let y = form.tile * y, x = form.tile * x
      patch.source = dy + (image * shape.outputHeight + y) * row + x * channels
      patch.sourceRows = min(form.tile, shape.outputHeight - y)
      patch.sourceColumns = min(form.tile, shape.outputWidth - x)
      patch.target = z + i * plan.zStride
      kernels.winograd(transform, patch)
    }
  }

  /// S[e] (+)= V[e]ᵀ · Z[e], where Z has an element for each point and V, with stride 2, can have two along an axis.
  private func multiply(
    _ e: Int, _ tileCount: Int, _ plan: Plan, _ v: UnsafePointer<Float>, _ z: UnsafePointer<Float>,
    into sums: UnsafeMutablePointer<Float>, accumulate: Bool, _ kernels: any MicrokernelTable.Type
  ) {
    let side = form.products, factors = form.factor.outputs
    let factor = WinogradForm.element(e / side, of: factors) * factors + WinogradForm.element(e % side, of: factors)
    func multiplyPanels(from column: Int, columns: Int, count: Int) {
      kernels.tileAcrossRows(
        Tile(
          a: v + e * plan.vElement, aRowStride: 1, aDepthStride: plan.vStride, b: z + factor * plan.zElement + column,
          bDepthStride: plan.zStride, c: sums + e * plan.sumElement + column, cRowStride: plan.sumStride,
          rows: shape.inputChannels, columns: columns, panels: count, bPanelStride: columns, depth: tileCount,
          accumulate: accumulate))
    }
    let width = kernels.tileColumns, whole = shape.outputChannels / width, end = whole * width
    if whole > 0 { multiplyPanels(from: 0, columns: width, count: whole) }
    if end < shape.outputChannels { multiplyPanels(from: end, columns: min(width, plan.sumStride - end), count: 1) }
  }

  /// dw (+)= Aᵀ S A.
  private func transform(
    _ sums: UnsafePointer<Float>, _ plan: Plan, into dw: UnsafeMutablePointer<Float>, accumulate: Bool,
    on engine: Engine
  ) {
    let channels = shape.outputChannels, tap = shape.inputChannels * channels
    let kernels = engine.kernels, transform = form.output
    engine.run((shape.inputChannels + 15) / 16, flops: 200 * tap) { task, worker in
      for ci in task * 16..<min(shape.inputChannels, (task + 1) * 16) {
        kernels.winograd(
          transform,
          WinogradPatch(
            transform, source: sums + ci * plan.sumStride, row: transform.inputs * plan.sumElement,
            column: plan.sumElement, target: dw + ci * channels, row: 3 * tap, column: tap, channels: channels,
            padsChannels: false, accumulate: accumulate, scratch: engine.workerScratch(worker)))
      }
    }
  }
}
