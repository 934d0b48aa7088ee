import Basics
import Foundation
import Kernels

/// Measures one case in another process of this program, so that its peak memory is that of this case alone, and its memory lies anew.
///
/// The other process must not outlive this one and spoil what is measured next. A signal from the terminal does not reach it, and
/// nothing can be done about signal 9 here; but its standard input ends however this process does.
struct ProcessOfItsOwn {
  let options: BenchmarkOptions

  /// The fields of the other process's JSON line that are needed here.
  private struct Line: Decodable {
    let timing: TimingSummary
    let peakMegabytes: Double?

    enum CodingKeys: String, CodingKey {
      case peakMegabytes = "peak_mb"
    }

    init(from decoder: any Decoder) throws {
      timing = try TimingSummary(from: decoder)
      peakMegabytes = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(
        Double.self, forKey: .peakMegabytes)
    }
  }

  /// - Parameters:
  ///   - setting: what the other process is to measure under.
  ///   - plan: the algorithm that it takes.
  /// - Throws: `SeCuError` (`.internal`) if the other process fails, with what it said.
  func result(
    of benchmark: Benchmark, setting: BenchmarkResult.Setting, plan: Benchmark.Plan? = nil
  ) throws -> BenchmarkResult {
    let output = try output(for: benchmark, setting)
    guard let line = try? JSONDecoder().decode(Line.self, from: output) else {
      throw SeCuError(
        .internal, "expected a JSON line from its process, found '\(String(decoding: output, as: UTF8.self))'",
        at: benchmark.name, remedy: Self.remedy)
    }
    return BenchmarkResult(
      benchmark: benchmark, timing: line.timing, setting: setting, plan: plan, peakMegabytes: line.peakMegabytes)
  }

  private func output(for benchmark: Benchmark, _ setting: BenchmarkResult.Setting) throws -> Data {
    let process = Process(), stdout = Pipe(), lifeline = Pipe()
    process.executableURL = Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])
    process.arguments = options.arguments(
      forOnly: benchmark.name, threads: setting.threads, isa: setting.isa)
    process.standardInput = lifeline
    process.standardOutput = stdout
    // The writing end stays open until the other process is done, or the system closes it with this one.
    defer { withExtendedLifetime(lifeline) {} }
    // Its table is not wanted, and an error would be repeated by this process.
    process.standardError = FileHandle.nullDevice
    do {
      try process.run()
      let output = try stdout.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      if process.terminationReason == .exit, process.terminationStatus == 0 { return output }
    } catch {
      throw SeCuError(
        .internal, "can't be run in a process of its own (\(systemReason(error)))", at: benchmark.name,
        remedy: Self.remedy)
    }
    let status = process.terminationStatus
    guard process.terminationReason == .exit else {
      // Signal 9 is how a system whose memory is full ends a process.
      throw SeCuError(
        .internal, "its process was ended by signal \(status)", at: benchmark.name,
        remedy: status == 9 ? "Take a smaller --batch, or give it more memory" : Self.remedy)
    }
    throw SeCuError(.internal, "its process ended with code \(status)", at: benchmark.name, remedy: Self.remedy)
  }

  /// In the other process: from now on, it ends at once when its standard input does.
  static func endWithInput() {
    Thread.detachNewThread {
      while let data = try? FileHandle.standardInput.read(upToCount: 1), !data.isEmpty {}
      CurrentProcess.leave(SeCuError.Kind.inputOutput.exitCode)
    }
  }

  private static let remedy = "Run it alone, with '--no-peaks', to see why"
}
