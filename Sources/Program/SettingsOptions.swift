import Clustering
import Networks
import Training

/// The options that change a run's settings. Each says which field it sets; what is not given keeps the value of the file or preset.
enum SettingsOptions {
  /// The preset whose values help shows as defaults.
  private static let shown = TrainingSettings.digits

  private static func text(_ values: [Int]) -> String { values.map(String.init).joined(separator: ",") }

  static let preset = Option.choice(
    "preset", of: Preset.all.map(\.name) + [AutomaticPreset.name],
    help:
      "The settings to start from; other presets have other defaults. Automatic ones follow from the number and size of the images."
  ).showing(default: "\(shown.preset); for other data the one made for it, or \(AutomaticPreset.name)")
  static let config = Option.path(
    "config", "file",
    help: "A JSON file with any of the settings that --show prints, such as a run's config.json. Options win over it.")
  static let data = Option.path(
    "data", "name|path", help: "The images to cluster: a data set that 'secu data' lists, or a file or folder."
  ).showing(default: "the preset's")
  static let split = Option.splits(help: "The part of the data set to learn from.").showing(
    default: "the one for training")
  static let limit = Option.integer("limit", in: 1...Int.max, help: "Use only the first n images.")

  static let seed = Option.integer(
    "seed", in: 0...Int.max, help: "Same seed, same result, whatever the number of threads."
  ).showing(default: "\(shown.seed)")
  static let epochs = Option.integer(
    "epochs", in: 1...1_000_000, help: "Epochs to train. A warm-up of more than half of them is cut to half."
  ).showing(
    default: "\(shown.epochs)")
  static let passes = Option.integer(
    "passes", in: 1...1_000_000, help: "Passes over the data in an epoch."
  ).showing(default: "\(shown.passesPerEpoch)")
  static let batch = Option.integer(
    "batch", in: 2...1_000_000, help: "Images in a step, each seen in two views."
  ).showing(default: "\(shown.batch)")
  static let warmup = Option.integer(
    "warmup", in: 0...1_000_000, help: "Epochs before the learning rate begins to fall."
  ).showing(default: "\(shown.warmupEpochs)")
  static let rate = Option.number("rate", in: 0...1e6, help: "The encoder's highest learning rate.").showing(
    default: "\(shown.rate)")
  static let centerRate = Option.number("center-rate", in: 0...1e6, help: "The centers' learning rate.").showing(
    default: "\(shown.centerRate)")
  static let centerSchedule = Option.choice(
    "center-schedule", of: CenterSchedule.allCases.map(\.rawValue),
    help: "How the centers' rate goes: always the same, or rising from 0 along half a cosine."
  ).showing(default: shown.centerSchedule.rawValue)
  static let optimizer = Option.choice(
    "optimizer", of: ["sgd", "lars"],
    help: "What takes the steps: plain gradient descent, or LARS for batches of a thousand and more."
  ).showing(default: "sgd")
  static let momentum = Option.number("momentum", in: 0...0.999999, help: "Momentum of gradient descent.").showing(
    default: "\(shown.momentum)")
  static let weightDecay = Option.number(
    "weight-decay", in: 0...1e6, help: "Weight decay of all parameters; LARS spares vectors."
  ).showing(default: "\(shown.weightDecay)")
  static let smallestCrop = Option.number(
    "smallest-crop", above: 0, upTo: 1, help: "Smallest crop of a view, as a share of the image's area."
  ).showing(default: "\(shown.augmentation.smallestCrop)")

  static let clusters = Option.integer(
    "clusters", "K", in: 2...1_000_000,
    help: "The clusters that you want: sets the judged head and up to four finer ones, 2K to 5K."
  ).showing(default: "as --heads says")
  static let heads = Option.integers(
    "heads", "K,K,…", count: 1...100, in: 2...1_000_000, help: "The number of clusters of each head."
  ).showing(default: text(shown.heads))
  static let hardLabelWeight = Option.number(
    "tau", in: 0...1, help: "Weight of the stored label against the other view's prediction."
  ).showing(default: "\(shown.losses.hardLabelWeight)")
  static let representationTemperature = Option.number(
    "representation-temperature", "t", in: 0.001...1000, help: "Temperature of the representation loss."
  ).showing(default: "\(shown.losses.representationTemperature)")
  static let centerTemperature = Option.number(
    "center-temperature", "t", in: 0.001...1000, help: "Temperature of the center loss."
  ).showing(default: "\(shown.losses.centerTemperature)")
  static let dualRate = Option.number(
    "dual-rate", in: 0...1e6, help: "Step of the dual variables that keep clusters from shrinking."
  ).showing(default: "\(SizeConstraint().dualRate)")
  static let constraint = Option.choice(
    "constraint", of: AssignmentConstraint.Kind.allCases.map(\.rawValue),
    help:
      "What keeps clusters from collapsing: a smallest size, the entropy of all sizes, or that each image is a cluster."
  ).showing(default: shown.constraint.kind.rawValue)
  static let discrimination = Option.choice(
    "discrimination", of: Discrimination.allCases.map(\.rawValue),
    help: "The center loss: SeCu's, or the ones it is compared with."
  ).showing(default: shown.losses.discrimination.rawValue)
  static let alpha = Option.number(
    "alpha", in: 0...1e9, help: "Weight of the entropy constraint, for this number of images.")
  static let alphaPerImage = Option.number(
    "alpha-per-image", in: 0...1e9, help: "The same for each image, which carries over to other data."
  ).showing(default: "\(EntropyConstraint.published.alpha)")
  static let ratio = Option.number(
    "ratio", in: 0...1, help: "Smallest cluster size as a share of the mean size; 0 turns the constraint off."
  ).showing(default: "\(SizeConstraint().ratio)")

