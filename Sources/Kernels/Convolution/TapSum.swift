import MicrokernelInterface

/// Direct convolution: forward and input gradient of any kernel, stride and padding, without im2col.
///
/// Both passes are one sum. For a target pixel (ty, tx) and its taps, as `AxisTaps` lists them:
///
///     target[n, ty, tx, j] = Σ over taps (sy, ky), (sx, kx)  Σ_c  source[n, sy, sx, c] · W[ky, kx][c, j]
///
/// Forward reads x with W = w; the input gradient reads dy with W = wᵀ. What `ConvolutionReference` does pixel by pixel, this does for a tile
/// of images × channels at a time:
///
///     for each task: a block of `tileRows` images × a band of target rows            spread over the cores
///       for each target row ty
///         copy the source rows that it newly needs: [row][x][image][channel]         in L2, each row once, what taps read of it
///         for each panel of target channels                                          packed weights, from L2
///           for each tx: one tile, images × channels,                                in registers
///             its depth running over all valid taps and source channels
///
/// Copying makes the images of a block neighbours: a tile reads the same pixel of `tileRows` images, which have the same valid
/// taps, so padding is skipped exactly and images of 2×2 pixels run as well as large ones. Cost: FLOPs of the
/// valid taps; the source is read once and written once to L2, one float for taps · target channels multiply-adds.
///
/// Where neighbours in a row share what they read, and are enough to fill tiles, `RowSum` does the same without rearranging.
final class TapSum: ConvolutionSum {
  private let rowAxis: AxisTaps
  private let columnAxis: AxisTaps
  private let sourceHeight: Int
  private let sourceWidth: Int
  private let sourceChannels: Int
  private let targetHeight: Int
  private let targetWidth: Int
  private let targetChannels: Int
  private let kernel: Int
  private let transposesWeights: Bool

  /// Forward of `shape`.
  init(forward s: ConvolutionShape) {
    (sourceHeight, sourceWidth, sourceChannels) = (s.height, s.width, s.inputChannels)
    (targetHeight, targetWidth, targetChannels) = (s.outputHeight, s.outputWidth, s.outputChannels)
    kernel = s.kernel
    rowAxis = AxisTaps(
      input: s.height, output: s.outputHeight, kernel: s.kernel, stride: s.stride, padding: s.padding, backward: false)
    columnAxis = AxisTaps(
      input: s.width, output: s.outputWidth, kernel: s.kernel, stride: s.stride, padding: s.padding, backward: false)
    transposesWeights = false
  }

  /// Input gradient of `shape`.
  init(inputGradient s: ConvolutionShape) {
    (sourceHeight, sourceWidth, sourceChannels) = (s.outputHeight, s.outputWidth, s.outputChannels)
    (targetHeight, targetWidth, targetChannels) = (s.height, s.width, s.inputChannels)
    kernel = s.kernel
    rowAxis = AxisTaps(
      input: s.height, output: s.outputHeight, kernel: s.kernel, stride: s.stride, padding: s.padding, backward: true)
    columnAxis = AxisTaps(
      input: s.width, output: s.outputWidth, kernel: s.kernel, stride: s.stride, padding: s.padding, backward: true)
    transposesWeights = true
  }

  private func flops(_ count: Int) -> Int {
    2 * count * targetHeight * targetWidth * targetChannels * sourceChannels * rowAxis.window * columnAxis.window
  }

  /// Tasks: blocks of images of each group × bands of target rows, which share out the work when there are few blocks; a band copies the
  /// rows around its edges again. With statistics no block is in two groups, since what a task sums up is one group's.
  private func cut(
    _ count: Int, _ groups: Int, _ kernels: any MicrokernelTable.Type
  ) -> (groupBlocks: Int, bands: Int) {
    let blocks = ((count + groups - 1) / groups + kernels.tileRows - 1) / kernels.tileRows
    return (blocks, max(1, min(targetHeight, min(flops(count) / Engine.taskFlops, 32 / (groups * blocks)))))
  }

  func parts(count: Int, groups: Int, _ kernels: any MicrokernelTable.Type) -> Int {
    let (blocks, bands) = cut(count, groups, kernels)
    return groups * blocks * bands
  }

  func run(
    on engine: Engine, source: UnsafePointer<Float>, normalizing: InputNormalization?, weights: UnsafePointer<Float>,
    target: UnsafeMutablePointer<Float>, count: Int, accumulate: Bool, statistics: OutputStatistics?
  ) {
    let kernels = engine.kernels
    let panels = PackedPanels(depth: kernel * kernel * sourceChannels, columns: targetChannels, kernels: kernels)
    let packed = engine.sharedScratch(panels.floats + bOverread)
    pack(weights, panels, into: packed, on: engine)

    let groups = statistics?.groups ?? 1, perGroup = (count + groups - 1) / groups
    let (groupBlocks, bands) = cut(count, groups, kernels), blocks = groups * groupBlocks
    let columns = normalizing == nil ? columnAxis.sourcesRead : (first: 0, step: 1, count: sourceWidth)
    let work = Work(
      panels: panels, packed: packed, target: target, accumulate: accumulate, columns: columns,
      slots: max(1, rowAxis.window), slotFloats: columns.count * kernels.tileRows * paddedDepth)
    let mostRuns = kernel * kernel, runFloats = Tile.Run.floats(mostRuns)
    engine.reserveWorkerScratch(runFloats + work.slots * work.slotFloats + bOverread)

    engine.sweep(blocks * bands, flops: flops(count)) { task, worker in
      let scratch = engine.workerScratch(worker)
      let runs = Tile.Run.room(for: mostRuns, at: scratch)
      let rows = scratch + runFloats
      let block = task % blocks, band = task / blocks, group = block / groupBlocks
      let first = group * perGroup + block % groupBlocks * kernels.tileRows
      let images = first..<max(first, min(first + kernels.tileRows, count, (group + 1) * perGroup))
      if images.isEmpty { return }
      var copied = 0
      for ty in band * targetHeight / bands..<(band + 1) * targetHeight / bands {
        let needed = rowAxis.sources(of: ty)
        for sy in max(copied, needed.lowerBound)..<max(copied, needed.upperBound) {
          copyRow(sy, columns, of: images, source, normalizing, into: rows + work.slot(sy), kernels)
        }
        copied = max(copied, needed.upperBound)
        computeRow(ty, of: images, work, rows, runs, kernels)
        if let statistics {
          for image in images {
            statistics.add(
              target + (image * targetHeight + ty) * targetWidth * targetChannels, pixels: targetWidth, part: task,
              image: image, kernels)
          }
        }
      }
      statistics?.flush(part: task, image: first, channels: 0..<targetChannels)
    }
  }

