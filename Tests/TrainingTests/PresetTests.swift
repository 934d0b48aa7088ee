import Clustering
import Imaging
import Networks
import Testing

@testable import Training

/// Every number of a preset is written down a second time here, as the published scripts or this project's own decisions have it.
@Suite struct PresetTests {
  struct Row: CustomTestStringConvertible, Sendable {
    let name: String, data: String, images: Int
    let epochs: Int, passes: Int, warmup: Int, heads: [Int]
    let rate: Float, centerRate: Float, crop: Double, temperature: Float, batch: Int, decay: Float
    let constraint: AssignmentConstraint
    var testDescription: String { name }
  }

  static let tens = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
  static let twenties = [20, 40, 60, 80, 100, 120, 140, 160, 180, 200]
  static let hundreds = [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]
  static let thousands = [1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000]

  static let small = AssignmentConstraint.size(SizeConstraint(dualRate: 0.1, ratio: 0.9))
  static let large = AssignmentConstraint.size(SizeConstraint(dualRate: 20, ratio: 0.4))
  static let perImage = AssignmentConstraint.entropy(EntropyConstraint(alpha: 0.12, isPerImage: true))
  static let alpha6000 = AssignmentConstraint.entropy(EntropyConstraint(alpha: 6000, isPerImage: false))
  static let alpha100000 = AssignmentConstraint.entropy(EntropyConstraint(alpha: 100_000, isPerImage: false))

  // swift-format-ignore
  static let rows = [
    Row(name: "digits", data: "digits", images: 1797, epochs: 30, passes: 14, warmup: 4, heads: [10, 20, 30, 40, 50], rate: 0.1, centerRate: 1.2, crop: 0.6, temperature: 0.05, batch: 128, decay: 1e-4, constraint: perImage),
    Row(name: "cifar10-compact", data: "cifar10", images: 50_000, epochs: 40, passes: 1, warmup: 5, heads: tens, rate: 0.2, centerRate: 1.2, crop: 0.3, temperature: 0.05, batch: 128, decay: 1e-4, constraint: perImage),
    Row(name: "cifar100-20-compact", data: "cifar100-20", images: 50_000, epochs: 40, passes: 1, warmup: 5, heads: twenties, rate: 0.2, centerRate: 0.8, crop: 0.2, temperature: 0.05, batch: 128, decay: 1e-4, constraint: small),
    Row(name: "stl10-compact", data: "stl10-train-test", images: 13_000, epochs: 40, passes: 2, warmup: 5, heads: tens, rate: 0.2, centerRate: 0.8, crop: 0.2, temperature: 1, batch: 128, decay: 1e-4, constraint: small),
    Row(name: "cifar10", data: "cifar10", images: 50_000, epochs: 401, passes: 1, warmup: 11, heads: tens, rate: 0.2, centerRate: 1.2, crop: 0.3, temperature: 0.05, batch: 128, decay: 1e-4, constraint: small),
    Row(name: "cifar10-entropy", data: "cifar10", images: 50_000, epochs: 401, passes: 1, warmup: 11, heads: tens, rate: 0.2, centerRate: 1.2, crop: 0.3, temperature: 0.05, batch: 128, decay: 1e-4, constraint: alpha6000),
    Row(name: "cifar100-20", data: "cifar100-20", images: 50_000, epochs: 801, passes: 1, warmup: 11, heads: twenties, rate: 0.2, centerRate: 0.8, crop: 0.2, temperature: 0.05, batch: 128, decay: 1e-4, constraint: small),
    Row(name: "cifar100", data: "cifar100", images: 50_000, epochs: 801, passes: 1, warmup: 11, heads: hundreds, rate: 0.2, centerRate: 0.01, crop: 0.2, temperature: 0.05, batch: 128, decay: 1e-4, constraint: small),
    Row(name: "stl10", data: "stl10-train-unlabelled", images: 105_000, epochs: 801, passes: 1, warmup: 11, heads: tens, rate: 0.2, centerRate: 0.8, crop: 0.2, temperature: 1, batch: 128, decay: 1e-4, constraint: small),
    Row(name: "stl10-stage2", data: "stl10-train-test", images: 13_000, epochs: 801, passes: 1, warmup: 11, heads: tens, rate: 0.2, centerRate: 0.8, crop: 0.2, temperature: 1, batch: 128, decay: 1e-4, constraint: small),
    Row(name: "imagenet", data: "imagenet", images: 1_281_167, epochs: 1001, passes: 1, warmup: 11, heads: thousands, rate: 1.6, centerRate: 4.2, crop: 0.08, temperature: 0.05, batch: 1024, decay: 1e-6, constraint: large),
    Row(name: "imagenet-entropy", data: "imagenet", images: 1_281_167, epochs: 1001, passes: 1, warmup: 11, heads: thousands, rate: 1.6, centerRate: 4.2, crop: 0.08, temperature: 0.05, batch: 1024, decay: 1e-6, constraint: alpha100000),
  ]

