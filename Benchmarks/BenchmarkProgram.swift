import Basics
import Foundation
import Kernels

/// The program: reads the command line, measures case by case, and writes as it goes.
struct BenchmarkProgram {
  /// The registered cases, for a batch of so many images.
  let cases: (_ batch: Int) -> [Benchmark]

  /// The exit code of a comparison that found a case too slow.
  static let tooSlow: Int32 = 1

  init(cases: @escaping (_ batch: Int) -> [Benchmark]) {
    self.cases = cases
  }

  /// - Parameter arguments: those after the program's name.
  /// - Returns: the exit code: 0, `tooSlow` or that of the first error, which has been told on standard error.
  func run(_ arguments: [String]) -> Int32 {
    do {
      return try run(try BenchmarkOptions(arguments))
    } catch {
      return Self.tell(error)
    }
  }

  private func run(_ options: BenchmarkOptions) throws -> Int32 {
    if options.endsWithInput { ProcessOfItsOwn.endWithInput() }
    if options.asksHelp {
      try FileHandle.standardOutput.tell(BenchmarkOptions.help)
      return 0
    }
    if let name = options.profiledNetwork {
      try ProfileCommand(options).run(name)
      return 0
    }
    let selected = try options.selected(from: cases(options.batch))
    if options.lists {
      try FileHandle.standardOutput.tell(selected.map { $0.name + "\n" }.joined())
      return 0
    }
    if options.explains {
      for engine in try options.engines() {
        if options.settingCount > 1 {
          try FileHandle.standardOutput.tell(
            "\(engine.instructionSet.rawValue), \(counted(engine.cores.threads, "thread"))\n")
        }
        try FileHandle.standardOutput.tell(Table.explanation(of: selected, on: engine))
      }
      return 0
    }
    return try BenchmarkRun(options, selected).run()
  }

  /// Tells an error on standard error, and returns its exit code.
  static func tell(_ error: any Error) -> Int32 {
    let error = error as? SeCuError ?? SeCuError(.internal, "\(error)")
    let hint = error.kind == .usage ? "See 'Benchmarks --help'.\n" : ""
    try? FileHandle.standardError.writeAll(Data("Benchmarks: \(error)\n\(hint)".utf8))
    return error.kind.exitCode
  }
}

extension BenchmarkOptions {
  /// Threads times instruction sets.
  var settingCount: Int { threads.count * (instructionSets?.count ?? 1) }

  /// An engine for each instruction set and number of threads.
  ///
  /// - Throws: `SeCuError` (`.usage`) if the environment pins what there is not.
  func engines() throws -> [Engine] {
    let algorithm = try ConvolutionAlgorithm.pinned()
    return try (instructionSets ?? [.chosen()]).flatMap { instructionSet in
      threads.map { Engine(instructionSet: instructionSet, cores: Cores(threads: $0), convolutionAlgorithm: algorithm) }
    }
  }
}

extension FileHandle {
  /// - Throws: `SeCuError` (`.inputOutput`).
  func tell(_ text: String) throws {
    do {
      try writeAll(Data(text.utf8))
    } catch {
      throw SeCuError(
        .inputOutput, "cannot write (\(systemReason(error)))",
        at: fileDescriptor == 2 ? "standard error" : "standard output",
        remedy: "Make sure that its reader goes on, and that the disk has space left")
    }
  }
}
