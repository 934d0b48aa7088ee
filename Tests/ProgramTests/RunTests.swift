import Basics
import Foundation
import TestSupport
import Testing

/// From a training to what one does with it.
@Suite struct RunTests {
  @Test func `training, scores and predictions tell the same`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let training = try await workspace.train(["--json", "--threads", "2"])
    let trained = try jsonObject(training.stdout)
    #expect(
      trained.keys.sorted() == [
        "acc", "ari", "clusters", "data", "data_wait", "epochs", "images", "images_per_s", "isa", "kmeans_acc",
        "kmeans_ari",
        "kmeans_nmi", "nmi", "peak_mb", "run", "seconds", "sizes", "threads", "warnings",
      ])
    #expect(trained["data"] as? String == "digits")
    #expect(trained["run"] as? String == "run")
    #expect(trained["images"] as? Int == 60)
    #expect(trained["clusters"] as? Int == 10)
    #expect(trained["epochs"] as? Int == 2)
    #expect(trained["threads"] as? Int == 2)
    for key in ["acc", "nmi", "kmeans_acc", "kmeans_nmi", "data_wait"] {
      #expect((0...1).contains(try #require(trained[key] as? Double)), "\(key)")
    }
    for key in ["seconds", "images_per_s", "peak_mb"] { #expect(try #require(trained[key] as? Double) > 0, "\(key)") }
    let sizes = try #require(trained["sizes"] as? [Int])
    #expect(sizes.count == 10)
    #expect(sizes.reduce(0, +) == 60)
    for word in ["60 images of 8×8×1", "epoch 1/2", "epoch 2/2", "loss_x", "ACC"] {
      #expect(training.stderr.contains(word), "\(word)")
    }
    #expect(training.stderr.contains("a debug build") == CurrentProcess.isDebugBuild)

    let evaluation = try await workspace.secu(["evaluate", "--model", "run", "--json"])
    let scores = try jsonObject(evaluation.stdout)
    for key in ["acc", "nmi", "ari"] { #expect(scores[key] as? Double == trained[key] as? Double, "\(key)") }
    #expect(scores["sizes"] as? [Int] == sizes)
    #expect(scores["empty"] as? Int == sizes.count { $0 == 0 })
    #expect(scores["isa"] as? String == trained["isa"] as? String)
    #expect(evaluation.stderr.isEmpty)

    let rows = try workspace.text("run/assignments.csv").split(whereSeparator: \.isNewline)
    let predicted = try await workspace.secu(["predict", "--model", "run", "--images", "0,59,7"])
    let lines = predicted.stdout.split(separator: "\n")
    #expect(lines.first == "image,cluster,confidence,second")
    let expected = [0, 59, 7].map { rows[$0 + 1].split(separator: ",").dropLast().joined(separator: ",") }
    #expect(lines.dropFirst().map(String.init) == expected)

    let all = try await workspace.secu(["predict", "--model", "run", "--json", "--head", "1"])
    let predictions = try jsonObject(all.stdout)
    #expect(predictions.keys.sorted() == ["clusters", "data", "head", "left_out", "predictions"])
    #expect(predictions["clusters"] as? Int == 4)
    let list = try #require(predictions["predictions"] as? [[String: Any]])
    #expect(list.count == 1797)
    #expect(list.first?.keys.sorted() == ["cluster", "confidence", "image", "second"])
    let clusters = list.compactMap { $0["cluster"] as? Int }
    #expect(clusters.count == 1797 && clusters.allSatisfy { (0..<4).contains($0) })
  }

  @Test func `a run's files are what they say`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let result = try await workspace.train()
    #expect(
      try workspace.paths() == [
        "run", "run/assignments.csv", "run/centers.safetensors", "run/checkpoint", "run/config.json",
        "run/encoder.safetensors", "run/metrics.jsonl",
      ])
    for word in ["Head 0 with 10 clusters", "ACC", "k-means on pixels", "cluster sizes", "run/assignments.csv"] {
      #expect(result.stdout.contains(word), "\(word)")
    }
    let config = try JSONSerialization.jsonObject(with: workspace.data("run/config.json")) as? [String: Any]
    #expect(config?["heads"] as? [Int] == [10, 4])
    #expect(config?["limit"] as? Int == 60)
    #expect(config?["epochs"] as? Int == 2)
    #expect((config?["network"] as? [String: Any])?["widths"] as? [Int] == [4, 6])

    let metrics = try workspace.text("run/metrics.jsonl").split(separator: "\n")
    #expect(metrics.count == 2)
    for (epoch, line) in metrics.enumerated() {
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect(object["epoch"] as? Int == epoch)
      #expect(object.keys.contains("loss_x") && object.keys.contains("loss_c") && object.keys.contains("acc"))
    }
    let rows = try workspace.text("run/assignments.csv").split(whereSeparator: \.isNewline)
    #expect(rows.count == 61)
    #expect(rows.first == "image,cluster,confidence,second,label")
    #expect(rows.allSatisfy { $0.split(separator: ",").count == 5 })
    #expect(try workspace.data("run/checkpoint").prefix(8) == Data("SeCuCkpt".utf8))
    #expect(try workspace.text(header: "run/encoder.safetensors").contains("\"layer2.0.shortcut.0.weight\""))
  }

  @Test func `the same seed makes the same files, whatever the threads`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    var encoders: [Data] = [], assignments: [Data] = []
    for (seed, threads) in [("5", "1"), ("5", "3"), ("6", "1")] {
      let arguments = Workspace.training + ["--seed", seed, "--threads", threads]
      let result = try await workspace.secu(arguments)
      #expect(result.exitCode == 0, "\(result.stderr)")
      let run = "runs/digits-\(encoders.count + 1)"
      encoders.append(try workspace.data("\(run)/encoder.safetensors"))
      assignments.append(try workspace.data("\(run)/assignments.csv"))
    }
    #expect(encoders[0] == encoders[1])
    #expect(assignments[0] == assignments[1])
    #expect(encoders[0] != encoders[2])
  }

  /// What is unusual, but allowed.
  @Test(arguments: [
    ["--epochs", "1"], ["--heads", "2"], ["--heads", "60"], ["--constraint", "size", "--ratio", "0"],
    ["--constraint", "size", "--ratio", "1"], ["--threads", "64"],
    ["--limit", "41"], ["--batch", "60"], ["--limit", "20"], ["--warmup", "0"], ["--data", "DIGITS"],
    ["--dimension", "1"], ["--rate", "0"], ["--constraint", "size"], ["--seed", "9223372036854775807"],
    ["--limit", "9223372036854775807"],
  ]) func `edges of what is allowed work`(change: [String]) async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    var arguments = Workspace.training
    if let place = arguments.firstIndex(of: change[0]) { arguments.removeSubrange(place...place + 1) }
    let result = try await workspace.secu(arguments + change + ["--json"])
    #expect(result.exitCode == 0, "\(result.stderr)")
    let sizes = try #require(try jsonObject(result.stdout)["sizes"] as? [Int])
    let limit = change[0] == "--limit" ? min(1797, Int(change[1]) ?? 0) : 60
    #expect(sizes.reduce(0, +) == limit)
    // A data set has one spelling.
    #expect(try workspace.paths().contains("runs/digits-1/checkpoint"))
  }

  @Test func `data sets are listed and shown`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let list = try await workspace.secu(["data"])
    #expect(list.stdout.contains("digits: 1797 images of 8×8×1, 10 classes"))
    let object = try jsonObject(try await workspace.secu(["data", "--json"]).stdout)
    let entries = try #require(object["data"] as? [[String: Any]])
    let digits = try #require(entries.first { $0["name"] as? String == "digits" })
    #expect((digits["images"] as? [String: Int]) == ["all": 1797])
    #expect((digits["classes"] as? [String])?.count == 10)
    let one = try await workspace.secu(["data", "--data", "digits"])
    #expect(one.stdout.contains("class 7: 179 images"))
    #expect(try jsonObject(try await workspace.secu(["data", "--data", "digits", "--json"]).stdout)["licence"] != nil)
    let image = try await workspace.secu(["data", "--data", "digits", "--image", "0"]).stdout.split(separator: "\n")
    #expect(image.first == "digits 0, class 0")
    #expect(image.dropFirst().map(\.count) == [Int](repeating: 16, count: 8))
    // A ring of ink with nothing around it.
    #expect(image.dropFirst().allSatisfy { $0.hasPrefix("  ") && $0.hasSuffix("  ") })
    #expect(try workspace.paths().isEmpty)
  }

  @Test(arguments: ["train", "evaluate", "predict", "data", "data show"])
  func `each subcommand explains itself`(name: String) async throws {
    for spelling in ["--help", "-h"] {
      let result = try await ProgramRunner.run(
        name.split(separator: " ").map(String.init) + [spelling], environment: ["SECU_ISA": "garbage"])
      #expect(result.exitCode == 0)
      #expect(result.stderr.isEmpty)
      #expect(result.stdout.contains("USAGE: secu \(name)"))
      #expect(result.stdout.contains("--json"))
      #expect(result.stdout.contains("EXAMPLES:\n"))
      for line in result.stdout.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    }
  }
}

extension Workspace {
  /// The beginning of a binary file as text.
  func text(header path: String) throws -> String {
    String(decoding: try data(path).prefix(4000), as: UTF8.self)
  }
}
