import Foundation
import Kernels
import MicrokernelInterface
import Testing

/// The microkernels that work on rows, at every length from none to several vectors and a tail.
@Suite struct RowKernelTests {
  private static let counts = 0...70

  @Test(arguments: InstructionSet.available)
  func dotProduct(instructionSet: InstructionSet) {
    for count in Self.counts {
      var samples = Samples(count)
      let x = GuardedFloats(samples.normals(count), offset: 1), y = GuardedFloats(samples.normals(count), offset: 2)
      let products = zip(x.values, y.values).map { Double($0) * Double($1) }
      let found = instructionSet.microkernels.dotProduct(x.base, y.base, count)
      let bound = gamma(count) * products.reduce(0) { $0 + abs($1) }
      #expect(abs(Double(found) - products.reduce(0, +)) <= bound, "\(count)")
    }
  }

  /// y = factor·x, rounded once.
  @Test(arguments: InstructionSet.available, [false, true])
  func scale(instructionSet: InstructionSet, inPlace: Bool) {
    for count in Self.counts {
      var samples = Samples(count)
      let values = samples.normals(count), factor = samples.normals(1)[0]
      let x = GuardedFloats(values, offset: 1), y = inPlace ? x : GuardedFloats(count)
      instructionSet.microkernels.scale(x.base, factor, count, y.base)
      #expect(y.values == values.map { factor * $0 }, "\(count)")
      #expect(y.isGuarded)
    }
  }

  /// y = a·x + b·y: at most two products and a sum.
  @Test(arguments: InstructionSet.available)
  func scaleAndAdd(instructionSet: InstructionSet) {
    for count in Self.counts {
      var samples = Samples(count)
      let x = GuardedFloats(samples.normals(count)), before = samples.normals(count)
      let (a, b) = (samples.normals(1)[0], samples.normals(1)[0])
      let y = GuardedFloats(before, offset: 1)
      instructionSet.microkernels.scaleAndAdd(a, x.base, b, y.base, count)
      let terms = zip(x.values, before).map { (Double(a) * Double($0), Double(b) * Double($1)) }
      let found = mismatch(y.values, terms.map { $0 + $1 }) { gamma(2) * (abs(terms[$0].0) + abs(terms[$0].1)) }
      #expect(found == nil, "\(count)")
      #expect(y.isGuarded)
    }
  }

  /// y = e^(scale·(x − m)). The argument has two roundings, which its exponential sees as |argument| relative ones; the
  /// exponential itself is within 1.1 ulp, 2.2 u.
  @Test(arguments: InstructionSet.available, [false, true])
  func exponentialsAndSum(instructionSet: InstructionSet, inPlace: Bool) throws {
    // The maximum stands in the first vector, in a later one and in the tail; it may also stand twice.
    for (count, places) in Self.counts.flatMap({ n in [[], [0], [n / 2], [n - 1], [0, n - 1]].map { (n, $0) } }) {
      var samples = Samples(count)
      var x = samples.normals(count)
      for place in places where x.indices.contains(place) { x[place] = 4 }
      let scale: Float = 10
      let input = GuardedFloats(x), y = inPlace ? input : GuardedFloats(count)
      let (maximum, sum) = instructionSet.microkernels.exponentialsAndSum(input.base, scale, count, y.base)
      #expect(maximum == x.max() ?? -.infinity)
      let arguments = x.map { Double(scale) * (Double($0) - Double(maximum)) }
      let wanted = arguments.map(exp)
      let bounds = zip(arguments, wanted).map { (2 * abs($0) + 2.5) * unitRoundoff * $1 }
      #expect(mismatch(y.values, wanted) { bounds[$0] } == nil, "\(count), \(places)")
      let total = wanted.reduce(0, +)
      #expect(abs(Double(sum) - total) <= bounds.reduce(0, +) + gamma(count) * 1.001 * total, "\(count), \(places)")
      #expect(y.isGuarded)
    }
  }

  /// PyTorch's SGD: v = momentum·v + (g + decay·w), w = w − rate·v. Each sum has two products and as many additions.
  @Test(arguments: InstructionSet.available)
  func momentumStep(instructionSet: InstructionSet) {
    let (rate, momentum, decay) = (Float(0.1), Float(0.9), Float(5e-4))
    for count in Self.counts {
      var samples = Samples(count)
      let (w, g, v) = (samples.normals(count), samples.normals(count), samples.normals(count))
      let weights = GuardedFloats(w, offset: 1), velocities = GuardedFloats(v, offset: 2)
      let gradients = GuardedFloats(g)
      instructionSet.microkernels.momentumStep(
        weights.base, gradients.base, velocities.base, count, rate, momentum, decay)
      let wantedV = (0..<count).map {
        Double(momentum) * Double(v[$0]) + (Double(g[$0]) + Double(decay) * Double(w[$0]))
      }
      let wantedW = (0..<count).map { Double(w[$0]) - Double(rate) * wantedV[$0] }
      let boundsV = (0..<count).map {
        gamma(4) * Double(abs(momentum * v[$0]) + abs(g[$0]) + abs(decay * w[$0]))
      }
      #expect(mismatch(velocities.values, wantedV) { boundsV[$0] } == nil, "\(count)")
      let found = mismatch(weights.values, wantedW) {
        Double(rate) * boundsV[$0] + gamma(2) * (Double(abs(w[$0])) + Double(rate) * abs(wantedV[$0]))
      }
      #expect(found == nil, "\(count)")
      #expect(weights.isGuarded && velocities.isGuarded)
    }
  }

