import Foundation

/// The times of one case.
struct Timing: Equatable {
  /// Seconds a call, in the order measured; at least one, each the mean over the calls of one sample.
  let samples: [Double]
  /// Calls in each sample.
  let callsPerSample: Int

  var median: Double { Self.median(of: samples) }
  var minimum: Double { samples.min() ?? .nan }

  /// The middle value, or the mean of the two middle ones; NaN of nothing.
  static func median(of values: [Double]) -> Double {
    let sorted = values.sorted(), middle = values.count / 2
    if sorted.isEmpty { return .nan }
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}

/// How often work is repeated, and how its time is taken.
///
/// A sample is one call, or as many as make it last 1 ms: a clock and the first cache misses then cost less than a part in a
/// thousand. Samples before the work has settled (pages not yet there, memory not yet grown, a clock rate not yet raised) are
/// thrown away.
struct Measurement {
  /// When there are enough samples.
  enum Budget: Equatable {
    /// Once they have taken this long together, but at least `fewestSamples`.
    case seconds(Double)
    /// After exactly this many, at least 1.
    case repeats(Int)
  }

  static let shortestSample = 1e-3
  static let fewestSamples = 7
  /// The work has settled when a sample is less than this much faster than the best before it, or after `mostWarmUps`.
  static let settledGain = 0.02
  static let mostWarmUps = 50

  let budget: Budget
  /// The time in seconds since any fixed point, never running backwards.
  var clock: () -> Double = Self.uptime

  static func uptime() -> Double {
    Double(DispatchTime.now().uptimeNanoseconds) * 1e-9
  }

  /// Warms `work` up with at least two calls and then times it.
  func time(_ work: () -> Void) -> Timing {
    work()
    let calls = warmUp(work)
    var samples: [Double] = []
    var total = 0.0
    while !isEnough(samples.count, seconds: total) {
      let sample = seconds(of: calls, work)
      samples.append(sample / Double(calls))
      total += sample
    }
    return Timing(samples: samples, callsPerSample: calls)
  }

  private func isEnough(_ samples: Int, seconds: Double) -> Bool {
    switch budget {
    case .seconds(let wanted): samples >= Self.fewestSamples && seconds >= wanted
    case .repeats(let wanted): samples >= wanted
    }
  }

  /// Repeats the work until its time has settled.
  ///
  /// - Returns: the calls that a sample needs.
  private func warmUp(_ work: () -> Void) -> Int {
    var calls = 1, warmUps = 0
    var best = Double.infinity
    while true {
      let sample = seconds(of: calls, work)
      if sample < Self.shortestSample {
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
