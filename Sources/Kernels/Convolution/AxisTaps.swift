/// Along one axis of a convolution, the source positions that each target position reads, padding left out.
///
/// Forward (target = output):        source = target · stride − padding + k
/// Input gradient (target = input):  source = (target + padding − k) / stride, where that is whole
///
/// Both passes, any kernel, stride and padding are the same loop over these lists. Positions on padding are not in
/// them: what would be multiplied by zero is never multiplied.
package struct AxisTaps {
  package struct Tap: Equatable {
    /// The position that is read.
    package var source: Int
    /// The position in the kernel that it is multiplied with.
    package var k: Int
  }

  /// For each target position, its taps in the order of their sources.
  package let taps: [[Tap]]

  /// - Parameters:
  ///   - input, output: the positions along this axis.
  ///   - backward: lists the outputs that read each input, rather than the inputs that each output reads.
  package init(input: Int, output: Int, kernel: Int, stride: Int, padding: Int, backward: Bool) {
    var lists = [[Tap]](repeating: [], count: backward ? input : output)
    for o in 0..<output {
      for k in 0..<kernel {
        let i = o * stride - padding + k
        guard i >= 0, i < input else { continue }
        if backward {
          lists[i].append(Tap(source: o, k: k))
        } else {
          lists[o].append(Tap(source: i, k: k))
        }
      }
    }
    taps = lists
  }

  /// The source positions from the first to the last that target `t` reads; empty if it reads none.
  package func sources(of t: Int) -> Range<Int> {
    guard let first = taps[t].first, let last = taps[t].last else { return 0..<0 }
    return first.source..<last.source + 1
  }

  /// The most source positions between the first and the last that any target reads.
  package var window: Int { taps.indices.map { sources(of: $0).count }.max() ?? 0 }
}
