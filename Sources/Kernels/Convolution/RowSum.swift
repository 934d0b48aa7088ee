import MicrokernelInterface

/// Direct convolution along rows: the sum of `TapSum` for images that are wide enough to fill a tile with pixels of one row.
///
/// With channels innermost and zeros around the row (`PaddedRow`), what a row of the kernel covers is one stretch of memory, and that of
/// the next target starts a few pixels further on. Stretches overlap, so nothing is copied twice:
///
///     padded row      │ 0 0 │ c c │ c c │ c c │ c c │ …
///     target 0        └─────────────────┘                        kernel · channels floats: the depth of one run
///     target 1              └─────────────────┘                  stride · channels floats further on: A's row stride
///
///     for each task: a block of images × a band of target rows                        spread over the cores
///       for each group of its images, of its target rows
///         copy the source rows that it newly needs, padded                            in L2, each row once
///         for each panel of target channels                                           packed weights, from L2
///           for each image, target row, class of targets: tiles, pixels × channels    in registers
///
/// The input gradient is the same sum over dy. With a stride, targets fall into classes by their remainder: those of one class read
/// neighbouring sources with the same taps, the last tap first. Where targets have so few channels that a vector would be mostly empty
/// (an image's gradient), four neighbours are the columns of one row, each with zeros for the taps that the others have alone.
/// Forward with a kernel of one pixel and no padding, several rows of targets are one row.
///
/// Cost: FLOPs of the taps, those on the padding left and right of a row included (at most 1/width each), those above and below left out.
final class RowSum: ConvolutionSum {
  private let rowAxis: AxisTaps
  private let row: PaddedRow
  /// With sources counted in cells of the padded row. Plain memory, since the loops over targets read it for every row.
  private let classes: UnsafeMutableBufferPointer<ColumnClass>
  /// The taps along a row of the kernel, class by class, in the order of their sources.
  let tapOrder: [Int]
  /// Cells from one target of a class to the next, and targets.
  private let cellStep: Int
  private let targetStep: Int
  private let sourceHeight: Int, sourceWidth: Int
  let sourceChannels: Int
  /// Rows of the source in memory for each one here; 1 unless rows are joined.
  private let sourceRowStep: Int
  private let targetHeight: Int, targetWidth: Int
  let targetChannels: Int
  let kernel: Int
  let transposesWeights: Bool
  /// Neighbouring targets that are columns of one row, and the taps that they have together.
  let together: Int
  let tapsTogether: Int

  /// Forward of `s`.
  convenience init(forward s: ConvolutionShape) {
    self.init(
      s, source: (s.height, s.width, s.inputChannels),
      target: (s.outputHeight, s.outputWidth, s.outputChannels), backward: false)
  }

  /// Input gradient of `s`.
  convenience init(inputGradient s: ConvolutionShape) {
    self.init(
      s, source: (s.outputHeight, s.outputWidth, s.outputChannels),
      target: (s.height, s.width, s.inputChannels), backward: true)
  }

  private init(
    _ s: ConvolutionShape, source: (height: Int, width: Int, channels: Int),
    target: (height: Int, width: Int, channels: Int), backward: Bool
  ) {
    (sourceHeight, sourceWidth, sourceChannels) = source
    let joinsRows = !backward && s.kernel == 1 && s.padding == 0
    let joined = joinsRows ? Self.rowsTogether(target.height, target.width) : 1
    (targetHeight, targetWidth, targetChannels) = (target.height / joined, target.width * joined, target.channels)
    sourceRowStep = joinsRows ? joined * s.stride : 1
    kernel = s.kernel
    transposesWeights = backward
    rowAxis =
      joinsRows
      ? AxisTaps(input: targetHeight, output: targetHeight, kernel: 1, stride: 1, padding: 0, backward: false)
      : AxisTaps(
        input: s.height, output: s.outputHeight, kernel: s.kernel, stride: s.stride, padding: s.padding,
        backward: backward)
    together = s.stride == 1 && target.channels <= 4 && target.width % 4 == 0 ? 4 : 1
    tapsTogether = s.kernel + together - 1
    let columns =
      backward
      ? Columns(inputGradient: s, width: target.width)
      : Columns(forward: s, width: target.width, joined: targetWidth)
    (cellStep, targetStep) = (columns.cellStep * together, columns.targetStep * together)
    tapOrder = columns.tapOrder
    row = PaddedRow(
      width: source.width, positions: columns.sources, step: !backward && s.kernel == 1 ? s.stride : 1,
      channels: source.channels, rows: joined)
    let firstCell = columns.sources.lowerBound
    classes = .allocate(capacity: columns.classes.count)
    for (i, c) in columns.classes.enumerated() {
      classes.initializeElement(
        at: i,
        to: ColumnClass(
          firstTarget: c.firstTarget, count: c.count / together, firstSource: c.firstSource - firstCell,
          taps: c.taps + together - 1, firstTap: c.firstTap))
    }
  }

