import Foundation
import Synchronization
import TestSupport
import Testing

/// Runs that something stops, and that go on to the same bits.
@Suite(.serialized) struct ResumeTests {
  /// About a second of training: it must not have ended before a thread that waits for a core has sent its signal.
  private static let training = Workspace.tiny + ["--epochs", "24", "--passes", "5"]

  /// What is left of a run but for what a clock says.
  private struct Outcome: Equatable {
    let encoder: Data
    let assignments: Data
    let metrics: [NSDictionary]

    init(_ workspace: Workspace, _ run: String) throws {
      encoder = try workspace.data("\(run)/encoder.safetensors")
      assignments = try workspace.data("\(run)/assignments.csv")
      metrics = try workspace.text("\(run)/metrics.jsonl").split(separator: "\n").map { line in
        var object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
        object["seconds"] = nil
        object["images_per_s"] = nil
        object["data_wait"] = nil
        return object as NSDictionary
      }
    }
  }

  @Test func `a run that a signal stops goes on to the same bits`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let straight = try await workspace.secu(Self.training + ["--output", "straight"])
    #expect(straight.exitCode == 0)
    let expected = try Outcome(workspace, "straight")
    #expect(expected.metrics.count == 24)

    for signal in [SIGINT, SIGTERM, SIGHUP, SIGKILL] {
      let run = "run-\(signal)"
      let first = try await workspace.secu(
        Self.training + ["--output", run, "--json"], stoppedBy: signal, after: "epoch 3/24")
      #expect(first.exitCode == 128 + signal, "\(first.stderr)")
      #expect(first.stdout.isEmpty)
      let isSaved = first.stderr.contains("the run is saved. Go on with it: secu train --resume --output \(run)\n")
      #expect(isSaved == (signal != SIGKILL), "\(first.stderr)")
      #expect(try workspace.paths().filter { $0.hasPrefix("\(run)/encoder") }.isEmpty)

      // Stopped a second time, then to the end; each time with other threads. What was given of the data is needed again.
      let second = try await workspace.secu(
        ["train", "--resume", "--output", run, "--data", "digits", "--memory", "512.5MB", "--threads", "3"],
        stoppedBy: signal, after: "loss_x")
      #expect(second.exitCode == 128 + signal, "\(second.stderr)")
      #expect(
        second.stderr.contains("--output \(run) --data digits --memory 513MB\n") == isSaved, "\(second.stderr)")
      // What was done before a signal that can be heeded is not done again.
      if isSaved { #expect(!second.stderr.contains("epoch 1/24  loss_x"), "\(second.stderr)") }
      let third = try await workspace.secu(["train", "--resume", "--output", run, "--threads", "1", "--json"])
      #expect(third.exitCode == 0, "\(third.stderr)")
      #expect(try jsonObject(third.stdout)["epochs"] as? Int == 24)
      #expect(try Outcome(workspace, run) == expected, "signal \(signal)")
    }
  }

  @Test func `a run that was killed before its first checkpoint begins again`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try await workspace.train()
    let expected = try Outcome(workspace, "run")
    for file in ["checkpoint", "metrics.jsonl", "assignments.csv", "encoder.safetensors", "centers.safetensors"] {
      try FileManager.default.removeItem(at: workspace.url("run/\(file)"))
    }
    try workspace.write(Data("half a checkpoint".utf8), to: "run/.secu-\(UUID().uuidString).partial")
    let result = try await workspace.secu(["train", "--resume", "--output", "run"])
    #expect(result.exitCode == 0, "\(result.stderr)")
    #expect(try Outcome(workspace, "run") == expected)
    #expect(try workspace.paths().allSatisfy { !$0.hasSuffix(".partial") })
  }

  @Test func `resuming what has ended changes nothing, and the latest run is found by itself`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    for _ in 0..<2 { _ = try await workspace.secu(Workspace.training) }
    let before = try workspace.contents()
    let result = try await workspace.secu(["train", "--resume", "--epochs", "2", "--data", "Digits", "--json"])
    #expect(result.exitCode == 0, "\(result.stderr)")
    #expect(try jsonObject(result.stdout)["run"] as? String == "runs/digits-2")
    #expect(try workspace.contents() == before)
  }

  @Test func `a disk that fills is told, and what was saved stays`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let straight = try await workspace.secu(Self.training + ["--output", "straight"])
    #expect(straight.exitCode == 0)
    // A limit on the size of files stands for the disk: writing fails half-way through a checkpoint, after the small files.
    func secuOnFullDisk(_ arguments: [String]) async throws -> ProgramResult {
      let size = try workspace.data("straight/checkpoint").count
      #expect(size > 30_000)
      return try await workspace.shell("trap '' XFSZ; ulimit -f 24; exec \"$0\" \"$@\"", arguments)
    }

    let first = try await secuOnFullDisk(Self.training + ["--output", "run"])
    #expect(first.exitCode == 74, "\(first.stderr)")
    #expect(first.stderr.contains("run/checkpoint: writing failed (File too large)"), "\(first.stderr)")
    #expect(try workspace.paths().filter { $0.hasPrefix("run/") } == ["run/config.json", "run/metrics.jsonl"])

    let stopped = try await workspace.secu(
      ["train", "--resume", "--output", "run"], stoppedBy: SIGINT, after: "epoch 2/24")
    #expect(stopped.exitCode == 130, "\(stopped.stderr)")
    let saved = try workspace.data("run/checkpoint")
    let second = try await secuOnFullDisk(["train", "--resume", "--output", "run"])
    #expect(second.exitCode == 74, "\(second.stderr)")
    #expect(second.stderr.contains("run/checkpoint holds the run as it was last saved"), "\(second.stderr)")
    #expect(try workspace.data("run/checkpoint") == saved)
    #expect(try workspace.paths().allSatisfy { !$0.hasSuffix(".partial") })

    let last = try await workspace.secu(["train", "--resume", "--output", "run"])
    #expect(last.exitCode == 0, "\(last.stderr)")
    #expect(try Outcome(workspace, "run") == Outcome(workspace, "straight"))
  }

  @Test func `a run whose folder was moved ends, and goes on from there`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let first = try await workspace.secu(Workspace.training(epochs: 4000) + ["--output", "run"]) { program in
      try program.wait(for: "epoch 3/4000", on: .stderr)
      try FileManager.default.moveItem(at: workspace.url("run"), to: workspace.url("moved"))
    }
    #expect(first.exitCode == 73, "\(first.stderr)")
    #expect(first.stderr.contains("run: the run's folder was moved or removed while it went on"), "\(first.stderr)")
    #expect(!first.stderr.contains("run/checkpoint holds"), "\(first.stderr)")
    #expect(try workspace.paths().allSatisfy { $0.hasPrefix("moved") })
    let second = try await workspace.secu(
      ["train", "--resume", "--output", "moved"], stoppedBy: SIGINT, after: "loss_x")
    #expect(second.exitCode == 130, "\(second.stderr)")
  }

  @Test func `results that nobody reads are still written`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let result = try await workspace.secu(Workspace.training + ["--output", "run"], output: .abandoned)
    #expect(result.exitCode == 74)
    #expect(result.stderr.contains("standard output: cannot write (Broken pipe)"))
    #expect(try workspace.paths().contains("run/encoder.safetensors"))
    #expect(try workspace.paths().contains("run/assignments.csv"))
  }

  @Test func `a run that another process writes to is left alone`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let endless = Workspace.tiny + ["--epochs", "100000", "--output", "run"]
    let others = Mutex<[ProgramResult]>([])
    let first = try await workspace.secu(endless) { program in
      try program.wait(for: "epoch 1/", on: .stderr)
      for arguments in [["train", "--resume", "--output", "run"], Workspace.training + ["--output", "run"]] {
        let second = try ProgramRunner.run(arguments, folder: workspace.folder)
        others.withLock { $0.append(second) }
      }
      program.send(SIGTERM)
    }
    #expect(first.exitCode == 143, "\(first.stderr)")
    let messages = others.withLock { $0 }.map { "\($0.exitCode) \($0.stderr)" }
    #expect(messages.count == 2 && messages.allSatisfy { $0.hasPrefix("73 ") && $0.contains("run: ") }, "\(messages)")
    let writer = "another process, or another recorder of this one, is writing to this run"
    #expect(messages.first?.contains(writer) == true, "\(messages)")
  }

  @Test func `runs that begin at once have folders of their own`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let script = "\"$0\" \"$@\" & a=$!; \"$0\" \"$@\" & b=$!; \"$0\" \"$@\" && wait $a && wait $b"
    let result = try await workspace.shell(script, Workspace.training)
    #expect(result.exitCode == 0, "\(result.stderr)")
    let encoders = try workspace.paths().filter { $0.hasSuffix("encoder.safetensors") }
    #expect(encoders == (1...3).map { "runs/digits-\($0)/encoder.safetensors" })
    #expect(Set(try encoders.map { try workspace.data($0) }).count == 1)
  }

  @Test func `another instruction set is remarked on`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    _ = try await workspace.secu(
      Workspace.training + ["--output", "run"], environment: ["SECU_ISA": "portable"])
    let same = try await workspace.secu(
      ["train", "--resume", "--output", "run"], environment: ["SECU_ISA": "portable"])
    #expect(!same.stderr.contains("rounds differently"))
    let widest = try await workspace.secu(["--version"]).stdout.hasSuffix("portable\n")
    let other = try await workspace.secu(["train", "--resume", "--output", "run"])
    #expect(other.exitCode == 0, "\(other.stderr)")
    #expect(other.stderr.contains("The run was on portable and goes on with") != widest)
  }
}
