import Basics
import Foundation
import Kernels

/// The program: reads the command line, measures case by case, and writes as it goes.
struct BenchmarkProgram {
  /// The registered cases, for a batch of so many images.
  let cases: (_ batch: Int) -> [Benchmark]

  init(cases: @escaping (_ batch: Int) -> [Benchmark]) {
    self.cases = cases
  }

  /// - Parameter arguments: those after the program's name.
  /// - Returns: the exit code, 0 or that of the error, which has been told on standard error.
  func run(_ arguments: [String]) -> Int32 {
    do {
      try measure(try BenchmarkOptions(arguments))
      return 0
    } catch {
      let error = error as? SeCuError ?? SeCuError(.internal, "\(error)")
      var message = "\(error)"
      if message.hasSuffix("?.") { message.removeLast() }
      let hint = error.kind == .usage ? "See 'Benchmarks --help'.\n" : ""
      try? FileHandle.standardError.write(contentsOf: Data("Benchmarks: \(message)\n\(hint)".utf8))
      return error.kind.exitCode
    }
  }

  private func measure(_ options: BenchmarkOptions) throws {
    if options.asksHelp { return try write(BenchmarkOptions.help, to: .standardOutput) }
    let selected = try options.selected(from: cases(options.batch))
    if options.lists {
      return try write(selected.map { $0.name + "\n" }.joined(), to: .standardOutput)
    }
    if options.explains {
      return try write(
        Table.explanation(of: selected, on: try Engine(cores: Cores(threads: options.threads))), to: .standardOutput)
    }
    let output = try JSONOutput(options.json)
    let engine = try Engine(cores: Cores(threads: options.threads))
    let people = output.takesStandardOutput ? FileHandle.standardError : .standardOutput
    let table = Table(selected)
    let peaks = options.measuresPeaks ? MachinePeaks.measured(on: engine) : nil
    try write(Table.header(engine, peaks: peaks) + table.titles, to: people)

    // Alone in a process that has not measured peaks, a case's memory is the process's.
    let isAlone = selected.count == 1 && peaks == nil
    var lines: [String] = []
    for benchmark in selected {
      let result =
        benchmark.measuresMemory && !isAlone
        ? try ProcessOfItsOwn(options: options).result(of: benchmark, engine: engine)
        : try result(of: benchmark, options: options, engine: engine, peaks: peaks)
      try write(table.line(result), to: people)
      lines.append(try result.jsonLine())
      if output.takesStandardOutput { try write(lines[lines.count - 1] + "\n", to: .standardOutput) }
    }
    try output.save(lines)
  }

  private func result(
    of benchmark: Benchmark, options: BenchmarkOptions, engine: Engine, peaks: MachinePeaks?
  ) throws -> BenchmarkResult {
    do {
      let prepared = try benchmark.prepare(engine)
      let timing = Measurement(budget: options.budget).time(prepared.run)
      try prepared.checkResult()
      return BenchmarkResult(
        benchmark: benchmark, median: timing.median, minimum: timing.minimum, threads: engine.cores.threads,
        isa: engine.instructionSet.rawValue, peaks: peaks, algorithm: benchmark.plan?(engine).algorithm,
        peakMegabytes: benchmark.measuresMemory ? Machine.peakResidentMegabytes : nil)
    } catch var error as SeCuError {
      error.place = error.place.map { "\(benchmark.name), \($0)" } ?? benchmark.name
      throw error
    }
  }

  private func write(_ text: String, to handle: FileHandle) throws {
    do {
      try handle.write(contentsOf: Data(text.utf8))
    } catch {
      throw SeCuError(.inputOutput, "cannot write (\(error.localizedDescription))", at: "standard output")
    }
  }
}
