import Foundation

/// One measured case with everything that its line says.
struct BenchmarkResult {
  let benchmark: Benchmark
  let median: Double
  let minimum: Double
  let threads: Int
  /// The name of the instruction set.
  let isa: String
  /// The yardsticks, unless they were not measured.
  let peaks: MachinePeaks?
  /// The algorithm that the operation took, if it has several.
  var algorithm: String?
  /// The peak memory of a process that ran nothing else, in MB of 10⁶ bytes.
  var peakMegabytes: Double?

  /// Work a second at the median, in FLOPs, bytes or images.
  var rate: Double {
    switch benchmark.work {
    case .flops(let amount), .bytes(let amount), .images(let amount): Double(amount) / median
    }
  }

  /// `rate` in percent of what was measured for these threads; nil where there is no yardstick.
  var percent: Double? {
    switch benchmark.work {
    case .flops: peaks.map { 100 * rate / $0.allThreadsFlops }
    case .bytes: peaks.map { 100 * rate / $0.copyBandwidth }
    case .images: nil
    }
  }

  /// The fields of the JSON line in order.
  var fields: [(name: String, value: any Encodable)] {
    var fields: [(name: String, value: any Encodable)] = [("case", benchmark.family)]
    fields += benchmark.fields.map { ($0.key, $0.value) }
    if let algorithm { fields.append(("algorithm", algorithm)) }
    fields += [("threads", threads), ("isa", isa), ("median_s", rounded(median)), ("min_s", rounded(minimum))]
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
    if let peakMegabytes { fields.append(("peak_mb", rounded(peakMegabytes))) }
    return fields
  }

  /// One JSON object, without the line's end.
  func jsonLine() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    let members = try fields.map { name, value in
      "\(String(decoding: try encoder.encode(name), as: UTF8.self)): "
        + String(decoding: try encoder.encode(value), as: UTF8.self)
    }
    return "{\(members.joined(separator: ", "))}"
  }

  /// Five significant digits: more than any time is worth.
  private func rounded(_ value: Double) -> Double {
    Double(String(format: "%.5g", value)) ?? value
  }
}