  static let network = Option.choice(
    "network", of: NamedNetwork.allCases.map(\.rawValue),
    help: "A network by name, for the preset's size of images; the options below change it further."
  ).showing(default: "the preset's")
  static let imageSize = Option.integer(
    "image-size", "pixels", in: 1...ResNet.mostPixels, help: "Height and width that the network sees images in."
  ).showing(default: "\(shown.network.height)")
  static let widths = Option.integers(
    "widths", "c,c,…", count: 1...16, in: 1...16_384, help: "Channels of each stage of the network."
  ).showing(default: text(shown.network.widths))
  static let blocks = Option.integers(
    "blocks", "n,n,…", count: 1...16, in: 1...1000, help: "Residual blocks of each stage."
  ).showing(default: text(shown.network.blocks))
  static let dimension = Option.integer(
    "dimension", in: 1...16_384, help: "Length of the feature vector."
  ).showing(default: "\(shown.network.dimension)")

  static let initial = Option.path(
    "init", "run|file",
    help:
      "Start from the encoder and, where the heads agree, the centers of this run or safetensors file. Without --preset, a run's settings are those to start from."
  ).showing(default: "random weights")
  static let selfLabel = Option.flag(
    "self-label",
    help:
      "Let the evaluated head of the run in --init teach itself with the images that it is sure of. Other settings then have other defaults: 200 epochs (100 for 96 pixels), batches of 1000, Adam with a rate and weight decay of 0.0001."
  )
  static let threshold = Option.number(
    "threshold", in: 0...1, help: "The probability above which self-labelling believes a label."
  ).showing(default: "\(SelfLabelling().threshold)")

  static let groups: [Subcommand.Group] = [
    .init(
      "data and settings", data, split, limit, FolderOptions.classFolders, FolderOptions.memory, FolderOptions.strict,
      preset,
      config),
    .init(
      "training", epochs, passes, batch, seed, rate, centerRate, centerSchedule, warmup, optimizer, momentum,
      weightDecay,
      smallestCrop),
    .init(
      "clustering", clusters, heads, constraint, ratio, dualRate, alpha, alphaPerImage, discrimination, hardLabelWeight,
      representationTemperature, centerTemperature),
    .init("network", network, imageSize, widths, blocks, dimension),
    .init("stages", initial, selfLabel, threshold),
  ]

  /// The same for `secu compare`, which has seeds of its own, compares center losses and constraints, and compares first stages.
  static let comparisonGroups: [Subcommand.Group] = groups.dropLast().map { group in
    let others = [seed.declaration.name, discrimination.declaration.name]
    let options = group.options.filter { !others.contains($0.declaration.name) }
    return Subcommand.Group(
      group.title, options.map { $0.declaration.name == constraint.declaration.name ? tunedConstraint : $0 })
  }

  /// `--constraint` of `secu compare`, whose methods have each its own.
  private static let tunedConstraint = Option.choice(
    constraint.declaration.name, of: [AssignmentConstraint.Kind.size, .entropy].map(\.rawValue),
    help:
      "Which methods --ratio and --dual-rate, or --alpha and --alpha-per-image, are for; those with the other constraint keep its usual values."
  ).showing(default: shown.constraint.kind.rawValue)
}

/// The networks that have names.
enum NamedNetwork: String, CaseIterable {
  case compact
  case resNet18 = "resnet18"
  case resNet18STL = "resnet18-stl"
  case resNet50 = "resnet50"

  /// The network for images and features of the sizes that `base` has.
  func description(like base: ResNet) -> ResNet {
    var network =
      switch self {
      case .compact: Preset.compactNetwork
      case .resNet18: ResNet.resNet18()
      case .resNet18STL: ResNet.resNet18STL
      case .resNet50: ResNet.resNet50
      }
    (network.height, network.width, network.channels) = (base.height, base.width, base.channels)
    network.dimension = base.dimension
    return network
  }
}
