import Basics
import Foundation
import Imaging
import Testing

/// From a folder of images to clusters of new files.
@Suite struct FolderTests {
  /// Small pictures of two kinds, light and dark, with what else lies in folders.
  private static func fill(_ workspace: Workspace, count: Int) throws {
    for kind in ["light", "dark"] { try workspace.makeFolder("my pictures/\(kind)") }
    for i in 0..<count {
      let shape = try ImageShape(height: 10 + i % 5, width: 12 + i % 3, channels: i % 7 == 0 ? 1 : 3)
      let light = i % 2 == 0 ? 150 : 20
      let pixels = (0..<shape.count).map { UInt8(light + ($0 * 13 + i * 29) % 80) }
      let file = "my pictures/\(i % 2 == 0 ? "light" : "dark")/picture, \(i).png"
      try workspace.write(Data(PNGEncoder.encode(Image(shape: shape, pixels: pixels))), to: file)
    }
    try workspace.write(Data("notes".utf8), to: "my pictures/notes.txt")
    try workspace.write(Data([0xFF, 0xD8, 0xFF, 0xE0]), to: "my pictures/dark/broken.jpg")
  }

  private static let short = [
    "--epochs", "1", "--passes", "1", "--widths", "4,6", "--blocks", "1,1", "--image-size", "8",
  ]

