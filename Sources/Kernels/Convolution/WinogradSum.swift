import MicrokernelInterface

/// Forward and input gradient by Winograd's convolution; `Winograd.swift` has the formulas.
///
/// Both are one sum: forward reads x with the weights as they are; the input gradient reads dy with the weights turned by 180° and
/// transposed, from patches that start 2 − padding before their tile, or with it if the stride is 2. Where the formulas are for one tile,
/// this transforms as many at once as make whole register tiles:
///
///     transform the weights: U[e] in panels [source channel][target channel]              read by all cores
///     for each task: some blocks of tiles                                                 spread over the cores
///       for each block
///         transform its patches: V[e][tile][source channel]                               in L2
///         for each element e, panel of target channels:                                   in registers
///           M[e][tile][target channel] = V[e] · U[e]                                      in L2
///           ask memory for a part of what the transforms touch next
///         transform M to pixels of the target, and sum these up if asked for
///
/// Where U is larger than the caches, the order turns round, so that it never leaves them:
///
///     for each stretch of tiles
///       transform its patches: V                                                          in L3, read by all cores
///       for each task: some panels of target channels                                     spread over the cores
///         transform the panels' weights: U                                                U[e] in L2
///         for each element e, some tiles, panel: M[e] = V[e] · U[e]
///         transform M to pixels of the target
///
/// Both orders add up the same products in the same order. Cost: FLOPs of the multiplications 2·36/16 per output pixel and pair of
/// channels, instead of 2·9, and 2·81/16 with stride 2; for the transforms about 250 a patch and source channel, 200 a patch and target
/// channel.
final class WinogradSum: ConvolutionSum {
  let tiles: WinogradTiles
  var form: WinogradForm { tiles.form }
  let sourceChannels: Int
  let targetChannels: Int
  let transposesWeights: Bool

  /// Forward of `shape`, which is 3×3.
  init(forward s: ConvolutionShape) {
    tiles = WinogradTiles(s, .forward)
    (sourceChannels, targetChannels) = (s.inputChannels, s.outputChannels)
    transposesWeights = false
  }

  /// Input gradient of `shape`, which is 3×3.
  init(inputGradient s: ConvolutionShape) {
    tiles = WinogradTiles(s, .inputGradient)
    (sourceChannels, targetChannels) = (s.outputChannels, s.inputChannels)
    transposesWeights = true
  }

  func run(
    on engine: Engine, source: UnsafePointer<Float>, normalizing: InputNormalization?, weights: UnsafePointer<Float>,
    target: UnsafeMutablePointer<Float>, count: Int, accumulate: Bool, statistics: OutputStatistics?
  ) {
    let plan = Plan(
      self, count: count, groups: statistics?.groups ?? 1, threads: engine.cores.threads, kernels: engine.kernels)
    let operands = Operands(
      source: source, normalizing: normalizing, weights: weights, target: target, accumulate: accumulate,
      statistics: statistics)
    if plan.takesPanels {
      runPanels(on: engine, plan, operands)
    } else {
      runBlocks(on: engine, plan, operands)
    }
  }

  private struct Operands {
    let source: UnsafePointer<Float>
    let normalizing: InputNormalization?
    let weights: UnsafePointer<Float>
    let target: UnsafeMutablePointer<Float>
    let accumulate: Bool
    let statistics: OutputStatistics?
  }

  /// Tasks that write to the target, or stretches where tasks are panels.
  func parts(count: Int, groups: Int, _ kernels: any MicrokernelTable.Type) -> Int {
    let plan = Plan(self, count: count, groups: groups, kernels: kernels)
    return plan.takesPanels ? plan.stretchCount : plan.taskCount
  }

  /// The most that each core works in, with any instruction set of this machine, for a batch of so many images.
  func coreFloats(count: Int, threads: Int) -> Int {
    let plans = InstructionSet.available.map {
      Plan(self, count: count, groups: 1, threads: threads, kernels: $0.microkernels)
    }
    return plans.map(\.coreFloats).max() ?? 0
  }

