import Basics
import Foundation

#if canImport(Darwin)
  import Darwin
#endif

/// What differs from one operating system to the next: what it tells of the processor and of memory.
enum Platform {
  /// The processor's name, with the numbers of its model where the system tells those apart: a virtual machine's name may cover
  /// several generations. Where there is no name, the architecture.
  static var processorName: String {
    #if canImport(Darwin)
      return systemText("machdep.cpu.brand_string") ?? Machine.architecture
    #else
      return processorName(of: (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? "")
    #endif
  }

  /// The load average of the last minute; nil where the system doesn't tell.
  static var loadAverage: Double? {
    #if canImport(Darwin) || canImport(Glibc) || canImport(Musl)
      var load = 0.0
      return getloadavg(&load, 1) == 1 ? load : nil
    #else
      return nil
    #endif
  }

  /// Bytes of the last-level caches of all processors together; nil where the system doesn't tell.
  static var lastLevelCacheBytes: Int? {
    #if canImport(Darwin)
      let levels = ["hw.l3cachesize", "hw.l2cachesize", "hw.perflevel0.l2cachesize"]
      return levels.compactMap(systemNumber).max()
    #else
      // Each cache of processor 0, and how many processors share it.
      let caches = (0..<8).compactMap { index -> Int? in
        let folder = "/sys/devices/system/cpu/cpu0/cache/index\(index)/"
        guard let size = firstLine(folder + "size"), size.hasSuffix("K"), let kibibytes = Int(size.dropLast()),
          let sharers = firstLine(folder + "shared_cpu_map")
        else { return nil }
        let count = sharers.compactMap(\.hexDigitValue).reduce(0) { $0 + $1.nonzeroBitCount }
        let copies = max(1, ProcessInfo.processInfo.processorCount / max(1, count))
        return (kibibytes << 10).multipliedReportingOverflow(by: copies).partialValue
      }
      return caches.max()
    #endif
  }

  #if canImport(Darwin)
    private static func systemNumber(_ name: String) -> Int? {
      var value: Int64 = 0
      var size = MemoryLayout<Int64>.size
      return sysctlbyname(name, &value, &size, nil, 0) == 0 && value > 0 ? Int(value) : nil
    }

    private static func systemText(_ name: String) -> String? {
      var size = 0
      guard sysctlbyname(name, nil, &size, nil, 0) == 0, size > 1 else { return nil }
      var bytes = [UInt8](repeating: 0, count: size)
      guard sysctlbyname(name, &bytes, &size, nil, 0) == 0 else { return nil }
      return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  #else
    /// The name and the model of the first processor in the text of `/proc/cpuinfo`.
    static func processorName(of text: String) -> String {
      var fields: [String: String] = [:]
      for line in text.split(separator: "\n") {
        let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
        if parts.count == 2, fields[parts[0]] == nil, !parts[1].isEmpty { fields[parts[0]] = parts[1] }
      }
      let numbers = [
        ("family", "cpu family"), ("model", "model"), ("implementer", "CPU implementer"), ("part", "CPU part"),
      ].compactMap { name, field in fields[field].map { "\(name) \($0)" } }
      let name = fields["model name"] ?? Machine.architecture
      return numbers.isEmpty ? name : "\(name) (\(numbers.joined(separator: ", ")))"
    }

    private static func firstLine(_ path: String) -> String? {
      guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
      return text.split(separator: "\n").first.map(String.init)
    }
  #endif
}
