import Basics
import Clustering
import Imaging
import Networks

/// Everything that decides a run, apart from the images: what `config.json` holds.
public struct TrainingSettings: Codable, Hashable, Sendable {
  /// The data set's name or the folder it came from.
  public var data: String
  /// Only the first images of the data set, if not nil.
  public var limit: Int?
  /// The preset that these settings started from.
  public var preset: String
  public var seed: UInt64
  public var epochs: Int
  /// How often an epoch goes through the data. Frozen centers and the count of cluster sizes are renewed once an epoch; a small
  /// data set needs several passes to give the centers enough steps in between.
  public var passesPerEpoch: Int
  /// Images in a step, each of which is seen in two views.
  public var batch: Int
  /// The number of clusters K of each head.
  public var heads: [Int]
  public var network: ResNet
  public var augmentation: Augmentation
  /// The encoder's highest learning rate and the centers' constant one.
  public var rate: Float
  public var centerRate: Float
  public var optimizer: Optimizer
  public var momentum: Float
  public var weightDecay: Float
  /// The epochs before the rate begins to fall; the rate is 0 in epoch 0 and rises linearly over the others.
  public var warmupEpochs: Int
  public var losses: LossSettings
  public var constraint: AssignmentConstraint

  public init(
    data: String, preset: String, seed: UInt64, epochs: Int, passesPerEpoch: Int, batch: Int, heads: [Int],
    network: ResNet, augmentation: Augmentation, rate: Float, centerRate: Float, optimizer: Optimizer = .sgd,
    momentum: Float = 0.9, weightDecay: Float = 1e-4, warmupEpochs: Int, losses: LossSettings = .init(),
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
  /// Files of before there was a choice leave `optimizer` out; it was SGD.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func value<Value: Decodable>(_ key: CodingKeys) throws -> Value { try container.decode(Value.self, forKey: key) }
    data = try value(.data)
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
    optimizer = try container.decodeIfPresent(Optimizer.self, forKey: .optimizer) ?? .sgd
    momentum = try value(.momentum)
    weightDecay = try value(.weightDecay)
    warmupEpochs = try value(.warmupEpochs)
    losses = try value(.losses)
    constraint = try value(.constraint)
  }
}

// MARK: - Presets

extension TrainingSettings {
  /// The presets by name.
  public static let presets: [String: TrainingSettings] = ["digits": digits]

  /// Handwritten digits of 8×8 pixels. One epoch is 14 passes over the 1,797 images; with a single one, the centers get too
  /// few steps between two looks at the frozen ones.
  public static let digits = TrainingSettings(
    data: "digits", preset: "digits", seed: 0, epochs: 30, passesPerEpoch: 14, batch: 128,
    heads: [10, 20, 30, 40, 50],
    network: ResNet(height: 8, width: 8, channels: 1, widths: [16, 32, 64], blocks: [1, 1, 1], dimension: 128),
    augmentation: .digits, rate: 0.1, centerRate: 1.2, warmupEpochs: 4)
}

// MARK: - Counting

extension TrainingSettings {
  /// Steps in one pass over `images` images. The last batch may be short; one of a single image has no batch statistics and is
  /// left out of its pass.
  public func stepsPerPass(images: Int) -> Int {
    images / batch + (images % batch > 1 ? 1 : 0)
  }

  public func schedule(images: Int) -> Schedule {
    Schedule(
      rate: rate, epochs: epochs, warmupEpochs: warmupEpochs,
      stepsPerEpoch: passesPerEpoch * stepsPerPass(images: images))
  }
}
