extension RowSum {
  /// Weights [tap][in][out] as panels [row of the kernel][taps of each class][source channel][target channel].
  func pack(
    _ weights: UnsafePointer<Float>, _ panels: PackedPanels, into packed: UnsafeMutablePointer<Float>,
    on engine: Engine
  ) {
    let block = sourceChannels * targetChannels
    engine.run(panels.count, flops: 4 * panels.floats) { p, _ in
      for ky in 0..<kernel where together > 1 { packTogether(weights, ky, panel: p, panels, into: packed) }
      for ky in 0..<kernel where together == 1 {
        for (i, kx) in tapOrder.enumerated() {
          panels.pack(
            panel: p, into: packed, rowOffset: (ky * kernel + i) * sourceChannels, rowCount: sourceChannels,
            from: weights + (ky * kernel + kx) * block, rowStride: transposesWeights ? 1 : targetChannels,
            columnStride: transposesWeights ? sourceChannels : 1)
        }
      }
    }
  }

  /// One row of the kernel for neighbouring targets: [cell][source channel][target, target channel], where target g takes tap i from cell
  /// g + i.
  private func packTogether(
    _ weights: UnsafePointer<Float>, _ ky: Int, panel p: Int, _ panels: PackedPanels,
    into packed: UnsafeMutablePointer<Float>
  ) {
    let width = panels.width(p), first = p * panels.tileColumns
    for cell in 0..<tapsTogether {
      for channel in 0..<sourceChannels {
        let to = packed + panels.offset(p) + ((ky * tapsTogether + cell) * sourceChannels + channel) * width
        for column in 0..<width {
          let (g, target) = ((first + column) / targetChannels, (first + column) % targetChannels)
          guard g < together, tapOrder.indices.contains(cell - g) else {
            to[column] = 0
            continue
          }
          let tap = (ky * kernel + tapOrder[cell - g]) * sourceChannels * targetChannels
          to[column] =
            weights[tap + (transposesWeights ? target * sourceChannels + channel : channel * targetChannels + target)]
        }
      }
    }
  }
}
