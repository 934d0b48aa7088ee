import Testing

@testable import Benchmarks

@Suite struct MeasurementTests {
  /// A clock that only moves when work is done.
  private final class Work {
    var now = 100.0
    var calls = 0
    let duration: (_ call: Int) -> Double

    init(_ duration: @escaping (_ call: Int) -> Double) {
      self.duration = duration
    }

    func run() {
      now += duration(calls)
      calls += 1
    }

    func timed(_ budget: Measurement.Budget, precision: Double = 0.01) -> Timing {
      Measurement(budget: budget, precision: precision, clock: { self.now }).time(run)
    }
  }

  private static let medians: [([Double], Double)] = [
    ([3], 3), ([1, 9], 5), ([9, 1, 2], 2), ([4, 1, 3, 2], 2.5), ([5, 5, 5, 5, 1], 5),
  ]

  @Test(arguments: medians)
  func `the median of odd and even numbers of values`(values: [Double], median: Double) {
    #expect(Timing.median(of: values) == median)
    let timing = Timing(samples: values, callsPerSample: 1)
    #expect(timing.median == median)
    #expect(timing.summary.minimum == values.min())
    #expect(timing.summary.median == median)
  }

  @Test func `nothing has no median`() {
    #expect(Timing.median(of: []).isNaN)
  }

  @Test func `long work: one call a sample, at least two calls before the first`() {
    let work = Work { _ in 0.25 }
    let timing = work.timed(.repeats(3))
    #expect(timing == Timing(samples: [0.25, 0.25, 0.25], callsPerSample: 1))
    #expect(work.calls >= 3 + 2)
  }

  @Test func `short work: samples of 1 ms or more`() {
    let call = 0x1p-17
    let timing = Work { _ in call }.timed(.repeats(5))
    #expect(timing.samples.count == 5)
    #expect(Double(timing.callsPerSample) * call >= 1e-3)
    #expect(Double(timing.callsPerSample) * call < 5e-3)
    #expect(timing.samples.allSatisfy { abs($0 - call) < 1e-9 })
  }

  @Test func `work that takes no time ends all the same`() {
    let work = Work { $0 < 10_000 ? 0 : 0x1p-17 }
    #expect(work.timed(.repeats(1)).samples.count == 1)
  }

  @Test func `calls before the time has settled don't count`() {
    let timing = Work { call in call < 10 ? 1 - 0.05 * Double(call) : 0.5 }.timed(.repeats(4))
    #expect(timing.samples.allSatisfy { $0 == 0.5 })
  }

  @Test func `work that never settles is measured after the most warm-ups`() {
    var duration = 1e9
    let work = Work { _ in
      duration *= 0.9
      return duration
    }
    #expect(work.timed(.repeats(1)).samples.count == 1)
    #expect(work.calls == 1 + Measurement.mostWarmUps + 1)
  }

  @Test func `seconds: until the time is used up, if the median stays uncertain`() {
    #expect(Work { $0 % 2 == 0 ? 0.125 : 0.25 }.timed(.seconds(3)).samples.count == 16)
  }

  @Test func `seconds: until the median is known`() {
    #expect(Work { _ in 0.125 }.timed(.seconds(100)).samples.count == 80)
    #expect(Work { _ in 1 }.timed(.seconds(100)).samples.count == 15)
    // An interval of 1 ± 0.75 % is known to 1 %, and not to a half.
    #expect(Work { $0 % 2 == 0 ? 1 : 1.015 }.timed(.seconds(100), precision: 0.01).samples.count == 15)
    #expect(Work { $0 % 2 == 0 ? 1 : 1.015 }.timed(.seconds(100), precision: 0.005).samples.count > 90)
    #expect(Work { _ in 0.5 }.timed(.seconds(10), precision: -1).samples.count == 20)
  }

  @Test func `cold: one call a sample, and the caches emptied before each, outside of its time`() {
    let work = Work { _ in 0x1p-17 }
    var evictions = 0
    let measurement = Measurement(
      budget: .repeats(3),
      evictCaches: {
        evictions += 1
        work.now += 1
      }, clock: { work.now })
    let timing = measurement.time(work.run)
    #expect(timing == Timing(samples: [0x1p-17, 0x1p-17, 0x1p-17], callsPerSample: 1))
    // The very first call, which makes pages come, is the only one without.
    #expect(evictions == work.calls - 1)
  }

  @Test(arguments: [
    // k from tables of the binomial distribution with p = ½.
    ([1], 1...1), ([1, 2, 3, 4, 5], 1...5), ([1, 2, 3, 4, 5, 6], 1...6), (Array(1...9), 2...8), (Array(1...15), 4...12),
    (Array(1...25), 8...18), (Array(1...100), 40...61), (Array(1...1000), 469...532),
  ])
  func `the median's interval`(values: [Int], interval: ClosedRange<Int>) {
    let found = Timing.medianInterval(of: values.map(Double.init))
    #expect(found == Double(interval.lowerBound)...Double(interval.upperBound))
  }

  @Test func `quartiles, spread and outliers`() {
    let summary = Timing(samples: [10, 12, 11, 13, 14, 30, 12, 13, 12], callsPerSample: 2).summary
    #expect(summary.firstQuartile == 12)
    #expect(summary.thirdQuartile == 13)
    // 1.5 away from the quartiles is the border: 10.5 and 14.5.
    #expect(summary.outliers == 2)
    #expect(summary.samples == 9)
    #expect(summary.callsPerSample == 2)
    let (spread, uncertainty): (Double, Double) = (100 / 12, 50 * (14 - 11) / 12)
    #expect(summary.spread == spread)
    #expect(summary.uncertainty == uncertainty)
  }

  @Test func `seconds: at least seven samples`() {
    #expect(Work { _ in 2 }.timed(.seconds(0.5)).samples.count == 7)
  }

  @Test func `the clock doesn't run backwards`() {
    let first = Measurement.uptime()
    #expect(first > 0)
    #expect(Measurement.uptime() >= first)
  }

  @Test func `a gain of one percent is settled`() {
    let work = Work { 1 - 0.01 * Double($0) }
    _ = work.timed(.repeats(3))
    // One call before all, two of warm-up, three samples.
    #expect(work.calls == 1 + 2 + 3)
  }
}
