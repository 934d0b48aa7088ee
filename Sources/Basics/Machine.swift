import Foundation

#if canImport(Darwin)
  import Darwin
#endif

/// What a process can learn of its machine and of itself.
package enum Machine {
  /// The processor family that this program was built for, such as `x86-64`.
  package static var architecture: String {
    #if arch(x86_64)
      "x86-64"
    #elseif arch(arm64)
      "arm64"
    #else
      "unknown architecture"
    #endif
  }

  /// The most memory that this process has held at once, in MB of 10⁶ bytes; nil where the system doesn't tell.
  package static var peakResidentMegabytes: Double? {
    #if canImport(Darwin)
      var usage = rusage()
      guard getrusage(RUSAGE_SELF, &usage) == 0 else { return nil }
      return Double(usage.ru_maxrss) / 1e6
    #elseif os(Linux)
      // Not getrusage: its maximum survives exec, so that a small program reports what its parent held.
      guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
        let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
        let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) })
      else { return nil }
      return kibibytes * 1024 / 1e6
    #else
      return nil
    #endif
  }
}