  @Test func `no preset is missing here`() {
    #expect(Preset.all.map(\.name) == Self.rows.map(\.name))
    #expect(Set(TrainingSettings.presets.keys) == Set(Self.rows.map(\.name)))
  }

  @Test(arguments: rows) func `numbers are those of the recipe`(row: Row) throws {
    let preset = try #require(Preset.all.first { $0.name == row.name })
    let s = preset.settings
    #expect((s.preset, s.data, s.seed, s.limit) == (row.name, row.data, 0, nil))
    #expect((preset.data.name, preset.data.images) == (row.data, row.images))
    #expect((s.epochs, s.passesPerEpoch, s.warmupEpochs, s.batch) == (row.epochs, row.passes, row.warmup, row.batch))
    #expect(s.heads == row.heads)
    #expect((s.rate, s.centerRate, s.momentum, s.weightDecay) == (row.rate, row.centerRate, 0.9, row.decay))
    #expect(s.augmentation.smallestCrop == row.crop)
    #expect(s.losses.hardLabelWeight == 0.2)
    #expect((s.losses.representationTemperature, s.losses.centerTemperature) == (0.05, row.temperature))
    #expect(s.losses.discrimination == .stable)
    #expect(s.constraint == row.constraint)
    #expect(s.network.dimension == 128)
    #expect(s.centerSchedule == (row.name == "imagenet-entropy" ? .cosineRise : .constant))
    try s.validate(images: preset.data.images)
    #expect(preset.data.channels == s.network.channels)
    #expect(s.optimizer == (row.data == "imagenet" ? .lars(trust: 0.001) : .sgd))
  }

  @Test func `networks are the published ones, and ours`() throws {
    func network(_ name: String) throws -> ResNet { try #require(TrainingSettings.presets[name]).network }
    let compact = ResNet(height: 32, width: 32, channels: 3, widths: [16, 32, 64], blocks: [1, 1, 1])
    var compactSTL = compact
    (compactSTL.height, compactSTL.width) = (48, 48)
    #expect(try network("cifar10-compact") == compact)
    #expect(try network("cifar100-20-compact") == compact)
    #expect(try network("stl10-compact") == compactSTL)
    let cifar = ResNet(
      height: 32, width: 32, channels: 3, stem: .small, block: .basic, widths: [64, 128, 256, 512],
      blocks: [2, 2, 2, 2], projector: .twoLayers)
    for name in ["cifar10", "cifar10-entropy", "cifar100-20", "cifar100"] { #expect(try network(name) == cifar) }
    var stl = cifar
    (stl.height, stl.width, stl.stem) = (96, 96, .pooled)
    for name in ["stl10", "stl10-stage2"] { #expect(try network(name) == stl) }
    let imageNet = ResNet(
      height: 224, width: 224, channels: 3, stem: .large, block: .bottleneck, widths: [64, 128, 256, 512],
      blocks: [3, 4, 6, 3], projector: .threeLayers, predictor: 2048)
    for name in ["imagenet", "imagenet-entropy"] { #expect(try network(name) == imageNet) }
  }

  @Test func `views are normalised as published`() throws {
    let photographs = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    for preset in Preset.all where preset.name != "digits" {
      let expected =
        switch preset.data.name {
        case "cifar10": ([0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.2010])
        case "cifar100", "cifar100-20": ([0.5071, 0.4867, 0.4408], [0.2675, 0.2565, 0.2761])
        default: photographs
        }
      let views = preset.settings.augmentation
      #expect((views.mean, views.standardDeviation) == expected, "\(preset.name)")
      #expect(views.geometry == .resizedCrop)
      #expect((views.blurProbability, views.solariseProbability) == ([1, 0.1], [0, 0.2]))
    }
  }
}
