import Clustering
import Training

/// One head's scores in `--json`: null where the data has no labels, or where a score does not exist.
struct HeadScores: Encodable {
  var head: Int
  var clusters: Int
  @OrNull var acc: Double?
  @OrNull var nmi: Double?
  @OrNull var ari: Double?
  @OrNull var purity: Double?
  @OrNull var silhouette: Double?
  @OrNull var davies_bouldin: Double?
  var sizes: [Int]
  var empty: Int

  init(_ evaluation: Evaluation, _ separation: ClusterSeparation?) {
    (head, clusters, sizes) = (evaluation.head, evaluation.clusters, evaluation.sizes)
    empty = sizes.count { $0 == 0 }
    let scores = evaluation.scores
    (acc, nmi, ari, purity) = (scores?.accuracy, scores?.nmi, scores?.ari, scores?.purity)
    (silhouette, davies_bouldin) = (separation?.silhouette, separation?.daviesBouldin)
  }
}

/// `details` in `--json`.
struct DetailScores: Encodable {
  var features: String
  var dimension: Int
  var neighbors: Int
  @OrNull var reference: String?
  @OrNull var knn_acc: Double?
  @OrNull var probe_acc: Double?
  var knn_images: Int
  var probe_training_images: Int
  var probe_test_images: Int
}

/// What `--json` prints: the head that is judged by, and null for what was not asked for.
struct EvaluationSummary: Encodable {
  var model: String
  var data: String
  /// The images as people read of them, with their split.
  var name: String
  var images: Int
  var left_out: [LeftOutFile]
  @OrNull var classes: Int?
  var dimension: Int
  var isa: String
  var judged: HeadScores
  @OrNull var heads: [HeadScores]?
  @OrNull var details: DetailScores?

  private enum CodingKeys: String, CodingKey {
    case model, data, name, images, classes, dimension, left_out, isa, heads, details
  }

  func encode(to encoder: any Encoder) throws {
    try judged.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(model, forKey: .model)
    try container.encode(data, forKey: .data)
    try container.encode(name, forKey: .name)
    try container.encode(images, forKey: .images)
    try container.encode(left_out, forKey: .left_out)
    try container.encode(_classes, forKey: .classes)
    try container.encode(dimension, forKey: .dimension)
    try container.encode(isa, forKey: .isa)
    try container.encode(_heads, forKey: .heads)
    try container.encode(_details, forKey: .details)
  }
}
