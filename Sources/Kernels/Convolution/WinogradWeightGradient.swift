import Basics
import MicrokernelInterface

/// Weight gradient by Winograd's convolution, F(3×3, 4×4); `Winograd.swift` has the formulas. A tile of 4×4 gradients of outputs
/// takes the part of the kernel:
///
///     dw = Aᵀ [Σ over tiles (G · dy · Gᵀ) ⊙ (Bᵀ · x · B)] A
///
///     for each stretch of tiles
///       transform x: V[e][tile][ci], and dy: Z[e][tile][co]         spread over the cores, in L3
///       for each element e                                          spread over the cores
///         S[e][ci, co] += V[e]ᵀ · Z[e]                              sums in registers, then in memory
///     dw (+)= Aᵀ S A
///
/// Each S is added up by one core at a time, stretch by stretch, so results have the same bits for any number of threads.
package final class WinogradWeightGradient {
  private let shape: ConvolutionShape
  private let tiles: WinogradTiles

  /// - Parameter s: 3×3 with stride 1.
  package init(_ s: ConvolutionShape) {
    shape = s
    tiles = WinogradTiles(
      tiledHeight: s.outputHeight, tiledWidth: s.outputWidth, patchedHeight: s.height, patchedWidth: s.width,
      padding: s.padding)
  }

  /// Computes dw over the first `count` images of the batch.
  ///
  /// - Parameters:
  ///   - normalizing: what is put before x, or nil.
  ///   - accumulate: adds to dw instead of replacing it.
  package func run(
    on engine: Engine, x: UnsafePointer<Float>, normalizing: InputNormalization? = nil, dy: UnsafePointer<Float>,
    dw: UnsafeMutablePointer<Float>, count: Int,
    accumulate: Bool
  ) {
    let kernels = engine.kernels
    let plan = Plan(self, count: count, kernels: kernels)
    let v = engine.sharedScratch(plan.floats)
    let z = v + plan.vFloats, sums = z + plan.zFloats
    engine.reserveWorkerScratch(WinogradPatch.scratchFloats)
    var first = 0
    repeat {
      let stretch = first..<min(plan.tileCount, first + plan.stretchTiles)
      let pieces = (stretch.count + 15) / 16
      engine.run(pieces, flops: 400 * stretch.count * (shape.inputChannels + shape.outputChannels)) { task, worker in
        let from = task * stretch.count / pieces, to = (task + 1) * stretch.count / pieces
        let piece = stretch.lowerBound + from..<stretch.lowerBound + to
        let scratch = engine.workerScratch(worker)
        tiles.transformPatches(
          piece, of: x, normalizing: normalizing, channels: shape.inputChannels, into: v + from * plan.vStride,
          tileStride: plan.vStride,
          elementStride: plan.vElement, scratch: scratch, kernels)
        transform(dy, piece, plan, into: z + from * plan.zStride, scratch: scratch, kernels)
      }
      let flops = 2 * WinogradTiles.elements * stretch.count * shape.inputChannels * shape.outputChannels
      engine.run(WinogradTiles.elements, flops: flops) { e, _ in
        multiply(e, stretch.count, plan, v, z, into: sums, accumulate: first > 0, kernels)
      }
      first = stretch.upperBound
    } while first < plan.tileCount
    engine.sweptForwards()
    transform(sums, plan, into: dw, accumulate: accumulate, on: engine)
  }

  private struct Plan {
    let tileCount: Int
    let stretchTiles: Int
    /// Floats from tile to tile and element to element of V and Z, and from row to row and element to element of the sums.
    let vStride: Int, vElement: Int
    let zStride: Int, zElement: Int
    let sumStride: Int, sumElement: Int
    let panelCount: Int

    init(_ g: WinogradWeightGradient, count: Int, kernels: any MicrokernelTable.Type) {
      let s = g.shape
      tileCount = count * g.tiles.perImage
      vStride = WinogradTiles.stride(s.inputChannels, lanes: kernels.lanes)
      zStride = WinogradTiles.stride(s.outputChannels, lanes: kernels.lanes)
      let fitting = Self.stretchFloats / (WinogradTiles.elements * (vStride + zStride))
      let most = max(Self.fewestTiles, fitting)
      let stretches = max(1, (tileCount + most - 1) / most)
      stretchTiles = max(1, (tileCount + stretches - 1) / stretches)
      vElement = stretchTiles * vStride + 16
      zElement = stretchTiles * zStride + 16
      sumStride = (s.outputChannels + kernels.lanes - 1) / kernels.lanes * kernels.lanes
      sumElement = s.inputChannels * sumStride + 16
      panelCount = (s.outputChannels + kernels.tileColumns - 1) / kernels.tileColumns
    }

    /// V and Z of a stretch: 8 MiB, a part of an L3. Half and double of that were slower.
    private static let stretchFloats = 2 << 20
    /// With fewer tiles in a stretch, the sums (36 MiB for 512 × 512 channels) would come and go more often than pays.
    private static let fewestTiles = 128

    var vFloats: Int { WinogradTiles.elements * vElement }
    var zFloats: Int { WinogradTiles.elements * zElement }
    var floats: Int { vFloats + zFloats + WinogradTiles.elements * sumElement + bOverread }
  }

  /// Z[e][t, co] = G · dy · Gᵀ for the tiles, the first one's channels at `z`.
  private func transform(
    _ dy: UnsafePointer<Float>, _ piece: Range<Int>, _ plan: Plan, into z: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, _ kernels: any MicrokernelTable.Type
  ) {
    let channels = shape.outputChannels, row = shape.outputWidth * channels
    var patch = WinogradPatch(
      source: dy, row: row, column: channels, side: 4, target: z, row: 6 * plan.zElement, column: plan.zElement,
      side: 6, channels: channels, padsChannels: true, accumulate: false, scratch: scratch)
    for (i, t) in piece.enumerated() {
      let (image, y, x) = tiles.place(t)
      patch.source = dy + (image * shape.outputHeight + y) * row + x * channels
      patch.endRow = min(4, shape.outputHeight - y)
      patch.endColumn = min(4, shape.outputWidth - x)
      patch.target = z + i * plan.zStride
      kernels.winogradGradient(patch)
    }
  }

  /// S[e] (+)= V[e]ᵀ · Z[e].
  private func multiply(
    _ e: Int, _ tileCount: Int, _ plan: Plan, _ v: UnsafePointer<Float>, _ z: UnsafePointer<Float>,
    into sums: UnsafeMutablePointer<Float>, accumulate: Bool, _ kernels: any MicrokernelTable.Type
  ) {
    var run = Tile.Run(a: 0, b: 0)
    withUnsafePointer(to: &run) { run in
      for p in 0..<plan.panelCount {
        let column = p * kernels.tileColumns
        var ci = 0
        while ci < shape.inputChannels {
          let rows = WeightGradient.tileRows(left: shape.inputChannels - ci, most: kernels.tileRows)
          kernels.tileAcrossRows(
            Tile(
              a: v + e * plan.vElement + ci, aRowStride: 1, aDepthStride: plan.vStride,
              b: z + e * plan.zElement + column, bDepthStride: plan.zStride,
              c: sums + e * plan.sumElement + ci * plan.sumStride + column, cRowStride: plan.sumStride, rows: rows,
              columns: min(kernels.tileColumns, plan.sumStride - column), runs: run, runCount: 1, depth: tileCount,
              accumulate: accumulate))
          ci += rows
        }
      }
    }
  }

  /// dw (+)= Aᵀ S A.
  private func transform(
    _ sums: UnsafePointer<Float>, _ plan: Plan, into dw: UnsafeMutablePointer<Float>, accumulate: Bool,
    on engine: Engine
  ) {
    let channels = shape.outputChannels, tap = shape.inputChannels * channels
    let kernels = engine.kernels
    engine.run((shape.inputChannels + 15) / 16, flops: 200 * tap) { task, worker in
      for ci in task * 16..<min(shape.inputChannels, (task + 1) * 16) {
        kernels.winogradWeightGradient(
          WinogradPatch(
            source: sums + ci * plan.sumStride, row: 6 * plan.sumElement, column: plan.sumElement, side: 6,
            target: dw + ci * channels, row: 3 * tap, column: tap, side: 3, channels: channels, padsChannels: false,
            accumulate: accumulate, scratch: engine.workerScratch(worker)))
      }
    }
  }
}
