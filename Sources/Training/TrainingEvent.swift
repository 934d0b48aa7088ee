/// What a run tells while it goes on. Printing, logs and files subscribe to these and never reach into the trainer.
public enum TrainingEvent: Sendable {
  case stepped(StepReport)
  case epochEnded(EpochReport)
}

/// How far a run is, after every step.
public struct StepReport: Sendable {
  public var epoch: Int
  public var epochs: Int
  /// Steps done since the start of the run, and in all.
  public var stepsDone: Int
  public var stepsInAll: Int
  /// Steps and images learnt from in this process, and the seconds that took.
  public var stepsHere: Int
  public var imagesDone: Int
  public var seconds: Double
}

/// One line of `metrics.jsonl`.
public struct EpochReport: Codable, Sendable, Equatable {
  /// Counted from 0; in epoch 0 only the centers learn.
  public var epoch: Int
  /// Steps done since the start of the run.
  public var step: Int
  /// The means over the epoch's steps of ℓ_x and ℓ_w; in self-labelling, of its loss and 0.
  public var representationLoss: Double
  public var centerLoss: Double
  /// The encoder's rate in the epoch's last step.
  public var rate: Float
  /// Seconds of training since the start of the run, those before an interruption included.
  public var seconds: Double
  public var imagesPerSecond: Double
  /// The share of the epoch's time in which steps waited for their views, 0 to 1; missing in older files.
  public var dataWait: Double?
  /// The cluster sizes of the evaluated head, from the labels stored while training: smallest, largest, and how many are 0.
  public var smallestCluster: Int
  public var largestCluster: Int
  public var emptyClusters: Int
  /// The greatest difference between two dual variables of one head, over all heads; nil with the entropy constraint.
  public var dualSpread: Double?
  /// The signs of ill health that `RunHealth` sees in this epoch; nil in a line of a program that did not look.
  public var warnings: [RunWarning.Kind]?
  /// The share of images whose stored label in the evaluated head changed in this epoch, 0 to 1.
  public var labelsMoved: Double
  /// How far the evaluated head's centers turned in this epoch, the mean angle in degrees, 0 to 180; missing in older files.
  public var centerMovement: Double?
  /// In self-labelling, the share of images whose label was believed, 0 to 1, the clusters of which none was, and the highest
  /// probability of any label; else nil.
  public var kept: Double?
  public var unsureClusters: Int?
  public var highestConfidence: Double?
  /// The scores of those labels, where the data has classes. They come from augmented views and say how training goes; the
  /// scores of a run are those of `Evaluation`.
  public var acc: Double?
  public var nmi: Double?
  public var ari: Double?

  enum CodingKeys: String, CodingKey {
    case epoch, step, rate, seconds, acc, nmi, ari, warnings, kept
    case unsureClusters = "unsure_clusters"
    case highestConfidence = "highest_confidence"
    case representationLoss = "loss_x"
    case centerLoss = "loss_c"
    case imagesPerSecond = "images_per_s"
    case dataWait = "data_wait"
    case smallestCluster = "smallest_cluster"
    case largestCluster = "largest_cluster"
    case emptyClusters = "empty_clusters"
    case dualSpread = "dual_spread"
    case labelsMoved = "labels_moved"
    case centerMovement = "center_movement"
  }
}
