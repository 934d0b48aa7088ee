import Basics
import Clustering
import Datasets
import Foundation
import Imaging
import Kernels
import Training

extension Subcommand {
  /// `secu evaluate`: scores a run's clusters.
  static let evaluate = Subcommand(
    name: "evaluate", summary: "Score a run's clusters on a data set",
    abstract: """
      Clusters every image of a data set with the encoder and centers of a run, without augmentation, and prints ACC, NMI, ARI \
      and purity where the data has labels, and silhouette, Davies–Bouldin index and cluster sizes always. Compare heads by \
      --head all if the number of clusters is not known.
      """,
    groups: [
      .init(
        "evaluation", model, data, split, limit, FolderOptions.classFolders, FolderOptions.memory, FolderOptions.strict,
        head, threads, json),
      .init("detail", details, features, neighbors, reference),
    ],
    glossary: .init(
      title: "scores",
      entries: [
        (
          "ACC",
          "Share of images in the cluster matched with their class, one to one; clusters left over count as wrong."
        ),
        ("NMI", "Information that clusters and classes share, 0 to 1; many clusters do little harm."),
        ("ARI", "Pairs of images on which both agree, corrected for chance: 1 is perfect, 0 is random."),
        ("purity", "Share of images of their cluster's commonest class; grows with the number of clusters."),
        ("silhouette", "Without labels: nearness to the own cluster against the next, -1 to 1, by cosine."),
        ("Davies–Bouldin", "Without labels: spread of clusters against their distance; 0 is best."),
        ("k-NN", "Share of images whose class the images of nearest features tell."),
        ("linear probe", "Share of test images whose class a logistic regression on the features tells."),
      ]),
    examples: [
      .init(purpose: "Score a run on the data it learned from", command: "secu evaluate --model runs/digits-1"),
      .init(purpose: "Compare all heads", command: "secu evaluate --model runs/digits-1 --head all"),
      .init(
        purpose: "Judge the features too", command: "secu evaluate --model runs/digits-1 --details --features backbone"),
    ], run: { values, output in try EvaluateCommand(values, output).run() })

  fileprivate static let data = Option.path(
    "data", "name|path", help: "The images to cluster: a data set that 'secu data' lists, or a file or folder."
  ).showing(default: "the run's own")
  fileprivate static let split = Option.splits(help: "The part of the data set to cluster.").showing(
    default: "the run's own, or the usual one")
  fileprivate static let limit = Option.integer(
    "limit", in: 1...Int.max, help: "Use only the first n images."
  ).showing(default: "the run's own")
  fileprivate static let head = Option<HeadChoice?>(
    OptionDeclaration(
      name: "head", placeholder: "n|all", help: "The head to judge by, counted from 0, or a table of all.",
      shownDefault: usualHead,
      read: HeadChoice.read), fallback: .some(nil))
  fileprivate static let details = Option.flag(
    "details", help: "Judge the features by nearest neighbors and a linear probe; needs labels.")
  fileprivate static let features = Option.choice(
    "features", "kind", of: FeatureKind.allCases.map(\.rawValue),
    help: "What --details judges: the features that are clustered, or those before the projector."
  ).showing(default: FeatureKind.projection.rawValue)
  fileprivate static let neighbors = Option.integer(
    "neighbors", in: 1...10_000, help: "Neighbors that vote in --details."
  ).defaulting(to: NearestNeighbors().neighbors)
  fileprivate static let reference = Option.path(
    "reference", "name|path",
    help: "The images that --details finds neighbors in and fits the probe to, such as those that the run learned from."
  ).showing(default: "the others, and one half")
}

/// The value of `--head`.
private enum HeadChoice: Sendable {
  case one(Int), all

  @Sendable static func read(_ argument: String) throws -> any Sendable {
    if argument == "all" { return HeadChoice.all }
    guard let number = Int(argument), (0...99).contains(number) else {
      throw SeCuError(.usage, "expected a whole number from 0 to 99 or 'all', found \(quoted(argument))")
    }
    return HeadChoice.one(number)
  }
}

private struct EvaluateCommand {
  let values: ParsedOptions
  let output: Output
  let engine: Engine
  let folder: RunFolder
  let model: TrainedModel
  let name: String
  let images: any ImageSource

