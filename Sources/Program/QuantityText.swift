import Foundation

/// Quantities as people read them in a progress line.
enum QuantityText {
  /// A rate with three significant digits or more, such as `8.25 images/s` or `1204 images/s`.
  ///
  /// - Parameters:
  ///   - count: how many, at least 0.
  ///   - seconds: in how long. Without any time there is no rate: `– images/s`.
  static func rate(_ count: Double, per seconds: Double) -> String {
    let rate = count / seconds
    guard seconds > 0, rate.isFinite, rate >= 0 else { return "– images/s" }
    let decimals = rate < 9.995 ? 2 : rate < 99.95 ? 1 : 0
    return String(format: "%.\(decimals)f images/s", rate)
  }

  /// A time in its two largest units, rounded to the smaller: `45 s`, `1 min 20 s`, `2 h 5 min`, `3 d 4 h`. A time that
  /// is unknown (not finite), negative or beyond 1000 days is `–`.
  static func time(_ seconds: Double) -> String {
    guard seconds >= 0, seconds < 1000 * 86_400 else { return "–" }
    let total = Int(seconds.rounded())
    if total < 60 { return "\(total) s" }
    if total < 3600 { return "\(total / 60) min \(total % 60) s" }
    let minutes = Int((seconds / 60).rounded())
    if minutes < 24 * 60 { return "\(minutes / 60) h \(minutes % 60) min" }
    let hours = Int((seconds / 3600).rounded())
    return "\(hours / 24) d \(hours % 24) h"
  }

  /// The time left at the average pace so far, in seconds; infinite before anything is done.
  ///
  /// - Parameters:
  ///   - done: how much of `total` was done in `elapsed` seconds.
  static func secondsLeft(done: Double, total: Double, elapsed: Double) -> Double {
    done > 0 ? max(0, total - done) * elapsed / done : .infinity
  }
}