  /// The first order: all weights are transformed, then each core takes blocks of tiles.
  private func runBlocks(on engine: Engine, _ plan: Plan, _ operands: Operands) {
    let kernels = engine.kernels
    let u = engine.sharedScratch(plan.uFloats + bOverread)
    engine.reserveWorkerScratch(plan.coreFloats)
    let rows = Plan.gatheredRows
    engine.run((sourceChannels + rows - 1) / rows, flops: plan.weightFlops) { task, worker in
      let channels = task * rows..<min(sourceChannels, (task + 1) * rows)
      for p in 0..<plan.panels.count {
        transform(
          operands.weights, channels, panel: p, plan, into: u + plan.panels.offset(p),
          scratch: engine.workerScratch(worker), kernels)
      }
    }
    engine.sweep(plan.taskCount, flops: plan.flops) { task, worker in
      let scratch = engine.workerScratch(worker)
      let v = scratch + plan.scratchFloats, m = v + plan.vFloats
      WinogradPrefetch.withRoom(for: plan.stretch, form) { ahead in
        let stretches = plan.stretches(of: task)
        for index in stretches {
          let block = plan.tiles(of: index)
          tiles.transformPatches(
            block, of: operands.source, normalizing: operands.normalizing, channels: sourceChannels, into: v,
            tileStride: plan.vStride, elementStride: plan.vElement, scratch: scratch, kernels)
          ahead.removeAll()
          ahead.addTiles(block, tiles, operands.target, channels: targetChannels)
          if index + 1 < stretches.upperBound {
            ahead.addPatches(plan.tiles(of: index + 1), tiles, operands.source, channels: sourceChannels)
          }
          multiply(block.count, 0..<plan.panels.count, plan, v, u, into: m, ahead, kernels)
          transform(
            m, plan, block, columns: 0..<targetChannels, part: task, operands, scratch: scratch, kernels)
        }
      }
    }
  }

  /// The second order: the tiles of a stretch are transformed, then each core takes panels of target channels.
  private func runPanels(on engine: Engine, _ plan: Plan, _ operands: Operands) {
    let kernels = engine.kernels, panels = plan.panels
    let v = engine.sharedScratch(plan.vFloats)
    engine.reserveWorkerScratch(plan.coreFloats)
    for index in 0..<plan.stretchCount {
      let stretch = plan.tiles(of: index), first = stretch.lowerBound
      let pieces = (stretch.count + 7) / 8
      engine.run(pieces, flops: plan.tileFlops * stretch.count) { task, worker in
        let from = task * stretch.count / pieces, to = (task + 1) * stretch.count / pieces
        tiles.transformPatches(
          first + from..<first + to, of: operands.source, normalizing: operands.normalizing, channels: sourceChannels,
          into: v + from * plan.vStride,
          tileStride: plan.vStride, elementStride: plan.vElement, scratch: engine.workerScratch(worker), kernels)
      }
      engine.run(plan.panelTaskCount, flops: plan.flops) { task, worker in
        let group = plan.panels(of: task), scratch = engine.workerScratch(worker)
        let u = scratch + plan.scratchFloats, m = u + plan.uFloats + bOverread
        var channel = 0
        while channel < sourceChannels {
          let channels = channel..<min(sourceChannels, channel + Plan.gatheredRows)
          for (i, p) in group.enumerated() {
            transform(
              operands.weights, channels, panel: p, plan, into: u + panels.offset(i), scratch: scratch, kernels)
          }
          channel = channels.upperBound
        }
        multiply(stretch.count, group, plan, v, u, into: m, nil, kernels)
        let first = group.lowerBound * panels.tileColumns, end = group.upperBound * panels.tileColumns
        transform(
          m, plan, stretch, columns: first..<min(panels.columns, end), part: index, operands,
          scratch: scratch, kernels)
      }
    }
  }

  /// The most parts that a batch of so many images, or fewer, can have, with any instruction set.
  func mostParts(count: Int, groups: Int) -> Int {
    let stretches = groups * ((count * tiles.perImage / max(1, groups) + 2 * tiles.perImage) / blockTiles + 1)
    return max(min(stretches, 128), (stretches + 7) / 8)
  }

