import Foundation
import SeCu
import TestSupport
import Testing

/// The library as somebody else's program sees it: without `@testable`.
@Suite struct LibraryTests {
  /// What the comment on `import SeCu` shows; `HouseTests` sees to it that every line of that stands here.
  @Test func `the example trains, keeps the run and clusters a file's bytes`() throws {
    let url = URL.temporary()
    defer { url.remove() }

    let images = try DataCatalog.find("digits").load()
    var settings = TrainingSettings.digits
    settings.epochs = 12
    // One is enough to see it work.
    (settings.epochs, settings.passesPerEpoch, settings.warmupEpochs) = (1, 1, 0)
    let trainer = try Trainer(settings, images: images, engine: Engine())
    let folder = try RunFolder.create(at: url)
    let recorder = try RunRecorder(trainer, folder: folder)
    try trainer.run(handle: recorder.handle)
    try recorder.save(trainer.evaluate())

    let pixels = try images.image(at: 17).pixels
    let bytes = [UInt8]("P5 8 8 255\n".utf8) + pixels
    let model = try TrainedModel(RunFolder.open(url), engine: Engine())
    let image = try ImageFile.decode(bytes, name: "new.png").image(channels: 1)
    let one = try ImageSet(name: "new.png", shape: image.shape, pixels: image.pixels)
    let cluster = try model.evaluate(one).assignments[0].cluster
    #expect(image.pixels == pixels)
    #expect(try cluster == trainer.evaluate().assignments[17].cluster)

    do {
      let trainer = try Trainer(resuming: RunFolder.open(url).readCheckpoint(), images: images, engine: Engine())
      #expect(trainer.isFinished)
    }
    // Features of another kind, or of other images, are no projections of these.
    for features in [try model.features(of: one, .backbone), try model.features(of: images)] {
      let error = #expect(throws: SeCuError.self) { try model.evaluate(one, projections: features, head: 0) }
      #expect(error?.kind == .usage && error?.place == "new.png")
    }
    // A run that begins would overwrite this one.
    let other = try Trainer(settings, images: images, engine: Engine())
    let refused = #expect(throws: SeCuError.self) { try RunRecorder(other, folder: folder) }
    #expect(refused?.kind == .cannotCreate)
    _ = try TrainedModel(folder, engine: Engine())
  }

  @Test func `an error says the same to a program with windows`() {
    let error: any Error = SeCuError(.noInput, "there is no such folder", at: "birds", remedy: "Check the path")
    #expect(error.localizedDescription == "birds: there is no such folder. Check the path.")
  }
}
