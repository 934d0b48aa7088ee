import MicrokernelInterface

/// What a batch norm must know of a convolution's result, summed up by the convolution as it writes it, so that nobody reads the result again
/// for that:
///
///     part p of group g:   n,   Σ y,   Σ y²          over the pixels that task p writes of the group's images
///
/// A task adds up pixels of one group in Float, some hundred where it goes by rows or by blocks of tiles and up to some thousand elsewhere,
/// then adds that to sums in Double (`flush`). Taken from Σ y², the variance loses as many bits as μ² is larger: batch norm reads the result
/// again after all if a mean is far from zero (`total`).
///
/// The parts are the convolution's tasks, or Winograd's stretches where tasks are panels of channels; they depend on the shape, the groups and
/// the instruction set alone. What a part has of a channel is one task's to write, and its number of pixels that of the task with channel 0.
package struct OutputStatistics {
  private let parts: Int
  private let channels: Int
  private let imagesPerGroup: Int
  let groups: Int
  /// [groups, parts, 1 + 2·channels]: n, Σ y, Σ y²; behind them, for each group, n, μ and n·σ².
  private let sums: UnsafeMutablePointer<Double>
  /// [groups, parts, 2, channels]: what has not been flushed.
  private let running: UnsafeMutablePointer<Float>

  /// - Parameters:
  ///   - memory: `floats(parts:groups:channels:)` floats, aligned as a Double is.
  ///   - parts: `Convolution.outputParts`.
  ///   - imagesPerGroup: the images that share statistics, which follow each other in a batch.
  package init(
    _ memory: UnsafeMutablePointer<Float>, parts: Int, channels: Int, imagesPerGroup: Int, groups: Int
  ) {
    (self.parts, self.channels) = (parts, channels)
    (self.imagesPerGroup, self.groups) = (imagesPerGroup, groups)
    let doubles = groups * (parts + 1) * (1 + 2 * channels)
    sums = UnsafeMutableRawPointer(memory).bindMemory(to: Double.self, capacity: doubles)
    running = memory + 2 * doubles
  }

  /// What `init` wants as memory, in floats.
  package static func floats(parts: Int, groups: Int, channels: Int) -> Int {
    2 * groups * (parts + 1) * (1 + 2 * channels) + 2 * groups * parts * channels
  }

  /// Sets all sums to zero.
  func clear() {
    sums.update(repeating: 0, count: groups * (parts + 1) * (1 + 2 * channels))
    running.update(repeating: 0, count: 2 * groups * parts * channels)
  }

  /// Where a task adds what it writes of an image.
  func sums(part: Int, image: Int) -> ChannelSums {
    let first = running + (image / imagesPerGroup * parts + part) * 2 * channels
    return ChannelSums(sums: first, squares: first + channels)
  }

  /// Tells that so many pixels of an image are added to a part, for all channels.
  func count(_ pixels: Int, part: Int, image: Int) { slot(part, image / imagesPerGroup)[0] += Double(pixels) }

  /// Adds pixels of an image that a task has written, [pixels, channels].
  func add(
    _ y: UnsafePointer<Float>, pixels: Int, part: Int, image: Int, _ kernels: any MicrokernelTable.Type
  ) {
    let sums = sums(part: part, image: image)
    kernels.channelSquares(y, nil, pixels, channels, sums.squares, sums.sums)
    count(pixels, part: part, image: image)
  }

  /// Adds what a task has summed up of an image's group, for some channels, to its sums in Double.
  func flush(part index: Int, image: Int, channels some: Range<Int>) {
    let group = image / imagesPerGroup
    let from = running + (group * parts + index) * 2 * channels, to = slot(index, group) + 1
    for c in some {
      to[c] += Double(from[c])
      to[channels + c] += Double(from[channels + c])
      (from[c], from[channels + c]) = (0, 0)
    }
  }

  /// Joins the parts to μ = Σ y / n and n·σ² = Σ y² − n·μ².
  ///
  /// - Returns: false if a mean is more than sixteen deviations from zero, which costs eight of the variance's 24 bits.
  func total() -> Bool {
    for group in 0..<groups {
      let total = totals(group)
      total.update(repeating: 0, count: 1 + 2 * channels)
      for index in 0..<parts {
        let part = slot(index, group)
        for i in 0...2 * channels { total[i] += part[i] }
      }
      let n = max(1, total[0]), mean = total + 1, squares = mean + channels
      for c in 0..<channels {
        mean[c] /= n
        let power = n * mean[c] * mean[c]
        squares[c] = max(0, squares[c] - power)
        if power > 256 * squares[c] { return false }
      }
    }
    return true
  }

  /// After `total`: μ of a group's channels, and n·σ².
  func mean(_ group: Int) -> UnsafePointer<Double> { UnsafePointer(totals(group) + 1) }
  func squares(_ group: Int) -> UnsafePointer<Double> { UnsafePointer(totals(group) + 1 + channels) }

  private func slot(_ index: Int, _ group: Int) -> UnsafeMutablePointer<Double> {
    sums + (group * parts + index) * (1 + 2 * channels)
  }

  private func totals(_ group: Int) -> UnsafeMutablePointer<Double> {
    sums + (groups * parts + group) * (1 + 2 * channels)
  }
}
