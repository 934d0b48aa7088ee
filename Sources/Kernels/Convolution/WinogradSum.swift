import Basics
import MicrokernelInterface

/// Forward and input gradient by Winograd's convolution, `Winograd.swift` has the formulas. Both are one sum: forward reads x with the weights as
/// they are; the input gradient reads dy with the weights turned by 180° and transposed, from patches that start
/// 2 − padding before their tile.
///
///     transform the weights: U[e], packed in panels                                       once, read by all cores
///     for each task: a block of tiles                                                     spread over the cores
///       transform its patches: V[e][tile][source channel]                                 in L2
///       for each element e, panel of target channels, `tileRows` tiles:                   in registers
///         M[e][tile][target channel] = V[e] · U[e]                                        in L2
///       transform M to pixels of the target
package final class WinogradSum {
  private let tiles: WinogradTiles
  private let sourceChannels: Int
  private let targetChannels: Int
  private let transposesWeights: Bool

  /// Forward of `shape`, which is 3×3 with stride 1.
  package init(forward s: ConvolutionShape) {
    tiles = WinogradTiles(
      tiledHeight: s.outputHeight, tiledWidth: s.outputWidth, patchedHeight: s.height, patchedWidth: s.width,
      padding: s.padding)
    (sourceChannels, targetChannels) = (s.inputChannels, s.outputChannels)
    transposesWeights = false
  }

  /// Input gradient of `shape`, which is 3×3 with stride 1.
  package init(inputGradient s: ConvolutionShape) {
    tiles = WinogradTiles(
      tiledHeight: s.height, tiledWidth: s.width, patchedHeight: s.outputHeight, patchedWidth: s.outputWidth,
      padding: 2 - s.padding)
    (sourceChannels, targetChannels) = (s.outputChannels, s.inputChannels)
    transposesWeights = true
  }

  /// Computes the targets of the first `count` images of the batch.
  ///
  /// - Parameter accumulate: adds to the target instead of replacing it.
  package func run(
    on engine: Engine, source: UnsafePointer<Float>, weights: UnsafePointer<Float>,
    target: UnsafeMutablePointer<Float>, count: Int, accumulate: Bool
  ) {
    let kernels = engine.kernels
    let plan = Plan(self, count: count, kernels: kernels)
    let u = engine.sharedScratch(WinogradTiles.elements * plan.weightElement + bOverread)
    engine.reserveWorkerScratch(plan.workerFloats)
    transform(weights, plan, into: u, on: engine)
    engine.run(plan.blocks, flops: plan.flops) { task, worker in
      let scratch = engine.workerScratch(worker)
      let v = scratch + WinogradPatch.scratchFloats, m = v + plan.vFloats
      let block = task * plan.blockTiles..<min(plan.tileCount, (task + 1) * plan.blockTiles)
      tiles.transformPatches(
        block, of: source, channels: sourceChannels, into: v, tileStride: plan.vStride, elementStride: plan.vElement,
        scratch: scratch, kernels)
      multiply(block.count, plan, v, u, m, kernels)
      transform(m, plan, block, into: target, accumulate: accumulate, scratch: scratch, kernels)
    }
  }

  /// How the work is cut, and where its parts lie; a function of the sizes alone.
  private struct Plan {
    let panels: PackedPanels
    let tileCount: Int
    let blockTiles: Int
    let blocks: Int
    let flops: Int
    /// Floats from one element to the next of U, V and M, and from one tile to the next. A line more than the data keeps
    /// elements from meeting in the same lines of the caches.
    let weightElement: Int
    let vStride: Int, vElement: Int
    let mStride: Int, mElement: Int

    init(_ w: WinogradSum, count: Int, kernels: any MicrokernelTable.Type) {
      panels = PackedPanels(depth: w.sourceChannels, columns: w.targetChannels, kernels: kernels)
      tileCount = count * w.tiles.perImage
      blockTiles = 24
      blocks = (tileCount + blockTiles - 1) / blockTiles
      flops = 2 * WinogradTiles.elements * tileCount * w.sourceChannels * w.targetChannels
      weightElement = panels.floats + 16
      vStride = WinogradTiles.stride(w.sourceChannels, lanes: kernels.lanes)
      mStride = WinogradTiles.stride(w.targetChannels, lanes: kernels.lanes)
      vElement = blockTiles * vStride + 16
      mElement = blockTiles * mStride + 16
    }

    var vFloats: Int { WinogradTiles.elements * vElement }
    var workerFloats: Int { WinogradPatch.scratchFloats + vFloats + WinogradTiles.elements * mElement }
  }

  /// U[e] = G g Gᵀ for every pair of channels, in panels [source channel][target channel].
  private func transform(
    _ weights: UnsafePointer<Float>, _ plan: Plan, into u: UnsafeMutablePointer<Float>, on engine: Engine
  ) {
    let panels = plan.panels, kernels = engine.kernels
    // Rows of source channels that a task takes, and transposes together.
    let rows = 16
    let pairs = sourceChannels * targetChannels
    let gathered = WinogradPatch.scratchFloats
    engine.reserveWorkerScratch(gathered + 9 * rows * panels.tileColumns)
    engine.run((sourceChannels + rows - 1) / rows, flops: 200 * pairs) { task, worker in
      let scratch = engine.workerScratch(worker)
      let channels = task * rows..<min(sourceChannels, (task + 1) * rows)
      for p in 0..<panels.count {
        let width = panels.width(p), columns = panels.columns(of: p), column = p * panels.tileColumns
        if transposesWeights {
          gather(weights, channels, column..<column + columns, into: scratch + gathered, width: panels.tileColumns)
        }
        for c in channels {
          // Turned by 180°, the taps run backwards.
          let from =
            transposesWeights
            ? scratch + gathered + (8 * rows + c - channels.lowerBound) * panels.tileColumns
            : UnsafeMutablePointer(mutating: weights) + c * targetChannels + column
          let tap = transposesWeights ? -rows * panels.tileColumns : pairs
          kernels.winogradWeights(
            WinogradPatch(
              source: from, row: 3 * tap, column: tap, side: 3, target: u + panels.offset(p) + c * width,
              row: 6 * plan.weightElement, column: plan.weightElement, side: 6, channels: columns, padsChannels: true,
              accumulate: false, scratch: scratch))
        }
      }
    }
  }

  /// Copies weights [tap][in][out] of a few outputs (`channels`) and inputs (`columns`) to [tap][16 channels][columns].
  private func gather(
    _ weights: UnsafePointer<Float>, _ channels: Range<Int>, _ columns: Range<Int>,
    into to: UnsafeMutablePointer<Float>, width: Int
  ) {
    for tap in 0..<9 {
      var j = 0
      while j < columns.count {
        let from = weights + (tap * targetChannels + columns.lowerBound + j) * sourceChannels + channels.lowerBound
        let column = to + tap * 16 * width + j
        var c = 0
        while c < channels.count {
          column[c * width] = from[c]
          c += 1
        }
        j += 1
      }
    }
  }

  /// M[e] = V[e] · U[e] for all elements.
  private func multiply(
    _ tileCount: Int, _ plan: Plan, _ v: UnsafePointer<Float>, _ u: UnsafePointer<Float>,
    _ m: UnsafeMutablePointer<Float>, _ kernels: any MicrokernelTable.Type
  ) {
    let panels = plan.panels, tileRows = kernels.tileRows
    var run = Tile.Run(a: 0, b: 0)
    withUnsafePointer(to: &run) { run in
      for e in 0..<WinogradTiles.elements {
        for p in 0..<panels.count {
          let width = panels.width(p)
          var i = 0
          while i < tileCount {
            kernels.tileAlongRows(
              Tile(
                a: v + e * plan.vElement + i * plan.vStride, aRowStride: plan.vStride, aDepthStride: 1,
                b: u + e * plan.weightElement + panels.offset(p), bDepthStride: width,
                c: m + e * plan.mElement + i * plan.mStride + p * panels.tileColumns, cRowStride: plan.mStride,
                rows: min(tileRows, tileCount - i), columns: width, runs: run, runCount: 1, depth: sourceChannels,
                accumulate: false))
            i += tileRows
          }
        }
      }
    }
  }

  /// Y = Aᵀ M A, as far as it lies inside the target.
  private func transform(
    _ m: UnsafePointer<Float>, _ plan: Plan, _ block: Range<Int>, into target: UnsafeMutablePointer<Float>,
    accumulate: Bool, scratch: UnsafeMutablePointer<Float>, _ kernels: any MicrokernelTable.Type
  ) {
    let row = tiles.tiledWidth * targetChannels
    var patch = WinogradPatch(
      source: m, row: 6 * plan.mElement, column: plan.mElement, side: 6, target: target, row: row,
      column: targetChannels, side: 4, channels: targetChannels, padsChannels: false, accumulate: accumulate,
      scratch: scratch)
    for (i, t) in block.enumerated() {
      let (image, y, x) = tiles.place(t)
      patch.source = m + i * plan.mStride
      patch.target = target + (image * tiles.tiledHeight + y) * row + x * targetChannels
      patch.targetRows = min(4, tiles.tiledHeight - y)
      patch.targetColumns = min(4, tiles.tiledWidth - x)
      kernels.winogradOutput(patch)
    }
  }
}
