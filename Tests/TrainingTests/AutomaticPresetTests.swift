import Clustering
import Imaging
import Testing

@testable import Training

@Suite struct AutomaticPresetTests {
  @Test(arguments: [2, 50, 400, 5000, 100_000], [1, 20, 32, 64, 3000])
  func `settings are valid for any number and size`(count: Int, side: Int) throws {
    for channels in [1, 2, 3, 4] {
      let preset = AutomaticPreset(data: "x", images: count, side: side, channels: channels, clusters: nil)
      if count >= AutomaticPreset.fewestImages { try preset.settings.validate(images: count) }
      #expect(preset.settings.network.channels == channels)
      #expect(preset.reasons(for: preset.settings).count == 7)
    }
  }

  @Test func `what was changed has no reason`() {
    let preset = AutomaticPreset(data: "x", images: 400, side: 500, channels: 3, clusters: nil)
    let reasons = preset.reasons(for: preset.settings)
    let changes: [(reason: String, change: (inout TrainingSettings) -> Void)] = [
      ("images seen", { $0.network.height = 24 }), ("network", { $0.network.widths = [4] }),
      ("views", { $0.augmentation.smallestCrop = 0.5 }), ("batch", { $0.batch = 60 }),
      ("250 epochs", { $0.epochs = 1 }),
      ("250 epochs", { $0.passesPerEpoch = 2 }), ("heads", { $0.heads = [3, 4] }),
      ("clusters of about even", { $0.constraint = .size(SizeConstraint()) }),
    ]
    for (reason, change) in changes {
      var settings = preset.settings
      change(&settings)
      let left = preset.reasons(for: settings)
      #expect(!left.contains { $0.hasPrefix(reason) } && reasons.contains { $0.hasPrefix(reason) }, "\(reason)")
      #expect(left.count == 6 || reason == "batch")
    }
    let two = AutomaticPreset(data: "x", images: 2, side: 500, channels: 3, clusters: nil)
    #expect(two.reasons(for: two.settings).contains("batch 2: there are no more images (--batch)"))
  }

  @Test(arguments: [(7, 5, "7 as asked"), (nil, 5, "5 as there are classes"), (nil, nil, "their number is unknown")])
  func `heads say where their number comes from`(clusters: Int?, classes: Int?, reason: String) {
    let preset = AutomaticPreset(
      data: "x", images: 400, side: 500, channels: 3, clusters: clusters, classes: classes)
    #expect(preset.reasons(for: preset.settings).contains { $0.hasPrefix("heads of ") && $0.contains(reason) })
  }

  @Test func `choices follow from the images`() {
    func settings(_ count: Int, side: Int = 500, clusters: Int? = nil, classes: Int? = nil) -> TrainingSettings {
      AutomaticPreset(data: "x", images: count, side: side, channels: 3, clusters: clusters, classes: classes).settings
    }
    #expect(settings(400).batch == 50)
    #expect(settings(400).epochs == 250 && settings(400).warmupEpochs == 25)
    #expect(settings(60).epochs == 400 && settings(3000).epochs == 84 && settings(100_000).epochs == 40)
    #expect(settings(400).passesPerEpoch == 1 && settings(400).constraint == .entropy(.published))
    #expect(settings(400).network.height == 48)
    #expect([64, 63, 24, 23, 8, 5].map { settings(400, side: $0).network.height } == [48, 32, 32, 23, 8, 8])
    #expect(settings(400).heads == [10, 20, 30, 40, 50])
    #expect(settings(400, clusters: 12).heads == [12, 24, 36, 48, 60])
    // Four images a cluster are enough.
    for count in [96, 100] { #expect(settings(count, clusters: 12).heads == [12, 24]) }
    #expect(settings(95, clusters: 12).heads == [12])
    #expect(settings(400, classes: 7).heads.first == 7)
    #expect(settings(400, classes: 1).heads.first == AutomaticPreset.usualClusters)
    #expect(settings(400).augmentation.geometry == .resizedCrop)
    var grey = Augmentation.digits
    (grey.mean, grey.standardDeviation) = ([0.5], [0.25])
    #expect(AutomaticPreset(data: "x", images: 9, side: 28, channels: 1, clusters: 2).settings.augmentation == grey)
    // √0.3 of 88 pixels are 48.
    #expect(settings(400).keptSide == 88)
    // 32 / √0.3 are 58.4, and 58 would be too few.
    #expect(settings(400, side: 40).keptSide == 59)
    // A clean view that is the middle of its image needs more than whole crops do: 48 / 0.5.
    var middle = settings(400)
    (middle.augmentation.smallestCrop, middle.augmentation.cleanCrop) = (1, 0.5)
    #expect(middle.keptSide == 96)
  }
}
