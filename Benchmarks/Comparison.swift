import Basics
import Foundation
import Interchange

/// Results beside those of an earlier run.
///
/// A case counts as slower or faster if the 95 % intervals of both medians don't meet. That is stricter than a test at 5 %: two equal
/// medians pass for different about once in 200 cases, where nothing else uses the machine. What differs between runs for other
/// reasons (memory laid out otherwise, another clock rate, other programs) is not in the intervals, which is why a tolerance
/// should not be below a few percent.
struct Comparison {
  /// The file's name, as it was given.
  let name: String
  let cases: [EarlierCase]
  /// Whether the file's last line was cut off, and is left out.
  let isCutOff: Bool

  /// - Throws: what `EarlierCase.read` throws; `SeCuError` (`.badData`) for a file without times.
  init(contentsOf path: String) throws {
    name = path
    (cases, isCutOff) = try EarlierCase.read(contentsOf: path)
    guard !cases.isEmpty else {
      throw SeCuError(
        .badData, "expected lines of '--json' with 'median_s', found none", at: path, remedy: EarlierCase.remedy)
    }
  }

  /// Which way a case went, as far as can be known.
  enum Verdict: String {
    case slower, faster
    case same = "within noise"
    case new
    /// One of the two was measured too few times to know.
    case unknown = "too few samples"
  }

  struct Row {
    let result: BenchmarkResult
    /// The earlier times; nil for a case that was not measured then.
    let old: TimingSummary?
    let oldAlgorithm: String?

    /// The change of the median in percent, positive for slower.
    var change: Double? { old.map { 100 * (result.median / $0.median - 1) } }

    /// The least and the largest change that both intervals allow, in percent; nil without two of them.
    var range: ClosedRange<Double>? {
      guard let old, old.hasInterval, result.timing.hasInterval else { return nil }
      let low = 100 * (result.timing.medianLow / old.medianHigh - 1)
      return low...max(low, 100 * (result.timing.medianHigh / old.medianLow - 1))
    }

    var verdict: Verdict {
      guard old != nil else { return .new }
      guard let range else { return .unknown }
      return range.lowerBound > 0 ? .slower : range.upperBound < 0 ? .faster : .same
    }

    /// Whether the case is slower by more than `tolerance` percent, and by more than the noise. Its fastest sample has to be slower as well:
    /// other programs slow most samples of a case down, and rarely all.
    func exceeds(_ tolerance: Double) -> Bool {
      guard verdict == .slower, let old, let change else { return false }
      return change > tolerance && 100 * (result.timing.minimum / old.minimum - 1) > tolerance
    }
  }

  /// A case under one of the settings that it is measured under.
  typealias Planned = (benchmark: Benchmark, setting: BenchmarkResult.Setting)

  /// The last line of a case under a setting.
  private func earlier(_ planned: Planned) throws -> EarlierCase? {
    let identity = try Self.identity(planned)
    return cases.last { $0.isOf(identity) }
  }

  private static func identity(_ planned: Planned) throws -> [String: JSONValue] {
    let text = try BenchmarkResult.jsonLine(BenchmarkResult.identity(of: planned.benchmark, planned.setting))
    return try JSON.decode(JSONValue.self, from: Data(text.utf8), name: planned.benchmark.name).members ?? [:]
  }

  /// The last line of the same case under the same setting.
  func row(_ result: BenchmarkResult) throws -> Row {
    let earlier = try earlier((result.benchmark, result.setting))
    return Row(result: result, old: earlier?.timing, oldAlgorithm: earlier?.text("algorithm"))
  }

  /// Finds out before anything is measured whether there is something to compare: a comparison of nothing must not pass for a good one.
  ///
  /// - Throws: `SeCuError` (`.badData`) if the file holds none of these cases, or with a tolerance none with enough samples.
  func check(_ planned: [Planned], tolerance: Double?) throws {
    let found = try planned.compactMap(earlier)
    guard !found.isEmpty else {
      throw SeCuError(
        .badData, "holds none of these cases with these threads and instruction sets", at: name,
        remedy: "Write it with the same filters and options")
    }
    guard tolerance == nil || found.contains(where: \.timing.hasInterval) else {
      throw SeCuError(
        .badData, "was measured too few times to tell a change from noise", at: name,
        remedy: "Write it with '--repeats \(Timing.fewestSamples)' or more")
    }
  }

  /// The cases of the file that are not measured now, though the filters mean them: renamed, removed, or of another setting.
  ///
  /// - Parameter isMeant: whether a case of this name would be measured.
  func missing(from planned: [Planned], where isMeant: (String) -> Bool) throws -> [String] {
    let identities = try planned.map(Self.identity)
    var labels: [String] = []
    for earlier in cases where isMeant(earlier.name ?? "") && !identities.contains(where: earlier.isOf) {
      if !labels.contains(earlier.label) { labels.append(earlier.label) }
    }
    return labels
  }

  /// How often a case that is too slow is measured again.
  static let mostRepetitions = 3

  /// A row beside more measurements, for as long as it is too slow. The first that is not counts, or else the one with the least
  /// median: other programs can only slow a case down.
  ///
  /// - Parameter again: measures the case; nil if that failed, which ends the matter.
  func judged(_ first: Row, tolerance: Double, again: () -> BenchmarkResult?) throws -> Row {
    var best = first
    for _ in 0..<Self.mostRepetitions where best.exceeds(tolerance) {
      guard let result = again() else { break }
      let next = try row(result)
      if !next.exceeds(tolerance) || result.median < best.result.median { best = next }
    }
    return best
  }
}
