import Foundation
import TestSupport
import Testing

@Suite struct CompareTests {
  private static let tiny = [
    "compare", "--limit", "60", "--batch", "20", "--heads", "10,4", "--widths", "4,6", "--blocks", "1,1", "--epochs",
    "2", "--passes", "1",
  ]

  @Test func `a line a method, and all runs as JSON`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let methods = ["--methods", "secu,cross-entropy,k-means", "--seeds", "3,4"]
    let table = try await workspace.secu(Self.tiny + methods)
    #expect(table.exitCode == 0, "\(table.stderr)")
    let lines = table.stdout.split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines.first?.hasPrefix("method") == true)
    #expect(lines.dropFirst().map { $0.prefix { $0 != " " } } == ["secu", "cross-entropy", "k-means"])

    let result = try await workspace.secu(Self.tiny + methods + ["--json", "--output", "results.jsonl"])
    let object = try jsonObject(result.stdout)
    #expect(object.keys.sorted() == ["clusters", "data", "images", "left_out", "methods", "runs"])
    let runs = try #require(object["runs"] as? [[String: Any]])
    #expect(
      runs.map { $0["method"] as? String } == ["secu", "secu", "cross-entropy", "cross-entropy", "k-means", "k-means"])
    #expect(runs.map { $0["seed"] as? Int } == [3, 4, 3, 4, 3, 4])
    #expect(try workspace.text("results.jsonl").split(separator: "\n").count == 6)

    let again = try await workspace.secu(Self.tiny + methods + ["--output", "results.jsonl"])
    #expect(again.exitCode == 73)
    // What needs no images is told before they are read.
    for (option, code) in [("--output", Int32(73)), ("--features", 65)] {
      let early = try await workspace.secu(["compare", "--limit", "1", option, "results.jsonl"])
      #expect(early.exitCode == code && early.stderr.contains("results.jsonl"), "\(early.stderr)")
    }
    #expect(try workspace.text("results.jsonl").split(separator: "\n").count == 6)
  }

  @Test(arguments: [
    (["--methods", "secu,kmeans"], "k-means"), (["--methods", "secu,secu"], "each name once"),
    (["--seed", "1"], "--seeds"), (["--seeds", "0,1,0"], "a seed is given twice"),
    (["--discrimination", "uniform"], "unknown option"), (["--features", "nowhere"], "nowhere"),
    (["--features", "nowhere", "--methods", "secu"], "--features"),
  ])
  func `mistakes are named`(arguments: [String], word: String) async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let result = try await workspace.secu(Self.tiny + arguments)
    #expect([64, 66].contains(result.exitCode))
    #expect(result.stderr.contains(word), "\(result.stderr)")
    #expect(result.stdout.isEmpty)
  }

  @Test func `k-means takes fewer images than a batch has`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let arguments = ["compare", "--methods", "k-means", "--limit", "60", "--seeds", "0"]
    let result = try await workspace.secu(arguments)
    #expect(result.exitCode == 0 && result.stdout.contains("\nk-means  "), "\(result.stderr)")
  }

  /// A limit on the size of files stands for a disk that fills.
  @Test func `what was found before a failure has its table`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let seeds = (0..<40).map(String.init).joined(separator: ",")
    func secu(_ arguments: [String]) async throws -> ProgramResult {
      try await workspace.shell(
        "trap '' XFSZ; ulimit -f 4; exec \"$0\" \"$@\"",
        Self.tiny + ["--methods", "k-means", "--seeds", seeds] + arguments)
    }
    let table = try await secu(["--output", "a.jsonl"])
    #expect(table.exitCode == 74, "\(table.stderr)")
    #expect(table.stdout.contains("\nk-means  "), "\(table.stdout)")
    let object = try jsonObject(try await secu(["--output", "b.jsonl", "--json"]).stdout)
    let runs = try #require(object["runs"] as? [Any])
    #expect((2..<40).contains(runs.count))
    // The run whose line the disk refused is in the table all the same.
    #expect(try workspace.text("b.jsonl").split(separator: "\n").count == runs.count - 1)
  }

  @Test func `what was found before an interruption has its table`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let arguments = Self.tiny.filter { $0 != "--epochs" && $0 != "2" } + ["--epochs", "100000"]
    let stopped = try await workspace.secu(
      arguments + ["--methods", "k-means,secu", "--seeds", "0"], stoppedBy: SIGINT, after: "1/2 k-means, seed 0: ")
    #expect(stopped.exitCode == 130, "\(stopped.stderr)")
    #expect(stopped.stdout.split(separator: "\n").map { $0.prefix { $0 != " " } } == ["method", "k-means"])
  }

  @Test func `self-labelling goes on from a run, and says when nothing is left to learn`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try await workspace.train()
    let stage = ["train", "--init", "run", "--self-label", "--epochs", "3", "--output"]
    let learnt = try await workspace.secu(stage + ["second", "--threshold", "0.1"])
    #expect(learnt.exitCode == 0, "\(learnt.stderr)")
    for word in ["/run: its encoder and centers", "kept", "epoch 3/3"] {
      #expect(learnt.stderr.contains(word), "\(learnt.stderr)")
    }
    let ended = try await workspace.secu(stage + ["third", "--threshold", "1"])
    #expect(ended.exitCode == 0)
    #expect(ended.stderr.contains("the run ends here"), "\(ended.stderr)")
    #expect(!ended.stderr.contains("epoch 2/3"))
    let evaluation = try await workspace.secu(["evaluate", "--model", "third", "--json"])
    #expect(evaluation.exitCode == 0, "\(evaluation.stderr)")

    // Other options than the run's are refused when it is resumed.
    let other = try await workspace.secu(["train", "--resume", "--init", "elsewhere", "--output", "second"])
    #expect(other.exitCode == 64)
    #expect(other.stderr.contains("/run, the options say /"), "\(other.stderr)")
    #expect(other.stderr.contains("/elsewhere. Resume"), "\(other.stderr)")
    // The rates of the second stage are not those of a first.
    let inherited = try await workspace.secu(["train", "--init", "second", "--show"])
    #expect(inherited.exitCode == 64)
    #expect(inherited.stderr.contains("--init: second taught itself"), "\(inherited.stderr)")

    let alone = try await workspace.secu(["train", "--self-label", "--output", "fourth"])
    #expect(alone.exitCode == 64)
    #expect(alone.stderr.contains("--init"))
    let unused = try await workspace.secu(["train", "--threshold", "0.5", "--output", "fourth"])
    #expect(unused.exitCode == 64)
    #expect(unused.stderr.contains("--self-label"))
  }
}
