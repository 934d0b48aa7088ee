import MicrokernelInterface

/// A row of an image with zeros around it, as convolutions along rows read it: then every target of a row has all taps of a kernel's row,
/// and they lie one after the other.
///
///     │ 0 0 │ c c │ c c │ c c │ … │ 0 0 │          each cell one pixel's channels
///
/// A kernel of one pixel with a stride reads some pixels only; these alone are copied, and then they are neighbours. Without padding, so
/// are those of several rows.
struct PaddedRow {
  /// The first pixel of the row in memory that is copied, and how far apart those that are lie.
  let first: Int
  let step: Int
  /// Pixels that are copied, and those before and after them that are zero.
  let copied: Int
  let left: Int
  let right: Int
  let channels: Int
  /// Rows that are copied one after the other, and the floats from one to the next in memory.
  private let rows: Int
  private let rowStride: Int

  /// - Parameters:
  ///   - width: pixels of the row in memory.
  ///   - positions: from the first to the last that is read, counted in these pixels; some may lie outside.
  ///   - step: reads each `step`-th position only.
  ///   - rows: how many rows stand for one, from each `step`-th row of the image.
  init(width: Int, positions: Range<Int>, step: Int = 1, channels: Int, rows: Int = 1) {
    self.step = step
    self.channels = channels
    self.rows = rows
    rowStride = step * width * channels
    // Cells before position `end`, of all that are read.
    func cells(before end: Int) -> Int {
      let end = min(end, positions.upperBound)
      return end <= positions.lowerBound ? 0 : (end - positions.lowerBound - 1) / step + 1
    }
    left = cells(before: 0)
    copied = cells(before: width) - left
    right = cells(before: positions.upperBound) - left - copied
    first = copied == 0 ? 0 : positions.lowerBound + left * step
  }

  /// Floats of the row with its zeros.
  var floats: Int { rows * cellsOfOne * channels }

  private var cellsOfOne: Int { left + copied + right }

  /// Copies the row (or rows) that starts at `row`; with `normalization`, what batch norm and ReLU make of it.
  func copy(
    _ row: UnsafePointer<Float>, _ normalization: ChannelNormalization?, into to: UnsafeMutablePointer<Float>,
    _ kernels: any MicrokernelTable.Type
  ) {
    for r in 0..<rows {
      copyOne(row + r * rowStride, normalization, into: to + r * cellsOfOne * channels, kernels)
    }
  }

  private func copyOne(
    _ row: UnsafePointer<Float>, _ normalization: ChannelNormalization?, into to: UnsafeMutablePointer<Float>,
    _ kernels: any MicrokernelTable.Type
  ) {
    to.update(repeating: 0, count: left * channels)
    let from = row + first * channels, inside = to + left * channels
    if let normalization, step == 1 {
      kernels.normForward(from, normalization, nil, true, copied, channels, inside, channels)
    } else if step == 1 {
      inside.update(from: from, count: copied * channels)
    } else {
      kernels.copyStretches(from, step * channels, inside, channels, channels, copied)
      if let normalization {
        kernels.normForward(inside, normalization, nil, true, copied, channels, inside, channels)
      }
    }
    (inside + copied * channels).update(repeating: 0, count: right * channels)
  }
}
