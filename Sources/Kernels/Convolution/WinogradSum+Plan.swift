import Basics
import MicrokernelInterface

extension WinogradSum {
  /// Twelve tiles, whole register tiles of every instruction set: V and M then lie in L2 with half of U for 64 channels. Blocks of 24 were 0
  /// to 7 % slower, but for 16 channels, of which they fill as much as 12 of 32 do, 8 % faster.
  var blockTiles: Int { sourceChannels + targetChannels > 32 ? 12 : 24 }

  /// How the work is cut, and where its parts lie: a function of the sizes and the instruction set, but for `taskPanels`, which changes no bit.
  struct Plan {
    /// Elements of V, M and U.
    private let sourceElements: Int, targetElements: Int, products: Int
    let panels: PackedPanels
    let takesPanels: Bool
    /// Panels of target channels that one task takes, if tasks are panels.
    let taskPanels: Int
    let tileCount: Int
    /// Tiles that are transformed together.
    let stretch: Int
    /// Stretches, and how many of them follow each other in a task, so that one can ask for the next one's pixels.
    let stretchCount: Int, taskStretches: Int
    private let groupTiles: Int, groupStretches: Int
    /// About the cost of transforming a patch, and all weights.
    let tileFlops: Int, weightFlops: Int
    /// Floats from one element to the next of U, V and M, and from one tile to the next. A line more than the data keeps
    /// elements from meeting in the same lines of the caches.
    let uElement: Int
    let vStride: Int, vElement: Int
    let mStride: Int, mElement: Int

    /// Transformed weights of 512 × 512 channels (36 MiB) are more than an L3 holds, and reading them for every block is slower
    /// than the multiplications.
    static let mostWeightFloats = 4 << 20
    static let stretchTiles = 256
    /// Source channels whose weights are transposed together.
    static let gatheredRows = 16
    /// Tiles whose products with all panels of a task follow each other: what the first panel has read of V is in L2 for the others.
    static let multipliedTiles = 24

    /// - Parameters:
    ///   - groups: equal parts of the batch that no stretch is in two of, since its statistics are one group's.
    ///   - threads: the cores, 1 or more.
    init(_ w: WinogradSum, count: Int, groups: Int, threads: Int = 1, kernels: any MicrokernelTable.Type) {
      panels = PackedPanels(depth: w.sourceChannels, columns: w.targetChannels, kernels: kernels)
      tileCount = count * w.tiles.perImage
      let form = w.form
      sourceElements = form.inputElements * form.inputElements
      targetElements = form.outputElements * form.outputElements
      products = form.products * form.products
      takesPanels = products * panels.floats > Self.mostWeightFloats
      // V is read once by each task, so the fewer the better: as many panels as leave half of L2 free, and two tasks for each core.
      let panelBytes = 4 * panels.depth * panels.tileColumns
      taskPanels = max(1, min(Machine.secondLevelCache / (2 * panelBytes), panels.count / (2 * threads)))
      stretch = takesPanels ? min(tileCount, Self.stretchTiles) : w.blockTiles
      groupTiles = (count + groups - 1) / groups * w.tiles.perImage
      groupStretches = (groupTiles + stretch - 1) / max(1, stretch)
      stretchCount = groups * groupStretches
      taskStretches = max(1, min(8, stretchCount / 64))
      tileFlops = 250 * w.sourceChannels
      weightFlops = 200 * w.sourceChannels * w.targetChannels
      uElement = (takesPanels ? panels.offset(taskPanels) : panels.floats) + 16
      vStride = WinogradTiles.stride(w.sourceChannels, lanes: kernels.lanes)
      let mColumns = takesPanels ? taskPanels * panels.tileColumns : w.targetChannels
      mStride = WinogradTiles.stride(mColumns, lanes: kernels.lanes)
      vElement = stretch * vStride + 16
      mElement = stretch * mStride + 16
    }

    /// Tasks of each stretch, if tasks are panels.
    var panelTaskCount: Int { (panels.count + taskPanels - 1) / taskPanels }

    func panels(of task: Int) -> Range<Int> {
      task * taskPanels..<min(panels.count, (task + 1) * taskPanels)
    }

    /// Tasks, if they are stretches.
    var taskCount: Int { (stretchCount + taskStretches - 1) / taskStretches }

    func stretches(of task: Int) -> Range<Int> {
      task * taskStretches..<min(stretchCount, (task + 1) * taskStretches)
    }

    func tiles(of index: Int) -> Range<Int> {
      let group = index / groupStretches, end = min(tileCount, (group + 1) * groupTiles)
      let first = min(end, group * groupTiles + index % groupStretches * stretch)
      return first..<min(end, first + stretch)
    }

    /// Counted where it is run: of sizes that no memory holds it may not fit an Int.
    var flops: Int { 2 * products * tileCount * panels.depth * panels.columns }
    var uFloats: Int { products * uElement }
    var vFloats: Int { sourceElements * vElement }
    var mFloats: Int { targetElements * mElement }
    /// What each core works in.
    var coreFloats: Int { scratchFloats + mFloats + (takesPanels ? uFloats + bOverread : vFloats) }
    /// For a transform, and the weights that it transposes.
    var scratchFloats: Int { WinogradPatch.scratchFloats + 9 * Self.gatheredRows * panels.tileColumns }
  }
}
