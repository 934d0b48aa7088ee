/// Operations that replace each value of a channel by another, whatever its place: autocontrast, equalisation and
/// posterisation, as Pillow's `ImageOps` does them.
enum ValueMap {
  /// Keeps the `bits` highest bits of each value, 1…8.
  static func posterise(_ view: Planes, bits: Int) {
    let mask = UInt8(truncatingIfNeeded: 0xFF00 >> bits)
    for i in 0..<view.count { view.base[i] &= mask }
  }

  /// Stretches each channel so that its darkest value becomes 0 and its brightest 255:
  /// p ← (p − low) · 255 / (high − low), rounded down. A channel of a single value stays as it is.
  static func autocontrast(_ view: Planes, _ workspace: Workspace) {
    map(view, workspace) { counts, table in
      var low = 0, high = 255
      while counts[low] == 0 { low += 1 }
      while counts[high] == 0 { high -= 1 }
      guard low < high else { return false }
      let scale = 255 / Double(high - low), offset = -Double(low) * scale
      for value in 0..<256 { table[value] = Int32(min(max(Double(value) * scale + offset, 0), 255)) }
      return true
    }
  }

  /// Spreads each channel's values so that they become about equally frequent. With N(p) the number of values below p
  /// and step = ⌊(number of values − number of the brightest) / 255⌋:
  ///
  ///     p ← ⌊(⌊step / 2⌋ + N(p)) / step⌋, at most 255
  ///
  /// A channel of a single value or with a step of 0 stays as it is.
  static func equalise(_ view: Planes, _ workspace: Workspace) {
    map(view, workspace) { counts, table in
      var high = 255
      while counts[high] == 0 { high -= 1 }
      let step = (Int32(view.planeCount) - counts[high]) / 255
      guard step > 0 else { return false }
      var sum = step / 2
      for value in 0..<256 {
        table[value] = min(sum / step, 255)
        sum += counts[value]
      }
      return true
    }
  }

  /// Counts the values of each channel and replaces them by those of the table that `fill` makes of the counts, unless it
  /// returns false.
  private static func map(
    _ view: Planes, _ workspace: Workspace,
    _ fill: (_ counts: UnsafePointer<Int32>, _ table: UnsafeMutablePointer<Int32>) -> Bool
  ) {
    let counts = workspace.histogram.reserve(512), table = counts + 256
    for channel in 0..<view.channels {
      let plane = view.plane(channel)
      counts.update(repeating: 0, count: 256)
      for i in 0..<view.planeCount { counts[Int(plane[i])] += 1 }
      guard fill(counts, table) else { continue }
      for i in 0..<view.planeCount { plane[i] = UInt8(truncatingIfNeeded: table[Int(plane[i])]) }
    }
  }
}
