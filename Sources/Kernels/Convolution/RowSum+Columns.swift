extension RowSum {
  /// Targets of a row that read their sources alike.
  struct ColumnClass {
    var firstTarget: Int
    var count: Int
    /// The first source that its first target reads: a position, which may be on padding, or a cell of the padded row.
    var firstSource: Int
    /// How many taps there are along the row, and where their weights start in a packed row of the kernel.
    var taps: Int
    var firstTap: Int
  }

  /// The targets of a row by what they read along it.
  ///
  /// Forward target t reads t · stride − padding + k, all alike. Backward it reads (t + padding − k) / stride where that is whole: targets of
  /// one remainder by the stride have the same taps.
  struct Columns {
    private(set) var classes: [ColumnClass] = []
    /// The taps along a row of the kernel, class by class, in the order of their sources.
    private(set) var tapOrder: [Int] = []
    /// The sources from the first to the last that is read.
    private(set) var sources = 0..<0
    /// Cells of the padded row from one target of a class to the next, and targets.
    private(set) var cellStep = 1
    private(set) var targetStep = 1

    /// - Parameters:
    ///   - width: targets of a row of the image.
    ///   - joined: targets of the rows that are one.
    init(forward s: ConvolutionShape, width: Int, joined: Int) {
      guard width > 0 else { return }
      classes = [ColumnClass(firstTarget: 0, count: joined, firstSource: -s.padding, taps: s.kernel, firstTap: 0)]
      tapOrder = Array(0..<s.kernel)
      sources = -s.padding..<(width - 1) * s.stride - s.padding + s.kernel
      cellStep = s.kernel == 1 ? 1 : s.stride
    }

    /// - Parameter width: targets of a row.
    init(inputGradient s: ConvolutionShape, width: Int) {
      targetStep = s.stride
      var read: [Range<Int>] = []
      for remainder in 0..<min(s.stride, width) {
        let taps = (0..<s.kernel).reversed().filter { (remainder + s.padding - $0) % s.stride == 0 }
        let count = (width - remainder + s.stride - 1) / s.stride
        let first = taps.first.map { (remainder + s.padding - $0) / s.stride } ?? 0
        classes.append(
          ColumnClass(
            firstTarget: remainder, count: count, firstSource: first, taps: taps.count, firstTap: tapOrder.count))
        tapOrder += taps
        if !taps.isEmpty { read.append(first..<first + count - 1 + taps.count) }
      }
      sources = (read.map(\.lowerBound).min() ?? 0)..<(read.map(\.upperBound).max() ?? 0)
    }
  }
}
