import Foundation

/// The times of one case.
struct Timing: Equatable {
  /// Seconds a call, in the order measured; at least one, each the mean over the calls of one sample.
  let samples: [Double]
  /// Calls in each sample.
  let callsPerSample: Int

  var median: Double { Self.median(of: samples) }

  /// The middle value, or the mean of the two middle ones; NaN of nothing.
  static func median(of values: [Double]) -> Double { quantile(0.5, of: values.sorted()) }

  /// The value below which a share of the values lies, by linear interpolation between neighbours; NaN of nothing.
  static func quantile(_ share: Double, of sorted: [Double]) -> Double {
    guard let last = sorted.indices.last else { return .nan }
    let place = share * Double(last), below = Int(place)
    let above = min(below + 1, last)
    return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
  }

  /// An interval that holds the true median with a probability of 95 % or more, whatever the distribution of the samples, as long as
  /// they are independent: from the k-th smallest sample to the k-th largest. The number of samples below the median is binomial
  /// with p = ½, so that k is the largest with P(fewer than k below) ≤ 2.5 %. Fewer than `fewestSamples` have no such k; the interval
  /// then reaches from the smallest to the largest and holds less.
  ///
  /// Source: H. A. David and H. N. Nagaraja, "Order Statistics", 3rd edition, 2003, section 7.1.
  static func medianInterval(of sorted: [Double]) -> ClosedRange<Double> {
    guard let first = sorted.first, let last = sorted.last else { return 0...0 }
    let k = max(0, Self.rank(sorted.count) - 1)
    return sorted.count < 2 ? first...last : sorted[k]...sorted[sorted.count - 1 - k]
  }

  /// The fewest samples that tell anything about the median, at 95 %.
  static let fewestSamples = 6

  /// k of the interval, counted from 1; 0 if there is none. From 200 samples on by the normal distribution, as 2⁻ⁿ underflows.
  private static func rank(_ count: Int) -> Int {
    if count >= 200 { return Int(Double(count) / 2 - 0.98 * Double(count).squareRoot()) }
    var k = 0, below = 0.0, term = pow(0.5, Double(count))
    while below + term <= 0.025 {
      below += term
      k += 1
      term *= Double(count - k + 1) / Double(k)
    }
    return k
  }

  var summary: TimingSummary {
    let sorted = samples.sorted(), interval = Self.medianInterval(of: sorted)
    let (first, third) = (Self.quantile(0.25, of: sorted), Self.quantile(0.75, of: sorted))
    let reach = 1.5 * (third - first)
    return TimingSummary(
      median: Self.quantile(0.5, of: sorted), minimum: sorted.first ?? .nan, medianLow: interval.lowerBound,
      medianHigh: interval.upperBound, firstQuartile: first, thirdQuartile: third, samples: sorted.count,
      callsPerSample: callsPerSample, outliers: sorted.count { $0 < first - reach || $0 > third + reach })
  }
}

/// What a line says of the times of a case; all times in seconds a call.
struct TimingSummary: Codable, Equatable {
  var median: Double
  var minimum: Double
  /// The 95 % interval of the median.
  var medianLow: Double
  var medianHigh: Double
  var firstQuartile: Double
  var thirdQuartile: Double
  var samples: Int
  var callsPerSample: Int
  /// Samples more than 1.5 interquartile ranges outside the quartiles (J. W. Tukey, "Exploratory Data Analysis", 1977).
  var outliers: Int

  enum CodingKeys: String, CodingKey {
    case median = "median_s"
    case minimum = "min_s"
    case medianLow = "median_low_s"
    case medianHigh = "median_high_s"
    case firstQuartile = "q1_s"
    case thirdQuartile = "q3_s"
    case samples
    case callsPerSample = "calls_per_sample"
    case outliers
  }

  /// Whether there are enough samples for an interval of 95 %.
  var hasInterval: Bool { samples >= Timing.fewestSamples }
  /// Whether there are enough samples for quartiles that lie apart from the median.
  var hasQuartiles: Bool { samples >= 4 }
  /// Half the width of the median's interval, in percent of the median.
  var uncertainty: Double { 50 * (medianHigh - medianLow) / median }
  /// The interquartile range in percent of the median.
  var spread: Double { 100 * (thirdQuartile - firstQuartile) / median }
}
