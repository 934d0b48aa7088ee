/// Limited-memory BFGS: finds the minimum of a smooth convex function from its values and gradients.
///
///     direction   p = −H·g, H the inverse Hessian that the last `memory` pairs (s, y) suggest    two-loop recursion
///     step        the first of t = 1, ½, ¼, … with f(x + t·p) ≤ f(x) + 10⁻⁴·t·g·p                  Armijo
///                 or, where f differs by its rounding only, g(x + t·p)·p ≤ −0.8·g·p                  approximate Wolfe
///     pair        s = t·p, y = g(x + t·p) − g(x), kept if s·y > 0
///
/// Sources: J. Nocedal, S. J. Wright, "Numerical Optimization", 2nd edition, 2006, algorithms 3.1, 7.4 and 7.5; W. W. Hager, H. Zhang,
/// "A New Conjugate Gradient Method with Guaranteed Descent and an Efficient Line Search", SIAM Journal on Optimization 16, 2005, section 4: close
/// to the minimum the gradient still tells what the values' rounding hides.
struct LBFGS {
  /// The pairs that are remembered.
  var memory = 10
  var mostIterations: Int
  /// Ends when no component of the gradient is larger.
  var tolerance: Double
  /// How far a value of f may be off by rounding, relative to it.
  var rounding = 0x1p-20

  struct Minimum {
    var point: [Double]
    var iterations: Int
    /// The gradient's largest component there. It is above the tolerance if the iterations ran out, or if rounding hides any
    /// further descent.
    var largestGradient: Double
  }

  /// - Parameters:
  ///   - start: where to begin.
  ///   - evaluate: returns f at a point and overwrites the gradient.
  func minimize(
    from start: [Double], _ evaluate: (_ point: [Double], _ gradient: inout [Double]) -> Double
  ) -> Minimum {
    var x = start, g = [Double](repeating: 0, count: start.count)
    var f = evaluate(x, &g)
    var pairs: [Pair] = []
    var iterations = 0
    while iterations < mostIterations, Self.largest(g) > tolerance {
      var p = direction(g, pairs)
      var slope = Self.dot(g, p)
      if slope >= 0 {
        pairs = []
        p = direction(g, pairs)
        slope = Self.dot(g, p)
      }
      // Without a pair the gradient has no scale: the first step has length 1.
      var t = pairs.isEmpty ? min(1, 1 / Self.dot(g, g).squareRoot()) : 1
      var next = x, nextGradient = g, value = f
      var halvings = 0
      repeat {
        for i in x.indices { next[i] = x[i] + t * p[i] }
        value = evaluate(next, &nextGradient)
        if value <= f + 1e-4 * t * slope { break }
        if value <= f + rounding * abs(f), Self.dot(nextGradient, p) <= -0.8 * slope { break }
        t /= 2
        halvings += 1
      } while halvings < Self.mostHalvings
      if halvings == Self.mostHalvings { break }
      var pair = Pair(s: x, y: g, inverse: 0)
      for i in x.indices {
        pair.s[i] = next[i] - x[i]
        pair.y[i] = nextGradient[i] - g[i]
      }
      let curvature = Self.dot(pair.s, pair.y)
      if curvature > 0 {
        pair.inverse = 1 / curvature
        pairs.append(pair)
        if pairs.count > memory { pairs.removeFirst() }
      }
      (x, g, f) = (next, nextGradient, value)
      iterations += 1
    }
    return Minimum(point: x, iterations: iterations, largestGradient: Self.largest(g))
  }

  private struct Pair {
    var s: [Double]
    var y: [Double]
    /// 1/(s·y).
    var inverse: Double
  }

  private static let mostHalvings = 30

  private func direction(_ g: [Double], _ pairs: [Pair]) -> [Double] {
    var q = g.map { -$0 }
    var weights = [Double](repeating: 0, count: pairs.count)
    for (j, pair) in pairs.enumerated().reversed() {
      weights[j] = pair.inverse * Self.dot(pair.s, q)
      for i in q.indices { q[i] -= weights[j] * pair.y[i] }
    }
    if let last = pairs.last {
      let scale = 1 / (last.inverse * Self.dot(last.y, last.y))
      for i in q.indices { q[i] *= scale }
    }
    for (j, pair) in pairs.enumerated() {
      let correction = weights[j] - pair.inverse * Self.dot(pair.y, q)
      for i in q.indices { q[i] += correction * pair.s[i] }
    }
    return q
  }

  private static func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for i in a.indices { sum += a[i] * b[i] }
    return sum
  }

  private static func largest(_ a: [Double]) -> Double { a.reduce(0) { max($0, abs($1)) } }
}
