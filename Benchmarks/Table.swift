import Basics
import Foundation
import Kernels

/// The text that people read.
struct Table {
  /// The width of the column of names.
  let nameWidth: Int

  init(_ benchmarks: [Benchmark]) {
    nameWidth = max(4, benchmarks.map(\.name.count).max() ?? 0)
  }

  /// What was measured on, and how.
  static func header(_ engine: Engine, peaks: MachinePeaks?) -> String {
    var lines = [
      ("Processor", "\(Platform.processorName), \(Machine.architecture)"),
      ("System", "\(ProcessInfo.processInfo.operatingSystemVersionString), \(compiler)"),
      ("Kernels", "\(engine.instructionSet.rawValue), threads: \(engine.cores.threads)"),
    ]
    if let peaks {
      let (one, all) = (number(peaks.oneCoreFlops / 1e9), number(peaks.allThreadsFlops / 1e9))
      let copy = "\(number(peaks.copyBandwidth / 1e9)) GB/s all threads"
      lines += [
        ("FMA peak", "\(one) GFLOP/s one core, \(all) GFLOP/s all threads (multiply-adds on registers)"),
        ("Copy peak", "\(copy) (memcpy of \(peaks.copyBytes >> 20) MiB, bytes read + written)"),
      ]
    }
    return lines.map { "\($0.0.padded(to: 9))  \($0.1)\n" }.joined() + "\n"
  }

  /// The columns' titles.
  var titles: String {
    row(["case", "median", "minimum", "rate", "of peak", "memory"])
  }

  /// One case's line.
  func line(_ result: BenchmarkResult) -> String {
    let rate =
      switch result.benchmark.work {
      case .flops: "\(Self.number(result.rate / 1e9)) GFLOP/s"
      case .bytes: "\(Self.number(result.rate / 1e9)) GB/s"
      case .images: "\(Self.number(result.rate)) images/s"
      }
    return row([
      result.benchmark.name, Self.time(result.median), Self.time(result.minimum), rate,
      result.percent.map { String(format: "%.1f %%", $0) } ?? "",
      result.peakMegabytes.map { "\(Self.number($0)) MB" } ?? "",
    ])
  }

  /// The algorithm of each case that has a choice, and why.
  static func explanation(of benchmarks: [Benchmark], on engine: Engine) -> String {
    let plans = benchmarks.compactMap { benchmark in benchmark.plan.map { (benchmark.name, $0(engine)) } }
    guard !plans.isEmpty else { return "None of these cases has a choice of algorithms.\n" }
    let width = plans.map(\.0.count).max() ?? 0
    return plans.map { name, plan in
      "\(name.padded(to: width))  \(plan.algorithm.padded(to: 8))  \(plan.reason)\n"
    }.joined()
  }

  private func row(_ cells: [String]) -> String {
    let columns = zip(cells.dropFirst(), [10, 10, 15, 8, 9]).map { $0.padded(to: $1, right: true) }
    let line = ([cells[0].padded(to: nameWidth)] + columns).joined(separator: "  ")
    return line.replacing(#/ +$/#, with: "") + "\n"
  }

  /// At least three significant digits: `1.23`, `12.3`, `123`, `1234`.
  static func number(_ value: Double) -> String {
    String(format: "%.\(value < 9.995 ? 2 : value < 999.95 ? 1 : 0)f", value)
  }

  /// A time with four significant digits in µs, ms or s.
  static func time(_ seconds: Double) -> String {
    let (value, unit) =
      seconds < 0.999_95e-3 ? (seconds * 1e6, "µs") : seconds < 0.999_95 ? (seconds * 1e3, "ms") : (seconds, "s")
    return String(format: "%.\(value < 9.9995 ? 3 : value < 99.995 ? 2 : 1)f", value) + " \(unit)"
  }

  private static var compiler: String {
    #if compiler(>=6.4)
      let version = "Swift 6.4 or newer"
    #elseif compiler(>=6.3)
      let version = "Swift 6.3"
    #else
      let version = "Swift 6.2"
    #endif
    #if DEBUG
      return "\(version), debug build: measure with -c release"
    #else
      return "\(version), release build"
    #endif
  }
}

extension String {
  /// Filled up with spaces to `width` characters: at the end, or in front for a text that is to stand at the right.
  fileprivate func padded(to width: Int, right: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - count))
    return right ? space + self : self + space
  }
}
