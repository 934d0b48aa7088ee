import Basics
import Foundation

/// The results beside those of an earlier run.
extension BenchmarkRun {
  /// Prints the comparison, if one is asked for. A case that is too slow is measured again, each time in a process of its own, where
  /// memory lies otherwise. A file of results then has what counts, though not standard output, which has its line.
  ///
  /// - Returns: whether a case is too slow.
  func compare() throws -> Bool {
    // Where every case failed, that is the error.
    guard let comparison, !results.isEmpty else { return false }
    var rows = try results.map(comparison.row)
    if let tolerance = options.tolerance {
      for i in rows.indices where rows[i].exceeds(tolerance) {
        rows[i] = try comparison.judged(rows[i], tolerance: tolerance) { measuredAgain(rows[i].result) }
        try replace(i, by: rows[i].result)
      }
    }
    let names = selected.map(\.name)
    let missing = try comparison.missing(from: planned) { options.selects($0, among: names) }
    try people.tell(
      "\n" + comparison.text(rows, tolerance: options.tolerance, now: provenance)
        + comparison.summary(rows, tolerance: options.tolerance, missing: missing))
    return options.tolerance.map { tolerance in rows.contains { $0.exceeds(tolerance) } } ?? false
  }

  /// Nil if that fails, which is told.
  private func measuredAgain(_ result: BenchmarkResult) -> BenchmarkResult? {
    do {
      return try ProcessOfItsOwn(options: options).result(
        of: result.benchmark, setting: result.setting, plan: result.plan)
    } catch {
      tell(failure: error)
      return nil
    }
  }

  private func replace(_ index: Int, by result: BenchmarkResult) throws {
    let old = try results[index].jsonLine(), new = try result.jsonLine()
    results[index] = result
    lines = lines.map { $0 == old ? new : $0 }
    try output.save(lines)
  }
}