  /// M = V · U for all elements and some panels; `u` and `m` are where the first panel's part starts. The products of an element of M, of
  /// which there can be four with stride 2, are the runs of one tile.
  private func multiply(
    _ tileCount: Int, _ group: Range<Int>, _ plan: Plan, _ v: UnsafePointer<Float>, _ u: UnsafePointer<Float>,
    into m: UnsafeMutablePointer<Float>, _ ahead: WinogradPrefetch?, _ kernels: any MicrokernelTable.Type
  ) {
    let panels = plan.panels, side = form.outputElements
    let first = group.lowerBound, whole = min(group.upperBound, panels.columns / panels.tileColumns)
    withUnsafeTemporaryAllocation(of: Tile.Run.self, capacity: 4) { runs in
      guard let firstRun = runs.baseAddress else { return }
      for i in 0..<side {
        for j in 0..<side {
          let e = i * side + j, runCount = products(i, j, plan, into: firstRun)
          ahead?.ask(e, of: side * side, kernels)
          func multiplyPanels(_ rows: Range<Int>, from p: Int, count: Int) {
            let before = p - group.lowerBound, width = panels.width(p)
            kernels.tileAlongRows(
              Tile(
                a: v + rows.lowerBound * plan.vStride, aRowStride: plan.vStride, aDepthStride: 1,
                b: u + panels.offset(before), bDepthStride: width,
                c: m + e * plan.mElement + rows.lowerBound * plan.mStride + before * panels.tileColumns,
                cRowStride: plan.mStride, rows: rows.count, columns: width, panels: count,
                bPanelStride: panels.offset(1), runs: firstRun, runCount: runCount, depth: sourceChannels,
                accumulate: false))
          }
          var tile = 0
          while tile < tileCount {
            let rows = tile..<min(tileCount, tile + Plan.multipliedTiles)
            if first < whole { multiplyPanels(rows, from: first, count: whole - first) }
            if whole < group.upperBound { multiplyPanels(rows, from: whole, count: 1) }
            tile = rows.upperBound
          }
        }
      }
    }
  }

  /// The products that element (i, j) of M adds up, and how many they are.
  private func products(_ i: Int, _ j: Int, _ plan: Plan, into runs: UnsafeMutablePointer<Tile.Run>) -> Int {
    let elements = form.inputElements, products = form.products, isSum = form.outputElements < products
    var count = 0, k = i
    repeat {
      var l = j
      repeat {
        let source = WinogradForm.element(k, of: elements) * elements + WinogradForm.element(l, of: elements)
        runs[count] = Tile.Run(a: source * plan.vElement, b: (k * products + l) * plan.uElement)
        count += 1
        l += 5
      } while isSum && l < products
      k += 5
    } while isSum && k < products
    return count
  }

  /// Y (+)= Aᵀ M A, as far as it lies inside the target, for some target channels.
  private func transform(
    _ m: UnsafePointer<Float>, _ plan: Plan, _ block: Range<Int>, columns: Range<Int>, part: Int, _ operands: Operands,
    scratch: UnsafeMutablePointer<Float>, _ kernels: any MicrokernelTable.Type
  ) {
    let row = tiles.tiledWidth * targetChannels
    let transform = form.output, side = form.tile
    var patch = WinogradPatch(
      transform, source: m, row: transform.inputs * plan.mElement, column: plan.mElement, target: operands.target,
      row: row, column: targetChannels, channels: columns.count, padsChannels: false,
      accumulate: operands.accumulate, scratch: scratch)
    tiles.forEach(block) { i, image, y, x in
      patch.source = m + i * plan.mStride
      let y = side * y, x = side * x
      patch.target =
        operands.target + (image * tiles.tiledHeight + y) * row + x * targetChannels + columns.lowerBound
      patch.targetRows = min(side, tiles.tiledHeight - y)
      patch.targetColumns = min(side, tiles.tiledWidth - x)
      if let statistics = operands.statistics {
        patch.sums = statistics.sums(part: part, image: image).advanced(by: columns.lowerBound)
        if columns.lowerBound == 0 {
          statistics.count(patch.targetRows * patch.targetColumns, part: part, image: image)
        }
      }
      kernels.winograd(transform, patch)
    }
    if block.isEmpty { return }
    operands.statistics?.flush(part: part, image: block.lowerBound / tiles.perImage, channels: columns)
  }
}
