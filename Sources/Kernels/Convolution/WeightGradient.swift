import MicrokernelInterface

/// Weight gradient of any kernel, stride and padding, without im2col:
///
///     dw[ky, kx][ci, co] = Σ over n, oy, ox   x[n, oy·stride − padding + ky, ox·stride − padding + kx, ci] · dy[n, oy, ox, co]
///
/// For one tap this is a product xᵀ·dy whose depth runs over pixels, input channels × output channels a tile. Where
/// `ConvolutionReference.weightGradient` adds pixel by pixel to all of dw, this adds a block's pixels to a tile while it is in registers:
///
///     for each task: a part of the pixels × some output panels × some input channels   spread over the cores (`WeightGradientTasks`)
///       for each block of images × band of output rows of the part
///         copy the band's rows of x: [row][x][image][channel]                          in L2
///         copy those of dy by panels: [panel][row][x][image][tileColumns]              a panel at a time in L1; for one tap, see `readsInPlace`
///         for each panel of output channels, tap:
///           add the task's input channels × the panel, over all valid pixels           sums in registers
///     add the parts' results                                                           in a fixed order
///
/// With a stride, the pixels of a row are sorted by their remainder as they are copied, and those that no tap reads are left out. So what
/// one tap reads of a row is one run for any stride:
///
///     stride 2, padding 1      │ 0 1 2 3 4 5 6 7 │   →   │ 1 3 5 7 │ 0 2 4 6 │
///                                                 taps 0, 2 read here   tap 1 here
///
/// The cost beside the multiplications is that of copying, which pays from some channels on; with few, `RowWeightGradient` does without.
final class WeightGradient: WeightGradientSum {
  private let shape: ConvolutionShape
  /// A position, counted from the padded border, is quotient · stride + remainder: the remainders that some tap has.
  private let remainders: Int
  /// Columns of one remainder, and the quotient of the first one inside the image.
  private let remainderColumns: Int
  private let firstQuotient: Int

  init(_ s: ConvolutionShape) {
    shape = s
    remainders = min(s.stride, s.kernel)
    firstQuotient = s.padding / s.stride
    remainderColumns = (max(1, s.width) + s.padding - 1) / s.stride + 1 - firstQuotient
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
    let panels: PackedPanels
    /// Floats of a pixel in the copy of x.
    let xChannels: Int
    /// Whether dy is read where it lies: with one tap, and no more than 128 input channels, a copy would be read too few times to pay. Tiles
    /// read whole vectors, so panels must be whole.
    let readsInPlace: Bool
    /// Floats of a panel of dy of one block.
    let panelFloats: Int
    let mostRuns: Int, rowFloats: Int, xFloats: Int, yFloats: Int

    /// Half of an L1 of 32 KiB for a panel, which stays there while all taps and input channels go by. With this many pixels, reading
    /// and writing a tile's sums costs a few percent.
    private static let mostPanelFloats = 4096
    /// What x of a block may take of an L2 of 512 KiB; if it is more, tasks share out the input channels.
    private static let mostXFloats = 80_000
    /// What x and dy of a block may take where dy is read in place, as each panel comes to it again: 200 kB, which leave room for dw in
    /// such an L2. For 128 and 256 channels these are 128 pixels; twice as many were 7 % slower on two threads, 13 to 18 % on one.
    private static let mostFloatsInPlace = 50_000

    init(_ g: WeightGradient, count: Int, kernels: any MicrokernelTable.Type) {
      let s = g.shape, width = max(1, s.outputWidth)
      panels = PackedPanels(depth: 1, columns: s.outputChannels, kernels: kernels)
      // Enough images that a run is long even if a row is short; then as many rows as fit.
      readsInPlace = s.kernel == 1 && s.inputChannels <= 128 && s.outputChannels % panels.tileColumns == 0
      let fitting = readsInPlace ? Self.mostFloatsInPlace / (s.inputChannels + s.outputChannels) : .max
      let pixels = max(1, min(Self.mostPanelFloats / panels.tileColumns, fitting))
      let most = readsInPlace ? pixels / (width * max(1, s.outputHeight)) : 64 / width
      let images = min(count, max(1, most))
      let rows = max(1, min(s.outputHeight, pixels / (images * width)))
      let xPixels = ((rows - 1) * g.remainders + s.kernel) * g.remainders * g.remainderColumns * images
      let groups = max(1, min(s.inputChannels / 16, (xPixels * s.inputChannels - 1) / Self.mostXFloats + 1))
      let channels = ((s.inputChannels + groups - 1) / groups + 3) / 4 * 4
      let taps = WeightGradientTasks.Segments(
        count: s.kernel * s.kernel, rows: s.inputChannels, room: s.inputChannels, rowsPerTask: channels)
      tasks = WeightGradientTasks(s, count: count, images: images, rows: rows, segments: taps, kernels: kernels)
      xChannels = ConvolutionShape.paddedChannels(channels)
      xFloats = xPixels * xChannels
      panelFloats = rows * s.outputWidth * images * panels.tileColumns
      yFloats = readsInPlace ? 0 : panels.count * panelFloats
      mostRuns = rows * images
      rowFloats = s.width * s.inputChannels
    }

    var runFloats: Int { Tile.Run.floats(mostRuns) }
    var workerFloats: Int { runFloats + rowFloats + xFloats + yFloats + 2 * bOverread }
  }

