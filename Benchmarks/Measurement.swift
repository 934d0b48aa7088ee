import Foundation

/// How often work is repeated, and how its time is taken.
///
/// A sample is one call, or as many as make it last 1 ms: a clock and the first cache misses then cost less than a part in a
/// thousand. Samples before the work has settled (pages not yet there, memory not yet grown, a clock rate not yet raised) are
/// thrown away.
///
/// With cold caches a sample is always one call, since the next one would find what the first has left: short work then includes
/// the clock's own 20 to 50 ns.
struct Measurement {
  /// When there are enough samples.
  enum Budget: Equatable {
    /// Once the median is known to `precision`, or this much time has passed.
    case seconds(Double)
    /// After exactly this many, at least 1.
    case repeats(Int)
  }

  static let shortestSample = 1e-3
  /// However long they take.
  static let fewestSamples = 7
  /// The fewest for which the median may be called known before the time is up.
  static let fewestForPrecision = 15
  /// Precision is not looked at in the first tenth of the budget: a quiet moment says little of the next.
  static let shareBeforePrecision = 0.1
  /// The work has settled when a sample is less than this much faster than the best before it, or after `mostWarmUps`.
  static let settledGain = 0.02
  static let mostWarmUps = 50

  let budget: Budget
  /// Half the width of the median's 95 % interval at which it is known, as a share of the median; 0 uses the time up.
  var precision = 0.01
  /// Empties the caches before each call, outside of its time; nil measures with what the call before has left in them.
  var evictCaches: (() -> Void)?
  /// The time in seconds since any fixed point, never running backwards.
  var clock: () -> Double = Self.uptime

  static func uptime() -> Double {
    Double(DispatchTime.now().uptimeNanoseconds) * 1e-9
  }

  /// Warms `work` up with at least two calls and then times it.
  func time(_ work: () -> Void) -> Timing {
    work()
    let calls = warmUp(work)
    let start = clock()
    var samples: [Double] = []
    while !isEnough(samples, seconds: clock() - start) {
      evictCaches?()
      samples.append(seconds(of: calls, work) / Double(calls))
    }
    return Timing(samples: samples, callsPerSample: calls)
  }

  private func isEnough(_ samples: [Double], seconds: Double) -> Bool {
    let count = samples.count
    switch budget {
    case .repeats(let wanted): return count >= wanted
    case .seconds(let most):
      if count < Self.fewestSamples { return false }
      if seconds >= most { return true }
      // Looked at ever more rarely: sorting is work too, and the more often one looks, the more often chance looks precise.
      guard count >= Self.fewestForPrecision, seconds >= Self.shareBeforePrecision * most, count % (count / 8) == 0
      else { return false }
      let sorted = samples.sorted(), interval = Timing.medianInterval(of: sorted)
      return interval.upperBound - interval.lowerBound <= 2 * precision * Timing.quantile(0.5, of: sorted)
    }
  }

  /// Repeats the work until its time has settled.
  ///
  /// - Returns: the calls that a sample needs.
  private func warmUp(_ work: () -> Void) -> Int {
    var calls = 1, warmUps = 0
    var best = Double.infinity
    while true {
      evictCaches?()
      let sample = seconds(of: calls, work)
      if sample < Self.shortestSample, evictCaches == nil {
        // Aims at twice the shortest sample, as the calls may still become faster.
        let growth = 2 * Self.shortestSample / max(sample, 2e-6)
        calls = Int((Double(calls) * max(2, growth)).rounded(.up))
        continue
      }
      warmUps += 1
      let each = sample / Double(calls)
      if each > best * (1 - Self.settledGain) || warmUps == Self.mostWarmUps { return calls }
      best = each
    }
  }

  private func seconds(of calls: Int, _ work: () -> Void) -> Double {
    let start = clock()
    for _ in 0..<calls { work() }
    return clock() - start
  }
}
