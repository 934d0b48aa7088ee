import Foundation
import Imaging
import TestSupport
import Testing

/// What `secu evaluate` says about a run, to people and to programs.
@Suite struct EvaluateTests {
  static let keys = [
    "acc", "ari", "classes", "clusters", "data", "davies_bouldin", "details", "dimension", "empty", "head", "heads",
    "images", "isa", "left_out", "model", "name", "nmi", "purity", "silhouette", "sizes",
  ]

  @Test func `one object with the same keys whatever is asked for`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try await workspace.train()
    let plain = try jsonObject(try await workspace.secu(["evaluate", "--model", "run", "--json"]).stdout)
    #expect(plain.keys.sorted() == Self.keys)
    #expect(plain["heads"] is NSNull && plain["details"] is NSNull)
    #expect(plain["classes"] as? Int == 10 && plain["dimension"] as? Int == 128)

    let full = try await workspace.secu(["evaluate", "--model", "run", "--json", "--head", "all", "--details"])
    #expect(full.stderr.isEmpty)
    let all = try jsonObject(full.stdout)
    #expect(all.keys.sorted() == Self.keys)
    let heads = try #require(all["heads"] as? [[String: Any]])
    #expect(heads.map { $0["clusters"] as? Int } == [10, 4])
    for head in heads {
      #expect(
        head.keys.sorted() == [
          "acc", "ari", "clusters", "davies_bouldin", "empty", "head", "nmi", "purity", "silhouette", "sizes",
        ])
      let (acc, purity) = (try #require(head["acc"] as? Double), try #require(head["purity"] as? Double))
      #expect(acc > 0 && acc <= purity && purity <= 1)
      let sizes = try #require(head["sizes"] as? [Int])
      #expect(sizes.reduce(0, +) == 60)
      if sizes.count(where: { $0 > 0 }) >= 2 {
        #expect((-1...1).contains(try #require(head["silhouette"] as? Double)))
        #expect(try #require(head["davies_bouldin"] as? Double) > 0)
      } else {
        #expect(head["silhouette"] is NSNull && head["davies_bouldin"] is NSNull)
      }
    }
    for key in ["acc", "nmi", "ari", "purity", "silhouette", "davies_bouldin"] {
      #expect(heads[0][key] as? Double == plain[key] as? Double, "\(key)")
    }
    let one = try jsonObject(try await workspace.secu(["evaluate", "--model", "run", "--json", "--head", "1"]).stdout)
    #expect(one["purity"] as? Double == heads[1]["purity"] as? Double)

    // How much of its data the run took says nothing of data that is named.
    let named = try jsonObject(
      try await workspace.secu(["evaluate", "--model", "run", "--data", "digits", "--json"]).stdout)
    #expect(plain["images"] as? Int == 60 && named["images"] as? Int == 1797)

