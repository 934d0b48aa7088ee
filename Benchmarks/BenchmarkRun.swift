import Basics
import Foundation
import Interchange
import Kernels

/// Measures the selected cases under every setting, case by case, and writes as it goes.
///
/// A case that fails is told and noted, and the others still run.
final class BenchmarkRun {
  private let options: BenchmarkOptions
  private let selected: [Benchmark]
  private let output: JSONOutput
  /// Read before anything is measured, since it may be the file that is written.
  private let comparison: Comparison?
  private let provenance = Provenance.current()
  private let people: FileHandle
  private let eviction: CacheEviction?
  private var lines: [String] = []
  private var results: [BenchmarkResult] = []
  private var firstFailure: Int32?

  init(_ options: BenchmarkOptions, _ selected: [Benchmark]) throws {
    self.options = options
    self.selected = selected
    comparison = try options.comparison.map(Comparison.init)
    output = try JSONOutput(options.json)
    if let roofline = options.roofline { _ = try JSONOutput(roofline) }
    people = output.takesStandardOutput ? .standardError : .standardOutput
    eviction = options.isCold ? CacheEviction() : nil
  }

  /// - Returns: the exit code.
  func run() throws -> Int32 {
    let table = Table(selected)
    let engines = try options.engines()
    let settings = engines.map { engine in
      (engine: engine, peaks: options.measuresPeaks ? MachinePeaks.measured(on: engine) : nil)
    }
    try people.tell(Table.header(provenance, isCold: options.isCold, settings: settings) + table.titles)
    for benchmark in selected {
      for (engine, peaks) in settings { try measure(benchmark, on: engine, setting(engine, peaks), table) }
    }
    try people.tell(Table.lostTime(results))
    let isTooSlow = try compare(engines)
    if let roofline = options.roofline {
      try AtomicFile.write(Data(RooflineChart(results).svg.utf8), to: URL(filePath: roofline))
      try people.tell("\nRoofline drawn in \(roofline)\n")
    }
    return firstFailure ?? (isTooSlow ? BenchmarkProgram.tooSlow : 0)
  }

  private func setting(_ engine: Engine, _ peaks: MachinePeaks?) -> BenchmarkResult.Setting {
    BenchmarkResult.Setting(
      threads: engine.cores.threads, isa: engine.instructionSet.rawValue, isCold: options.isCold, peaks: peaks,
      provenance: provenance)
  }

  private func measure(
    _ benchmark: Benchmark, on engine: Engine, _ setting: BenchmarkResult.Setting, _ table: Table
  ) throws {
    let row: String
    do {
      let result = try result(of: benchmark, on: engine, setting)
      lines.append(try result.jsonLine())
      results.append(result)
      row = table.line(result)
    } catch {
      tell(failure: error)
      lines.append(try BenchmarkResult.jsonLine(of: benchmark, setting, failure: "\(error)"))
      row = table.line(benchmark, failure: "\(error)")
    }
    // First what is to be kept: the table may have no reader any more.
    if output.takesStandardOutput { try FileHandle.standardOutput.tell(lines[lines.count - 1] + "\n") }
    try output.save(lines)
    try people.tell(row)
  }

  /// Tells an error that ends one case and not the run, whose exit code is that of the first.
  private func tell(failure: any Error) {
    let code = BenchmarkProgram.tell(failure)
    firstFailure = firstFailure ?? code
  }

  private func result(
    of benchmark: Benchmark, on engine: Engine, _ setting: BenchmarkResult.Setting
  ) throws -> BenchmarkResult {
    // Alone in a process that has not measured peaks, a case's memory is the process's.
    let isAlone = selected.count == 1 && options.settingCount == 1 && !options.measuresPeaks && !options.isCold
    if benchmark.measuresMemory, !isAlone, !options.isCold {
      return try ProcessOfItsOwn(options: options).result(of: benchmark, setting: setting)
    }
    do {
      let prepared = try benchmark.prepare(engine)
      let measurement = Measurement(
        budget: options.budget, precision: options.precision / 100, evictCaches: eviction.map { $0.run })
      let timing = measurement.time(prepared.run)
      try prepared.checkResult()
      return BenchmarkResult(
        benchmark: benchmark, timing: timing.summary, setting: setting, plan: benchmark.plan?(engine),
        peakMegabytes: benchmark.measuresMemory && isAlone ? Machine.peakResidentMegabytes : nil)
    } catch var error as SeCuError {
      error.place = error.place.map { "\(benchmark.name), \($0)" } ?? benchmark.name
      throw error
    }
  }

  /// Prints the comparison, if one is asked for. A case that is too slow is measured a second time, and the faster of both counts:
  /// other programs can only slow a case down. A file of results then has the faster one too, though not standard output, which has its line.
  ///
  /// - Returns: whether a case is too slow.
  private func compare(_ engines: [Engine]) throws -> Bool {
    // Where every case failed, that is the error.
    guard let comparison, !results.isEmpty else { return false }
    var rows = try results.map(comparison.row)
    // A comparison of nothing must not pass for a good one.
    guard rows.contains(where: { $0.old != nil }) else {
      throw SeCuError(
        .badData, "holds none of these cases with these threads and instruction sets", at: comparison.name,
        remedy: "Write it with the same filters and options")
    }
    if let tolerance = options.tolerance {
      guard rows.contains(where: { $0.range != nil }) else {
        throw SeCuError(
          .badData, "was measured too few times to tell a change from noise", at: comparison.name,
          remedy: "Write it with '--repeats \(Timing.fewestSamples)' or more")
      }
      for i in rows.indices where rows[i].exceeds(tolerance) {
        let first = rows[i].result
        guard
          let engine = engines.first(where: {
            $0.cores.threads == first.setting.threads && $0.instructionSet.rawValue == first.setting.isa
          })
        else { continue }
        let again: BenchmarkResult
        do {
          again = try result(of: first.benchmark, on: engine, first.setting)
        } catch {
          tell(failure: error)
          continue
        }
        guard again.median < first.median else { continue }
        rows[i] = try comparison.row(again)
        let old = try first.jsonLine(), new = try again.jsonLine()
        results[i] = again
        lines = lines.map { $0 == old ? new : $0 }
        try output.save(lines)
      }
    }
    try people.tell("\n" + comparison.text(rows, tolerance: options.tolerance, now: provenance))
    guard let tolerance = options.tolerance else { return false }
    let slow = rows.count { $0.exceeds(tolerance) }
    let compared = rows.count { $0.range != nil }
    if slow > 0 {
      try people.tell("\(slow) of \(compared) cases slower by more than \(Table.percent(tolerance)), measured twice\n")
    } else {
      try people.tell("None of \(compared) cases slower by more than \(Table.percent(tolerance)) and the noise\n")
    }
    return slow > 0
  }
}
