import Basics
import Foundation
import Kernels

/// One measured case with everything that its line says.
struct BenchmarkResult {
  let benchmark: Benchmark
  var timing: TimingSummary
  let setting: Setting
  /// The algorithm that the operation took, if it has several.
  var plan: Benchmark.Plan?
  /// The peak memory of a process that ran nothing else, in MB of 10⁶ bytes.
  var peakMegabytes: Double?

  /// What a case was measured under.
  struct Setting {
    let threads: Int
    /// The name of the instruction set.
    let isa: String
    /// Whether the caches were emptied before each call.
    var isCold = false
    /// The yardsticks, unless they were not measured.
    let peaks: MachinePeaks?
    var provenance: Provenance?

    /// Such as `avx2, 2 threads`.
    var label: String { "\(isa), \(counted(threads, "thread"))" }
  }

  var median: Double { timing.median }

  /// Work a second at the median, in FLOPs, bytes or images.
  var rate: Double {
    switch benchmark.work {
    case .flops(let amount, _), .bytes(let amount, _, _), .images(let amount): Double(amount) / median
    }
  }

  /// `rate` in percent of what was measured for these threads; nil where there is no yardstick.
  var percent: Double? {
    switch benchmark.work {
    case .flops: setting.peaks.map { 100 * rate / $0.allThreadsFlops }
    case .bytes: setting.peaks.map { 100 * rate / $0.copyBandwidth }
    case .images: nil
    }
  }

  /// What the work needs and what the machine allows; nil without peaks or for images.
  var limit: RooflineLimit? {
    guard let peaks = setting.peaks else { return nil }
    return benchmark.work.limit(executedFlops: plan?.flops, peaks: peaks)
  }

  /// The fields of the JSON line in order.
  var fields: [(name: String, value: any Encodable)] {
    var fields = Self.identity(of: benchmark, setting)
    if let plan { fields.append(("algorithm", plan.algorithm)) }
    fields += [
      ("median_s", rounded(median)), ("min_s", rounded(timing.minimum)), ("median_low_s", rounded(timing.medianLow)),
      ("median_high_s", rounded(timing.medianHigh)), ("q1_s", rounded(timing.firstQuartile)),
      ("q3_s", rounded(timing.thirdQuartile)), ("samples", timing.samples),
      ("calls_per_sample", timing.callsPerSample), ("outliers", timing.outliers),
    ]
    switch benchmark.work {
    case .flops:
      fields.append(("gflops", rounded(rate / 1e9)))
      if let percent { fields.append(("percent_of_peak", rounded(percent))) }
    case .bytes:
      fields.append(("gbs", rounded(rate / 1e9)))
      if let percent { fields.append(("percent_of_bandwidth", rounded(percent))) }
    case .images:
      fields.append(("images_per_s", rounded(rate)))
    }
    if let (flops, bytes) = benchmark.work.counted {
      fields += [("flops", plan?.flops ?? flops), ("bytes", bytes)]
    }
    if let limit {
      fields += [
        ("limit_s", rounded(limit.seconds)), ("percent_of_limit", rounded(100 * limit.seconds / median)),
      ]
    }
    if let peakMegabytes { fields.append(("peak_mb", rounded(peakMegabytes))) }
    return fields + (setting.peaks?.fields ?? []) + Self.origin(benchmark, setting)
  }

  /// The fields that tell a case from others, under any circumstances: what two files are compared by.
  static func identity(of benchmark: Benchmark, _ setting: Setting) -> [(name: String, value: any Encodable)] {
    [("case", benchmark.family)] + benchmark.fields.map { ($0.key, $0.value) } + [
      ("threads", setting.threads), ("isa", setting.isa), ("cache", setting.isCold ? "cold" : "hot"),
    ]
  }

  private static func origin(_ benchmark: Benchmark, _ setting: Setting) -> [(name: String, value: any Encodable)] {
    [("name", benchmark.name)] + (setting.provenance?.fields ?? [])
  }

  /// One JSON object, without the line's end.
  func jsonLine() throws -> String { try Self.jsonLine(fields) }

  /// The line of a case that failed: what it was, and why there are no times.
  static func jsonLine(of benchmark: Benchmark, _ setting: Setting, failure: String) throws -> String {
    try jsonLine(identity(of: benchmark, setting) + [("error", failure)] + origin(benchmark, setting))
  }

  static func jsonLine(_ fields: [(name: String, value: any Encodable)]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    let members = try fields.map { name, value in
      "\(String(decoding: try encoder.encode(name), as: UTF8.self)): "
        + String(decoding: try encoder.encode(value), as: UTF8.self)
    }
    return "{\(members.joined(separator: ", "))}"
  }
}

/// Five significant digits: more than any time is worth.
func rounded(_ value: Double) -> Double {
  Double(String(format: "%.5g", value)) ?? value
}