    let details = try #require(all["details"] as? [String: Any])
    #expect(
      details.keys.sorted() == [
        "dimension", "features", "knn_acc", "knn_images", "neighbors", "probe_acc", "probe_test_images",
        "probe_training_images", "reference",
      ])
    #expect(details["features"] as? String == "projection" && details["reference"] is NSNull)
    #expect(details["neighbors"] as? Int == 20 && details["knn_images"] as? Int == 60)
    let halves = ["probe_training_images", "probe_test_images"].compactMap { details[$0] as? Int }
    #expect(halves.reduce(0, +) == 60 && halves[0] >= halves[1] && halves[1] > 20)
    for key in ["knn_acc", "probe_acc"] { #expect((0...1).contains(try #require(details[key] as? Double)), "\(key)") }
  }

  @Test func `people read which head, features, images and rule`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try await workspace.train()
    let plain = try await workspace.secu(["evaluate", "--model", "run"])
    for text in [
      "digits, 60 images, clean; features: projection, d = 128, unit length\n",
      "head 0 with 10 clusters, 10 classes; heads are 0 (10), 1 (4)\n", "  purity 0.",
      "ACC matches clusters with the 10 classes one to one (Hungarian)\n", "silhouette ", "Davies–Bouldin ",
      "cluster sizes ",
    ] {
      #expect(plain.stdout.contains(text), "\(text) in \(plain.stdout)")
    }
    let fewer = try await workspace.secu(["evaluate", "--model", "run", "--head", "1"]).stdout
    #expect(fewer.contains("(Hungarian): the 6 classes left over count as wrong\n"), "\(fewer)")

    let more = ["train", "--limit", "60", "--batch", "20", "--heads", "12", "--widths", "4", "--blocks", "1"]
    _ = try await workspace.secu(more + ["--epochs", "1", "--passes", "1", "--output", "more"])
    let twelve = try await workspace.secu(["evaluate", "--model", "more"]).stdout
    #expect(twelve.contains("(Hungarian): the 2 clusters left over count as wrong; purity "), "\(twelve)")

    let table = try await workspace.secu(["evaluate", "--model", "run", "--head", "all"]).stdout.split(separator: "\n")
    #expect(
      table[1].split(separator: " ").map(String.init) == [
        "head", "K", "ACC", "NMI", "ARI", "purity", "silhouette", "Davies–Bouldin", "empty", "sizes",
      ])
    #expect(table[2].hasPrefix("   0  10  0."), "\(table)")
    #expect(table[3].hasPrefix("   1   4  0."), "\(table)")
    #expect(Set(table[1...3].map(\.count)).count == 1)

    let details = try await workspace.secu(
      ["evaluate", "--model", "run", "--details", "--features", "backbone", "--neighbors", "3"]
    ).stdout
    for text in [
      "features of the details: backbone, d = 6, unit length\n", "(k = 3, cosine; 60 images, leave-one-out)\n",
      "linear probe accuracy ", "half of each class, seed 0",
    ] {
      #expect(details.contains(text), "\(text) in \(details)")
    }
  }

  @Test(arguments: [
    ("--head one", "--head", "expected a whole number from 0 to 99 or 'all', found 'one'"),
    ("--features backbone", "--features", "Give --details too"),
    ("--neighbors 5", "--neighbors", "belongs to --details"),
    ("--details --neighbors 0", "--neighbors", "from 1 to 10000"),
    ("--details --features backbne", "--features", "backbone"),
    ("--details --reference digits", "--reference", "images would be their own neighbors"),
  ]) func `what does not go together is refused`(arguments: String, place: String, text: String) async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try await workspace.train()
    let words = arguments.split(separator: " ").map(String.init)
    let result = try await workspace.secu(["evaluate", "--model", "run"] + words)
    #expect(result.exitCode == 64)
    #expect(result.stdout.isEmpty)
    #expect(result.stderr.contains(place) && result.stderr.contains(text), "\(result.stderr)")
  }

  @Test func `a reference has the classes of what is evaluated`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    try await workspace.train()
    let shape = try ImageShape(height: 8, width: 8, channels: 1)
    let image = try Data(PNGEncoder.encode(Image(shape: shape, pixels: (0..<64).map { UInt8($0) })))
    for name in ["a", "b"] {
      try workspace.makeFolder("other/\(name)")
      try workspace.write(image, to: "other/\(name)/\(name).png")
    }
    let result = try await workspace.secu(["evaluate", "--model", "run", "--details", "--reference", "other"])
    #expect(result.exitCode == 64 && result.stdout.isEmpty, "\(result.stderr)")
    #expect(result.stderr.contains("other does not have the classes of digits"), "\(result.stderr)")
  }

  @Test func `help says what each score means`() async throws {
    let help = try await ProgramRunner.run(["evaluate", "--help"]).stdout
    let scores = try #require(help.range(of: "\nSCORES:\n"))
    for term in ["ACC", "NMI", "ARI", "purity", "silhouette", "Davies–Bouldin", "k-NN", "linear probe"] {
      #expect(
        help[scores.upperBound...].contains("\n  \(term) ") || help[scores.upperBound...].hasPrefix("  \(term) "),
        "\(term)")
    }
  }

  // MARK: - Health

  @Test func `a warning is told when it begins and at the end`() async throws {
    let workspace = try Workspace()
    defer { workspace.remove() }
    let result = try await workspace.train(
      ["--constraint", "size", "--dual-rate", "50", "--warmup", "1", "--json"], epochs: 4)
    let warnings = result.stderr.split(separator: "\n").filter { $0.contains("dual variables of a head differ by") }
    #expect(warnings.map { $0.prefix { $0 != ":" } } == ["Warning", "Warning at the end"], "\(result.stderr)")
    #expect(warnings.allSatisfy { $0.contains("--dual-rate (now 50.0, usually 0.1)") })
    let object = try jsonObject(result.stdout)
    #expect((object["warnings"] as? [String])?.contains("runaway_duals") == true)
    let lines = try workspace.text("run/metrics.jsonl").split(separator: "\n")
    #expect(lines.count == 4 && lines[3].contains("runaway_duals") && !lines[0].contains("runaway_duals"))
  }
}
