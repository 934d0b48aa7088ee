import Basics
import Foundation
import Imaging
import Training

extension Subcommand {
  /// `secu compare`: several methods on the same images, over several seeds.
  static let compare = Subcommand(
    name: "compare", summary: "Compare SeCu with other ways to cluster, over several seeds",
    abstract: """
      Clusters the same images with each method from each seed and prints one table. The methods that learn share the network, the views \
      and the schedule; each changes one thing. Scores are means with their standard deviation over seeds; sizes are the smallest and \
      the largest cluster of any seed, empty the mean number of clusters without an image, turn the mean angle by which \
      centers turn in an epoch, loss the mean of the last epoch.
      """,
    groups: [.init("comparison", methods, seeds, features, results, threads, json)] + SettingsOptions.comparisonGroups,
    examples: [
      .init(purpose: "All methods on the built-in digits", command: "secu compare"),
      .init(
        purpose: "What the number of clusters does to the center loss",
        command: "secu compare --methods secu,cross-entropy --heads 200 --epochs 10"),
      .init(
        purpose: "k-means on the features of a run",
        command: "secu compare --methods k-means,spherical-k-means --features runs/digits-1"),
    ], run: { values, output in try CompareCommand(values, output).run() })

  fileprivate static let methods = Option.choices(
    "methods", of: ComparedMethod.allCases.map(\.rawValue),
    help: "What to compare: " + ComparedMethod.allCases.map { "\($0.rawValue) (\($0.summary))" }.joined(separator: "; ")
  ).showing(default: "all")
  fileprivate static let seeds = Option.integers(
    "seeds", "n,n,…", count: 1...1000, in: 0...Int.max, help: "The seeds to run each method from."
  ).showing(default: "0,1,2,3,4")
  fileprivate static let features = Option.path(
    "features", "run|file",
    help:
      "Let k-means cluster the features of this run's encoder, or of an encoder's safetensors file with the network of the settings."
  ).showing(default: "the pixels")
  fileprivate static let results = Option.path(
    "output", "file",
    help:
      "Also write each run's result to this file as soon as it is there, a line of JSON each. What a run doesn't have is left out."
  )
}

/// What `--json` prints.
private struct ComparisonSummary: Encodable {
  var data: String
  var images: Int
  var clusters: Int
  var left_out: [LeftOutFile]
  var runs: [Scored<Comparison.Result>]
  var methods: [Scored<Comparison.Summary>]
}

/// A result with null for the scores that it doesn't have.
private struct Scored<Value: Encodable>: Encodable {
  let value: Value

  init(_ value: Value) { self.value = value }

  private enum CodingKeys: String, CodingKey, CaseIterable { case acc, nmi, ari }

  func encode(to encoder: any Encoder) throws {
    // What the value has takes the place of null.
    var container = encoder.container(keyedBy: CodingKeys.self)
    for key in CodingKeys.allCases { try container.encodeNil(forKey: key) }
    try value.encode(to: encoder)
  }
}

private struct CompareCommand {
  let values: ParsedOptions
  let output: Output

  init(_ values: ParsedOptions, _ output: Output) {
    (self.values, self.output) = (values, output)
  }

  func run() throws {
    var settings = try SettingsOptions.resolve(values, output)
    let engine = try Subcommand.engine(values)
    let methods = values[Subcommand.methods]?.compactMap(ComparedMethod.init) ?? ComparedMethod.allCases
    let seeds = (values[Subcommand.seeds] ?? [0, 1, 2, 3, 4]).map(UInt64.init)
    guard Set(seeds).count == seeds.count else {
      throw SeCuError(
        .usage, "a seed is given twice, which would only repeat its runs", at: "--seeds", remedy: "Name each once")
    }
    guard values[Subcommand.features] == nil || methods.contains(where: { !$0.learns }) else {
      throw SeCuError(
        .usage, "none of these methods clusters features", at: "--features",
        remedy: "Add k-means to --methods, or leave it out")
    }
    let results = values[Subcommand.results].map { URL(fileURLWithPath: $0) }
    // To read the images may take minutes.
    if let results { try checkIsFree(results) }
    let features = try values[Subcommand.features].map { try InitialWeights(contentsOf: URL(fileURLWithPath: $0)) }
    let images = try Subcommand.images(settings, values, output)
    SettingsOptions.fit(&settings, to: images.count, values)
    // k-means has no batches.
    if !methods.contains(where: \.learns) { settings.batch = max(2, min(settings.batch, images.count)) }
    let comparison = try SettingsOptions.naming(values, preset: settings.preset) {
      try Comparison(settings, images: images, features: features, engine: engine)
    }
    try comparison.check(methods)
    let log = try results.map(Comparison.Log.init(creating:))
    Interruption.watch()
    output.messages.tell(
      "\(printable(images.name)): \(counted(images.count, "image")) of \(images.shapeText); "
        + "\(counted(methods.count, "method")) from \(counted(seeds.count, "seed")), judged with \(comparison.clusters) clusters\n"
    )

    var found: [Comparison.Result] = []
    // The line with a run's result has its name too.
    let progress = ProgressLine(on: output.messages, isPatient: true)
    defer { progress.clear() }
    let pairs = methods.flatMap { method in seeds.map { (method, $0) } }
    var failure: (any Error)?
    do {
      for (number, (method, seed)) in pairs.enumerated() where !Interruption.isRequested {
        let name = "\(number + 1)/\(pairs.count) \(method.rawValue), seed \(seed)"
        progress.update(name)
        let result = try comparison.run(method, seed: seed, shouldStop: { Interruption.isRequested }) { event in
          if case .stepped(let step) = event { progress.update("\(name): \(TrainCommand.line(step))") }
        }
        guard let result else { break }
        found.append(result)
        try log?.append(result)
        progress.print("\(name): \(Self.line(result))")
      }
    } catch {
      failure = error
    }
    progress.clear()
    // What was found until then is worth its table, whatever ended the comparison.
    if !found.isEmpty { try summarize(found, of: methods, comparison) }
    if let failure { throw failure }
  }

  private func summarize(
    _ results: [Comparison.Result], of methods: [ComparedMethod], _ comparison: Comparison
  ) throws {
    let summaries = methods.compactMap { method in
      Comparison.Summary(results.filter { $0.method == method })
    }
    try output.printJSON(
      ComparisonSummary(
        data: comparison.settings.data, images: comparison.images.count, clusters: comparison.clusters,
        left_out: LeftOutFile.all(of: comparison.images), runs: results.map(Scored.init),
        methods: summaries.map(Scored.init)))
    for line in ComparisonTable(summaries).lines { try output.print(line) }
  }

  private static func line(_ result: Comparison.Result) -> String {
    if let place = result.diverged { return "diverged (\(place))" }
    var parts: [String] = []
    if let acc = result.acc, let nmi = result.nmi, let ari = result.ari {
      parts.append("ACC \(Subcommand.score(acc))  NMI \(Subcommand.score(nmi))  ARI \(Subcommand.score(ari))")
    }
    if let smallest = result.smallest, let largest = result.largest { parts.append("sizes \(smallest)…\(largest)") }
    return (parts + [QuantityText.time(result.seconds)]).joined(separator: "  ")
  }
}
