import Basics
import Foundation
import Testing

@Suite struct MachineMemoryTests {
  private func limit(_ files: [String: String]) throws -> Double? {
    try withFiles(files) { Machine.controlGroupLimit(root: $0) }
  }

  private static let v1 = "sys/fs/cgroup/memory", v2 = "sys/fs/cgroup"

  @Test func `a container of version 2 sees its own group as the root`() throws {
    #expect(try limit(["proc/self/cgroup": "0::/\n", "\(Self.v2)/memory.max": "2147483648\n"]) == 2_147_483_648)
    #expect(try limit(["proc/self/cgroup": "0::/\n", "\(Self.v2)/memory.max": "max\n"]) == nil)
  }

  @Test func `the least limit of the groups around binds`() throws {
    let files = [
      "proc/self/cgroup": "0::/user/run/job\n", "\(Self.v2)/user/memory.max": "300",
      "\(Self.v2)/user/run/memory.max": "200", "\(Self.v2)/user/run/job/memory.max": "max",
    ]
    #expect(try limit(files) == 200)
    #expect(try limit(files.merging(["\(Self.v2)/user/memory.max": "100"]) { $1 }) == 100)
    #expect(try limit(files.merging(["\(Self.v2)/other/memory.max": "5"]) { $1 }) == 200)
  }

  @Test func `an address space may be limited`() throws {
    func limit(_ line: String) throws -> Double? {
      let header = "Limit                     Soft Limit           Hard Limit           Units\n"
      return try withFiles(["proc/self/limits": header + line]) { Machine.addressSpaceLimit(root: $0) }
    }
    #expect(try limit("Max address space         307200000            unlimited            bytes\n") == 307_200_000)
    #expect(try limit("Max address space         unlimited            unlimited            bytes\n") == nil)
    #expect(try limit("Max open files            1024                 4096                 files\n") == nil)
    #expect(try withFiles([:]) { Machine.addressSpaceLimit(root: $0) } == nil)
  }

  @Test func `version 1 and a mixture`() throws {
    let groups = "11:cpu,cpuacct:/x\n4:memory:/docker/abc\n1:name=systemd:/\n0::/\n"
    let files = ["proc/self/cgroup": groups, "\(Self.v1)/memory.limit_in_bytes": "9223372036854771712"]
    #expect(try limit(files) == 9_223_372_036_854_771_712)
    #expect(try limit(files.merging(["\(Self.v1)/docker/abc/memory.limit_in_bytes": "4096\n"]) { $1 }) == 4096)
    // As seen from inside, where the folder of the name is missing.
    #expect(try limit(files.merging(["\(Self.v1)/memory.limit_in_bytes": "8192"]) { $1 }) == 8192)
    #expect(try limit(["proc/self/cgroup": "4:cpu:/x\n", "\(Self.v1)/memory.limit_in_bytes": "1"]) == nil)
  }

  @Test func `without groups, or with nonsense, there is no limit`() throws {
    #expect(try limit([:]) == nil)
    #expect(try limit(["proc/self/cgroup": "nonsense\n::\n0::", "\(Self.v2)/memory.max": "lots"]) == nil)
    #expect(try limit(["proc/self/cgroup": "0::/../..\n", "\(Self.v2)/memory.max": "77"]) == 77)
  }

  @Test func `this machine has memory`() {
    let limit = Machine.memoryLimit
    #expect(limit.bytes >= 1e8 && limit.bytes <= Double(ProcessInfo.processInfo.physicalMemory))
    let holders = ["this machine has ", "this container may use ", "this process may use ('ulimit -v') "]
    #expect(holders.contains { limit.text.hasPrefix($0) })
  }

  /// In a process of its own, since this one may have had any peak before.
  @Test func `the peak grows with a large buffer`() async {
    await #expect(processExitsWith: .success) {
      let before = try #require(Machine.peakResidentMegabytes)
      #expect(before > 1 && before < 10_000)
      let bytes = 64_000_000 + Int(before * 1e6)
      let buffer = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 4096)
      defer { buffer.deallocate() }
      memset(buffer, 1, bytes)
      #expect(try #require(Machine.peakResidentMegabytes) >= Double(bytes) / 1e6)
    }
  }

  @Test func `more than there is, and only that, is refused`() throws {
    let limit = Machine.MemoryLimit(bytes: 2e9, holder: "this container may use")
    try Machine.checkMemory(2e9, for: "heads", at: "heads", remedy: "Use fewer", limit: limit)
    let error = try #require(throws: SeCuError.self) {
      try Machine.checkMemory(2.06e9, for: "7 heads", at: "heads", remedy: "Use fewer", limit: limit)
    }
    #expect(
      error.description == "heads: 7 heads need 2.1 GB of memory, and this container may use 2.0 GB. Use fewer.")
    #expect(error.kind == .usage)
  }

  @Test(arguments: [
    (0.0, "0.0 MB"), (400_000, "0.4 MB"), (9.94e6, "9.9 MB"), (9.96e6, "10 MB"), (212.4e6, "212 MB"),
    (999.4e6, "999 MB"), (999.6e6, "1.0 GB"), (25.28e9, "25.3 GB"),
  ]) func `sizes are short`(bytes: Double, text: String) {
    #expect(Machine.memoryText(bytes) == text)
  }
}