  @Test func `a folder is told about and shown`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try Self.fill(workspace, count: 20)
    let told = try await workspace.secu(["data", "--data", "my pictures"])
    #expect(told.exitCode == 0, "\(told.stderr)")
    #expect(
      told.stdout.contains("21 image files, with a median shorter side of 12 pixels\n2 sub-folders"), "\(told.stdout)")
    let json = try jsonObject(try await workspace.secu(["data", "--data", "my pictures", "--json"]).stdout)
    #expect(json["images"] as? Int == 21 && json["sub_folders"] as? Int == 2)
    let refused = try await workspace.secu(["data", "--data", "my pictures", "--split", "test"])
    #expect(refused.exitCode == 64 && refused.stderr.contains("--split"), "\(refused.stderr)")
    let among = try await workspace.secu(["data", "show", "--data", "my pictures", "--output", "my pictures/grid.png"])
    #expect(among.exitCode == 64 && among.stderr.contains("be among its images the next time"), "\(among.stderr)")
    for (file, views) in [("grid.png", []), ("views.png", ["--views"])] {
      let shown = try await workspace.secu(
        ["data", "show", "--data", "my pictures", "--count", "9", "--output", file] + views)
      #expect(shown.exitCode == 0, "\(shown.stderr)")
      #expect(shown.stdout.contains("9 images of my pictures"), "\(shown.stdout)")
      let picture = try ImageFile.decode([UInt8](workspace.data(file)), name: file)
      #expect(picture.channels == 3 && picture.width > 100)
    }
  }

  @Test func `no image is replaced by what is made of it`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try Self.fill(workspace, count: 60)
    let before = try workspace.contents()
    let shown = try await workspace.secu(
      ["data", "show", "--data", "my pictures", "--output", "my pictures/light/picture, 0.png"])
    #expect(shown.exitCode == 73 && shown.stderr.contains("the file is there already"), "\(shown.stderr)")
    #expect(try workspace.contents() == before)

    // A person's list may have the name of a run's.
    try workspace.makeFolder("mine")
    try workspace.write(Data("precious".utf8), to: "mine/left-out.csv")
    let trained = try await workspace.secu(
      ["train", "--data", "my pictures", "--clusters", "2", "--output", "mine"] + Self.short)
    #expect(trained.exitCode == 73 && trained.stderr.contains("mine: a file left-out.csv"), "\(trained.stderr)")
    #expect(try workspace.text("mine/left-out.csv") == "precious")
  }

  @Test func `a folder is clustered, and so are new files`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try Self.fill(workspace, count: 60)
    let trained = try await workspace.secu(
      ["train", "--data", "my pictures", "--clusters", "2", "--output", "run"] + Self.short)
    #expect(trained.exitCode == 0, "\(trained.stderr)")
    for text in [
      "Settings that follow from the images", "heads of 2, 4, 6, 8, 10: 2 as asked",
      "Left out: 1 image file that can't be read\n  dark/broken.jpg: ", "Passed over: 1 file that is no image\n",
      "my pictures: 60 images of many sizes, 3 channels\n",
    ] {
      #expect(trained.stderr.contains(text), "\(text) in \(trained.stderr)")
    }
    let rows = try workspace.text("run/assignments.csv").split(separator: "\r\n")
    #expect(rows.count == 61 && rows[0] == "image,cluster,confidence,second,file")
    #expect(rows[1].hasPrefix("0,") && rows[1].hasSuffix(",\"dark/picture, 1.png\""), "\(rows[1])")
    let leftOut = try workspace.text("run/left-out.csv").split(separator: "\r\n")
    #expect(leftOut.count == 3 && leftOut[0] == "file,kind,reason")
    #expect(leftOut[1].hasPrefix("dark/broken.jpg,unreadable,") && leftOut[2].hasPrefix("notes.txt,other,"))

    let many = try await workspace.secu(["train", "--data", "my pictures", "--clusters", "31"] + Self.short)
    #expect(many.exitCode == 65 && many.stderr.contains("60 images are too few to learn 31 clusters"), "\(many.stderr)")
    #expect(many.stderr.contains("Give at least 62") && many.stderr.contains("or ask for fewer with --clusters"))

    // A run tells the same of its own folder and of files that are named.
    let own = try await workspace.secu(["predict", "--model", "run"])
    #expect(own.exitCode == 65 && own.stderr.contains("1 of 61 image files can't be read"), "\(own.stderr)")
    let lines = own.stdout.split(separator: "\n")
    #expect(lines.count == 61 && lines[0] == "file,cluster,confidence,second")
    let files = ["my pictures/light/picture, 0.png", "my pictures/dark/picture, 1.png"]
    let named = try await workspace.secu(["predict", "--model", "run"] + files + ["--json-lines"])
    #expect(named.exitCode == 0, "\(named.stderr)")
    let objects = try named.stdout.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(objects.map { $0["file"] as? String } == files)
    for (object, row) in zip(objects, [31, 1]) {
      let cells = rows[row].split(separator: ",")
      #expect(try #require(object["cluster"] as? Int) == Int(cells[1]))
    }
    let one = try jsonObject(try await workspace.secu(["predict", "--model", "run", "--json", files[0]]).stdout)
    #expect((one["predictions"] as? [[String: Any]])?.first?["file"] as? String == files[0])
    let asData = try await workspace.secu(["predict", "--model", "run", "--data", files[0], "--json-lines"])
    #expect(asData.stdout == named.stdout.split(separator: "\n").first.map { "\($0)\n" }, "\(asData.stderr)")
    let strict = try await workspace.secu(["predict", "--model", "run", "my pictures", "--strict"])
    #expect(strict.exitCode == 65 && strict.stderr.contains("broken.jpg"))
    #expect(strict.stdout == "file,cluster,confidence,second\n" && !strict.stderr.contains("Left out"))
    try workspace.write(Data("no image".utf8), to: "notes.png")
    let notes = try await workspace.secu(["predict", "--model", "run", "notes.png", files[0], "--strict"])
    #expect(notes.exitCode == 65 && notes.stdout.isEmpty && notes.stderr.contains("notes.png"), "\(notes.stderr)")
    #expect(try await workspace.secu(["predict", "--model", "run", "missing.png"]).exitCode == 66)

    let sorted = try await workspace.secu(
      ["predict", "--model", "run", "my pictures/light", files[0], "--sort-into", "sorted"])
    #expect(sorted.exitCode == 0, "\(sorted.stderr)")
    let copies = try workspace.paths().filter { $0.hasPrefix("sorted/cluster-") && $0.hasSuffix(".png") }
    #expect(copies.count == 31 && copies.count { $0.hasSuffix("picture, 0-2.png") } == 1)
    #expect(FileManager.default.fileExists(atPath: workspace.url(files[0]).path))

    let split = try await workspace.secu(["predict", "--model", "run", "--data", "my pictures", "--split", "test"])
    #expect(split.exitCode == 64 && split.stderr.contains("a folder of images has no splits"), "\(split.stderr)")
    let numbered = try await workspace.secu(["predict", "--model", "run", "--images", "0", "--sort-into", "sorted"])
    #expect(
      numbered.exitCode == 64 && numbered.stderr.contains("--sort-into: given together with --images"),
      "\(numbered.stderr)")

    // Sub-folders are classes for who asks.
    let scores = try jsonObject(
      try await workspace.secu(
        ["evaluate", "--model", "run", "--data", "my pictures", "--class-folders", "--json"]
      ).stdout)
    #expect(scores["classes"] as? Int == 2 && scores["acc"] is Double)

    // A batch that a file asks for is not made smaller in silence.
    try workspace.write(Data(#"{"batch": 500}"#.utf8), to: "large.json")
    let large = try await workspace.secu(["train", "--data", "my pictures", "--config", "large.json", "--show"])
    #expect(large.exitCode == 64 && large.stderr.contains("500 is more than the"), "\(large.stderr)")

    // Behind a link '..' is the folder above the one that it leads to.
    try workspace.makeFolder("elsewhere/inner")
    try FileManager.default.copyItem(
      at: workspace.url("my pictures/light"), to: workspace.url("elsewhere/pictures"))
    try FileManager.default.createSymbolicLink(
      at: workspace.url("behind"), withDestinationURL: workspace.url("elsewhere/inner"))
    let behind = try await workspace.secu(["predict", "--model", "run", "behind/../pictures"])
    #expect(behind.exitCode == 0 && behind.stdout.contains("elsewhere/pictures/"), "\(behind.stderr)")

    // Images are known by their pixels, not by where they are.
    let details =
      ["evaluate", "--model", "run", "--data", "my pictures", "--class-folders", "--details"] + ["--reference"]
    try workspace.makeFolder("other")
    try FileManager.default.copyItem(at: workspace.url("my pictures"), to: workspace.url("other/my pictures"))
    try FileManager.default.createSymbolicLink(
      at: workspace.url("link"), withDestinationURL: workspace.url("my pictures"))
    for same in ["other/my pictures", "link"] {
      let result = try await workspace.secu(details + [same])
      #expect(result.exitCode == 64)
      #expect(result.stderr.contains("images would be their own neighbors"), "\(result.stderr)")
    }

    try workspace.makeFolder("nothing")
    let nothing = try await workspace.secu(["predict", "--model", "run", "nothing"])
    #expect(nothing.exitCode == 65 && nothing.stderr.contains("expected images") && nothing.stdout.isEmpty)

    // How much of its data a run took says nothing of other data.
    let limited = try await workspace.secu(
      ["train", "--data", "my pictures", "--limit", "55", "--class-folders", "--clusters", "2", "--output", "limited"]
        + Self.short)
    #expect(limited.exitCode == 0, "\(limited.stderr)")
    for (data, expected) in [("other/my pictures", false), ("my pictures", true)] {
      let shown = try await workspace.secu(["train", "--init", "limited", "--data", data, "--show"])
      #expect(shown.exitCode == 0, "\(shown.stderr)")
      #expect(shown.stdout.contains("\"limit\" : 55") == expected, "\(shown.stdout)")
    }

    // The list of what was left out is that of the folder as it is.
    try FileManager.default.removeItem(at: workspace.url("my pictures/notes.txt"))
    let resumed = try await workspace.secu(["train", "--resume", "--output", "run"])
    #expect(resumed.exitCode == 0, "\(resumed.stderr)")
    #expect(try workspace.text("run/left-out.csv").split(separator: "\r\n").count == 2)
    try FileManager.default.removeItem(at: workspace.url("my pictures/dark/broken.jpg"))
    #expect(try await workspace.secu(["train", "--resume", "--output", "run"]).exitCode == 0)
    #expect(!FileManager.default.fileExists(atPath: workspace.url("run/left-out.csv").path))

    // Images that have moved are found again by their pixels, and others refused.
    try FileManager.default.moveItem(at: workspace.url("my pictures"), to: workspace.url("moved"))
    #expect(try await workspace.secu(["train", "--resume", "--output", "run"]).exitCode == 66)
    let moved = try await workspace.secu(["train", "--resume", "--output", "run", "--data", "moved"])
    #expect(moved.exitCode == 0, "\(moved.stderr)")
    let others = try await workspace.secu(["train", "--resume", "--output", "run", "--data", "moved/light"])
    #expect(others.exitCode == 65 && others.stderr.contains("other images"), "\(others.stderr)")
  }

  @Test func `new files are judged by the head that the run is judged by`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try Self.fill(workspace, count: 60)
    let trained = try await workspace.secu(
      ["train", "--data", "my pictures", "--class-folders", "--heads", "4,2", "--output", "run"] + Self.short)
    #expect(trained.exitCode == 0 && trained.stdout.contains("Head 1 with 2 clusters"), "\(trained.stderr)")
    let file = "my pictures/light/picture, 0.png"
    for (options, head) in [([], 1), (["--head", "0"], 0)] {
      let found = try await workspace.secu(["predict", "--model", "run", file, "--json"] + options)
      #expect(found.stderr.hasPrefix("clusters of head \(head), which has \(head == 1 ? 2 : 4)\n"), "\(found.stderr)")
      #expect(try jsonObject(found.stdout)["head"] as? Int == head)
    }
    let evaluated = try await workspace.secu(["evaluate", "--model", "run", "--data", "my pictures", "--json"])
    #expect(try jsonObject(evaluated.stdout)["head"] as? Int == 1)

    // More files than are read at a time, of which the first of each kind can't be.
    try workspace.makeFolder("many")
    for i in 0..<300 {
      let source = workspace.url(i % 256 == 0 ? "my pictures/dark/broken.jpg" : file)
      try FileManager.default.createSymbolicLink(
        at: workspace.url("many/\(1000 + i).png"), withDestinationURL: source)
    }
    let many = try await workspace.secu(["predict", "--model", "run", "many", "--json-lines"])
    #expect(many.exitCode == 65 && many.stderr.contains("2 of 300 image files can't be read"), "\(many.stderr)")
    let lines = many.stdout.split(separator: "\n")
    #expect(lines.count == 298 && lines[255].contains("\"file\":\"many/1257.png\""), "\(lines.count)")
    #expect(Set(lines.map { $0.replacing(#/"file":"[^"]*"/#, with: "") }).count == 1)
  }

  @Test func `mistakes are explained`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try Self.fill(workspace, count: 12)
    // A name that would command the terminal.
    try workspace.write(Data([0xFF, 0xD8, 0xFF, 0xE0]), to: "my pictures/dark/z\u{1B}[2J.jpg")
    let few = try await workspace.secu(["train", "--data", "my pictures"])
    #expect(few.exitCode == 65 && few.stderr.contains("12 images are too few"), "\(few.stderr)")
    #expect(few.stderr.contains("[2J.jpg: ") && !few.stderr.contains("\u{1B}"), "\(few.stderr)")
    let strict = try await workspace.secu(["train", "--data", "my pictures", "--strict"])
    #expect(strict.exitCode == 65 && strict.stderr.contains("dark/broken.jpg"), "\(strict.stderr)")
    let both = try await workspace.secu(["train", "--data", "my pictures", "--clusters", "3", "--heads", "3,4"])
    #expect(both.exitCode == 64 && both.stderr.contains("given together with --heads"), "\(both.stderr)")
    let size = try await workspace.secu(["train", "--data", "my pictures", "--memory", "lots"])
    #expect(size.exitCode == 64 && size.stderr.contains("500MB"), "\(size.stderr)")
    let classes = try await workspace.secu(["train", "--data", "my pictures/dark", "--class-folders"])
    #expect(classes.exitCode == 65 && classes.stderr.contains("outside"), "\(classes.stderr)")
    let shown = try await workspace.secu(["train", "--data", "my pictures", "--show"])
    #expect(shown.exitCode == 0, "\(shown.stderr)")
    #expect(try workspace.paths().allSatisfy { $0.hasPrefix("my pictures") })
  }
}
