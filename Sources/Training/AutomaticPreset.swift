import Clustering
import Imaging
import Networks

/// Settings for images that no preset was made for, by their number and size: ours, each choice with its reason.
///
/// The network and the rates are those of `cifar10-compact`, which trains on a laptop; what follows from the images is the size that they
/// are seen in, the batch, the epochs and the heads.
public struct AutomaticPreset: Sendable {
  /// What `TrainingSettings.preset` says.
  public static let name = "automatic"
  /// The clusters of the first head where nobody says how many there are.
  public static let usualClusters = 10
  /// The fewest images of a folder to learn from.
  public static let fewestImages = 50

  /// The settings that were chosen.
  public let settings: TrainingSettings
  /// The number of images that they follow from.
  public let images: Int
  private let choices: [Choice]

  /// Why something is as it is, and whether settings still have it so.
  private struct Choice: Sendable {
    let reason: String
    let isKept: @Sendable (TrainingSettings) -> Bool

    /// - Parameter field: what was chosen.
    init<Value: Equatable & Sendable>(
      _ reason: String, _ settings: TrainingSettings, _ field: @escaping @Sendable (TrainingSettings) -> Value
    ) {
      self.reason = reason
      isKept = { field($0) == field(settings) }
    }
  }

  /// One line for each choice that `settings` still have, without a full stop, such as
  /// `batch 50: an eighth of the images, from 16 to 128 (--batch)`.
  ///
  /// - Parameter settings: those of this preset, with what options or a file have changed.
  public func reasons(for settings: TrainingSettings) -> [String] {
    choices.filter { $0.isKept(settings) }.map(\.reason)
  }

  /// - Parameters:
  ///   - data: what the settings are to call the data.
  ///   - count: the number of images, or about that.
  ///   - side: the median of their shorter sides, in pixels.
  ///   - channels: 1 for grey, 3 for RGB; at least 1.
  ///   - clusters: how many clusters are wanted; nil for unknown.
  ///   - classes: how many classes there are, where they are known.
  public init(data: String, images count: Int, side: Int, channels: Int, clusters: Int?, classes: Int? = nil) {
    images = count
    let channels = max(1, channels)
    var s = Preset.cifar10Compact.settings
    var choices: [Choice] = []
    func explain<Value: Equatable & Sendable>(
      _ reason: String, _ field: @escaping @Sendable (TrainingSettings) -> Value
    ) { choices.append(Choice(reason, s, field)) }
    (s.data, s.preset) = (data, Self.name)

    let seen = side >= 64 ? 48 : side >= 24 ? 32 : max(8, side)
    (s.network.height, s.network.width, s.network.channels) = (seen, seen, channels)
    explain(
      side >= 64
        ? "images seen at 48×48 pixels: the median of their shorter sides is \(side), and the time grows with the square (--image-size)"
        : "images seen at \(seen)×\(seen) pixels: the median of their shorter sides is \(side) (--image-size)"
    ) { $0.network.height }
    explain("network compact: trains on a laptop; resnet18 learns more in a hundred times the time (--network)") {
      [$0.network.widths, $0.network.blocks]
    }

    if channels != 3 {
      s.augmentation = .digits
      s.augmentation.mean = Array(repeating: 0.5, count: channels)
      s.augmentation.standardDeviation = Array(repeating: 0.25, count: channels)
      let why = channels == 1 ? "grey images may be signs" : "images of \(channels) channels are no photographs"
      explain("views: small turns, shifts and noise, no mirroring, as \(why) (--config)") { $0.augmentation }
    } else {
      s.augmentation = .published(
        smallestCrop: 0.3, mean: Augmentation.photographMean,
        standardDeviation: Augmentation.photographStandardDeviation)
      explain(
        "views: the published crops, colours and mirroring for photographs, normalised by ImageNet's mean and deviation, which later images share (--config)"
      ) { $0.augmentation }
    }

    s.batch = min(128, max(16, count / 8), max(2, count))
    explain(
      s.batch < 16
        ? "batch \(s.batch): there are no more images (--batch)"
        : "batch \(s.batch): an eighth of the images, from 16 to 128 (--batch)"
    ) { $0.batch }
    let steps = max(1, s.stepsPerPass(images: count))
    s.passesPerEpoch = 1
    s.epochs = min(400, max(40, (Self.stepsInAll + steps - 1) / steps))
    s.warmupEpochs = s.epochs / 10
    explain(
      "\(s.epochs) epochs of one pass: together about \(Self.stepsInAll) steps, from 40 to 400 epochs (--epochs, --passes)"
    ) { [$0.epochs, $0.passesPerEpoch, $0.batch] }

    // A single folder of images is no class among others.
    let classes = classes.flatMap { $0 > 1 ? $0 : nil }
    let wanted = clusters ?? classes ?? Self.usualClusters
    s.heads = Self.heads(around: wanted, images: count)
    let why =
      clusters != nil
      ? "\(wanted) as asked" : classes != nil ? "\(wanted) as there are classes" : "their number is unknown"
    explain(
      "heads of \(s.heads.map(String.init).joined(separator: ", ")): \(why), judged by the first; more clusters help to learn (--clusters, --heads)"
    ) { $0.heads }
    s.constraint = .entropy(.published)
    explain(
      "clusters of about even sizes, by the entropy constraint; less even with less weight (--alpha-per-image)"
    ) { $0.constraint }
    (settings, self.choices) = (s, choices)
  }

  /// The steps of a run. Measured on 3,000 photographs of CIFAR-10, where k-means on the pixels has ACC 0.213 and NMI 0.086: 80 epochs of a
  /// pass reach 0.274 and 0.183 in 1,920 steps, 20 epochs 0.200 and 0.101; 12 epochs of four passes 0.226 and 0.151, because what the
  /// network is to agree with, the centers and labels of the epoch before, is then old. With the size constraint few images and several
  /// passes do not learn: NMI stays below 0.08.
  private static let stepsInAll = 2000

  /// The heads for `clusters` clusters: that first, and up to four finer ones, each with at least four images a cluster.
  ///
  /// - Parameter count: the number of images; nil if it is not known.
  public static func heads(around clusters: Int, images count: Int? = nil) -> [Int] {
    let finer = (2...5).map { clusters.multipliedReportingOverflow(by: $0) }
      .filter { !$0.overflow && $0.partialValue <= min(1_000_000, (count ?? .max) / 4) }.map(\.partialValue)
    return [clusters] + finer
  }
}

extension TrainingSettings {
  /// The shorter side that the images of a folder are kept with, so that the smallest square crop still has as many pixels as a view, and a
  /// clean view its own. A view is then made of the smaller image: the published programs crop the original.
  ///
  /// A square crop of share a has √a of the sides: V/√a pixels keep V in the smallest. One of 4:3 has 0.87·V rows, and is enlarged to V.
  public var keptSide: Int {
    let view = Double(max(network.height, network.width))
    let share = min(augmentation.smallestCrop.squareRoot(), augmentation.cleanCrop)
    return Int(max(1, min(Double(ImageShape.largestDimension), (view / max(0.01, share)).rounded(.up))))
  }
}