  init(_ values: ParsedOptions, _ output: Output) throws {
    self.values = values
    self.output = output
    if !values[Subcommand.details],
      let option = values.firstGiven(of: [Subcommand.features, Subcommand.neighbors, Subcommand.reference])
    {
      throw SeCuError(.usage, "belongs to --details", at: option.spelling, remedy: "Give --details too")
    }
    folder = try RunFolder.open(URL(fileURLWithPath: values[Subcommand.model]))
    engine = try Subcommand.engine(values)
    model = try TrainedModel(folder, engine: engine)
    // To read the images may take minutes.
    if case .one(let head) = values[Subcommand.head] { _ = try model.clusters(ofHead: head) }
    if let reference = values[Subcommand.reference] { _ = try DataCatalog.canonicalName(reference) }
    name = values[Subcommand.data] ?? model.settings.data
    try FolderOptions.checkClasses(name, values)
    // What the run learned from, unless other images are asked for.
    let isOwn = values[Subcommand.data] == nil && values[Subcommand.split] == nil
    images = try Subcommand.images(
      name, values[Subcommand.split] ?? (isOwn ? model.settings.split.map { try Splits($0) } : nil),
      limit: values[Subcommand.limit] ?? (isOwn ? model.settings.limit : nil),
      hasClasses: values[FolderOptions.classFolders] || (isOwn && model.settings.classFolders == true),
      for: model.settings, values, output)
  }

  func run() throws {
    let projections = try model.features(of: images)
    func score(_ head: Int) throws -> HeadScores {
      let evaluation = try model.evaluate(images, projections: projections, head: head)
      let clusters = evaluation.assignments.map(\.cluster)
      return HeadScores(evaluation, try ClusterSeparation(projections, clusterLabels: clusters, on: engine))
    }
    var judged = model.head(for: images), all: [HeadScores]?
    switch values[Subcommand.head] {
    case .one(let head): judged = head
    case .all: all = try model.settings.heads.indices.map(score)
    case nil: break
    }
    let summary = EvaluationSummary(
      model: folder.url.relativePath, data: name, name: images.name, images: images.count,
      left_out: LeftOutFile.all(of: images),
      classes: images.classCount,
      dimension: projections.dimension, isa: model.instructionSet.rawValue,
      judged: try all?[judged] ?? score(judged), heads: all,
      details: values[Subcommand.details] ? try detailScores(projections) : nil)
    try output.printJSON(summary)
    try tell(summary)
  }

  // MARK: - Details

  /// - Returns: nil without labels.
  private func detailScores(_ projections: Features) throws -> DetailScores? {
    let kind = values[Subcommand.features].flatMap(FeatureKind.init) ?? .projection
    let reference = try values[Subcommand.reference].map(referenceImages)
    guard let labels = images.labels else { return nil }
    func features(_ set: any ImageSource) throws -> Features { try model.features(of: set, kind) }
    let own = kind == .projection ? projections : try features(images)
    let neighbors = NearestNeighbors(neighbors: values[Subcommand.neighbors])
    let scores =
      if let reference, let referenceLabels = reference.labels {
        try FeatureScores(
          own, labels: labels, reference: features(reference), referenceLabels: referenceLabels, neighbors: neighbors,
          on: engine)
      } else {
        try FeatureScores(own, labels: labels, neighbors: neighbors, on: engine)
      }
    return DetailScores(
      features: kind.rawValue, dimension: own.dimension, neighbors: neighbors.neighbors, reference: reference?.name,
      knn_acc: scores.neighborAccuracy, probe_acc: scores.probeAccuracy, knn_images: scores.queries,
      probe_training_images: scores.probeTraining, probe_test_images: scores.probeTest)
  }

  private func referenceImages(_ reference: String) throws -> any ImageSource {
    func refusal(_ problem: String, _ remedy: String) -> SeCuError {
      SeCuError(.usage, problem, at: "--reference", remedy: remedy)
    }
    let set = try Subcommand.images(
      reference, nil, limit: nil, hasClasses: true, for: model.settings, values, output)
    guard try !holdsEvaluated(set) else {
      throw refusal(
        "\(reference) is what is evaluated, and images would be their own neighbors",
        "Leave --reference out: each image is then compared with the others, and the probe tested on another half")
    }
    guard set.labels != nil, set.classNames == images.classNames else {
      throw refusal(
        "\(reference) does not have the classes of \(images.name)", "Name a data set with the same classes")
    }
    return set
  }

