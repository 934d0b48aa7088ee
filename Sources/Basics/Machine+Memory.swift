import Foundation

extension Machine {
  /// A bound on memory, and whose it is.
  package struct MemoryLimit: Sendable, Equatable {
    package var bytes: Double
    /// What comes before the size in a message, such as `this machine has`.
    package var holder: String

    package init(bytes: Double, holder: String) {
      (self.bytes, self.holder) = (bytes, holder)
    }

    /// Such as `this machine has 16.0 GB`.
    package var text: String { "\(holder) \(memoryText(bytes))" }
  }

  /// What this machine has, or less where a container or the shell limits it: the most that this process may hold.
  package static let memoryLimit: MemoryLimit = {
    var limit = MemoryLimit(bytes: Double(ProcessInfo.processInfo.physicalMemory), holder: "this machine has")
    for (bytes, holder) in [
      (controlGroupLimit(), "this container may use"), (addressSpaceLimit(), "this process may use ('ulimit -v')"),
    ] {
      if let bytes, bytes < limit.bytes { limit = MemoryLimit(bytes: bytes, holder: holder) }
    }
    return limit
  }()

  /// The most address space that a process may have on Linux, which batch systems and `ulimit -v` set; nil where there is no limit.
  ///
  /// - Parameter root: what stands for `/`.
  package static func addressSpaceLimit(root: URL = URL(fileURLWithPath: "/")) -> Double? {
    let limits = try? String(contentsOf: root.appendingPathComponent("proc/self/limits"), encoding: .utf8)
    let line = limits?.split(separator: "\n").first { $0.hasPrefix("Max address space") }
    // Such as "Max address space  307200000  unlimited  bytes": the first is the one that counts.
    return line?.split(separator: " ").dropFirst(3).first.flatMap { Double($0) }
  }

  /// The least memory limit of the control groups that this process is in, by which Linux containers are limited; nil where
  /// there are none or none has a limit.
  ///
  /// `/proc/self/cgroup` names the group: `0::/a/b` in version 2, `4:memory:/a/b` in version 1. The limits are in `memory.max`
  /// or `memory.limit_in_bytes` in the group's folder and in those of the groups around it, each of which binds. A container often sees
  /// its own group as the root, so that folders of the name may be missing.
  ///
  /// - Parameter root: what stands for `/`.
  package static func controlGroupLimit(root: URL = URL(fileURLWithPath: "/")) -> Double? {
    let groups = try? String(contentsOf: root.appendingPathComponent("proc/self/cgroup"), encoding: .utf8)
    var limits: [Double] = []
    for line in groups?.split(separator: "\n") ?? [] {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let (mount, file): (String, String)
      if fields[0] == "0", fields[1].isEmpty {
        (mount, file) = ("sys/fs/cgroup", "memory.max")
      } else if fields[1].split(separator: ",").contains("memory") {
        (mount, file) = ("sys/fs/cgroup/memory", "memory.limit_in_bytes")
      } else {
        continue
      }
      var folder = root.appendingPathComponent(mount)
      for name in [""] + fields[2].split(separator: "/").filter({ $0 != ".." }).map(String.init) {
        if !name.isEmpty { folder.appendPathComponent(name) }
        let text = try? String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
        // "max" is no limit, and no number either.
        if let text, let limit = Double(text.trimmingCharacters(in: .whitespacesAndNewlines)) { limits.append(limit) }
      }
    }
    return limits.min()
  }

  /// Refuses what `limit` can't hold, before any of it is taken.
  ///
  /// - Parameters:
  ///   - bytes: how much is needed; a Double, since absurd sizes overflow an Int.
  ///   - purpose: what for, in the plural.
  ///   - place, remedy: as `SeCuError` has them.
  /// - Throws: `SeCuError` of kind `.usage` with both sizes.
  package static func checkMemory(
    _ bytes: Double, for purpose: String, at place: String, remedy: String, limit: MemoryLimit = memoryLimit
  ) throws {
    guard bytes > limit.bytes else { return }
    throw SeCuError(
      .usage, "\(purpose) need \(memoryText(bytes)) of memory, and \(limit.text)", at: place, remedy: remedy)
  }

  /// A size as people read it, in units of 10⁶ and 10⁹ bytes: `0.4 MB`, `212 MB`, `25.3 GB`.
  package static func memoryText(_ bytes: Double) -> String {
    if bytes >= 999.5e6 { return String(format: "%.1f GB", bytes / 1e9) }
    return String(format: bytes < 9.95e6 ? "%.1f MB" : "%.0f MB", bytes / 1e6)
  }
}
