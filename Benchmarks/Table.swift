import Basics
import Foundation
import Kernels

/// The text that people read.
struct Table {
  /// The width of the column of names.
  let nameWidth: Int
  /// Whether a case has a choice of algorithms, and there is a column for them.
  private let hasAlgorithms: Bool

  init(_ benchmarks: [Benchmark]) {
    nameWidth = max(4, benchmarks.map(\.name.count).max() ?? 0)
    hasAlgorithms = benchmarks.contains { $0.plan != nil }
  }

  /// What was measured on, and how, and what speaks against believing it.
  static func header(_ provenance: Provenance, isCold: Bool, settings: [(engine: Engine, peaks: MachinePeaks?)])
    -> String
  {
    let build = CurrentProcess.isDebugBuild ? "debug build: measure with -c release" : "release build"
    let commit = provenance.commit.map { ", commit \($0)" } ?? ""
    var lines = [
      ("Processor", provenance.machine), ("System", "\(provenance.system), \(provenance.compiler), \(build)\(commit)"),
    ]
    if let load = provenance.load {
      let remark = load > 0.5 ? ": other programs slow down what is measured, and the peaks" : ""
      lines.append(("Load", "\(number(load)) in the last minute\(remark)"))
    }
    for (engine, peaks) in settings {
      let processors = ProcessInfo.processInfo.activeProcessorCount
      let threads = threads(engine, processors: processors)
      lines.append(("Kernels", isCold ? "\(threads), caches emptied before each call" : threads))
      guard let peaks else { continue }
      let (one, all) = (number(peaks.oneCoreFlops / 1e9), number(peaks.allThreadsFlops / 1e9))
      let copy = "\(number(peaks.copyBandwidth / 1e9)) GB/s all threads"
      lines += [
        ("FMA peak", "\(one) GFLOP/s one core, \(all) GFLOP/s all threads (multiply-adds on registers)"),
        ("Copy peak", "\(copy) (memcpy of \(peaks.copyBytes >> 20) MiB, bytes read + written)"),
      ]
      if let doubt = peaks.doubt(threads: engine.cores.threads, processors: processors) {
        lines.append(("Doubt", doubt))
      }
    }
    return lines.map { "\($0.0.padded(to: 9))  \($0.1)\n" }.joined() + "\n"
  }

  /// An engine's instruction set and threads, and whether those have to take turns.
  static func threads(_ engine: Engine, processors: Int) -> String {
    let threads = engine.cores.threads
    let remark = threads > processors ? ", which take turns on \(counted(processors, "processor"))" : ""
    return "\(engine.instructionSet.rawValue), threads: \(threads)\(remark)"
  }

  /// The columns' titles.
  var titles: String {
    row(
      ["case", "isa", "threads", "median", "±", "IQR", "minimum", "rate", "of peak", "of limit"],
      algorithm: "algorithm", remarks: "remarks")
  }

  /// One case's line.
  func line(_ result: BenchmarkResult) -> String {
    let rate =
      switch result.benchmark.work {
      case .flops: "\(Self.number(result.rate / 1e9)) GFLOP/s"
      case .bytes: "\(Self.number(result.rate / 1e9)) GB/s"
      case .images: "\(Self.number(result.rate)) images/s"
      }
    let timing = result.timing
    return row(
      [
        result.benchmark.name, result.setting.isa, "\(result.setting.threads)", Self.time(result.median),
        timing.hasInterval ? Self.percent(timing.uncertainty) : "",
        timing.hasQuartiles ? Self.percent(timing.spread) : "", Self.time(timing.minimum), rate,
        result.percent.map(Self.percent) ?? "",
        result.limit.map { Self.percent(100 * $0.seconds / result.median) } ?? "",
      ],
      algorithm: result.plan?.label ?? "", remarks: Self.remarks(result))
  }

  /// Memory, and how many samples lie far outside of the rest.
  private static func remarks(_ result: BenchmarkResult) -> String {
    let timing = result.timing
    return [
      result.peakMegabytes.map { "\(number($0)) MB" },
      timing.outliers > 0 ? "\(counted(timing.outliers, "outlier")) of \(timing.samples)" : nil,
    ].compactMap(\.self).joined(separator: ", ")
  }

  /// The line of a case that failed.
  func line(_ benchmark: Benchmark, failure: String) -> String {
    "\(benchmark.name.padded(to: nameWidth))  failed: \(failure)\n"
  }

