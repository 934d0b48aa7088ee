import Foundation
import Imaging
import Testing

/// `secu data` and `secu data show` on files of one's own.
@Suite struct DataTests {
  /// Two records of CIFAR-10 for each label, whose pixels tell the label.
  private func records(_ labels: ClosedRange<UInt8>) -> Data {
    Data(labels.flatMap { label in [label, label].flatMap { [$0] + [UInt8](repeating: 20 * $0, count: 3_072) } })
  }

  /// Files of CIFAR-10 in the folder `mine`: 20 images to train on, 8 to test.
  private func makeFiles(in workspace: Workspace) throws {
    try workspace.makeFolder("mine")
    try workspace.write(records(0...9), to: "mine/data_batch_1.bin")
    try workspace.write(records(2...5), to: "mine/test_batch.bin")
  }

  @Test func `a folder is told about by its content`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try makeFiles(in: workspace)
    let told = try await workspace.secu(["data", "--data", "mine"])
    #expect(told.exitCode == 0)
    #expect(
      told.stderr == "Warning: this is a part of CIFAR-10: 20 of 50000 images in train, 8 of 10000 images in test.\n")
    let lines = told.stdout.split(separator: "\n")
    #expect(lines.first == "mine: CIFAR-10, binary version, images of 32×32×3")
    #expect(lines.contains("train: 20 images (used if no split is named)"))
    #expect(lines.contains("test: 8 images"))
    #expect(lines.filter { $0 == "  class cat: 2 images" }.count == 2)
    let json = try jsonObject(try await workspace.secu(["data", "--data", "mine", "--split", "test", "--json"]).stdout)
    #expect(json["known_as"] as? String == "cifar10")
    #expect(json["split"] as? String == "train")
    #expect(json["splits"] as? NSDictionary == ["test": ["images": 8, "class_sizes": [0, 0, 2, 2, 2, 2, 0, 0, 0, 0]]])

    let drawn = try await workspace.secu(["data", "--data", "mine", "--split", "test", "--image", "7"])
    #expect(drawn.stdout.hasPrefix("mine (test) 7, class dog\n"))
    let wrong = try await workspace.secu(["data", "--data", "mine", "--split", "test", "--image", "8"])
    #expect(wrong.exitCode == 64)
    #expect(wrong.stderr.contains("--image: mine (test) has no image 8. Its images are 0 to 7."))
    let failed = try await workspace.secu(["data", "--data", "mine", "--verify"])
    #expect(failed.exitCode == 65)
    #expect(failed.stdout.contains("WRONG train: 20 of 50000 images of 32×32×3"))
  }

  @Test func `data that is called like a known set has none of its licence`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try workspace.makeFolder("digits")
    let images = Data([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 4] + [UInt8](repeating: 9, count: 32))
    try workspace.write(images, to: "digits/mine-images-idx3-ubyte")
    let told = try await workspace.secu(["data", "--data", "./digits", "--json"])
    let json = try jsonObject(told.stdout)
    #expect(json["name"] as? String == "digits" && json["known_as"] is NSNull, "\(told.stdout)\(told.stderr)")
    #expect(json["licence"] is NSNull && json["source"] is NSNull)
    // Values that reach from 0 to 9 of 255 are told.
    let shown = try await workspace.secu(["data", "show", "--data", "./digits", "--output", "p.png"])
    #expect(shown.exitCode == 0 && shown.stderr.contains("the largest value is 9 of 255"), "\(shown.stderr)")
  }

  @Test func `a damaged file where data is looked for is told`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try workspace.makeFolder("data")
    let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0xEA, 0x60, 0, 0, 0, 28, 0, 0, 0, 28]
    try workspace.write(Data(header), to: "data/train-images-idx3-ubyte")
    let refused = try await workspace.secu(["data", "--data", "mnist"], environment: ["SECU_DATA": ""])
    #expect(refused.exitCode == 66)
    #expect(
      refused.stderr.contains(
        "mnist: its files were not found in data, the working directory; what lies there is refused: "
          + "data/train-images-idx3-ubyte, byte 16: expected 47040016 bytes for 60000×28×28 elements of uint8, found 16. Download "
      ), "\(refused.stderr)")
  }

  @Test func `a label without a class is an error`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try workspace.makeFolder("x")
    let images = Data([0, 0, 8, 3, 0, 0, 0, 11, 0, 0, 0, 28, 0, 0, 0, 28] + [UInt8](repeating: 0, count: 11 * 784))
    try workspace.write(images, to: "x/t10k-images-idx3-ubyte")
    let labels: [UInt8] = [7, 2, 1, 0, 4, 1, 4, 9, 5, 9, 10]
    try workspace.write(Data([0, 0, 8, 1, 0, 0, 0, 11] + labels), to: "x/t10k-labels-idx1-ubyte")
    let refused = try await workspace.secu(["data", "--data", "x"])
    #expect(refused.exitCode == 65)
    #expect(refused.stderr.contains("image 10: expected a label below 10, found 10. "), "\(refused.stderr)")
    let checked = try await workspace.secu(["data", "--data", "x", "--verify"])
    #expect(checked.exitCode == 65)
    #expect(
      checked.stdout.contains("WRONG test: expected a label below 10, found 10 (image 10)\n"), "\(checked.stdout)")
    #expect(checked.stdout.contains("test: 11 images (used"), "\(checked.stdout)")
  }

  @Test func `runs train on one split and are judged by another`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try makeFiles(in: workspace)
    let trained = try await workspace.secu([
      "train", "--preset", "cifar10-compact", "--data", "mine", "--epochs", "1", "--batch", "10", "--heads", "4",
      "--widths", "4", "--blocks", "1",
    ])
    #expect(trained.exitCode == 0, "\(trained.stderr)")
    #expect(trained.stderr.contains("mine (train): 20 images of 32×32×3"))
    #expect(try workspace.paths().contains("runs/mine-1/checkpoint"))
    let own = try await workspace.secu(["evaluate", "--model", "runs/mine-1"])
    #expect(own.stdout.hasPrefix("mine (train), 20 images, clean;"))
    let test = try await workspace.secu(["evaluate", "--model", "runs/mine-1", "--split", "test"])
    #expect(test.stdout.hasPrefix("mine (test), 8 images, clean;"), "\(test.stderr)")
    let both = try await workspace.secu(["predict", "--model", "runs/mine-1", "--split", "train+test"])
    #expect(both.stdout.split(separator: "\n").count == 29, "\(both.stderr)")
    // The latest run of all is on other data.
    _ = try await workspace.secu(Workspace.training)
    let resumed = try await workspace.secu(["train", "--resume", "--data", "mine", "--json"])
    #expect(resumed.exitCode == 0, "\(resumed.stderr)")
    #expect(try jsonObject(resumed.stdout)["run"] as? String == "runs/mine-1")
    let none = try await workspace.secu(["evaluate", "--model", "runs/mine-1", "--split", "unlabelled"])
    #expect(none.exitCode == 64)
    #expect(none.stderr.contains("there is no split 'unlabelled' in "))
    #expect(none.stderr.contains("There is train, test."))
  }

  @Test func `a run keeps its split when its data is named again, or has moved`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try makeFiles(in: workspace)
    let trained = try await workspace.secu([
      "train", "--preset", "cifar10-compact", "--data", "mine", "--split", "train+test", "--epochs", "1", "--batch",
      "10", "--heads", "4", "--widths", "4", "--blocks", "1", "--output", "run",
    ])
    #expect(trained.exitCode == 0, "\(trained.stderr)")
    let resume = ["train", "--resume", "--output", "run"]
    let same = try await workspace.secu(resume + ["--data", "mine"])
    #expect(same.exitCode == 0, "\(same.stderr)")
    // While the images are where they were, other data is other data.
    try FileManager.default.copyItem(at: workspace.url("mine"), to: workspace.url("copy"))
    let copy = try await workspace.secu(resume + ["--data", "copy"])
    #expect(copy.exitCode == 64 && copy.stderr.contains("the run has data "), "\(copy.stderr)")
    try FileManager.default.moveItem(at: workspace.url("mine"), to: workspace.url("moved"))
    for arguments in [resume, ["evaluate", "--model", "run"], ["predict", "--model", "run"]] {
      let gone = try await workspace.secu(arguments)
      #expect(gone.exitCode == 66 && gone.stderr.contains("name them with --data"), "\(gone.stderr)")
    }
    let moved = try await workspace.secu(resume + ["--data", "moved"])
    #expect(moved.exitCode == 0, "\(moved.stderr)")
  }

  @Test func `damaged files are named where no check was asked for`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let folder = try workspace.makeFolder("sets/cifar-10-batches-bin")
    try records(0...9).dropLast().write(to: folder.appending(path: "data_batch_1.bin"))
    let list = try await workspace.secu(["data"], environment: ["SECU_DATA": "sets"])
    #expect(list.exitCode == 65)
    #expect(
      list.stderr == "secu data: the files of cifar10 are damaged. Download them again and unpack them.\n",
      "\(list.stderr)")
  }

  @Test func `known names need whole files, where data lies`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let missing = try await workspace.secu(["data", "--data", "cifar10"], environment: ["SECU_DATA": ""])
    #expect(missing.exitCode == 66)
    #expect(
      missing.stderr.contains("cifar10: its files were not found in data, the working directory. Download https://"))
    try makeFiles(in: workspace)
    let part = try await workspace.secu(["data", "--data", "cifar10"], environment: ["SECU_DATA": "mine"])
    #expect(part.exitCode == 66)
    #expect(
      part.stderr.contains("cifar10: mine has a part only, 20 of 50000 images in train, 8 of 10000 images in test."))
    for (name, remedy) in [("cifar", "The nearest known name is cifar10"), ("./none", "Check the path")] {
      let wrong = try await workspace.secu(["train", "--data", name])
      #expect(wrong.exitCode == 66)
      #expect(wrong.stderr.contains(remedy))
    }
    let foreign = try await workspace.secu(["train", "--data", "mine", "--split", "tset"])
    #expect(foreign.stderr.contains("found 'tset'. Did you mean 'test'?"))
  }

  /// Fashion-MNIST by its sizes and labels, with images that are all black and take no room on disk.
  @Test func `a whole set is found by its name and checked`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let folder = try workspace.makeFolder("sets/FashionMNIST/raw")
    func write(_ name: String, _ count: Int, first: [UInt8], isChanged: Bool = false) throws {
      let digits = [24, 16, 8, 0].map { UInt8(count >> $0 & 255) }
      let images = folder.appending(path: "\(name)-images-idx3-ubyte")
      try Data([0, 0, 8, 3] + digits + [0, 0, 0, 28, 0, 0, 0, 28]).write(to: images)
      let handle = try FileHandle(forWritingTo: images)
      try handle.truncate(atOffset: UInt64(16 + count * 784))
      try handle.close()
      // The first ten labels are those of the published files; the others make all classes equally large.
      var left = [Int](repeating: count / 10, count: 10)
      for label in first { left[Int(label)] -= 1 }
      var labels = first + left.enumerated().flatMap { [UInt8](repeating: UInt8($0), count: $1) }
      if isChanged { labels[count - 1] = 0 }
      try Data([0, 0, 8, 1] + digits + labels).write(to: folder.appending(path: "\(name)-labels-idx1-ubyte"))
    }
    try write("train", 60_000, first: [9, 0, 0, 3, 0, 2, 7, 2, 5, 5])
    try write("t10k", 10_000, first: [9, 2, 1, 1, 6, 1, 4, 6, 5, 7])
    let environment = ["SECU_DATA": workspace.url("sets").path]
    let whole = try await workspace.secu(["data", "--data", "fashion-mnist", "--verify"], environment: environment)
    #expect(whole.exitCode == 0, "\(whole.stderr)")
    #expect(whole.stdout.contains("ok    train: 10 classes of 6000 images each, as published"))
    #expect(whole.stdout.contains("ok    test: 10 classes of 1000 images each, as published"))
    let list = try await workspace.secu(["data"], environment: environment)
    #expect(list.stdout.contains("\n  found: \(folder.path)\n"))
    // It may lie beside the folder that is named, where another set was unpacked.
    try workspace.makeFolder("sets/other")
    let beside = try await workspace.secu(
      ["data", "--data", "fashion-mnist"], environment: ["SECU_DATA": workspace.url("sets/other").path])
    #expect(beside.exitCode == 0, "\(beside.stderr)")
    // MNIST has files of the same names and sizes, and may have a folder of its name.
    try FileManager.default.createSymbolicLink(at: workspace.url("sets/MNIST"), withDestinationURL: folder)
    #expect(try await workspace.secu(["data", "--data", "mnist"], environment: environment).exitCode == 66)

    try write("t10k", 10_000, first: [9, 2, 1, 1, 6, 1, 4, 6, 5, 7], isChanged: true)
    let changed = try await workspace.secu(
      ["data", "show", "--data", "fashion-mnist", "--split", "test", "--output", "x.png"], environment: environment)
    #expect(changed.exitCode == 65)
    #expect(changed.stderr.contains("expected 1000 images of class 0 in test, found 1001"))
    let told = try await workspace.secu(
      ["data", "--data", "fashion-mnist", "--verify", "--json"], environment: environment)
    #expect(told.exitCode == 65 && told.stderr.contains("1 of the checks failed"), "\(told.stderr)")
    let json = try jsonObject(told.stdout)
    let checks = try #require(json["checks"] as? [[String: Any]])
    #expect(checks.filter { $0["good"] as? Bool == false }.map { $0["subject"] as? String } == ["test"])
    let splits = try #require(json["splits"] as? [String: [String: Any]])
    #expect((splits["test"]?["class_sizes"] as? [Int])?[0] == 1001)
    try Data("not the archive".utf8).write(to: folder.appending(path: "t10k-labels-idx1-ubyte.gz"))
    let archive = try await workspace.secu(["data", "--verify"], environment: environment)
    #expect(archive.exitCode == 65)
    #expect(archive.stdout.contains("t10k-labels-idx1-ubyte.gz: 15 bytes, expected 5148"))
    // All of the set is checked, and told.
    #expect(archive.stdout.contains("ok    train: 10 classes of 6000 images each, as published"), "\(archive.stdout)")
    #expect(
      archive.stdout.contains("WRONG test: 10 classes of 999…1001 images, expected 10 classes of 1000 images each"))
  }

  @Test func `pictures show images and views`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try makeFiles(in: workspace)
    let shown = try await workspace.secu(["data", "show", "--data", "mine", "--images", "0,7,19", "--output", "a.png"])
    #expect(shown.exitCode == 0, "\(shown.stderr)")
    #expect(
      shown.stdout == """
        a.png: 3 images of mine (train), from left to right:
        row 1: 0 airplane, 7 cat
        row 2: 19 truck

        """)
    #expect(try workspace.data("a.png").starts(with: [0x89] + Array("PNG".utf8)))
    // Two columns of 64 pixels with margins of 2, since 32 pixels are shown twice as large.
    #expect(try workspace.data("a.png")[16..<24] == Data([0, 0, 0, 134, 0, 0, 0, 134]))

    // Nothing but the margin in the corner, then the images in the order in which they are told, each of one value.
    let picture = try ImageFile.decode([UInt8](workspace.data("a.png")), name: "a.png").image(channels: 3)
    func value(_ y: Int, _ x: Int) -> UInt8 { picture.pixels[3 * (134 * y + x)] }
    #expect([value(1, 1), value(2, 2), value(65, 65), value(66, 66)] == [255, 0, 0, 255])
    #expect([value(2, 68), value(68, 2), value(131, 65), value(132, 68)] == [60, 180, 180, 255])

    let views = ["data", "show", "--data", "mine", "--split", "test", "--views", "--count", "3", "--json", "--output"]
    let first = try jsonObject(try await workspace.secu(views + ["v.png"]).stdout)
    #expect(first["views"] as? Int == 2)
    #expect((first["images"] as? [[String: Any]])?.map { $0["column"] as? Int } == [0, 2, 0])
    _ = try await workspace.secu(views + ["w.png"])
    #expect(try workspace.data("v.png") == workspace.data("w.png"))
    _ = try await workspace.secu(views + ["x.png", "--seed", "1"])
    #expect(try workspace.data("v.png") != workspace.data("x.png"))

    let wrong = try await workspace.secu(["data", "show", "--images", "1797", "--output", "b.png"])
    #expect((wrong.exitCode, wrong.stderr.contains("--images: digits has no image 1797")) == (64, true))
    let nowhere = try await workspace.secu(["data", "show", "--output", "none/b.png"])
    #expect((nowhere.exitCode, nowhere.stderr.contains("the file can't be created")) == (73, true))
    let grey = try await workspace.secu([
      "data", "show", "--views", "--preset", "cifar10", "--data", "digits", "--output", "b.png",
    ])
    #expect((grey.exitCode, grey.stderr.contains("the network takes 3 channels, the images have 1")) == (64, true))
    // A picture of 188,510 pixels a side, from numbers that are each allowed.
    let huge = try await workspace.secu([
      "data", "show", "--views", "--image-size", "4096", "--count", "1000", "--output", "b.png",
    ])
    #expect(huge.exitCode == 64, "\(huge.stderr)")
    #expect(huge.stderr.contains("--count: a picture of ") && huge.stderr.contains("--image-size"), "\(huge.stderr)")
    #expect(try !workspace.paths().contains("b.png"))

    // Self-labelling learns from a clean view beside a random one.
    try workspace.write(Data(#"{"selfLabelling": {"threshold": 0.9}}"#.utf8), to: "second.json")
    _ = try await workspace.secu(views + ["y.png", "--config", "second.json"])
    #expect(try workspace.data("v.png") != workspace.data("y.png"))
  }
}
