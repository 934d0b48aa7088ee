import Basics
import Foundation
import Interchange

/// Results beside those of an earlier run.
///
/// A case counts as slower or faster if the 95 % intervals of both medians don't meet. That is stricter than a test at 5 %: two equal
/// medians pass for different about once in 200 cases. What differs between runs for other reasons (memory laid out otherwise, another
/// clock rate) is not in the intervals, which is why a tolerance should not be below a few percent.
struct Comparison {
  /// The file's name, as it was given.
  let name: String
  private let lines: [[String: JSONValue]]

  /// - Throws: `SeCuError`: `.noInput` for a file that is not there, `.badData` for a line that is not JSON or a file without times.
  init(contentsOf path: String) throws {
    name = path
    lines = try JSONLines<JSONValue>.read(contentsOf: URL(filePath: path)).compactMap(\.members)
    guard lines.contains(where: { $0["median_s"] != nil }) else {
      throw SeCuError(
        .badData, "expected lines of '--json' with 'median_s', found none", at: path,
        remedy: "Write the file with '--json FILE'")
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

    /// Whether the case is slower by more than `tolerance` percent, and by more than the noise.
    func exceeds(_ tolerance: Double) -> Bool {
      verdict == .slower && (change ?? 0) > tolerance
    }
  }

  /// The last line of the same case under the same setting.
  func row(_ result: BenchmarkResult) throws -> Row {
    let text = try BenchmarkResult.jsonLine(result.identity)
    let identity = try JSON.decode(JSONValue.self, from: Data(text.utf8), name: result.benchmark.name).members ?? [:]
    let line = lines.last { line in
      line["median_s"] != nil
        && identity.allSatisfy { key, value in
          // Files of before there was a choice leave it out.
          line[key] == value || key == "cache" && line[key] == nil && value == .string("hot")
        }
    }
    return Row(result: result, old: line.flatMap(Self.timing), oldAlgorithm: line?["algorithm"]?.text)
  }

  /// Nil where the times are not positive numbers. Lines without an interval get one from the minimum to as far above the median, and
  /// those that don't say how many samples there were are believed.
  private static func timing(_ line: [String: JSONValue]) -> TimingSummary? {
    func number(_ key: String) -> Double? {
      let value: Double? =
        switch line[key] {
        case .number(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
      return value.flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
    }
    guard let median = number("median_s") else { return nil }
    let minimum = min(median, number("min_s") ?? median)
    return TimingSummary(
      median: median, minimum: minimum, medianLow: number("median_low_s") ?? minimum,
      medianHigh: number("median_high_s") ?? 2 * median - minimum, firstQuartile: number("q1_s") ?? minimum,
      thirdQuartile: number("q3_s") ?? 2 * median - minimum,
      samples: number("samples").flatMap { Int(exactly: $0) } ?? Timing.fewestSamples, callsPerSample: 1, outliers: 0)
  }

  /// What makes the earlier run another one: the machine, the compiler.
  func differences(from now: Provenance) -> [String] {
    func differing(_ key: String, _ now: String) -> String? {
      let then = Set(lines.compactMap { $0[key]?.text }).subtracting([now]).sorted()
      return then.isEmpty ? nil : "\(key): \(then.joined(separator: "; ")), now \(now)"
    }
    return [
      differing("machine", now.machine), differing("system", now.system), differing("compiler", now.compiler),
    ].compactMap(\.self)
  }

  /// The commits that the earlier lines were measured at.
  var commits: [String] { Set(lines.compactMap { $0["commit"]?.text }).sorted() }

  /// A table of the rows, the slowest first, and the geometric mean of the changes.
  func text(_ rows: [Row], tolerance: Double?, now: Provenance) -> String {
    let width = rows.map(\.result.benchmark.name.count).max() ?? 4
    let head = zip(["isa", "threads"], [8, 7]).map { $0.padded(to: $1) }
    let titles =
      ["case".padded(to: width)] + head
      + zip(["before", "now", "change", "range"], [10, 10, 9, 19]).map { $0.padded(to: $1, right: true) }
    let at = commits.isEmpty ? "" : " at \(commits.joined(separator: ", "))"
    var text = "Compared with \(name)\(at); the range is what both medians' 95 % intervals allow\n"
    text += differences(from: now).map { "  Not the same \($0)\n" }.joined()
    text += titles.joined(separator: "  ") + "\n"
    for row in rows.sorted(by: { ($0.change ?? -.infinity) > ($1.change ?? -.infinity) }) {
      let setting = row.result.setting
      let cells = [
        row.old.map { Table.time($0.median) } ?? "", Table.time(row.result.median),
        row.change.map { String(format: "%+.1f %%", $0) } ?? "",
        row.range.map { String(format: "%+.1f … %+.1f %%", $0.lowerBound, $0.upperBound) } ?? "",
      ]
      let columns =
        [row.result.benchmark.name.padded(to: width), setting.isa.padded(to: 8), "\(setting.threads)".padded(to: 7)]
        + zip(cells, [10, 10, 9, 19]).map { $0.padded(to: $1, right: true) } + [Self.verdict(row, tolerance)]
      text += columns.joined(separator: "  ") + "\n"
    }
    let ratios = rows.compactMap { row in row.old.map { row.result.median / $0.median } }
    if ratios.count > 1 {
      let mean = exp(ratios.reduce(0) { $0 + log($1) } / Double(ratios.count))
      text += String(format: "Geometric mean of the times of %d cases: %+.1f %%\n", ratios.count, 100 * (mean - 1))
    }
    return text
  }

  private static func verdict(_ row: Row, _ tolerance: Double?) -> String {
    let exceeds = tolerance.map(row.exceeds) ?? false
    let algorithm = row.result.plan?.algorithm
    let change =
      algorithm != nil && row.oldAlgorithm != nil && row.oldAlgorithm != algorithm
      ? ", \(row.oldAlgorithm ?? "") → \(algorithm ?? "")" : ""
    return (exceeds ? "TOO SLOW" : row.verdict.rawValue) + change
  }
}