  private func addBlock(
    _ block: WeightGradientTasks.Block, _ plan: Plan, _ operands: WeightGradientOperands,
    _ kernels: any MicrokernelTable.Type
  ) {
    let s = shape, images = block.images.count
    // Images that are apart from each other, and those that lie pixel beside pixel.
    let apart = plan.readsInPlace ? images : 1, together = images / apart
    let runs = Tile.Run.room(for: plan.mostRuns, at: block.scratch)
    let row = block.scratch + plan.runFloats
    let xCopy = row + plan.rowFloats, yCopy = xCopy + plan.xFloats + bOverread
    let xPixel = together * plan.xChannels
    let cells = remainders * remainderColumns
    let xImage = copiedRows(block) * cells * xPixel
    copy(block, plan, operands, row: row, x: xCopy, y: yCopy, kernels)
    for p in block.panels {
      let firstColumn = p * kernels.tileColumns, width = plan.panels.width(p)
      var y = UnsafePointer(yCopy) + (p - block.panels.lowerBound) * plan.panelFloats, yPixel = width
      if plan.readsInPlace {
        let pixel = (block.images.lowerBound * s.outputHeight + block.outputs.lowerBound) * s.outputWidth
        y = operands.dy + pixel * s.outputChannels + firstColumn
        yPixel = s.outputChannels
      }
      for ky in 0..<s.kernel {
        for kx in 0..<s.kernel {
          let valid = s.validColumns(kx)
          var runCount = 0
          for image in 0..<apart {
            for oy in block.outputs {
              let iy = oy * s.stride - s.padding + ky
              guard iy >= 0, iy < s.height, !valid.isEmpty else { continue }
              let cell = kx % s.stride * remainderColumns + kx / s.stride + valid.lowerBound - firstQuotient
              let yRow = oy - block.outputs.lowerBound
              runs[runCount] = Tile.Run(
                a: image * xImage + ((yRow * remainders + copiedRow(ky)) * cells + cell) * xPixel,
                b: ((image * s.outputHeight + yRow) * s.outputWidth + valid.lowerBound) * together * yPixel)
              runCount += 1
            }
          }
          if runCount == 0 { continue }
          var depth = valid.count * together
          // Whole rows, one after the other, are one run together, and so are whole images.
          let isWhole = apart == 1 || runCount == apart * s.outputHeight
          if remainders == 1, valid.count == s.outputWidth, cells == s.outputWidth, isWhole {
            depth *= runCount
            runCount = 1
          }
          let rows = (ky * s.kernel + kx) * s.inputChannels + block.segmentRows.lowerBound
          kernels.tileAcrossRows(
            Tile(
              a: xCopy, aRowStride: 1, aDepthStride: plan.xChannels, b: y, bDepthStride: yPixel,
              c: block.sums + rows * s.outputChannels + firstColumn, cRowStride: s.outputChannels,
              rows: block.segmentRows.count, columns: plan.panels.columns(of: p), runs: runs, runCount: runCount,
              depth: depth, accumulate: true))
        }
      }
    }
  }