  /// The cases with the most time above their limit, the worst first: where work pays.
  static func lostTime(_ results: [BenchmarkResult], most: Int = 10) -> String {
    let limited = results.compactMap { result in result.limit.map { (result: result, limit: $0) } }
    guard limited.count > 1 else { return "" }
    let worst = limited.filter { $0.limit.lost($0.result.median) > 0 }.sorted {
      $0.limit.lost($0.result.median) > $1.limit.lost($1.result.median)
    }.prefix(most)
    guard !worst.isEmpty else { return "" }
    let width = worst.map(\.result.benchmark.name.count).max() ?? 4
    func row(_ names: [String], _ cells: [String]) -> String {
      (zip(names, [width, 8, 7]).map { $0.padded(to: $1) }
        + zip(cells, [10, 10, 10, 10, 11]).map { $0.padded(to: $1, right: true) })
        .joined(separator: "  ") + "\n"
    }
    let titles = row(["case", "isa", "threads"], ["lost", "median", "limit", "FLOP/byte", "bound by"])
    return "\nTime lost against the limit, max(FLOPs of the algorithm / peak, bytes / copy bandwidth)\n" + titles
      + worst.map { result, limit in
        row(
          [result.benchmark.name, result.setting.isa, "\(result.setting.threads)"],
          [
            time(limit.lost(result.median)), time(result.median), time(limit.seconds), number(limit.intensity),
            limit.isComputeBound ? "arithmetic" : "memory",
          ])
      }.joined()
  }

  /// A doubt about peaks that some cases have beaten, if only by their fastest sample; empty where none has.
  static func beatenPeaks(_ results: [BenchmarkResult]) -> String {
    let beaten = results.count { result in
      guard case .flops = result.benchmark.work, let limit = result.limit, let peaks = result.setting.peaks else {
        return false
      }
      return Double(limit.flops) / result.timing.minimum > 1.02 * peaks.allThreadsFlops
    }
    return beaten == 0
      ? ""
      : """

      \(counted(beaten, "case")) did more than the FMA peak at best: the machine was slowed down while the peak was measured, \
      and percentages of it are too high

      """
  }

  /// The algorithm of each case that has a choice, and why.
  static func explanation(of benchmarks: [Benchmark], on engine: Engine) -> String {
    let plans = benchmarks.compactMap { benchmark in benchmark.plan.map { (benchmark.name, $0(engine)) } }
    guard !plans.isEmpty else { return "None of these cases has a choice of algorithms.\n" }
    let width = plans.map(\.0.count).max() ?? 0, labelWidth = plans.map(\.1.label.count).max() ?? 0
    return plans.map { name, plan in
      "\(name.padded(to: width))  \(plan.label.padded(to: labelWidth))  \(plan.reason)\n"
    }.joined()
  }

  /// The width of `direct, across images`.
  private static let algorithmWidth = 21

  private func row(_ cells: [String], algorithm: String, remarks: String) -> String {
    let names = zip(cells, [nameWidth, 8, 7]).map { $0.padded(to: $1) }
    let columns = zip(cells.dropFirst(3), [10, 7, 7, 10, 15, 8, 8]).map { $0.padded(to: $1, right: true) }
    let last = hasAlgorithms ? [algorithm.padded(to: Self.algorithmWidth)] : []
    return (names + columns + last + [remarks]).joined(separator: "  ").withoutTrailingSpaces + "\n"
  }

  /// At least three significant digits: `1.23`, `12.3`, `123`, `1234`.
  static func number(_ value: Double) -> String {
    String(format: "%.\(value < 9.995 ? 2 : value < 999.95 ? 1 : 0)f", value)
  }

  static func percent(_ value: Double) -> String { String(format: "%.1f %%", value) }

  /// A time with four significant digits in µs, ms or s.
  static func time(_ seconds: Double) -> String {
    let (value, unit) =
      seconds < 0.999_95e-3 ? (seconds * 1e6, "µs") : seconds < 0.999_95 ? (seconds * 1e3, "ms") : (seconds, "s")
    return String(format: "%.\(value < 9.9995 ? 3 : value < 99.995 ? 2 : 1)f", value) + " \(unit)"
  }
}

extension String {
  /// Filled up with spaces to `width` characters: at the end, or in front for a text that is to stand at the right.
  func padded(to width: Int, right: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - count))
    return right ? space + self : self + space
  }

  var withoutTrailingSpaces: String { replacing(#/ +$/#, with: "") }
}
