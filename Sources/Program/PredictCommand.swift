import Basics
import Datasets
import Foundation
import Imaging
import Training

extension Subcommand {
  /// `secu predict`: tells the cluster of each image.
  static let predict = Subcommand(
    name: "predict", summary: "Tell the cluster of each image",
    abstract: """
      Prints a line for each image, as CSV: its number, its cluster, the confidence (0 to 1) and the next best cluster. With \
      --json, one object with all of them.
      """,
    groups: [.init("prediction", model, data, split, images, head, threads, json)],
    examples: [
      .init(purpose: "All images of the run's data set", command: "secu predict --model runs/digits-1"),
      .init(purpose: "Three images", command: "secu predict --model runs/digits-1 --images 0,17,1796"),
    ], run: predict)

  fileprivate static let data = Option.path(
    "data", "name|path", help: "The images: a data set that 'secu data' lists, or a file or folder."
  ).showing(default: "the run's own")
  fileprivate static let split = Option.splits(help: "The part of the data set.").showing(
    default: "the run's own, or the one for training")
  fileprivate static let images = Option.integers(
    "images", "i,i,…", count: 1...100_000, in: 0...Int.max, help: "The numbers of the images, from 0."
  ).showing(
    default: "all")
  fileprivate static let head = Option.integer(
    "head", in: 0...99, help: "The head to judge by, counted from 0."
  ).showing(
    default: "the one with as many clusters as there are classes")

  private struct Line: Encodable {
    var image: Int
    var cluster: Int
    var confidence: Float
    var second: Int
  }

  private struct Predictions: Encodable {
    var data: String
    var head: Int
    var clusters: Int
    var predictions: [Line]
  }

  @Sendable
  private static func predict(_ values: ParsedOptions, _ output: Output) throws {
    let folder = try RunFolder.open(URL(fileURLWithPath: values[model]))
    let model = try TrainedModel(folder, engine: try engine(values))
    let name = values[data] ?? model.settings.data
    let splits = try values[split] ?? (values[data] == nil ? model.settings.split.map { try Splits($0) } : nil)
    let all = try Subcommand.images(name, splits, limit: nil, output)
    let ids = values[images] ?? Array(0..<all.count)
    if let wrong = ids.first(where: { $0 >= all.count }) {
      throw SeCuError(
        .usage, "\(all.name) has no image \(wrong)", at: "--images",
        remedy: "Its \(all.count) images are 0 to \(all.count - 1)")
    }
    let evaluation = try model.evaluate(ImageSubset(all, ids: ids), head: values[head] ?? model.head(for: all))
    let lines = zip(ids, evaluation.assignments).map {
      Line(image: $0, cluster: $1.cluster, confidence: $1.confidence, second: $1.second)
    }
    try output.printJSON(
      Predictions(data: name, head: evaluation.head, clusters: evaluation.clusters, predictions: lines))
    try output.print("image,cluster,confidence,second")
    for line in lines {
      try output.print("\(line.image),\(line.cluster),\(String(format: "%.4f", line.confidence)),\(line.second)")
    }
  }
}
