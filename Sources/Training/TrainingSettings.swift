import Basics
import Clustering
import Imaging
import Networks

/// Everything that decides a run, apart from the images: what `config.json` holds.
public struct TrainingSettings: Codable, Hashable, Sendable {
  /// The data set's name or the folder it came from.
  public var data: String
  /// The splits of the data set to learn from, such as `train+test`; nil for its usual ones.
  public var split: String?
  /// Whether the first folder in each image's path is its class; nil for no.
  public var classFolders: Bool?
  /// Only so many images of the data set, the first ones, 1 or more; nil for all.
  public var limit: Int?
  /// The preset that these settings started from.
  public var preset: String
  /// The seed of all random numbers: weights, orders and views.
  public var seed: UInt64
  /// How many epochs the run has, 1 or more.
  public var epochs: Int
  /// How often an epoch goes through the data, 1 or more. Frozen centers and the count of cluster sizes are renewed once an epoch; a small
  /// data set needs several passes to give the centers enough steps in between.
  public var passesPerEpoch: Int
  /// Images in a step, each of which is seen in two views: 2 to N.
  public var batch: Int
  /// The number of clusters K of each head: 2 to N, and N with the constraint `instance`.
  public var heads: [Int]
  /// The encoder.
  public var network: ResNet
  /// How the views that the encoder learns from are made.
  public var augmentation: Augmentation
  /// The highest learning rate of the encoder, 0 or more; `Schedule` says how it changes.
  public var rate: Float
  /// The highest learning rate of the centers, 0 or more.
  public var centerRate: Float
  /// How the centers' rate changes.
  public var centerSchedule: CenterSchedule
  /// What takes the steps of the encoder and of the centers.
  public var optimizer: Optimizer
  /// The optimiser's momentum, 0 ..< 1.
  public var momentum: Float
  /// The optimiser's weight decay, 0 or more.
  public var weightDecay: Float
  /// The epochs before the rate begins to fall, fewer than `epochs` unless there is only one; the rate is 0 in epoch 0 and rises linearly over the others.
  public var warmupEpochs: Int
  /// The two losses.
  public var losses: LossSettings
  /// What keeps clusters from collapsing.
  public var constraint: AssignmentConstraint
  /// The path of the run's folder or of the file that weights come from; nil for random weights.
  public var initialWeights: String?
  /// The stage after clustering, in which the evaluated head teaches itself; nil for clustering. The optimiser is then Adam, the rate
  /// constant and the same for encoder and centers; momentum, constraint and what belongs to warm-up don't count.
  public var selfLabelling: SelfLabelling?
  /// How the views that self-labelling learns from are changed; nil for as `augmentation` says.
  public var strongAugmentation: StrongAugmentation?

  /// - Parameters: as the properties have them; `validate(images:)` says what may be.
  public init(
    data: String, preset: String, seed: UInt64, epochs: Int, passesPerEpoch: Int, batch: Int, heads: [Int],
    network: ResNet, augmentation: Augmentation, rate: Float, centerRate: Float,
    centerSchedule: CenterSchedule = .constant, optimizer: Optimizer = .sgd, momentum: Float = 0.9,
    weightDecay: Float = 1e-4, warmupEpochs: Int, losses: LossSettings = .init(),
    constraint: AssignmentConstraint = .size(SizeConstraint())
  ) {
    self.data = data
    self.preset = preset
    self.seed = seed
    self.epochs = epochs
    self.passesPerEpoch = passesPerEpoch
    self.batch = batch
    self.heads = heads
    self.network = network
    self.augmentation = augmentation
    self.rate = rate
    self.centerRate = centerRate
    self.centerSchedule = centerSchedule
    self.optimizer = optimizer
    self.momentum = momentum
    self.weightDecay = weightDecay
    self.warmupEpochs = warmupEpochs
    self.losses = losses
    self.constraint = constraint
  }
}

// MARK: - Reading

