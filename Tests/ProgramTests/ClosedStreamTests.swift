import Foundation
import TestSupport
import Testing

/// The program as daemons start it: with standard streams that are closed.
@Suite struct ClosedStreamTests {
  @Test(arguments: [
    ("<&- 2>&-", 0), ("<&- >&-", 74), (">&- 2>&-", 74), ("<&- >&- 2>&-", 74), (">&-", 74), ("2>&-", 0),
  ]) func `no text goes to a run's files`(closed: String, code: Int) async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let result = try await workspace.shell(
      "exec \"$0\" \"$@\" \(closed)", Workspace.training + ["--output", "run"])
    #expect(result.exitCode == Int32(code), "\(result.stderr)")
    let lines = try workspace.text("run/metrics.jsonl").split(separator: "\n")
    #expect(lines.count == 2 && lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") }, "\(lines)")
    let resumed = try await workspace.secu(["train", "--resume", "--output", "run"])
    #expect(resumed.exitCode == 0, "\(resumed.stderr)")
  }
}
