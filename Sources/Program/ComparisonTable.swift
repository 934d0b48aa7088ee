import Foundation
import Training

/// The table of a comparison: a line a method, columns as wide as what they hold.
struct ComparisonTable {
  let lines: [String]

  init(_ summaries: [Comparison.Summary]) {
    let header = ["method", "runs", "ACC", "NMI", "ARI", "sizes", "empty", "turn", "loss"]
    let rows = summaries.map { s in
      let results = s.runs - s.diverged
      return [
        s.method.rawValue, s.diverged == 0 ? "\(s.runs)" : "\(s.runs), \(s.diverged) diverged",
        Self.text(s.acc, of: results), Self.text(s.nmi, of: results), Self.text(s.ari, of: results), Self.sizes(s),
        Self.text(s.empty, "%.1f"), Self.text(s.centerMovement, "%.1f°"), Self.text(s.loss, "%.3f"),
      ]
    }
    let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
    lines = ([header] + rows).map { row in
      zip(row, widths).map { $0.0.padding(toLength: $0.1, withPad: " ", startingAt: 0) }.joined(separator: "  ")
        .trimmingCharacters(in: .whitespaces)
    }
  }

  private static func text(_ score: Comparison.Summary.Score?, of results: Int) -> String {
    // One run has no deviation.
    score.map { Subcommand.score($0.mean) + (results > 1 ? " ±" + Subcommand.score($0.deviation) : "") } ?? "–"
  }

  private static func text(_ value: Double?, _ format: String) -> String {
    value.map { String(format: format, $0) } ?? "–"
  }

  private static func sizes(_ summary: Comparison.Summary) -> String {
    guard let smallest = summary.smallest, let largest = summary.largest else { return "–" }
    return "\(smallest)…\(largest)"
  }
}