  /// Stretches close together, apart, and all from one place (step 0).
  @Test(arguments: InstructionSet.available)
  func copyStretches(instructionSet: InstructionSet) {
    for length in Self.counts {
      for (count, xGap, yGap) in [(0, 0, 0), (1, 0, 0), (3, 0, 5), (4, 2, 0), (3, -length, 1)] {
        var samples = Samples(length)
        let (xStep, yStep) = (length + xGap, length + yGap)
        let x = GuardedFloats(samples.normals(max(xStep * (count - 1), 0) + length))
        let y = GuardedFloats(yStep * count)
        instructionSet.microkernels.copyStretches(x.base, xStep, y.base, yStep, length, count)
        for i in 0..<count {
          let stretch = i * yStep..<i * yStep + length
          #expect(Array(y.values[stretch]) == Array(x.values[i * xStep..<i * xStep + length]))
          #expect(y.isUntouched(stretch.upperBound..<(i + 1) * yStep))
        }
        #expect(y.isGuarded)
      }
    }
  }

  /// Sums over rows, added to what was there: rows + 1 terms.
  @Test(arguments: InstructionSet.available, [0, 1, 2, 9])
  func channelSumsAndSquares(instructionSet: InstructionSet, rows: Int) {
    for channels in Array(Self.counts) + [150, 601] {
      var samples = Samples(channels)
      let x = samples.normals(rows * channels), before = samples.normals(channels).map(abs)
      let center = GuardedFloats(samples.normals(channels))
      let input = GuardedFloats(x), sums = GuardedFloats(before), squares = GuardedFloats(before, offset: 1)
      let deviations = GuardedFloats(before, offset: 2)
      instructionSet.microkernels.channelSums(input.base, rows, channels, sums.base)
      instructionSet.microkernels.channelSquares(
        input.base, center.base, rows, channels, squares.base, deviations.base)
      var sum = before.map(Double.init), size = sum, square = sum, deviation = sum, distance = sum
      for i in x.indices {
        let c = i % channels, d = Double(x[i]) - Double(center.base[c])
        sum[c] += Double(x[i])
        size[c] += Double(abs(x[i]))
        square[c] += d * d
        deviation[c] += d
        distance[c] += abs(d)
      }
      #expect(mismatch(sums.values, sum) { gamma(rows) * size[$0] } == nil, "\(channels)")
      // The difference counts twice in its square.
      #expect(mismatch(squares.values, square) { gamma(rows + 3) * square[$0] } == nil, "\(channels)")
      #expect(mismatch(deviations.values, deviation) { gamma(rows + 1) * distance[$0] } == nil, "\(channels)")
      #expect(sums.isGuarded && squares.isGuarded && deviations.isGuarded)
    }
  }

  /// Maxima of three rows, then a gradient routed back through them: to the first of equals, once.
  @Test(arguments: InstructionSet.available)
  func maximumsAndTheirGradient(instructionSet: InstructionSet) {
    let kernels = instructionSet.microkernels
    for count in Self.counts {
      var samples = Samples(count)
      let rows = (0..<3).map { _ in GuardedFloats(samples.integers(count, most: 1)) }
      let gradient = samples.normals(count), before = samples.integers(count)
      let most = GuardedFloats(rows[0].values, offset: 1), remaining = GuardedFloats(gradient, offset: 2)
      for row in rows { kernels.maximums(row.base, count, most.base) }
      #expect(most.values == (0..<count).map { i in rows.map { $0.base[i] }.max() ?? 0 }, "\(count)")
      var taken = [Bool](repeating: false, count: count)
      for row in rows {
        let dx = GuardedFloats(before)
        kernels.routeToMaximum(row.base, most.base, count, remaining.base, dx.base)
        for i in 0..<count {
          let wins = row.base[i] == most.base[i] && !taken[i]
          if wins { taken[i] = true }
          #expect(dx.base[i] == before[i] + (wins ? gradient[i] : 0), "\(count)")
          #expect(remaining.base[i] == (taken[i] ? 0 : gradient[i]), "\(count)")
        }
        #expect(dx.isGuarded)
      }
      #expect(most.isGuarded && remaining.isGuarded)
    }
  }
}
