/// What a run tells while it goes on. Printing, logs and files subscribe to these and never reach into the trainer.
public enum TrainingEvent: Sendable {
  /// A step was done, and the trainer stands before the next one already. A checkpoint that is made now goes on from there.
  case stepped(StepReport)
  /// An epoch was done; comes after `stepped` of its last step. A resumed run sends it again only if its checkpoint is older than that step.
  case epochEnded(EpochReport)
}

/// How far a run is, after every step.
public struct StepReport: Sendable {
  /// The epoch of this step, from 0.
  public var epoch: Int
  /// The epochs of the run.
  public var epochs: Int
  /// Steps since the start of the run.
  public var stepsDone: Int
  /// Steps that the run has.
  public var stepsInAll: Int
  /// Steps of this call of `run`.
  public var stepsHere: Int
  /// Images that this call of `run` learnt from, each counted every time that it was seen.
  public var imagesDone: Int
  /// Seconds from the beginning of this call to the end of this step, with what the handling of events took.
  public var seconds: Double
}

/// One line of `metrics.jsonl`.
public struct EpochReport: Codable, Sendable, Equatable {
  /// Counted from 0; in epoch 0 only the centers learn.
  public var epoch: Int
  /// Steps done since the start of the run.
  public var step: Int
  /// The mean over the epoch's steps of the representation loss ℓ_x, printed as `loss_x`; in self-labelling, of its loss.
  public var representationLoss: Double
  /// The mean over the epoch's steps of the center loss ℓ_w, printed as `loss_c`; 0 in self-labelling.
  public var centerLoss: Double
  /// The encoder's rate in the epoch's last step.
  public var rate: Float
  /// Seconds of training since the start of the run, those before an interruption and the handling of events included.
  public var seconds: Double
  /// Images learnt from per second, in this epoch.
  public var imagesPerSecond: Double
  /// The share of the epoch's time in which steps waited for their views, 0 to 1; missing in older files.
  public var dataWait: Double?
  /// Images in the smallest cluster of the evaluated head, from the labels stored while training.
  public var smallestCluster: Int
  /// Images in the largest cluster, as before.
  public var largestCluster: Int
  /// Clusters without an image, as before.
  public var emptyClusters: Int
  /// The greatest difference between two dual variables of one head, over all heads; nil without the size constraint, and in
  /// self-labelling.
  public var dualSpread: Double?
  /// The signs of ill health that `RunHealth` sees in this epoch; nil in a line of a program that did not look.
  public var warnings: [RunWarning.Kind]?
  /// Of all looks at an image in this epoch, one in each pass, the share in which its stored label in the evaluated head changed, 0 to 1.
  public var labelsMoved: Double
  /// How far the evaluated head's centers turned in this epoch, the mean angle in degrees, 0 to 180; missing in older files.
  public var centerMovement: Double?
  /// In self-labelling, the share of such looks in which the label was believed, 0 to 1; else nil.
  public var kept: Double?
  /// In self-labelling, the clusters of which no label was believed; else nil.
  public var unsureClusters: Int?
  /// In self-labelling, the highest probability of any label, 0 to 1; else nil.
  public var highestConfidence: Double?
  /// Clustering accuracy of those labels, 0 to 1; nil, as the other scores, for data without classes. Labels come from augmented views
  /// and say how training goes; the scores of a run are those of `Evaluation`.
  public var acc: Double?
  /// Their normalised mutual information, 0 to 1.
  public var nmi: Double?
  /// Their adjusted Rand index, at most 1.
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
