import MicrokernelInterface

extension WinogradSum {
  /// U[e] = G g Gᵀ of a few source channels and one panel of target channels; `u` is where the panel starts.
  func transform(
    _ weights: UnsafePointer<Float>, _ channels: Range<Int>, panel p: Int, _ plan: Plan,
    into u: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>, _ kernels: any MicrokernelTable.Type
  ) {
    let panels = plan.panels, width = panels.width(p), columns = panels.columns(of: p)
    let column = p * panels.tileColumns
    var patch = WinogradPatch(
      form.factor, source: weights, row: 0, column: 0, target: u, row: form.products * plan.uElement,
      column: plan.uElement, channels: columns, padsChannels: true, accumulate: false, scratch: scratch)
    let first: UnsafePointer<Float>, step: Int
    if transposesWeights {
      let gathered = scratch + WinogradPatch.scratchFloats
      gather(weights, channels, column..<column + columns, into: gathered, width: panels.tileColumns, kernels)
      // Turned by 180°, the taps run backwards.
      patch.sourceColumn = -Plan.gatheredRows * panels.tileColumns
      (first, step) = (UnsafePointer(gathered) - 8 * patch.sourceColumn, panels.tileColumns)
    } else {
      patch.sourceColumn = sourceChannels * targetChannels
      (first, step) = (weights + channels.lowerBound * targetChannels + column, targetChannels)
    }
    patch.sourceRow = 3 * patch.sourceColumn
    for (i, c) in channels.enumerated() {
      patch.source = first + i * step
      patch.target = u + c * width
      kernels.winograd(form.factor, patch)
    }
  }

  /// Copies weights [tap][in][out] of a few outputs (`channels`) and inputs (`columns`) to [tap][`gatheredRows`][columns].
  ///
  /// Every line that it reads is `sourceChannels` floats from the one before, too far for the processor to ask for it by itself: each asks for
  /// the one next to it, which the next channels are in. The input gradient of 512 channels takes a fifth less time.
  private func gather(
    _ weights: UnsafePointer<Float>, _ channels: Range<Int>, _ columns: Range<Int>,
    into to: UnsafeMutablePointer<Float>, width: Int, _ kernels: any MicrokernelTable.Type
  ) {
    for tap in 0..<9 {
      var j = 0
      while j < columns.count {
        let from = weights + (tap * targetChannels + columns.lowerBound + j) * sourceChannels + channels.lowerBound
        let column = to + tap * Plan.gatheredRows * width + j
        kernels.prefetchLines(from + channels.count, Plan.gatheredRows)
        var c = 0
        while c < channels.count {
          column[c * width] = from[c]
          c += 1
        }
        j += 1
      }
    }
  }
}
