import Foundation
import Synchronization
import TestSupport
import Testing

/// The helper that later tests rely on, tried with the shell.
@Suite struct ProgramRunnerTests {
  private func shell(
    _ script: String, environment: [String: String] = [:], folder: URL? = nil, timeLimit: Duration = .seconds(240),
    whileRunning: @escaping @Sendable (RunningProgram) throws -> Void = { _ in }
  ) async throws -> ProgramResult {
    try await ProgramRunner.run(
      ["-c", script], environment: environment, folder: folder, timeLimit: timeLimit,
      executable: URL(filePath: "/bin/sh"), whileRunning: whileRunning)
  }

  @Test func `returns the exit code and both streams`() async throws {
    let result = try await shell("echo out; echo problem >&2; exit 7")
    #expect(result.exitCode == 7)
    #expect(!result.isKilled)
    #expect(result.stdout == "out\n")
    #expect(result.stderr == "problem\n")
  }

  @Test func `empties both pipes while the program fills them`() async throws {
    let result = try await shell("head -c 400000 /dev/zero >&2; head -c 500000 /dev/zero; head -c 1 /dev/zero >&2")
    #expect(result.stdout.utf8.count == 500_000)
    #expect(result.stderr.utf8.count == 400_001)
  }

  @Test func `standard input is empty and the environment is added to`() async throws {
    let result = try await shell(
      "cat; echo $SECU_RUNNER_TEST; test -n \"$PATH\"", environment: ["SECU_RUNNER_TEST": "set"])
    #expect(result.stdout == "set\n")
    #expect(result.exitCode == 0)
  }

  @Test func `runs in the folder`() async throws {
    let folder = try URL.temporaryFolder()
    defer { folder.remove() }
    _ = try await shell("echo > here", folder: folder)
    #expect(FileManager.default.fileExists(atPath: folder.appending(path: "here").path(percentEncoded: false)))
  }

  @Test func `waits for text and sends a signal that the program handles`() async throws {
    let result = try await shell(
      "trap 'echo stopping; exit 143' TERM; echo ready >&2; i=0; while [ $i -lt 30000 ]; do sleep 0.01; i=$((i+1)); done"
    ) {
      try $0.wait(for: "ready", on: .stderr)
      $0.send(SIGTERM)
    }
    #expect(result.exitCode == 143)
    #expect(!result.isKilled)
    #expect(result.stdout == "stopping\n")
  }

  @Test func `a program that a signal ends has the shell's code`() async throws {
    let result = try await shell("echo ready; i=0; while [ $i -lt 30000 ]; do sleep 0.01; i=$((i+1)); done") {
      try $0.wait(for: "ready", on: .stdout)
      $0.send(SIGKILL)
    }
    #expect(result.exitCode == 137)
    #expect(result.isKilled)
  }

  @Test func `kills a program after the time limit`() async throws {
    let identifier = Atomic<Int32>(0)
    await #expect(throws: ProgramTimedOut.self) {
      try await shell("exec sleep 1000", timeLimit: .milliseconds(300)) {
        identifier.store($0.processIdentifier, ordering: .relaxed)
      }
    }
    let killed = identifier.load(ordering: .relaxed)
    #expect(killed > 0 && kill(killed, 0) == -1)
  }

  @Test func `waiting for text that never comes ends with the program`() async throws {
    await #expect(throws: ProgramTimedOut.self) {
      try await shell("echo something else") { try $0.wait(for: "ready", on: .stdout) }
    }
  }
}
