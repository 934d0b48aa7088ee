/// Along one axis of a convolution, the source positions that each target position reads, padding left out.
///
/// Forward (target = output):        source = target · stride − padding + k
/// Input gradient (target = input):  source = (target + padding − k) / stride, where that is whole
///
/// Both passes, any kernel, stride and padding are the same loop over these lists. Positions on padding are not in
/// them: what would be multiplied by zero is never multiplied.
package final class AxisTaps {
  package struct Tap: Equatable {
    /// The position that is read.
    package var source: Int
    /// The position in the kernel that it is multiplied with.
    package var k: Int
  }

  /// The taps of all target positions, one list after the other, each in the order of its sources. Plain memory, since kernels'
  /// loops read it for every tile.
  let taps: UnsafeMutablePointer<Tap>
  /// Where the taps of each target position start; the last entry is where all end.
  let starts: UnsafeMutablePointer<Int>
  /// The target positions.
  package let count: Int
  /// `count` source positions, `step` apart from `first` on, among which are all that targets read. With a kernel of one they are the
  /// ones that are read; else, most often, all.
  let sourcesRead: (first: Int, step: Int, count: Int)

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
    count = lists.count
    taps = .allocate(capacity: max(1, lists.reduce(0) { $0 + $1.count }))
    starts = .allocate(capacity: count + 1)
    var next = 0
    for (t, list) in lists.enumerated() {
      (starts + t).initialize(to: next)
      for tap in list {
        (taps + next).initialize(to: tap)
        next += 1
      }
    }
    (starts + count).initialize(to: next)
    let read = lists.joined().map(\.source)
    if let first = read.min(), let last = read.max() {
      let step = max(1, read.reduce(0) { greatestCommonDivisor($0, $1 - first) })
      sourcesRead = (first, step, (last - first) / step + 1)
    } else {
      sourcesRead = (0, 1, 0)
    }
  }

  deinit {
    taps.deallocate()
    starts.deallocate()
  }

  /// The taps of target position `t`.
  package subscript(t: Int) -> UnsafeBufferPointer<Tap> {
    UnsafeBufferPointer(start: taps + starts[t], count: starts[t + 1] - starts[t])
  }

  /// The source positions from the first to the last that target `t` reads; empty if it reads none.
  package func sources(of t: Int) -> Range<Int> {
    guard let first = self[t].first, let last = self[t].last else { return 0..<0 }
    return first.source..<last.source + 1
  }

  /// The source positions from the first to the last that some targets read; empty if they read none.
  package func sources(of targets: Range<Int>) -> Range<Int> {
    var first = Int.max, end = 0
    for t in targets {
      let needed = sources(of: t)
      if needed.isEmpty { continue }
      first = min(first, needed.lowerBound)
      end = max(end, needed.upperBound)
    }
    return min(first, end)..<end
  }

  /// The most source positions between the first and the last that any target reads.
  package var window: Int { (0..<count).map { sources(of: $0).count }.max() ?? 0 }
}

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestCommonDivisor(b, a % b) }