  deinit { classes.deallocate() }

  /// How many of `height` rows of targets can be one: all or a whole fraction, so that there are bands of them to share out, and their
  /// sources stay in L2.
  private static func rowsTogether(_ height: Int, _ width: Int) -> Int {
    (1...max(1, height)).last { height % $0 == 0 && $0 * width <= 256 } ?? 1
  }

  func run(
    on engine: Engine, source: UnsafePointer<Float>, normalizing: InputNormalization?, weights: UnsafePointer<Float>,
    target: UnsafeMutablePointer<Float>, count: Int, accumulate: Bool, statistics: OutputStatistics?
  ) {
    let kernels = engine.kernels, panels = panels(kernels)
    let packed = engine.sharedScratch(panels.floats + bOverread)
    pack(weights, panels, into: packed, on: engine)
    let plan = Plan(self, count: count, panels: panels)
    let runFloats = Tile.Run.floats(kernel)
    engine.reserveWorkerScratch(runFloats + plan.groupImages * plan.slots * row.floats + bOverread)
    engine.sweep(plan.blocks * plan.bands, flops: plan.flops) { task, worker in
      let scratch = engine.workerScratch(worker)
      let work = Work(
        plan: plan, panels: panels, packed: packed, source: source, normalizing: normalizing, target: target,
        accumulate: accumulate, statistics: statistics, part: task,
        runs: Tile.Run.room(for: kernel, at: scratch), rows: scratch + runFloats, kernels: kernels)
      let block = task % plan.blocks, band = task / plan.blocks
      let targets = band * targetHeight / plan.bands..<(band + 1) * targetHeight / plan.bands
      var image = block * plan.blockImages
      let end = min(count, image + plan.blockImages)
      while image < end {
        let images = image..<min(end, image + plan.groupImages)
        run(images, targets, work)
        image = images.upperBound
      }
    }
  }

  private func panels(_ kernels: any MicrokernelTable.Type) -> PackedPanels {
    PackedPanels(depth: kernel * tapsTogether * sourceChannels, columns: together * targetChannels, kernels: kernels)
  }

  func parts(count: Int, groups _: Int, _ kernels: any MicrokernelTable.Type) -> Int {
    let plan = Plan(self, count: count, panels: panels(kernels))
    return plan.blocks * plan.bands
  }

  /// How the work is cut; a function of the sizes alone.
  private struct Plan {
    let flops: Int
    /// Tasks: blocks of images × bands of target rows.
    let blockImages: Int, blocks: Int, bands: Int
    /// Images × target rows that share a pass over the weights, and the source rows that they need at a time.
    let groupImages: Int, groupRows: Int
    let slots: Int

    /// Weights larger than a part of L2 come from L3 for every pass over them: it takes this many pixels to make up for that.
    private static let smallWeights = 256 << 10
    private static let pixelsPerPass = 96

