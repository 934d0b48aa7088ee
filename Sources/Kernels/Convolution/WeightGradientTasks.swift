import MicrokernelInterface

/// What every weight gradient reads.
struct WeightGradientOperands {
  let x: UnsafePointer<Float>
  /// What is put before x, or nil.
  let normalizing: InputNormalization?
  let dy: UnsafePointer<Float>
}

/// How the direct weight gradients cut their work:
///
///     tasks    parts of the pixels × groups of output panels × groups of rows of dw, spread over the cores
///     part     some blocks, with a result of its own (`WeightGradientParts`)
///     block    some images × a band of output rows, whose operands fit in L2
///
/// All of that depends on the shape and the instruction set alone, so results have the same bits for any number of threads.
struct WeightGradientTasks {
  private let shape: ConvolutionShape
  private let count: Int
  /// Images and output rows of a block, at most.
  let images: Int
  let bandRows: Int
  private let bands: Int
  private let blocks: Int
  private let parts: Int
  private let panelCount: Int
  private let panelGroups: Int
  private let segments: Segments
  private let rowGroups: Int

  /// Parts and groups at most: enough to share out, few enough that each does much.
  static let most = 16
  /// About what the results of all parts may take, but for two of them. Parts are rounded up to a power of two: it can be twice as much.
  private static let partBytes = 8_000_000
  /// With fewer blocks in a part, before parts are rounded up, adding up the parts would cost too much.
  private static let fewestBlocks = 4

  /// - Parameters:
  ///   - count: the images of the batch.
  ///   - images, rows: how many images and output rows a block can have.
  init(
    _ s: ConvolutionShape, count: Int, images: Int, rows: Int, segments: Segments, kernels: any MicrokernelTable.Type
  ) {
    shape = s
    self.count = count
    self.images = max(1, images)
    bands = max(1, (s.outputHeight + max(1, rows) - 1) / max(1, rows))
    bandRows = max(1, (s.outputHeight + bands - 1) / bands)
    blocks = (count + self.images - 1) / self.images * bands
    let wanted = max(1, min(Self.most, 2 * count * s.outputHeight * s.outputWidth * s.weightCount / Engine.taskFlops))
    // A power of two, so that tasks are shared out evenly between as many cores.
    var fitting = 1
    while fitting < min(wanted, Self.partBytes / (4 * s.weightCount) + 2, blocks / Self.fewestBlocks) { fitting *= 2 }
    self.segments = segments
    rowGroups = (segments.room + segments.rowsPerTask - 1) / segments.rowsPerTask
    parts = max(1, min(blocks, fitting))
    panelCount = (s.outputChannels + kernels.tileColumns - 1) / kernels.tileColumns
    panelGroups = max(1, min(panelCount, wanted / (parts * rowGroups)))
  }

  /// The stretches that dw consists of, as `WeightGradientParts` has them, and how many rows of each a task computes at most.
  struct Segments {
    let count: Int
    /// Rows of dw in a segment, and those that there is room for.
    let rows: Int, room: Int
    let rowsPerTask: Int
  }

  /// What `run` asks for: some images and output rows, to be added for some panels of output channels and some rows of each segment into
  /// a part's result.
  struct Block {
    let images: Range<Int>
    let outputs: Range<Int>
    let panels: Range<Int>
    let segmentRows: Range<Int>
    let sums: UnsafeMutablePointer<Float>
    let scratch: UnsafeMutablePointer<Float>
  }

  /// Runs all tasks and adds their results to dw.
  ///
  /// - Parameters:
  ///   - workerFloats: the scratch memory that a block needs.
  ///   - add: adds one block.
  func run(
    on engine: Engine, workerFloats: Int, into dw: UnsafeMutablePointer<Float>, accumulate: Bool, add: (Block) -> Void
  ) {
    let channels = shape.outputChannels, tileColumns = engine.kernels.tileColumns
    let sums = WeightGradientParts(
      segments: segments.count, segmentFloats: segments.rows * channels, segmentStride: segments.room * channels,
      parts: parts, on: engine)
    engine.reserveWorkerScratch(workerFloats)
    let flops = 2 * count * shape.outputHeight * shape.outputWidth * shape.weightCount
    engine.sweep(parts * panelGroups * rowGroups, flops: flops) { task, worker in
      let part = task % parts, panelGroup = task / parts % panelGroups, rowGroup = task / parts / panelGroups
      let panels = panelGroup * panelCount / panelGroups..<(panelGroup + 1) * panelCount / panelGroups
      let columns = panels.lowerBound * tileColumns..<min(panels.upperBound * tileColumns, channels)
      let rows = rowGroup * segments.rowsPerTask..<min(segments.room, (rowGroup + 1) * segments.rowsPerTask)
      let partial = sums.partial(part)
      for segment in 0..<segments.count {
        for row in rows {
          (partial + (segment * segments.room + row) * channels + columns.lowerBound).update(
            repeating: 0, count: columns.count)
        }
      }
      for block in part * blocks / parts..<(part + 1) * blocks / parts {
        let image = block / bands * images, row = block % bands * bandRows
        add(
          Block(
            images: image..<min(count, image + images),
            outputs: row..<max(row, min(shape.outputHeight, row + bandRows)),
            panels: panels, segmentRows: rows, sums: partial, scratch: engine.workerScratch(worker)))
      }
    }
    sums.add(into: dw, accumulate: accumulate, on: engine)
  }
}
