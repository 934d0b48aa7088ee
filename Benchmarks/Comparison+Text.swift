import Basics
import Foundation

/// What people read of a comparison.
extension Comparison {
  /// What makes the earlier run another one: the machine, the compiler, and peaks that differ by more than 5 %.
  func differences(from now: Provenance, _ settings: [BenchmarkResult.Setting] = []) -> [String] {
    func differing(_ key: String, _ now: String) -> String? {
      let then = Set(cases.compactMap { $0.text(key) }).subtracting([now]).sorted()
      return then.isEmpty ? nil : "\(key): \(then.joined(separator: "; ")), now \(now)"
    }
    func differing(_ key: String, _ name: String, _ now: Double?, _ unit: String, _ setting: BenchmarkResult.Setting)
      -> String?
    {
      let same = cases.last { $0.text("isa") == setting.isa && $0.number("threads") == Double(setting.threads) }
      guard let now, let then = same?.number(key), abs(now / then - 1) > 0.05 else { return nil }
      return "\(name) of \(setting.label): \(Table.number(then)) \(unit), now \(Table.number(now)) \(unit)"
    }
    return [
      differing("machine", now.machine), differing("system", now.system), differing("compiler", now.compiler),
    ].compactMap(\.self)
      + settings.flatMap { setting in
        [
          differing("peak_gflops", "FMA peak", setting.peaks.map { $0.allThreadsFlops / 1e9 }, "GFLOP/s", setting),
          differing("copy_gbs", "copy peak", setting.peaks.map { $0.copyBandwidth / 1e9 }, "GB/s", setting),
        ].compactMap(\.self)
      }
  }

  /// The commits that the earlier lines were measured at.
  private var commits: [String] { Set(cases.compactMap { $0.text("commit") }).sorted() }

  /// A table of the rows, the slowest first, and the geometric mean of the changes.
  func text(_ rows: [Row], tolerance: Double?, now: Provenance) -> String {
    let width = rows.map(\.result.benchmark.name.count).max() ?? 4
    let head = zip(["isa", "threads"], [8, 7]).map { $0.padded(to: $1) }
    let titles =
      ["case".padded(to: width)] + head
      + zip(["before", "now", "change", "range"], [10, 10, 9, 19]).map { $0.padded(to: $1, right: true) }
    let at = commits.isEmpty ? "" : " at \(commits.joined(separator: ", "))"
    var text = "Compared with \(name)\(at); the range is what both medians' 95 % intervals allow\n"
    var settings: [BenchmarkResult.Setting] = []
    for setting in rows.map(\.result.setting) where !settings.contains(where: { $0.label == setting.label }) {
      settings.append(setting)
    }
    text += differences(from: now, settings).map { "  Not the same \($0)\n" }.joined()
    if isCutOff { text += "  The last line of \(name) is cut off, and left out\n" }
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

  /// What the gate finds, and what it can't judge.
  ///
  /// - Parameter missing: the cases of the file that were not measured now.
  func summary(_ rows: [Row], tolerance: Double?, missing: [String]) -> String {
    var lines: [String] = []
    if let tolerance {
      let slow = rows.count { $0.exceeds(tolerance) }, compared = counted(rows.count { $0.range != nil }, "case")
      let by = "slower by more than \(Table.percent(tolerance))"
      lines.append(
        slow > 0 ? "\(slow) of \(compared) \(by), also when measured again" : "None of \(compared) \(by) and the noise")
      let unjudged = rows.count { $0.verdict == .unknown }
      if unjudged > 0 { lines.append("\(counted(unjudged, "case")) can't be judged: too few samples") }
    }
    if !missing.isEmpty {
      let names = missing.prefix(5).joined(separator: ", ") + (missing.count > 5 ? " …" : "")
      lines.append("Not measured now: \(counted(missing.count, "case")) of \(name), \(names)")
    }
    return lines.map { $0 + "\n" }.joined()
  }
}
