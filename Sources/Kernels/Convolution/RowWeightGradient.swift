import Basics
import MicrokernelInterface

/// Weight gradient along rows: the sum of `WeightGradient` for images whose rows are long enough to be a sum of their own.
///
/// With channels innermost and zeros around the row (`PaddedRow`), the pixels that a row of the kernel covers are one stretch of memory:
/// the rows of dw that belong to it, kernel · channels of them, are as many neighbours, whatever the number of channels.
///
///     dw[ky][(kx, ci), co] = Σ over n, oy, ox   xrow[n, oy·stride − padding + ky][ox·stride·channels + (kx, ci)] · dy[n, oy, ox, co]
///
///     for each task: a part of the images × a group of output panels             spread over the cores
///       for each block of images × band of output rows of the part
///         copy the band's rows of x, padded                                      in L2
///         for each ky, tile of rows of dw, panel of output channels:
///           add the tile over the block's rows, each of them one run             sums in registers
///     add the parts' results                                                     in a fixed order
///
/// dy is read where it lies, unless its channels end within a vector. The parts depend on the shape alone, so results have the same
/// bits for any number of threads. Cost: FLOPs of all taps but those above and below the image.
package final class RowWeightGradient {
  private let shape: ConvolutionShape
  private let row: PaddedRow
  /// Rows of dw for each row of the kernel: those that there are, and as many as the tiles compute.
  private let rows: Int
  private let tiledRows: Int

  package init(_ s: ConvolutionShape) {
    shape = s
    row = PaddedRow(
      width: s.width, positions: -s.padding..<max(0, s.outputWidth - 1) * s.stride - s.padding + s.kernel,
      step: s.kernel == 1 ? s.stride : 1, channels: s.inputChannels)
    rows = s.kernel * s.inputChannels
    // A few rows more make a tile of a shape that there is; they read the next pixel, and nobody reads them.
    tiledRows = (rows + 3) / 4 * 4
  }

  /// Computes dw over the first `count` images of the batch.
  ///
  /// - Parameters:
  ///   - normalizing: what is put before x, or nil.
  ///   - accumulate: adds to dw instead of replacing it.
  package func run(
    on engine: Engine, x: UnsafePointer<Float>, normalizing: InputNormalization? = nil, dy: UnsafePointer<Float>,
    dw: UnsafeMutablePointer<Float>, count: Int, accumulate: Bool
  ) {
    let kernels = engine.kernels, plan = Plan(self, count: count, kernels: kernels)
    let sums = WeightGradientParts(
      segments: shape.kernel, segmentFloats: rows * shape.outputChannels,
      segmentStride: tiledRows * shape.outputChannels, parts: plan.parts, on: engine)
    engine.reserveWorkerScratch(plan.workerFloats)
    engine.sweep(plan.parts * plan.groups, flops: plan.flops) { task, worker in
      let part = task % plan.parts, group = task / plan.parts
      let panels = group * plan.panelCount / plan.groups..<(group + 1) * plan.panelCount / plan.groups
      let columns =
        panels.lowerBound * kernels.tileColumns..<min(panels.upperBound * kernels.tileColumns, shape.outputChannels)
      let partial = sums.partial(part)
      for row in 0..<shape.kernel * tiledRows {
        (partial + row * shape.outputChannels + columns.lowerBound).update(repeating: 0, count: columns.count)
      }
      for block in part * plan.blocks / plan.parts..<(part + 1) * plan.blocks / plan.parts {
        addBlock(
          block, plan, panels, Operands(x: x, normalizing: normalizing, dy: dy, count: count), into: partial,
          scratch: engine.workerScratch(worker), kernels)
      }
    }
    sums.add(into: dw, accumulate: accumulate, on: engine)
  }

  private struct Operands {
    let x: UnsafePointer<Float>
    let normalizing: InputNormalization?
    let dy: UnsafePointer<Float>
    let count: Int
  }

  /// How the pixels are cut: blocks of images × bands of output rows, dealt to parts.
  private struct Plan {
    let flops: Int
    let images: Int
    let bandRows: Int
    let bands: Int
    let blocks: Int
    let parts: Int
    let panelCount: Int
    let groups: Int
    /// Whether dy is copied, as reading whole vectors of it would pass its end.
    let copiesOutputs: Bool
    /// Rows of x of a band, at most.
    let inputRows: Int
    let runFloats: Int, xFloats: Int, yFloats: Int

    /// x and dy of a block should leave half of a 1 MiB L2 to the sums.
    private static let blockBytes = 500_000
    private static let partBytes = 8_000_000
    private static let mostParts = 16

    init(_ g: RowWeightGradient, count: Int, kernels: any MicrokernelTable.Type) {
      let s = g.shape
      flops = 2 * count * s.outputHeight * s.outputWidth * s.weightCount
      copiesOutputs = s.outputChannels % kernels.lanes != 0
      let xRow = 4 * g.row.floats, yRow = 4 * s.outputWidth * s.outputChannels
      let fitting = max(1, (Self.blockBytes - s.kernel * xRow) / max(1, s.stride * xRow + yRow))
      bands = max(1, (s.outputHeight + fitting - 1) / fitting)
      bandRows = max(1, (s.outputHeight + bands - 1) / bands)
      // Small images go together, as long as there are blocks for all parts.
      let together = min(fitting / max(1, s.outputHeight), count / Self.mostParts)
      images = bands > 1 ? 1 : max(1, together)
      blocks = (count + images - 1) / images * bands
      let wantedTasks = max(1, min(Self.mostParts, flops / 4_000_000))
      parts = max(1, min(blocks, min(wantedTasks, Self.partBytes / (4 * s.weightCount) + 2)))
      panelCount = (s.outputChannels + kernels.tileColumns - 1) / kernels.tileColumns
      groups = max(1, min(panelCount, wantedTasks / parts))
      inputRows = min(s.height, (bandRows - 1) * s.stride + s.kernel)
      runFloats = (images * bandRows * MemoryLayout<Tile.Run>.stride + 3) / 4
      xFloats = images * inputRows * g.row.floats
      yFloats = copiesOutputs ? images * bandRows * s.outputWidth * s.outputChannels : 0
    }

    var workerFloats: Int { runFloats + xFloats + yFloats + 2 * bOverread }
  }

  private func addBlock(
    _ block: Int, _ plan: Plan, _ panels: Range<Int>, _ operands: Operands, into sums: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, _ kernels: any MicrokernelTable.Type
  ) {
    let s = shape
    let first = block / plan.bands * plan.images, band = block % plan.bands
    let images = first..<min(operands.count, first + plan.images)
    let outputs = band * plan.bandRows..<min(s.outputHeight, (band + 1) * plan.bandRows)
    let firstInput = max(0, outputs.lowerBound * s.stride - s.padding)
    let lastInput = min(s.height, (outputs.upperBound - 1) * s.stride - s.padding + s.kernel)
    guard !outputs.isEmpty, firstInput < lastInput else { return }
    let runs = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: Tile.Run.self)
    let xCopy = scratch + plan.runFloats, yCopy = xCopy + plan.xFloats + bOverread
    let outputRow = s.outputWidth * s.outputChannels
    for (i, image) in images.enumerated() {
      for iy in firstInput..<lastInput {
        row.copy(
          operands.x + (image * s.height + iy) * s.width * s.inputChannels, operands.normalizing?[image],
          into: xCopy + (i * plan.inputRows + iy - firstInput) * row.floats, kernels)
      }
      if plan.copiesOutputs {
        (yCopy + i * plan.bandRows * outputRow).update(
          from: operands.dy + (image * s.outputHeight + outputs.lowerBound) * outputRow,
          count: outputs.count * outputRow)
      }
    }
    let step = s.kernel == 1 ? 1 : s.stride
    for ky in 0..<s.kernel {
      var runCount = 0
      for (i, image) in images.enumerated() {
        for oy in outputs {
          let iy = oy * s.stride - s.padding + ky
          guard iy >= 0, iy < s.height else { continue }
          let y =
            plan.copiesOutputs ? i * plan.bandRows + oy - outputs.lowerBound : image * s.outputHeight + oy
          runs[runCount] = Tile.Run(
            a: (i * plan.inputRows + iy - firstInput) * row.floats, b: y * outputRow)
          runCount += 1
        }
      }
      if runCount == 0 { continue }
      for p in panels {
        let column = p * kernels.tileColumns
        var r = 0
        while r < tiledRows {
          let tile = WeightGradient.tileRows(left: tiledRows - r, most: kernels.tileRows)
          kernels.tileAcrossRows(
            Tile(
              a: xCopy + r, aRowStride: 1, aDepthStride: step * s.inputChannels,
              b: (plan.copiesOutputs ? UnsafePointer(yCopy) : operands.dy) + column, bDepthStride: s.outputChannels,
              c: sums + (ky * tiledRows + r) * s.outputChannels + column, cRowStride: s.outputChannels, rows: tile,
              columns: min(kernels.tileColumns, s.outputChannels - column), runs: runs, runCount: runCount,
              depth: s.outputWidth, accumulate: true))
          r += tile
        }
      }
    }
  }
}
