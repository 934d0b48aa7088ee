import Basics
import Foundation
import Interchange
import Kernels

/// Measures the selected cases under every setting, case by case, and writes as it goes.
///
/// A case that fails is told and noted, and the others still run.
final class BenchmarkRun {
  let options: BenchmarkOptions
  let selected: [Benchmark]
  let output: JSONOutput
  /// What to compare with.
  let comparison: Comparison?
  let provenance = Provenance.current()
  let people: FileHandle
  private let eviction: CacheEviction?
  var lines: [String] = []
  var results: [BenchmarkResult] = []
  /// Every case under every setting; known before anything is measured.
  var planned: [Comparison.Planned] = []
  private var firstFailure: Int32?

  init(_ options: BenchmarkOptions, _ selected: [Benchmark]) throws {
    self.options = options
    self.selected = selected
    comparison = try options.comparison.map(Comparison.init)
    output = try JSONOutput(options.json)
    if let roofline = options.roofline { try JSONOutput.checkIsWritable(roofline) }
    people = output.takesStandardOutput ? .standardError : .standardOutput
    eviction = options.isCold ? CacheEviction(cores: Cores(threads: options.threads.max() ?? 1)) : nil
  }

  /// - Returns: the exit code.
  func run() throws -> Int32 {
    let table = Table(selected)
    let engines = try options.engines()
    planned = selected.flatMap { benchmark in engines.map { (benchmark, setting($0, nil)) } }
    try comparison?.check(planned, tolerance: options.tolerance)
    let settings = engines.map { engine in
      (engine: engine, peaks: options.measuresPeaks ? MachinePeaks.measured(on: engine) : nil)
    }
    try people.tell(Table.header(provenance, isCold: options.isCold, settings: settings) + table.titles)
    for benchmark in selected {
      for (engine, peaks) in settings { try measure(benchmark, on: engine, setting(engine, peaks), table) }
    }
    // Before more is told: the table may have no reader any more.
    if let roofline = options.roofline {
      try AtomicFile.write(Data(RooflineChart(results).svg.utf8), to: URL(filePath: roofline))
    }
    try people.tell(Table.lostTime(results) + Table.beatenPeaks(results))
    let isTooSlow = try compare()
    if let roofline = options.roofline { try people.tell("\nRoofline drawn in \(roofline)\n") }
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
  func tell(failure: any Error) {
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
}