  /// What all tasks of a run share.
  private struct Work {
    let panels: PackedPanels
    let packed: UnsafePointer<Float>
    let target: UnsafeMutablePointer<Float>
    let accumulate: Bool
    /// The columns of a source row that are copied.
    let columns: (first: Int, step: Int, count: Int)
    /// Copied rows that are kept at a time, and the floats of each.
    let slots: Int
    let slotFloats: Int

    /// Where the copy of source row `sy` begins.
    func slot(_ sy: Int) -> Int { sy % slots * slotFloats }
  }

  /// One target row of some images: panel by panel and pixel by pixel, a tile of images × target channels.
  private func computeRow(
    _ ty: Int, of images: Range<Int>, _ work: Work, _ rows: UnsafePointer<Float>,
    _ runs: UnsafeMutablePointer<Tile.Run>, _ kernels: any MicrokernelTable.Type
  ) {
    let panels = work.panels, imageFloats = targetHeight * targetWidth * targetChannels
    for p in 0..<panels.count {
      let width = panels.width(p)
      for tx in 0..<targetWidth {
        let runCount = findRuns(ty, tx, images.count * paddedDepth, sourceChannels * width, work, into: runs)
        if runCount == 0, work.accumulate { continue }
        kernels.tileAlongRows(
          Tile(
            a: rows, aRowStride: paddedDepth, aDepthStride: 1, b: work.packed + panels.offset(p), bDepthStride: width,
            c: work.target + images.lowerBound * imageFloats + (ty * targetWidth + tx) * targetChannels
              + p * panels.tileColumns,
            cRowStride: imageFloats, rows: images.count, columns: panels.columns(of: p), runs: runs,
            runCount: runCount, depth: sourceChannels, accumulate: work.accumulate))
      }
    }
  }

  /// The taps that one target pixel has inside the image: where each finds its source pixel and its weights.
  ///
  /// - Parameters:
  ///   - pixelFloats: the floats of a copied pixel of all images.
  ///   - tapFloats: the floats of a tap in a panel of weights.
  /// - Returns: how many there are.
  private func findRuns(
    _ ty: Int, _ tx: Int, _ pixelFloats: Int, _ tapFloats: Int, _ work: Work, into runs: UnsafeMutablePointer<Tile.Run>
  ) -> Int {
    var count = 0
    for row in rowAxis[ty] {
      for column in columnAxis[tx] {
        let place = (column.source - work.columns.first) / work.columns.step
        runs[count] = Tile.Run(
          a: work.slot(row.source) + place * pixelFloats, b: (row.k * kernel + column.k) * tapFloats)
        count += 1
      }
    }
    return count
  }

  private var paddedDepth: Int { ConvolutionShape.paddedChannels(sourceChannels) }

  /// Weights [tap][in][out] as panels [tap][source channel][target channel].
  private func pack(
    _ weights: UnsafePointer<Float>, _ panels: PackedPanels, into packed: UnsafeMutablePointer<Float>,
    on engine: Engine
  ) {
    let taps = kernel * kernel
    engine.run(panels.count, flops: 4 * panels.floats) { p, _ in
      if transposesWeights {
        for tap in 0..<taps {
          panels.pack(
            panel: p, into: packed, rowOffset: tap * sourceChannels, rowCount: sourceChannels,
            from: weights + tap * sourceChannels * targetChannels, rowStride: 1, columnStride: sourceChannels)
        }
      } else {
        panels.pack(
          panel: p, into: packed, rowOffset: 0, rowCount: taps * sourceChannels, from: weights,
          rowStride: targetChannels, columnStride: 1)
      }
    }
  }

  /// Copies `columns` of row `sy` of each of the images, all of them if they are normalized, to [x][image][channel].
  private func copyRow(
    _ sy: Int, _ columns: (first: Int, step: Int, count: Int), of images: Range<Int>, _ source: UnsafePointer<Float>,
    _ normalizing: InputNormalization?, into row: UnsafeMutablePointer<Float>, _ kernels: any MicrokernelTable.Type
  ) {
    let step = images.count * paddedDepth
    for (i, image) in images.enumerated() {
      let from = source + ((image * sourceHeight + sy) * sourceWidth + columns.first) * sourceChannels
      let to = row + i * paddedDepth
      if let normalizing {
        kernels.normForward(from, normalizing[image], nil, true, sourceWidth, sourceChannels, to, step)
      } else {
        kernels.copyStretches(from, columns.step * sourceChannels, to, step, sourceChannels, columns.count)
      }
    }
  }
}
