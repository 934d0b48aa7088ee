import Foundation
import Testing

/// Settings from presets, files and options, and what can be known of a run before it.
@Suite struct SettingsTests {
  private func settings(_ text: String) throws -> NSDictionary {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary)
  }

  @Test func `shown settings are a file that shows the same`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    for preset in ["digits", "cifar10-entropy", "stl10-compact", "imagenet-entropy"] {
      let shown = try await workspace.secu(["train", "--preset", preset, "--show"])
      #expect(shown.exitCode == 0, "\(shown.stderr)")
      #expect(try settings(shown.stdout)["preset"] as? String == preset)
      #expect(shown.stderr.contains(" images of ") && shown.stderr.contains("needs about "), "\(shown.stderr)")
      try workspace.write(Data(shown.stdout.utf8), to: "settings.json")
      let again = try await workspace.secu(["train", "--config", "settings.json", "--show"])
      #expect((again.exitCode, again.stdout, again.stderr) == (0, shown.stdout, shown.stderr))
    }
    #expect(try workspace.paths() == ["settings.json"])
  }

  @Test func `options win over the file, and the file over the preset`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    func shown(_ file: String, _ arguments: String...) async throws -> NSDictionary {
      try workspace.write(Data(file.utf8), to: "settings.json")
      let result = try await workspace.secu(["train", "--show", "--config", "settings.json"] + arguments)
      #expect(result.exitCode == 0, "\(result.stderr)")
      return try settings(result.stdout)
    }
    let file = #"{"preset": "cifar10", "batch": 64, "heads": [7, 8], "losses": {"centerTemperature": 1}}"#
    let both = try await shown(file, "--batch", "32", "--seed", "5")
    #expect(both["preset"] as? String == "cifar10")
    #expect(both["batch"] as? Int == 32)
    #expect(both["heads"] as? [Int] == [7, 8])
    #expect(both["epochs"] as? Int == 401)
    #expect(both["seed"] as? Int == 5)
    #expect((both["losses"] as? NSDictionary)?["centerTemperature"] as? Double == 1)
    #expect((both["losses"] as? NSDictionary)?["hardLabelWeight"] as? Double == 0.2)

    let other = try await shown(file, "--preset", "cifar100")
    #expect(other["preset"] as? String == "cifar100")
    #expect(other["data"] as? String == "cifar100")
    #expect(other["epochs"] as? Int == 801)
    #expect(other["batch"] as? Int == 64)

    // A shorter run warms up for half of it, whoever shortened it; a warm-up that was asked for stays.
    #expect(try await shown(#"{"preset": "cifar10", "epochs": 8}"#)["warmupEpochs"] as? Int == 4)
    #expect(try await shown(#"{"preset": "cifar10", "epochs": 8}"#, "--epochs", "100")["warmupEpochs"] as? Int == 11)
    #expect(try await shown(#"{"preset": "cifar10", "epochs": 8}"#, "--epochs", "6")["warmupEpochs"] as? Int == 3)
    #expect(try await shown(#"{"epochs": 9, "warmupEpochs": 7}"#)["warmupEpochs"] as? Int == 7)
    #expect(try await shown(#"{"epochs": 9, "warmupEpochs": 7}"#, "--warmup", "1")["warmupEpochs"] as? Int == 1)
  }

  @Test func `settings follow from the images if that is asked for, also where a preset was made for them`()
    async throws
  {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try workspace.write(
      Data(#"{"preset": "automatic", "optimizer": {"kind": "lars", "trust": 0.005}}"#.utf8), to: "a.json")
    for options in [
      ["--preset", "automatic"], ["--preset", "automatic", "--data", "digits"], ["--config", "a.json"],
    ] {
      let shown = try await workspace.secu(["train", "--show", "--optimizer", "lars"] + options)
      let found = try settings(shown.stdout)
      #expect(found["preset"] as? String == "automatic" && found["data"] as? String == "digits", "\(shown.stderr)")
      #expect(found["heads"] as? [Int] == [10, 20, 30, 40, 50], "\(shown.stdout)")
      // What a file says of the optimiser stays.
      let trust = options.contains("--config") ? 0.005 : 0.001
      #expect((found["optimizer"] as? NSDictionary)?["trust"] as? Double == trust, "\(shown.stdout)")
    }
  }

  @Test func `heads and weights that a file names stay`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    // The number of clusters that the first head has already changes no heads.
    try workspace.write(Data(#"{"heads": [10, 4]}"#.utf8), to: "heads.json")
    let trained = try await workspace.secu([
      "train", "--config", "heads.json", "--clusters", "10", "--limit", "60", "--batch", "20", "--widths", "4",
      "--blocks", "1", "--epochs", "1", "--passes", "1", "--output", "run",
    ])
    #expect(trained.exitCode == 0, "\(trained.stderr)")
    #expect(try settings(workspace.text("run/config.json"))["heads"] as? [Int] == [10, 4])
    // A path is whole.
    try workspace.write(Data(#"{"initialWeights": "start"}"#.utf8), to: "start.json")
    let shown = try await workspace.secu(["train", "--config", "start.json", "--show"])
    let weights = try settings(shown.stdout)["initialWeights"] as? String
    #expect(weights?.hasPrefix("/") == true && weights?.hasSuffix("/start") == true, "\(shown.stderr)")
  }

  @Test func `another constraint has its own recipe where one was published`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    func shown(_ arguments: String...) async throws -> NSDictionary {
      let result = try await workspace.secu(["train", "--show"] + arguments)
      #expect(result.exitCode == 0, "\(result.stderr)")
      return try settings(result.stdout)
    }
    for (one, other, constraint) in [
      ("imagenet", "imagenet-entropy", "entropy"), ("imagenet-entropy", "imagenet", "size"),
    ] {
      let changed = try await shown("--preset", one, "--constraint", constraint)
      let published = try await shown("--preset", other)
      #expect(changed["constraint"] as? NSDictionary == published["constraint"] as? NSDictionary)
      #expect(changed["centerSchedule"] as? String == published["centerSchedule"] as? String)
    }
    let asked = try await shown("--preset", "imagenet", "--constraint", "entropy", "--center-schedule", "constant")
    #expect(asked["centerSchedule"] as? String == "constant")
  }

  @Test func `self-labelling refuses what it has no use for`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    for option in [["--momentum", "0.5"], ["--constraint", "size"], ["--tau", "0.9"], ["--center-rate", "5"]] {
      let result = try await workspace.secu(["train", "--self-label", "--show"] + option)
      #expect(
        result.exitCode == 64 && result.stderr.contains("\(option[0]): means nothing for self-labelling"),
        "\(result.stderr)")
    }
  }

  @Test func `networks have names`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    func network(_ arguments: String...) async throws -> NSDictionary {
      let result = try await workspace.secu(["train", "--show"] + arguments)
      #expect(result.exitCode == 0, "\(result.stderr)")
      return try #require(try settings(result.stdout)["network"] as? NSDictionary)
    }
    let digits = try await network("--network", "resnet18")
    #expect(digits["widths"] as? [Int] == [64, 128, 256, 512])
    #expect((digits["height"] as? Int, digits["channels"] as? Int) == (8, 1))
    let compact = try await network(
      "--preset", "cifar10", "--network", "compact", "--blocks", "2,1,1", "--image-size", "24")
    #expect(compact["widths"] as? [Int] == [16, 32, 64])
    #expect(compact["blocks"] as? [Int] == [2, 1, 1])
    #expect((compact["height"] as? Int, compact["width"] as? Int) == (24, 24))
  }

  @Test func `a file's mistakes are explained, and write nothing`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    for (text, words) in [
      (
        #"{"losses": {"centerTemprature": 1}}"#,
        ["bad.json", "losses.centerTemprature", "Did you mean losses.centerTemperature?"]
      ),
      (#"{"epochs": "many"}"#, ["bad.json", "epochs: expected a number", "\"many\""]),
      (#"{"preset": "cifar"}"#, ["bad.json", "preset: expected one of digits", "Did you mean \"cifar10\"?"]),
      (#"{"epochs": 3,"#, ["bad.json", "expected JSON"]),
      (#"{"epochs": "20"}"#, ["epochs: expected a number, found the text", "Write it without quotation marks"]),
      (#"{"strongAugmentation": {"count": -1}}"#, ["strongAugmentation.count: expected a number from 0 to 16"]),
      (#"{"augmentation": {"mean": [0.5, 0.5, 0.5]}}"#, ["augmentation.mean: expected one number", "Give one"]),
    ] {
      try workspace.write(Data(text.utf8), to: "bad.json")
      let result = try await workspace.secu(["train", "--config", "bad.json"])
      #expect(result.exitCode == 65, "\(result.stderr)")
      #expect(result.stdout.isEmpty)
      for word in words { #expect(result.stderr.contains(word), "\(word): \(result.stderr)") }
      #expect(result.stderr.split(separator: "\n").count == 1)
    }
    let missing = try await workspace.secu(["train", "--config", "nowhere.json"])
    #expect(missing.exitCode == 66)
    #expect(try workspace.paths() == ["bad.json"])
  }

  @Test func `a run's own settings begin the same run again, and resume it`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try await workspace.train()
    let again = try await workspace.secu(["train", "--config", "run/config.json", "--output", "again"])
    #expect(again.exitCode == 0, "\(again.stderr)")
    for file in ["config.json", "encoder.safetensors", "assignments.csv"] {
      #expect(try workspace.data("again/\(file)") == workspace.data("run/\(file)"), "\(file)")
    }
    let shown = try await workspace.secu(["train", "--resume", "--output", "run", "--show"])
    #expect(shown.stdout == (try workspace.text("run/config.json")))

    let resumed = try await workspace.secu(["train", "--resume", "--output", "run", "--config", "again/config.json"])
    #expect(resumed.exitCode == 0, "\(resumed.stderr)")
    try workspace.write(Data(#"{"losses": {"centerTemperature": 1}}"#.utf8), to: "other.json")
    let before = try workspace.contents()
    let refused = try await workspace.secu(["train", "--resume", "--output", "run", "--config", "other.json"])
    #expect(refused.exitCode == 64)
    #expect(refused.stderr.contains("the run has losses.centerTemperature 0.05, the options say 1"))
    #expect(try workspace.contents() == before)
  }

  @Test func `data that can't be read yet is named with its place`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let result = try await workspace.secu(["train", "--preset", "imagenet"])
    #expect(result.exitCode == 66, "\(result.stderr)")
    #expect(result.stderr.contains("imagenet") && result.stderr.contains("https://www.image-net.org"))
    #expect(try workspace.paths().isEmpty)
  }

  @Test func `a trial tells time and memory, and leaves nothing`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    // With many threads, what each has of its own would count.
    let trial = ["train", "--preset", "cifar10-compact", "--batch", "32", "--try", "2", "--threads", "2"]
    let text = try await workspace.secu(trial)
    #expect(text.exitCode == 0, "\(text.stderr)")
    for word in ["2 steps of 32 random images of 32×32×3", "a step takes ", " images/s", "62520 steps", "needs about "]
    {
      #expect(text.stdout.contains(word), "\(word): \(text.stdout)")
    }
    let result = try await workspace.secu(trial + ["--json"])
    let object = try jsonObject(result.stdout)
    #expect(object["steps"] as? Int == 2)
    #expect(object["images"] as? Int == 50_000)
    for key in ["step_s", "views_s", "images_per_s", "run_s", "run_mb"] {
      #expect(try #require(object[key] as? Double) > 0, "\(key)")
    }
    let (step, run) = (try #require(object["step_s"] as? Double), try #require(object["run_s"] as? Double))
    #expect(abs(run / (62_520 * step) - 1) < 1e-9)
    // What was computed before is what was taken.
    let computed = try #require(object["trial_mb"] as? Double)
    if let peak = object["peak_mb"] as? Double { #expect(abs(peak - computed) <= 0.15 * peak, "\(peak), \(computed)") }
    #expect(try workspace.paths().isEmpty)
  }

  @Test func `a batch that memory can't hold is refused with one that it can`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let result = try await workspace.secu(
      [
        "train", "--preset", "cifar10", "--network", "resnet18", "--image-size", "1024", "--batch", "50000", "--try",
        "1",
      ])
    #expect(result.exitCode == 64, "\(result.stderr)")
    #expect(result.stderr.contains("GB of memory"))
    #expect(result.stderr.contains("would fit"))
  }
}
