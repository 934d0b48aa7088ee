import Basics
import Foundation
import Networks
import Training

/// What the profile of a network's step says.
struct ProfileReport {
  /// A line: a part, a group of parts, or what is left.
  struct Row {
    var name: String
    var pass = ""
    var seconds: Double
    /// What the work is and what the machine allows, of all parts together; nil where nothing is counted.
    var flops: Int?
    var bytes: Int?
    var limit: Double?
    /// Seconds above the limit; of a group, those of its parts that are.
    var lost: Double?
    var plan: Benchmark.Plan?
  }

  let peaks: MachinePeaks?
  /// Every part in the order in which it runs, and last what lies between them.
  let rows: [Row]
  /// The parts of a kind together, from the longest to the shortest, and last what lies between them.
  let groups: [Row]
  /// Seconds of a step.
  let whole: Double

  init(_ parts: [ProfiledPart], seconds: [Double], whole: Double, peaks: MachinePeaks?) {
    self.peaks = peaks
    self.whole = whole
    let rows = zip(parts, seconds).map { part, seconds in Self.row(part, seconds, peaks) }
    let other = Row(name: "other", seconds: whole - seconds.reduce(0, +))
    var groups: [String: Row] = [:]
    for (part, row) in zip(parts, rows) {
      groups[part.group] = groups[part.group].map { $0.adding(row) } ?? row.named(part.group)
    }
    self.rows = rows + [other]
    self.groups = groups.values.sorted { ($1.seconds, $0.name) < ($0.seconds, $1.name) } + [other]
  }

  private static func row(_ part: ProfiledPart, _ seconds: Double, _ peaks: MachinePeaks?) -> Row {
    var row = Row(name: part.name, pass: part.pass, seconds: seconds, plan: part.plan)
    switch part.work {
    case .flops(let flops, _): row.flops = flops
    case .bytes(let bytes, _, _): row.bytes = bytes
    case .images, nil: break
    }
    row.limit = peaks.flatMap { part.work?.limit(executedFlops: part.plan?.flops, peaks: $0)?.seconds }
    row.lost = row.limit.map { max(0, seconds - $0) }
    return row
  }

  /// The table that people read.
  var text: String {
    let width = rows.map(\.name.count).max() ?? 0
    func line(_ row: Row) -> String {
      let name = "\(row.name.padded(to: max(width, 22)))  \(row.pass.padded(to: 5))"
      let lost = row.lost.map(Table.time) ?? ""
      let cells = [Table.time(row.seconds), Table.percent(100 * row.seconds / whole), rate(row), share(row), lost]
      let columns = zip(cells, [10, 8, 15, 8, 10]).map { $0.padded(to: $1, right: true) }
      return ([name] + columns + [row.plan?.label ?? ""]).joined(separator: "  ").withoutTrailingSpaces + "\n"
    }
    let titles = ["time", "of step", "rate", "of peak", "lost"]
    let head = zip(titles, [10, 8, 15, 8, 10]).map { $0.padded(to: $1, right: true) }.joined(separator: "  ")
    let title = { (name: String) in "\(name.padded(to: max(width, 22)))  pass   \(head)  algorithm\n" }
    return title("layer") + rows.map(line).joined() + "\n" + title("together") + groups.map(line).joined()
      + line(Row(name: "step", seconds: whole))
  }

  private func rate(_ row: Row) -> String {
    if let flops = row.flops { return "\(Table.number(Double(flops) / row.seconds / 1e9)) GFLOP/s" }
    guard let bytes = row.bytes, bytes > 0 else { return "" }
    return "\(Table.number(Double(bytes) / row.seconds / 1e9)) GB/s"
  }

  private func share(_ row: Row) -> String {
    peakShare(row).map(Table.percent) ?? ""
  }

  /// Percent of the FMA peak, or of the copy bandwidth.
  private func peakShare(_ row: Row) -> Double? {
    guard let peaks else { return nil }
    if let flops = row.flops { return 100 * Double(flops) / row.seconds / peaks.allThreadsFlops }
    guard let bytes = row.bytes, bytes > 0 else { return nil }
    return 100 * Double(bytes) / row.seconds / peaks.copyBandwidth
  }

  /// JSON lines: one a part, in the order in which they run, `other` last.
  ///
  /// - Parameter common: fields of all lines, after `case`.
  func jsonLines(_ common: [(name: String, value: any Encodable)]) throws -> [String] {
    try rows.map { row in
      var fields: [(name: String, value: any Encodable)] = [("case", "profile"), ("layer", row.name)]
      if !row.pass.isEmpty { fields.append(("pass", row.pass)) }
      if let plan = row.plan { fields.append(("algorithm", plan.algorithm)) }
      fields += common
      fields += [("mean_s", rounded(row.seconds)), ("percent_of_step", rounded(100 * row.seconds / whole))]
      if let flops = row.flops { fields.append(("gflops", rounded(Double(flops) / row.seconds / 1e9))) }
      if let bytes = row.bytes { fields.append(("gbs", rounded(Double(bytes) / row.seconds / 1e9))) }
      if let share = peakShare(row) {
        fields.append((row.flops == nil ? "percent_of_bandwidth" : "percent_of_peak", rounded(share)))
      }
      if let limit = row.limit { fields.append(("limit_s", rounded(limit))) }
      return try BenchmarkResult.jsonLine(fields)
    }
  }
}

extension ProfileReport.Row {
  fileprivate func named(_ name: String) -> Self {
    Self(name: name, seconds: seconds, flops: flops, bytes: bytes, limit: limit, lost: lost)
  }

  /// Both together. A group of FLOPs and bytes has no common rate.
  fileprivate func adding(_ other: Self) -> Self {
    func sum<Number: AdditiveArithmetic>(_ a: Number?, _ b: Number?) -> Number? { a.flatMap { a in b.map { a + $0 } } }
    return Self(
      name: name, seconds: seconds + other.seconds, flops: sum(flops, other.flops), bytes: sum(bytes, other.bytes),
      limit: sum(limit, other.limit), lost: sum(lost, other.lost))
  }
}
