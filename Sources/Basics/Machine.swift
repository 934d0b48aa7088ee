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

  /// Refuses what this machine's memory can't hold, before any of it is taken.
  ///
  /// - Parameters:
  ///   - bytes: how much is needed; a Double, since absurd sizes overflow an Int.
  ///   - purpose: what for, in the plural.
  ///   - place, remedy: as `SeCuError` has them.
  /// - Throws: `SeCuError` of kind `.usage` with both sizes.
  package static func checkMemory(_ bytes: Double, for purpose: String, at place: String, remedy: String) throws {
    let present = Double(ProcessInfo.processInfo.physicalMemory)
    guard bytes > present else { return }
    let sizes = [bytes, present].map { String(format: "%.1f GB", $0 / 1e9) }
    throw SeCuError(
      .usage, "\(purpose) need \(sizes[0]) of memory, and this machine has \(sizes[1])", at: place, remedy: remedy)
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