    init(_ s: RowSum, count: Int, panels: PackedPanels) {
      let imageFlops = 2 * s.targetHeight * s.targetWidth / s.together * panels.columns * panels.depth
      flops = count * imageFlops
      let wanted = 4 * panels.floats <= Self.smallWeights ? 1 : Self.pixelsPerPass
      let rows = max(1, min(s.targetHeight, (wanted + max(1, s.targetWidth) - 1) / max(1, s.targetWidth)))
      let images =
        rows < s.targetHeight ? 1 : max(1, (wanted + rows * s.targetWidth - 1) / max(1, rows * s.targetWidth))
      blockImages = max(1, min(count, max(images, Engine.taskFlops / max(1, imageFlops))))
      groupImages = min(images, blockImages)
      groupRows = rows
      blocks = (count + blockImages - 1) / blockImages
      // Bands share out the work when there are few images; a band copies the rows around its edges again.
      bands = max(1, min(s.targetHeight, min(flops / Engine.taskFlops, 12 / max(1, blocks))))
      var most = 1
      for first in 0..<s.targetHeight {
        most = max(most, s.rowAxis.sources(of: first..<min(s.targetHeight, first + rows)).count)
      }
      slots = most
    }
  }

  /// What a task works with.
  private struct Work {
    let plan: Plan
    let panels: PackedPanels
    let packed: UnsafePointer<Float>
    let source: UnsafePointer<Float>
    let normalizing: InputNormalization?
    let target: UnsafeMutablePointer<Float>
    let accumulate: Bool
    let statistics: OutputStatistics?
    let part: Int
    let runs: UnsafeMutablePointer<Tile.Run>
    let rows: UnsafeMutablePointer<Float>
    let kernels: any MicrokernelTable.Type
  }

  private func run(_ images: Range<Int>, _ targets: Range<Int>, _ work: Work) {
    let slots = work.plan.slots
    var copied = 0
    var first = targets.lowerBound
    while first < targets.upperBound {
      let group = first..<min(targets.upperBound, first + work.plan.groupRows)
      let needed = rowAxis.sources(of: group)
      let new = max(copied, needed.lowerBound)..<max(copied, needed.upperBound)
      for (i, image) in images.enumerated() {
        for sy in new {
          row.copy(
            work.source + (image * sourceHeight + sy * sourceRowStep) * sourceWidth * sourceChannels,
            work.normalizing?[image],
            into: work.rows + (i * slots + sy % slots) * row.floats, work.kernels)
        }
      }
      copied = new.upperBound
      for p in 0..<work.panels.count {
        for (i, image) in images.enumerated() {
          for ty in group where !rowAxis[ty].isEmpty { computeRow(ty, image, panel: p, slot: i * slots, work) }
        }
      }
      // No output reads the rows between those of a small kernel with a stride.
      for image in images where !work.accumulate {
        for ty in group where rowAxis[ty].isEmpty {
          let row = targetWidth * targetChannels
          (work.target + (image * targetHeight + ty) * row).update(repeating: 0, count: row)
        }
      }
      if let statistics = work.statistics {
        for image in images {
          statistics.add(
            work.target + (image * targetHeight + group.lowerBound) * targetWidth * targetChannels,
            pixels: group.count * targetWidth, part: work.part, image: image, work.kernels)
          statistics.flush(part: work.part, image: image, channels: 0..<targetChannels)
        }
      }
      first = group.upperBound
    }
  }

  /// One target row × one panel of channels.
  private func computeRow(_ ty: Int, _ image: Int, panel p: Int, slot: Int, _ work: Work) {
    let panels = work.panels, kernels = work.kernels, width = panels.width(p)
    let target =
      work.target + (image * targetHeight + ty) * targetWidth * targetChannels + p * panels.tileColumns
    let rowTaps = rowAxis[ty]
    for c in classes {
      var runCount = 0
      for tap in rowTaps where c.taps > 0 {
        work.runs[runCount] = Tile.Run(
          a: (slot + tap.source % work.plan.slots) * row.floats + c.firstSource * sourceChannels,
          b: (tap.k * tapsTogether + c.firstTap) * sourceChannels * width)
        runCount += 1
      }
      if runCount == 0, work.accumulate { continue }
      kernels.tileAlongRows(
        Tile(
          a: work.rows, aRowStride: cellStep * sourceChannels, aDepthStride: 1, b: work.packed + panels.offset(p),
          bDepthStride: width, c: target + c.firstTarget * targetChannels, cRowStride: targetStep * targetChannels,
          rows: c.count, columns: panels.columns(of: p), runs: work.runs, runCount: runCount,
          depth: c.taps * sourceChannels, accumulate: work.accumulate))
    }
  }
}
