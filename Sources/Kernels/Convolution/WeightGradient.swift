import Basics
import MicrokernelInterface

/// Weight gradient of any kernel, stride and padding, without im2col:
///
///     dw[ky, kx][ci, co] = Σ over n, oy, ox   x[n, oy·stride − padding + ky, ox·stride − padding + kx, ci] · dy[n, oy, ox, co]
///
/// For one tap this is a product xᵀ·dy whose depth runs over pixels, input channels × output channels a tile:
///
///     for each task: a part of the pixels × a group of output panels             spread over the cores
///       for each block of images × band of output rows of the part
///         copy the band's rows of x and dy: [row][x][image][channel]             in L2
///         for each tap, tile of input channels, panel of output channels:
///           add the tile over all pixels of the band whose tap is valid          sums in registers
///     add the parts' results                                                     in a fixed order
///
/// With stride 1 the copied pixels of a row that a tap reads are one run; otherwise each pixel is one, as long as there
/// are images in the block. The parts depend on the shape alone, so results have the same bits for any number of threads.
package final class WeightGradient {
  private let shape: ConvolutionShape

  package init(_ s: ConvolutionShape) { shape = s }

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
    let parts = WeightGradientParts(
      segments: 1, segmentFloats: shape.weightCount, segmentStride: shape.weightCount, parts: plan.parts, on: engine)
    engine.reserveWorkerScratch(plan.workerFloats)
    let flops = 2 * count * shape.outputHeight * shape.outputWidth * shape.weightCount
    engine.sweep(plan.parts * plan.groups, flops: flops) { task, worker in
      let part = task % plan.parts, group = task / plan.parts
      let panels = group * plan.panelCount / plan.groups..<(group + 1) * plan.panelCount / plan.groups
      let sums = parts.partial(part)
      let columns =
        panels.lowerBound
        * kernels.tileColumns..<min(
          panels.upperBound * kernels.tileColumns, shape.outputChannels)
      for row in 0..<shape.weightCount / shape.outputChannels {
        (sums + row * shape.outputChannels + columns.lowerBound).update(repeating: 0, count: columns.count)
      }
      for block in part * plan.blocks / plan.parts..<(part + 1) * plan.blocks / plan.parts {
        addBlock(
          block, plan, panels, x: x, normalizing, dy: dy, into: sums, scratch: engine.workerScratch(worker), kernels,
          count)
      }
    }
    parts.add(into: dw, accumulate: accumulate, on: engine)
  }

  /// How the pixels are cut: blocks of images × bands of output rows, dealt to parts.
  private struct Plan {
    let images: Int
    let bandRows: Int
    let bands: Int
    let blocks: Int
    let parts: Int
    let panelCount: Int
    let groups: Int
    let xImageStride: Int
    let yImageStride: Int
    let runFloats: Int
    let xFloats: Int
    let yFloats: Int

    /// x and dy of a band should leave half of a 1 MiB L2 to the sums and the streams.
    private static let bandBytes = 400_000
    private static let partBytes = 8_000_000

    init(_ g: WeightGradient, count: Int, kernels: any MicrokernelTable.Type) {
      let s = g.shape
      xImageStride = ConvolutionShape.imageStride(s.inputChannels)
      yImageStride = ConvolutionShape.imageStride(s.outputChannels)
      let xRow = 4 * s.width * xImageStride, yRow = 4 * s.outputWidth * yImageStride
      // Enough images that a run is long even if a row is short; then as many rows as fit.
      let wanted = s.stride == 1 ? max(1, 32 / s.outputWidth) : 16
      images = min(count, wanted)
      let fixed = images * s.kernel * xRow
      let perRow = images * (s.stride * xRow + yRow)
      let rows = max(1, min(s.outputHeight, (Self.bandBytes - fixed) / perRow))
      bands = (s.outputHeight + rows - 1) / rows
      bandRows = (s.outputHeight + bands - 1) / bands
      blocks = (count + images - 1) / images * bands
      let flops = 2 * count * s.outputHeight * s.outputWidth * s.weightCount
      let wantedTasks = max(1, min(16, flops / 4_000_000))
      parts = max(1, min(blocks, min(wantedTasks, Self.partBytes / (4 * s.weightCount) + 2)))
      panelCount = (s.outputChannels + kernels.tileColumns - 1) / kernels.tileColumns
      groups = max(1, min(panelCount, wantedTasks / parts))
      let xRows = min(s.height, (bandRows - 1) * s.stride + s.kernel)
      xFloats = xRows * s.width * images * xImageStride
      yFloats = bandRows * s.outputWidth * images * yImageStride
      runFloats = (bandRows * s.outputWidth * MemoryLayout<Tile.Run>.stride + 3) / 4
    }

    var workerFloats: Int { runFloats + xFloats + yFloats + 2 * bOverread }
  }

  private func addBlock(
    _ block: Int, _ plan: Plan, _ panels: Range<Int>, x: UnsafePointer<Float>, _ normalizing: InputNormalization?,
    dy: UnsafePointer<Float>, into sums: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>,
    _ kernels: any MicrokernelTable.Type, _ count: Int
  ) {
    let s = shape
    let firstImage = block / plan.bands * plan.images
    let images = min(plan.images, count - firstImage)
    let band = block % plan.bands
    let outputRows = band * plan.bandRows..<min(s.outputHeight, (band + 1) * plan.bandRows)
    let firstInput = max(0, outputRows.lowerBound * s.stride - s.padding)
    let lastInput = min(s.height, (outputRows.upperBound - 1) * s.stride - s.padding + s.kernel)
    guard !outputRows.isEmpty, firstInput < lastInput else { return }
    let runs = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: Tile.Run.self)
    let xCopy = scratch + plan.runFloats
    let yCopy = xCopy + plan.xFloats + bOverread
    let xPixel = images * plan.xImageStride, yPixel = images * plan.yImageStride

    for image in 0..<images {
      for iy in firstInput..<lastInput {
        let from = x + ((firstImage + image) * s.height + iy) * s.width * s.inputChannels
        let to = xCopy + (iy - firstInput) * s.width * xPixel + image * plan.xImageStride
        if let normalizing {
          kernels.normForward(from, normalizing[firstImage + image], nil, true, s.width, s.inputChannels, to, xPixel)
        } else {
          kernels.copyStretches(from, s.inputChannels, to, xPixel, s.inputChannels, s.width)
        }
      }
      let from = dy + ((firstImage + image) * s.outputHeight + outputRows.lowerBound) * s.outputWidth * s.outputChannels
      kernels.copyStretches(
        from, s.outputChannels, yCopy + image * plan.yImageStride, yPixel, s.outputChannels,
        outputRows.count * s.outputWidth)
    }

    for ky in 0..<s.kernel {
      for kx in 0..<s.kernel {
        let columns = s.validColumns(kx)
        let merges = s.stride == 1
        var runCount = 0
        for oy in outputRows {
          let iy = oy * s.stride - s.padding + ky
          guard iy >= 0, iy < s.height, !columns.isEmpty else { continue }
          let yRow = (oy - outputRows.lowerBound) * s.outputWidth
          let xRow = (iy - firstInput) * s.width
          for ox in merges ? columns.lowerBound..<columns.lowerBound + 1 : columns {
            let ix = ox * s.stride - s.padding + kx
            runs[runCount] = Tile.Run(a: (xRow + ix) * xPixel, b: (yRow + ox) * yPixel)
            runCount += 1
          }
        }
        if runCount == 0 { continue }
        let tap = ky * s.kernel + kx
        for p in panels {
          let firstColumn = p * kernels.tileColumns
          var ci = 0
          while ci < s.inputChannels {
            let rows = Self.tileRows(left: s.inputChannels - ci, most: kernels.tileRows)
            kernels.tileAcrossRows(
              Tile(
                a: xCopy + ci, aRowStride: 1, aDepthStride: plan.xImageStride, b: yCopy + firstColumn,
                bDepthStride: plan.yImageStride,
                c: sums + (tap * s.inputChannels + ci) * s.outputChannels + firstColumn, cRowStride: s.outputChannels,
                rows: rows, columns: min(kernels.tileColumns, s.outputChannels - firstColumn), runs: runs,
                runCount: runCount, depth: merges ? columns.count * images : images, accumulate: true))
            ci += rows
          }
        }
      }
    }
  }

  /// Rows of the next tile: the most there can be, but two tiles alike rather than a full and a small one.
  static func tileRows(left: Int, most: Int) -> Int {
    if left <= most { return left }
    if left >= 2 * most { return most }
    let half = (left + 1) / 2
    return min(most, (half + 3) / 4 * 4)
  }
}

extension ConvolutionShape {
  /// Floats from one image to the next in a copied row. With many channels the distance would be a power of two, and the
  /// images of a tile would fight for the same lines of L1; one more line avoids that.
  static func imageStride(_ channels: Int) -> Int { channels >= 64 ? channels + 16 : channels }

  /// The output columns whose tap `k` lies inside the image.
  func validColumns(_ k: Int) -> Range<Int> {
    let first = max(0, (padding - k + stride - 1) / stride)
    let last = (width - 1 + padding - k) < 0 ? -1 : min(outputWidth - 1, (width - 1 + padding - k) / stride)
    return first..<max(first, last + 1)
  }
}
