import MicrokernelInterface

/// Weight gradient along rows: the sum of `WeightGradient` for stems, whose few channels would make low tiles.
///
/// With channels innermost and zeros around the row (`PaddedRow`), the pixels that a row of the kernel covers are one stretch of memory:
/// the rows of dw that belong to it, kernel · channels of them, are as many neighbours, whatever the number of channels.
///
///     dw[ky][(kx, ci), co] = Σ over n, oy, ox   xrow[n, oy·stride − padding + ky][ox·stride·channels + (kx, ci)] · dy[n, oy, ox, co]
///
///     for each task: a part of the images × a group of output panels             spread over the cores
///       for each block of images × band of output rows of the part
///         copy the band's rows of x, padded                                      in L2
///         for each ky, panel of output channels, tile of rows of dw:
///           add the tile over the block's rows, each of them one run             sums in registers
///     add the parts' results                                                     in a fixed order
///
/// dy is read where it lies, unless its channels end within a vector. Cost: FLOPs of all taps but those above and below the image.
final class RowWeightGradient: WeightGradientSum {
  private let shape: ConvolutionShape
  private let row: PaddedRow
  /// Rows of dw for each row of the kernel.
  private let rows: Int

  init(_ s: ConvolutionShape) {
    shape = s
    row = PaddedRow(
      width: s.width, positions: -s.padding..<max(0, s.outputWidth - 1) * s.stride - s.padding + s.kernel,
      step: s.kernel == 1 ? s.stride : 1, channels: s.inputChannels)
    rows = s.kernel * s.inputChannels
  }

  func run(
    on engine: Engine, x: UnsafePointer<Float>, normalizing: InputNormalization?, dy: UnsafePointer<Float>,
    dw: UnsafeMutablePointer<Float>, count: Int, accumulate: Bool
  ) {
    let kernels = engine.kernels, plan = Plan(self, count: count, kernels: kernels)
    let operands = WeightGradientOperands(x: x, normalizing: normalizing, dy: dy)
    plan.tasks.run(on: engine, workerFloats: plan.workerFloats, into: dw, accumulate: accumulate) {
      addBlock($0, plan, operands, kernels)
    }
  }

  private struct Plan {
    let tasks: WeightGradientTasks
    /// Rows of dw for each row of the kernel that the tiles compute.
    let tiledRows: Int
    /// Whether dy is copied, as reading whole vectors of it would pass its end.
    let copiesOutputs: Bool
    /// Rows of x of a band, at most.
    let inputRows: Int
    let mostRuns: Int, xFloats: Int, yFloats: Int

    /// x and dy of a block should leave half of a 1 MiB L2 to the sums.
    private static let blockBytes = 500_000

    init(_ g: RowWeightGradient, count: Int, kernels: any MicrokernelTable.Type) {
      let s = g.shape
      copiesOutputs = s.outputChannels % kernels.lanes != 0
      let xRow = 4 * g.row.floats, yRow = 4 * s.outputWidth * s.outputChannels
      let fitting = max(1, (Self.blockBytes - s.kernel * xRow) / max(1, s.stride * xRow + yRow))
      // Small images go together, as long as there are blocks for all parts.
      let images = min(fitting / max(1, s.outputHeight), count / WeightGradientTasks.most)
      // A few rows more make a tile of a shape that there is; they read the next pixel, and nobody reads them. Nine, a stem's, need none.
      tiledRows = g.rows == 9 ? 9 : (g.rows + 3) / 4 * 4
      let kernelRows = WeightGradientTasks.Segments(
        count: s.kernel, rows: g.rows, room: tiledRows, rowsPerTask: tiledRows)
      tasks = WeightGradientTasks(
        s, count: count, images: images, rows: fitting, segments: kernelRows, kernels: kernels)
      inputRows = min(s.height, (tasks.bandRows - 1) * s.stride + s.kernel)
      mostRuns = tasks.images * tasks.bandRows
      xFloats = tasks.images * inputRows * g.row.floats
      yFloats = copiesOutputs ? tasks.images * tasks.bandRows * s.outputWidth * s.outputChannels : 0
    }

    var runFloats: Int { Tile.Run.floats(mostRuns) }
    var workerFloats: Int { runFloats + xFloats + yFloats + 2 * bOverread }
  }

  private func addBlock(
    _ block: WeightGradientTasks.Block, _ plan: Plan, _ operands: WeightGradientOperands,
    _ kernels: any MicrokernelTable.Type
  ) {
    let s = shape, images = block.images, outputs = block.outputs
    let firstInput = max(0, outputs.lowerBound * s.stride - s.padding)
    let lastInput = min(s.height, (outputs.upperBound - 1) * s.stride - s.padding + s.kernel)
    guard !outputs.isEmpty, firstInput < lastInput else { return }
    let runs = Tile.Run.room(for: plan.mostRuns, at: block.scratch)
    let xCopy = block.scratch + plan.runFloats, yCopy = xCopy + plan.xFloats + bOverread
    let outputRow = s.outputWidth * s.outputChannels
    for (i, image) in images.enumerated() {
      for iy in firstInput..<lastInput {
        row.copy(
          operands.x + (image * s.height + iy) * s.width * s.inputChannels, operands.normalizing?[image],
          into: xCopy + (i * plan.inputRows + iy - firstInput) * row.floats, kernels)
      }
      if plan.copiesOutputs {
        (yCopy + i * plan.tasks.bandRows * outputRow).update(
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
            plan.copiesOutputs ? i * plan.tasks.bandRows + oy - outputs.lowerBound : image * s.outputHeight + oy
          runs[runCount] = Tile.Run(
            a: (i * plan.inputRows + iy - firstInput) * row.floats, b: y * outputRow)
          runCount += 1
        }
      }
      if runCount == 0 { continue }
      for p in block.panels {
        let column = p * kernels.tileColumns
        kernels.tileAcrossRows(
          Tile(
            a: xCopy, aRowStride: 1, aDepthStride: step * s.inputChannels,
            b: (plan.copiesOutputs ? UnsafePointer(yCopy) : operands.dy) + column, bDepthStride: s.outputChannels,
            c: block.sums + ky * plan.tiledRows * s.outputChannels + column, cRowStride: s.outputChannels,
            rows: plan.tiledRows, columns: min(kernels.tileColumns, s.outputChannels - column), runs: runs,
            runCount: runCount, depth: s.outputWidth, accumulate: true))
      }
    }
  }
}
