import Foundation
import Imaging
import TestSupport
import Testing

/// What a run tells at its end, and again when it is asked.
@Suite struct EndingTests {
  @Test func `a run that has ended tells the same again`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    // Without learning, the loss is that of uniform predictions.
    let first = try await workspace.secu(
      Workspace.tiny + [
        "--epochs", "2", "--passes", "2", "--rate", "0", "--center-rate", "0", "--output", "run", "--json",
      ])
    let second = try await workspace.secu(["train", "--resume", "--output", "run", "--json"])
    #expect(second.exitCode == 0)
    let (told, again) = (try jsonObject(first.stdout), try jsonObject(second.stdout))
    let warnings = try #require(told["warnings"] as? [String])
    #expect(!warnings.isEmpty)
    #expect(again["warnings"] as? [String] == warnings)
    let pace = try #require(told["images_per_s"] as? Double)
    #expect(abs(try #require(again["images_per_s"] as? Double) - pace) < 1e-9 * pace)
    #expect(second.stderr.contains("The run has ended already"), "\(second.stderr)")
    #expect(!first.stderr.contains("The run has ended already"))
    func endings(_ result: ProgramResult) -> [Substring] {
      result.stderr.split(separator: "\n").filter { $0.hasPrefix("Warning at the end: ") }
    }
    #expect(endings(first).count == warnings.count && endings(first) == endings(second))
    // The last epoch's are told after the results alone.
    #expect(!first.stderr.contains("Warning: "), "\(first.stderr)")

    // The pace of an earlier epoch is not that of the run.
    let lines = try workspace.text("run/metrics.jsonl").split(separator: "\n")
    try workspace.write(Data("\(lines[0])\n".utf8), to: "run/metrics.jsonl")
    let third = try await workspace.secu(["train", "--resume", "--output", "run", "--json"])
    #expect(third.exitCode == 0, "\(third.stderr)")
    #expect(try jsonObject(third.stdout)["images_per_s"] is NSNull)
  }

  @Test func `clusters that end empty are told`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try workspace.makeFolder("same")
    let shape = try ImageShape(height: 8, width: 8, channels: 3)
    let picture = try Data(PNGEncoder.encode(Image(shape: shape, pixels: (0..<shape.count).map { UInt8($0) })))
    for i in 0..<60 { try workspace.write(picture, to: "same/\(i).png") }
    let result = try await workspace.secu([
      "train", "--data", "same", "--clusters", "3", "--epochs", "1", "--widths", "4", "--blocks", "1", "--output",
      "run",
      "--json",
    ])
    #expect(result.exitCode == 0, "\(result.stderr)")
    let object = try jsonObject(result.stdout)
    #expect((object["sizes"] as? [Int])?.sorted() == [0, 0, 60])
    #expect(object["warnings"] as? [String] == ["collapse", "empty_clusters"])
    #expect(result.stderr.contains("Warning at the end: 2 of 3 clusters are empty"), "\(result.stderr)")
    #expect(result.stderr.contains("More --epochs (now 1)"), "\(result.stderr)")

    // What the last epoch has as well is told once.
    let unbalanced = try await workspace.secu([
      "train", "--data", "same", "--clusters", "3", "--constraint", "size", "--ratio", "0", "--epochs", "3", "--widths",
      "4", "--blocks", "1", "--json",
    ])
    #expect(try jsonObject(unbalanced.stdout)["warnings"] as? [String] == ["collapse", "empty_clusters"])
  }

  @Test func `a reader that went away learns where the results are`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let result = try await workspace.secu(Workspace.training + ["--output", "run"], output: .abandoned)
    #expect(result.exitCode == 74)
    #expect(result.stderr.contains("The run has ended, and run holds its results.\n"), "\(result.stderr)")
  }

  @Test func `a folder with the name of what is built in is remarked on`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let remark = "digits is the data set that is built in; for the folder write ./digits\n"
    try await workspace.train(["--data", "digits"])
    try workspace.makeFolder("digits")
    let named = try await workspace.secu(Workspace.training + ["--data", "digits", "--output", "named"])
    #expect(named.exitCode == 0 && named.stderr.contains(remark), "\(named.stderr)")
    let unnamed = try await workspace.secu(Workspace.training + ["--output", "unnamed"])
    #expect(unnamed.exitCode == 0 && !unnamed.stderr.contains(remark), "\(unnamed.stderr)")
  }

  @Test func `a working directory that is gone is told`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let script = "mkdir gone; cd gone; rmdir ../gone; exec \"$0\" \"$@\""
    let result = try await workspace.shell(script, Workspace.training)
    #expect(result.exitCode == 73, "\(result.stderr)")
    #expect(result.stderr.contains("the working directory is gone"), "\(result.stderr)")
  }
}