  /// Whether the reference begins with the images that are evaluated, or these with it: the same data, in full or up to a limit.
  private func holdsEvaluated(_ set: any ImageSource) throws -> Bool {
    let shared = Array(0..<min(set.count, images.count))
    func checksum(_ source: any ImageSource) throws -> UInt32? {
      try ImageSubset(source, ids: shared).runningChecksums().last
    }
    return try !shared.isEmpty && checksum(set) == checksum(images)
  }

  // MARK: - What people read

  private func tell(_ summary: EvaluationSummary) throws {
    let judged = summary.judged
    try output.print(
      "\(printable(images.name)), \(counted(images.count, "image")), clean; features: projection, d = \(summary.dimension), unit length"
    )
    if let heads = summary.heads {
      try tellTable(heads)
      if let classes = summary.classes { try output.print(Self.rule(nil, classes)) }
    } else {
      try output.print(
        "head \(judged.head) with \(judged.clusters) clusters"
          + (summary.classes.map { ", \($0) classes" } ?? "") + "; heads are \(headList)")
      if let acc = judged.acc, let nmi = judged.nmi, let ari = judged.ari, let purity = judged.purity {
        let scores = [("ACC", acc), ("NMI", nmi), ("ARI", ari), ("purity", purity)]
        try output.print(scores.map { "\($0) \(Subcommand.score($1))" }.joined(separator: "  "))
        if let classes = summary.classes { try output.print(Self.rule(judged.clusters, classes)) }
      } else {
        try output.print("no labels, so no ACC, NMI, ARI or purity")
      }
      try output.print(
        "silhouette \(Self.text(judged.silhouette))  Davies–Bouldin \(Self.text(judged.davies_bouldin))")
      let empty = judged.empty > 0 ? " (\(judged.empty) empty)" : ""
      try output.print("cluster sizes \(judged.sizes.map(String.init).joined(separator: " "))\(empty)")
    }
    if values[Subcommand.details] { try tell(summary.details) }
  }

  private var headList: String {
    model.settings.heads.enumerated().map { "\($0) (\($1))" }.joined(separator: ", ")
  }

  /// A line a head; scores that don't exist are a dash.
  private func tellTable(_ heads: [HeadScores]) throws {
    let titles = ["head", "K", "ACC", "NMI", "ARI", "purity", "silhouette", "Davies–Bouldin", "empty", "sizes"]
    let rows = heads.map { h in
      [String(h.head), String(h.clusters)]
        + [h.acc, h.nmi, h.ari, h.purity, h.silhouette, h.davies_bouldin].map(Self.text)
        + [String(h.empty), "\(h.sizes.min() ?? 0)…\(h.sizes.max() ?? 0)"]
    }
    let widths = titles.indices.map { column in ([titles] + rows).map { $0[column].count }.max() ?? 0 }
    for row in [titles] + rows {
      let cells = zip(row, widths).map { String(repeating: " ", count: $1 - $0.count) + $0 }
      try output.print(cells.joined(separator: "  "))
    }
  }

  private func tell(_ details: DetailScores?) throws {
    guard let details else { return try output.print("no labels, so no k-NN accuracy and no linear probe") }
    try output.print("features of the details: \(details.features), d = \(details.dimension), unit length")
    let neighbors = details.reference.map { "neighbors among \(printable($0))" } ?? "leave-one-out"
    try output.print(
      "k-NN accuracy \(Self.text(details.knn_acc))  (k = \(details.neighbors), cosine; \(details.knn_images) images, \(neighbors))"
    )
    let fitted =
      details.reference.map { "fitted to \(printable($0))" } ?? "fitted to a random half of each class, seed 0"
    try output.print(
      "linear probe accuracy \(Self.text(details.probe_acc))  (logistic regression \(fitted), "
        + "\(details.probe_training_images) images; tested on \(details.probe_test_images) others)")
  }

  private static func text(_ score: Double?) -> String { score.map(Subcommand.score) ?? "–" }

  /// How ACC matches clusters with classes, for K clusters or for a table of heads.
  private static func rule(_ clusters: Int?, _ classes: Int) -> String {
    let matching = "ACC matches clusters with the \(classes) classes one to one (Hungarian)"
    switch clusters {
    case classes: return matching
    case let clusters? where clusters < classes:
      return "\(matching): the \(classes - clusters) classes left over count as wrong"
    case let clusters?:
      return
        "\(matching): the \(clusters - classes) clusters left over count as wrong; purity lets clusters share a class"
    case nil: return "\(matching); what is left over counts as wrong; purity lets clusters share a class"
    }
  }
}