extension TrainingSettings {
  /// Older files have no `centerSchedule` and `optimizer`: they mean a constant rate, and SGD.
  ///
  /// - Throws: `DecodingError` for a field that is missing or malformed, `SeCuError` of kind `.badData` for a choice that there is not. Ranges
  ///   are for `validate()` to check.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func value<Value: Decodable>(_ key: CodingKeys) throws -> Value { try container.decode(Value.self, forKey: key) }
    data = try value(.data)
    split = try container.decodeIfPresent(String.self, forKey: .split)
    classFolders = try container.decodeIfPresent(Bool.self, forKey: .classFolders)
    limit = try container.decodeIfPresent(Int.self, forKey: .limit)
    preset = try value(.preset)
    seed = try value(.seed)
    epochs = try value(.epochs)
    passesPerEpoch = try value(.passesPerEpoch)
    batch = try value(.batch)
    heads = try value(.heads)
    network = try value(.network)
    augmentation = try value(.augmentation)
    rate = try value(.rate)
    centerRate = try value(.centerRate)
    centerSchedule = try container.choiceIfPresent(CenterSchedule.self, forKey: .centerSchedule) ?? .constant
    optimizer = try container.decodeIfPresent(Optimizer.self, forKey: .optimizer) ?? .sgd
    momentum = try value(.momentum)
    weightDecay = try value(.weightDecay)
    warmupEpochs = try value(.warmupEpochs)
    losses = try value(.losses)
    constraint = try value(.constraint)
    initialWeights = try container.decodeIfPresent(String.self, forKey: .initialWeights)
    selfLabelling = try container.decodeIfPresent(SelfLabelling.self, forKey: .selfLabelling)
    strongAugmentation = try container.decodeIfPresent(StrongAugmentation.self, forKey: .strongAugmentation)
  }
}

// MARK: - Stages

extension TrainingSettings {
  /// The published batch of self-labelling.
  package static let selfLabellingBatch = 1000

  /// The settings of the self-labelling stage after a run with these.
  ///
  /// Published, for SCAN (configuration of `selflabel.py`): Adam with a rate and weight decay of 10⁻⁴, batches of 1000, 200 epochs and a hole
  /// of up to 16 pixels for CIFAR, 100 epochs and 32 pixels for STL-10. Ours: images that are not augmented as photographs are
  /// learnt from as `augmentation` changes them, and a pass stays a pass.
  public var forSelfLabelling: TrainingSettings {
    var settings = self
    let isLarge = network.height > 64
    settings.selfLabelling = SelfLabelling()
    settings.strongAugmentation = augmentation.geometry == .resizedCrop ? (isLarge ? .stl10 : .cifar) : nil
    (settings.rate, settings.centerRate, settings.weightDecay) = (1e-4, 1e-4, 1e-4)
    (settings.epochs, settings.warmupEpochs, settings.passesPerEpoch) = (isLarge ? 100 : 200, 0, 1)
    settings.batch = Self.selfLabellingBatch
    return settings
  }
}

// MARK: - Counting

extension TrainingSettings {
  /// Sets the number of epochs. A run that is shorter than its warm-up was meant for warms up over its first half.
  ///
  /// - Parameter warmup: the warm-up to shorten, where it is longer; nil leaves `warmupEpochs` as it is.
  public mutating func setEpochs(_ epochs: Int, shorteningWarmup warmup: Int?) {
    self.epochs = epochs
    if let warmup { warmupEpochs = min(warmup, epochs / 2 + epochs % 2) }
  }

  /// Steps in one pass over `images` images. The last batch may be short; one of a single image has no batch statistics and is
  /// left out of its pass.
  public func stepsPerPass(images: Int) -> Int {
    let batch = max(1, batch)
    return images / batch + (images % batch > 1 ? 1 : 0)
  }

  /// The views of an image that go through the network at a time: both for clustering, one after the other for self-labelling.
  var viewsPerPass: Int { selfLabelling == nil ? 2 : 1 }

  /// The learning rates of a run with settings that `validate` accepts.
  ///
  /// - Parameter images: N, the images to learn from.
  public func schedule(images: Int) -> Schedule {
    Schedule(
      rate: rate, epochs: epochs, warmupEpochs: warmupEpochs,
      stepsPerEpoch: passesPerEpoch * stepsPerPass(images: images), centerRate: centerRate, centers: centerSchedule,
      isConstant: selfLabelling != nil)
  }
}

extension ViewMaker {
  /// Views of `images` for a run with `settings`: two random ones, or for self-labelling a clean and a strongly changed one.
  ///
  /// - Throws: as the initialiser that takes each setting by itself.
  package init(_ images: any ImageSource, _ settings: TrainingSettings) throws {
    let random = ViewRecipe.random(settings.augmentation)
    let isClustering = settings.selfLabelling == nil
    try self.init(
      images, recipe: settings.augmentation, first: isClustering ? random : .clean,
      second: isClustering ? random : settings.strongAugmentation.map(ViewRecipe.strong) ?? random,
      height: settings.network.height, width: settings.network.width)
  }
}
