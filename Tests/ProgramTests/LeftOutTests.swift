import Foundation
import Imaging
import TestSupport
import Testing

/// Folders in which files can't be read: which ones, and where that is told.
@Suite struct LeftOutTests {
  /// Small pictures, and files that begin like one and then end; each kind has its folder, in `folder`.
  private static func fill(_ workspace: Workspace, _ folder: String, good: Int, bad: Int) throws {
    let shape = try ImageShape(height: 8, width: 8, channels: 3)
    for (kind, count) in [("good", good), ("bad", bad)] {
      let place = try workspace.makeFolder("\(folder)/\(kind)")
      for i in 0..<count {
        let pixels = (0..<shape.count).map { UInt8((i * 37 + $0 * 13) % 251) }
        let file = try Data(PNGEncoder.encode(Image(shape: shape, pixels: pixels)))
        try (kind == "good" ? file : file.prefix(20)).write(to: place.appending(path: "\(1000 + i).png"))
      }
    }
  }

  private static let short = ["--epochs", "1", "--widths", "4", "--blocks", "1", "--image-size", "12"]

  /// A run in `run` on a folder `in` of such images.
  private static func train(_ workspace: Workspace, good: Int, bad: Int) async throws -> ProgramResult {
    try fill(workspace, "in", good: good, bad: bad)
    let trained = try await workspace.secu(["train", "--data", "in", "--clusters", "2", "--output", "run"] + short)
    #expect(trained.exitCode == 0, "\(trained.stderr)")
    return trained
  }

  @Test func `every file that was left out can be known`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let trained = try await Self.train(workspace, good: 60, bad: 9)
    #expect(trained.stderr.contains("  … and 4 more\n"), "\(trained.stderr)")
    #expect(
      trained.stderr.contains("Every file that gave no image, and why: run/left-out.csv\n"), "\(trained.stderr)")
    // What options set has no reason that follows from the images.
    for text in ["images seen", "400 epochs", "network compact"] {
      #expect(!trained.stderr.contains(text), "\(text) in \(trained.stderr)")
    }
    #expect(trained.stderr.contains("(--show prints them all)") && trained.stderr.contains("  views: "))

    let names = (0..<9).map { "in/bad/\(1000 + $0).png" }
    let lines = try await workspace.secu(["predict", "--model", "run", "in"])
    #expect(lines.exitCode == 65 && lines.stdout.split(separator: "\n").count == 61, "\(lines.stderr)")
    for name in names { #expect(lines.stderr.contains("  \(name): "), "\(lines.stderr)") }
    func leftOut(_ arguments: [String], _ code: Int32) async throws -> [[String: String]] {
      let result = try await workspace.secu(arguments + ["--json"])
      #expect(result.exitCode == code, "\(result.stderr)")
      return try #require(try jsonObject(result.stdout)["left_out"] as? [[String: String]])
    }
    let predicted = try await leftOut(["predict", "--model", "run", "in"], 65)
    #expect(predicted.map { $0["file"] } == names)
    #expect(predicted.allSatisfy { $0["kind"] == "unreadable" && $0["reason"]?.isEmpty == false })
    let own = (0..<9).map { "bad/\(1000 + $0).png" }
    #expect(try await leftOut(["evaluate", "--model", "run"], 0).map { $0["file"] } == own)
    #expect(try await leftOut(["predict", "--model", "run", "--images", "0"], 0).map { $0["file"] } == own)

    let numbered = try await workspace.secu(["predict", "--model", "run", "--images", "1"])
    let rows = numbered.stdout.split(separator: "\n")
    #expect(rows.first == "image,cluster,confidence,second,file", "\(numbered.stderr)")
    #expect(rows.last?.hasPrefix("1,") == true && rows.last?.hasSuffix(",good/1001.png") == true)

    let alone = try await workspace.secu(["predict", "--model", "run", names[0]])
    #expect(
      alone.stderr.hasSuffix("secu predict: 1 of 1 image file can't be read. Repair or remove it.\n"),
      "\(alone.stderr)")
  }

  @Test func `a comparison asks for no more images than there are`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    // An eighth of all files is more than the images.
    try Self.fill(workspace, "in", good: 20, bad: 180)
    let compared = try await workspace.secu(
      ["compare", "--data", "in", "--clusters", "3", "--methods", "secu,k-means", "--seeds", "0", "--json"] + Self.short
    )
    #expect(compared.exitCode == 0, "\(compared.stderr)")
    #expect(compared.stderr.contains("('secu train --show' prints them all)"), "\(compared.stderr)")
    // Settings follow from as many images as are asked for: batches are an eighth of them.
    for (limit, batch) in [("160", 20), ("1000", 25)] {
      let shown = try await workspace.secu(["train", "--data", "in", "--limit", limit, "--show"])
      #expect(shown.stdout.contains("\"batch\" : \(batch),"), "\(shown.stderr)")
    }
    let object = try jsonObject(compared.stdout)
    #expect((object["left_out"] as? [Any])?.count == 180)
    for list in ["runs", "methods"] {
      let items = try #require(object[list] as? [[String: Any]])
      #expect(items.count == 2)
      for item in items { for key in ["acc", "nmi", "ari"] { #expect(item[key] is NSNull, "\(list) \(key)") } }
    }
  }

  @Test func `predictions that a signal stops tell how far they came`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try await workspace.train()
    try workspace.makeFolder("many")
    let shape = try ImageShape(height: 8, width: 8, channels: 1)
    let picture = try Data(PNGEncoder.encode(Image(shape: shape, pixels: (0..<64).map { UInt8($0) })))
    try workspace.write(picture, to: "image.png")
    let long = String(repeating: "x", count: 100)
    for i in 0..<1500 {
      try FileManager.default.createSymbolicLink(
        at: workspace.url("many/\(long)\(i).png"), withDestinationURL: workspace.url("image.png"))
    }
    // A file that can't be read is no reason to end with another code.
    try workspace.write(picture.prefix(picture.count / 2), to: "many/0.png")
    // The lines fill the pipe, so that the program waits for its reader, which sends the signal before it reads on.
    let script = """
      mkfifo out; "$0" "$@" > out 2> messages & program=$!
      { read header; read line; kill -INT $program; cat; } < out; wait $program; code=$?
      cat messages >&2; exit $code
      """
    let stopped = try await workspace.shell(script, ["predict", "--model", "run", "many"])
    #expect(stopped.exitCode == 130, "\(stopped.stderr)")
    let told = try #require(
      stopped.stderr.firstMatch(of: #/Interrupted after (\d+) of 1501 image files\n/#), "\(stopped.stderr)")
    let done = try #require(Int(told.output.1))
    #expect(done < 1501 && stopped.stdout.split(separator: "\n").count == done - 2)
  }

  @Test func `copies are not sorted again`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    _ = try await Self.train(workspace, good: 60, bad: 0)
    let before = try workspace.paths()
    for place in ["in", "in/sorted"] {
      let refused = try await workspace.secu(["predict", "--model", "run", "in", "--sort-into", place])
      #expect(refused.exitCode == 64 && refused.stdout.isEmpty, "\(refused.stderr)")
      #expect(refused.stderr.contains("--sort-into: copies would lie in in"), "\(refused.stderr)")
    }
    #expect(try workspace.paths() == before)
  }
}