  /// The rows of x that a block copies.
  private func copiedRows(_ block: WeightGradientTasks.Block) -> Int {
    (block.outputs.count - 1) * remainders + copiedRow(shape.kernel - 1) + 1
  }

  /// Which of the copied rows is `position` rows below the first one that the block's first output reads.
  private func copiedRow(_ position: Int) -> Int { position / shape.stride * remainders + position % shape.stride }

  /// Copies a block's operands: x to [row][x][image][channel], dy to [panel][row][x][image][column]. Where dy is read in place, the images
  /// of x are apart: [image][row][x][channel].
  private func copy(
    _ block: WeightGradientTasks.Block, _ plan: Plan, _ operands: WeightGradientOperands,
    row: UnsafeMutablePointer<Float>,
    x: UnsafeMutablePointer<Float>, y: UnsafeMutablePointer<Float>, _ kernels: any MicrokernelTable.Type
  ) {
    let s = shape, images = block.images.count, outputs = block.outputs
    guard !outputs.isEmpty else { return }
    let xPixel = (plan.readsInPlace ? 1 : images) * plan.xChannels
    let cells = remainders * remainderColumns
    let xImage = plan.readsInPlace ? copiedRows(block) * cells * xPixel : plan.xChannels
    let first = outputs.lowerBound * s.stride - s.padding
    let firstInput = max(0, first), end = min(s.height, first + (outputs.count - 1) * s.stride + s.kernel)
    let inputs = firstInput..<max(firstInput, end)
    for (i, image) in block.images.enumerated() {
      for iy in inputs where (iy - first) % s.stride < s.kernel {
        var from = operands.x + (image * s.height + iy) * s.width * s.inputChannels
        let to = x + copiedRow(iy - first) * cells * xPixel + i * xImage
        if let normalization = operands.normalizing?[image] {
          kernels.normForward(from, normalization, nil, true, s.width, s.inputChannels, row, s.inputChannels)
          from = UnsafePointer(row)
        }
        for remainder in 0..<remainders {
          // The first position inside the image with this remainder, counted from the padded border.
          let position = s.padding + (remainder + (s.stride - 1) * s.padding) % s.stride
          guard position < s.padding + s.width else { continue }
          kernels.copyStretches(
            from + (position - s.padding) * s.inputChannels + block.segmentRows.lowerBound, s.stride * s.inputChannels,
            to + (remainder * remainderColumns + position / s.stride - firstQuotient) * xPixel, xPixel,
            block.segmentRows.count, (s.padding + s.width - 1 - position) / s.stride + 1)
        }
      }
      if plan.readsInPlace { continue }
      // A few pixels at a time, so that dy is read as it lies in memory.
      let pixels = outputs.count * s.outputWidth
      let dy = operands.dy + (image * s.outputHeight + outputs.lowerBound) * s.outputWidth * s.outputChannels
      for pixel in stride(from: 0, to: pixels, by: 8) {
        for p in block.panels {
          let width = plan.panels.width(p)
          kernels.copyStretches(
            dy + pixel * s.outputChannels + p * kernels.tileColumns, s.outputChannels,
            y + (p - block.panels.lowerBound) * plan.panelFloats + (pixel * images + i) * width, images * width,
            plan.panels.columns(of: p), min(8, pixels - pixel))
        }
      }
    }
  }
}

extension ConvolutionShape {
  /// Floats from one pixel's channels in a copy to those of the pixel that a tile reads beside it: from 64 channels on one cache line more
  /// than they fill. With 64, 128, 256 or 512 the distance would be a power of two, and a tile's pixels would fight for the same lines of L1.
  static func paddedChannels(_ channels: Int) -> Int { channels >= 64 ? channels + 16 : channels }

  /// The output columns whose tap `k` lies inside the image.
  func validColumns(_ k: Int) -> Range<Int> {
    let first = max(0, (padding - k + stride - 1) / stride)
    let last = (width - 1 + padding - k) < 0 ? -1 : min(outputWidth - 1, (width - 1 + padding - k) / stride)
    return first..<max(first, last + 1)
  }
}
