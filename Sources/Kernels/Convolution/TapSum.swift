import Basics
import MicrokernelInterface

/// Direct convolution: forward and input gradient of any kernel, stride and padding, without im2col.
///
/// Both passes are one sum. For a target pixel (ty, tx) and its taps, as `AxisTaps` lists them:
///
///     target[n, ty, tx, j] = Σ over taps (sy, ky), (sx, kx)  Σ_c  source[n, sy, sx, c] · W[ky, kx][c, j]
///
/// Forward reads x with W = w; the input gradient reads dy with W = wᵀ. What the plain form does pixel by pixel, this does for
/// a tile of images × channels at a time:
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
/// valid taps; the source is read once and written once to L2, which is 1/(taps · channels / lanes) of the multiply-adds.
///
/// Where neighbours in a row share what they read, and are enough to fill tiles, `RowSum` does the same without rearranging.
package final class TapSum {
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
  package init(forward s: ConvolutionShape) {
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
  package init(inputGradient s: ConvolutionShape) {
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
  /// rows around its edges again. With statistics no block is in two groups, so that sums over one have the same bits in any batch.
  private func cut(
    _ count: Int, _ groups: Int, _ kernels: any MicrokernelTable.Type
  ) -> (groupBlocks: Int, bands: Int) {
    let blocks = ((count + groups - 1) / groups + kernels.tileRows - 1) / kernels.tileRows
    return (blocks, max(1, min(targetHeight, min(flops(count) / 4_000_000, 32 / (groups * blocks)))))
  }

  /// Tasks that write to the target.
  func parts(count: Int, groups: Int, _ kernels: any MicrokernelTable.Type) -> Int {
    let (blocks, bands) = cut(count, groups, kernels)
    return groups * blocks * bands
  }

  /// Computes the targets of the first `count` images of the batch.
  ///
  /// - Parameters:
  ///   - normalizing: what is put before the source, or nil.
  ///   - accumulate: adds to the target instead of replacing it.
  ///   - statistics: receives the sums over what is written, in as many parts as `parts` says; without `accumulate`.
  package func run(
    on engine: Engine, source: UnsafePointer<Float>, normalizing: InputNormalization? = nil,
    weights: UnsafePointer<Float>, target: UnsafeMutablePointer<Float>, count: Int, accumulate: Bool,
    statistics: OutputStatistics? = nil
  ) {
    let kernels = engine.kernels, columnTaps = columnAxis
    let panels = PackedPanels(depth: kernel * kernel * sourceChannels, columns: targetChannels, kernels: kernels)
    let packed = engine.sharedScratch(panels.floats + bOverread)
    pack(weights, panels, into: packed, on: engine)

    let imageStride = paddedDepth
    let groups = statistics?.groups ?? 1, perGroup = (count + groups - 1) / groups
    let flops = flops(count), (groupBlocks, bands) = cut(count, groups, kernels), blocks = groups * groupBlocks
    let slots = max(1, rowAxis.window)
    let columns = normalizing == nil ? columnTaps.sourcesRead : (first: 0, step: 1, count: sourceWidth)
    let slotFloats = columns.count * kernels.tileRows * imageStride
    let most = kernel * kernel
    let runFloats = (most * MemoryLayout<Tile.Run>.stride + 3) / 4
    engine.reserveWorkerScratch(runFloats + slots * slotFloats + bOverread)

    engine.sweep(blocks * bands, flops: flops) { task, worker in
      let scratch = engine.workerScratch(worker)
      let runs = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: Tile.Run.self)
      let rows = scratch + runFloats
      let block = task % blocks, band = task / blocks, group = block / groupBlocks
      let firstImage = group * perGroup + block % groupBlocks * kernels.tileRows
      let images = min(kernels.tileRows, min(count, (group + 1) * perGroup) - firstImage)
      if images <= 0 { return }
      var copied = 0
      for ty in band * targetHeight / bands..<(band + 1) * targetHeight / bands {
        let needed = rowAxis.sources(of: ty)
        for sy in max(copied, needed.lowerBound)..<max(copied, needed.upperBound) {
          copyRow(
            sy, columns, of: firstImage..<firstImage + images, source, normalizing,
            into: rows + sy % slots * slotFloats, kernels)
        }
        copied = max(copied, needed.upperBound)
        let rowTaps = rowAxis[ty]
        for p in 0..<panels.count {
          let width = panels.width(p)
          for tx in 0..<targetWidth {
            var runCount = 0
            for rowTap in rowTaps {
              let row = rowTap.source % slots * slotFloats
              for columnTap in columnTaps[tx] {
                let tap = rowTap.k * kernel + columnTap.k
                let column = (columnTap.source - columns.first) / columns.step
                runs[runCount] = Tile.Run(
                  a: row + column * images * imageStride, b: tap * sourceChannels * width)
                runCount += 1
              }
            }
            if runCount == 0, accumulate { continue }
            kernels.tileAlongRows(
              Tile(
                a: rows, aRowStride: imageStride, aDepthStride: 1, b: packed + panels.offset(p), bDepthStride: width,
                c: target + ((firstImage * targetHeight + ty) * targetWidth + tx) * targetChannels
                  + p * panels.tileColumns,
                cRowStride: targetHeight * targetWidth * targetChannels, rows: images,
                columns: panels.columns(of: p), runs: runs, runCount: runCount, depth: sourceChannels,
                accumulate: accumulate))
          }
        }
        if let statistics {
          for image in firstImage..<firstImage + images {
            statistics.add(
              target + (image * targetHeight + ty) * targetWidth * targetChannels, pixels: targetWidth, part: task,
              image: image, kernels)
          }
        }
      }
      statistics?.flush(part: task, image: firstImage, channels: 0..<targetChannels)
    }
  }

  private var paddedDepth: Int { ConvolutionShape.imageStride(sourceChannels) }

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
