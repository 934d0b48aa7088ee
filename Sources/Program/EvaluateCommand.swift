import Basics
import Foundation
import Training

extension Subcommand {
  /// `secu evaluate`: scores a run's clusters.
  static let evaluate = Subcommand(
    name: "evaluate", summary: "Score a run's clusters on a data set",
    abstract: """
      Clusters every image of a data set with the encoder and centers of a run, without augmentation, and prints ACC, NMI and ARI \
      where the data has labels, and the cluster sizes always.
      """,
    groups: [.init("evaluation", model, data, limit, head, threads, json)],
    examples: [
      .init(purpose: "Score a run on the data it learned from", command: "secu evaluate --model runs/digits-1")
    ],
    run: evaluate)

  fileprivate static let data = Option.string(
    "data", "name", help: "The data set to cluster."
  ).showing(default: "the run's own")
  fileprivate static let limit = Option.integer("limit", in: 1...Int.max, help: "Use only the first n images.")
  fileprivate static let head = Option.integer(
    "head", in: 0...99, help: "The head to judge by, counted from 0."
  ).showing(
    default: "the one with as many clusters as there are classes")

  private struct Scores: Encodable {
    var model: String
    var data: String
    var images: Int
    var head: Int
    var clusters: Int
    var acc: Double?
    var nmi: Double?
    var ari: Double?
    var sizes: [Int]
    var empty: Int
    var isa: String
  }

  @Sendable
  private static func evaluate(_ values: ParsedOptions, _ output: Output) throws {
    let folder = try RunFolder.open(URL(fileURLWithPath: values[model]))
    let model = try TrainedModel(folder, engine: try engine(values))
    let name = values[data] ?? model.settings.data
    let images = try images(name, limit: values[limit] ?? (values[data] == nil ? model.settings.limit : nil))
    let evaluation = try model.evaluate(images, head: values[head])
    let sizes = evaluation.sizes
    try output.printJSON(
      Scores(
        model: folder.url.relativePath, data: name, images: images.count, head: evaluation.head,
        clusters: evaluation.clusters, acc: evaluation.scores?.accuracy, nmi: evaluation.scores?.nmi,
        ari: evaluation.scores?.ari, sizes: sizes, empty: sizes.count { $0 == 0 },
        isa: model.instructionSet.rawValue))
    try output.print(
      "\(name), \(images.count) images, clean; head \(evaluation.head) with \(evaluation.clusters) clusters")
    if let scores = evaluation.scores {
      try output.print("ACC \(score(scores.accuracy))  NMI \(score(scores.nmi))  ARI \(score(scores.ari))")
    } else {
      try output.print("no labels, so no scores")
    }
    try output.print("cluster sizes \(sizes.map(String.init).joined(separator: " "))")
  }
}
