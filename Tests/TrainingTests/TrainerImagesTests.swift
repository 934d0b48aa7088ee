import Basics
import Foundation
import Imaging
import Interchange
import TestSupport
import Testing

@testable import Training

/// Images of any source and size, and those that don't fit.
@Suite struct TrainerImagesTests {
  @Test func `images of other channels are refused`() throws {
    let error = try failure(.usage) {
      try Trainer(TinyRun.settings, images: TinyRun.images(channels: 3), engine: makeEngine(.portable, 1))
    }
    #expect(error.problem == "the network takes 1 channels, the images have 3")
  }

  @Test func `labels and file names are one an image`() throws {
    let images = try (0..<13).map { try TinyRun.images().image(at: $0) }
    func error(_ labels: [Int]?, _ fileNames: [String]?) throws -> SeCuError {
      let source = Reread(images: images, labels: labels, fileNames: fileNames)
      let baseline = try failure(.badData) {
        try PixelBaseline(source, clusters: 3, seed: 0, cores: Cores(threads: 1))
      }
      let error = try failure(.badData) {
        try Trainer(TinyRun.settings, images: source, engine: makeEngine(.portable, 1))
      }
      #expect(error == baseline)
      return error
    }
    #expect(try error([0, 1, 2], nil).problem == "expected 13 labels, one per image, found 3")
    #expect(try error([Int](repeating: -1, count: 13), nil).problem == "expected a label of 0 or above, found -1")
    #expect(try error(nil, ["a.png"]).problem == "expected 13 file names, one per image, found 1")
  }

  @Test func `images that are not in memory teach the same`() throws {
    let images = try TinyRun.images()
    let settings = TinyRun.settings { ($0.epochs, $0.warmupEpochs) = (2, 1) }
    var checkpoints: [Checkpoint] = []
    for source in [
      images, Reread(images: try (0..<images.count).map { try images.image(at: $0) }, labels: images.labels),
    ]
      as [any ImageSource]
    {
      let trainer = try Trainer(settings, images: source, engine: makeEngine(.portable, 2))
      try trainer.run()
      #expect(try trainer.evaluate().scores != nil)
      checkpoints.append(try trainer.makeCheckpoint())
    }
    #expect(try checkpoints[0].encoder() == checkpoints[1].encoder())
    // A run may go on with the same images from elsewhere.
    _ = try Trainer(resuming: checkpoints[1], images: images, engine: makeEngine(.portable, 1))
  }

  @Test func `images may differ in size`() throws {
    let source = try Reread.manySizes(13)
    let settings = TinyRun.settings { ($0.epochs, $0.warmupEpochs) = (2, 1) }
    let trainer = try Trainer(settings, images: source, engine: makeEngine(.portable, 2))
    try trainer.run()
    #expect(try trainer.evaluate().assignments.count == 13)
    let checkpoint = try trainer.makeCheckpoint()
    _ = try Trainer(resuming: checkpoint, images: source, engine: makeEngine(.portable, 1))
    // Two images of one size that change places are another set, and so are the same values in another shape.
    var turned = source
    turned.images[3] = try Image(
      shape: ImageShape(height: source.images[3].shape.width, width: source.images[3].shape.height, channels: 1),
      pixels: source.images[3].pixels)
    let error = try failure(.badData) {
      try Trainer(resuming: checkpoint, images: turned, engine: makeEngine(.portable, 1))
    }
    #expect(
      error.problem
        == "the run of checkpoint was on other images: 13 then, as many now; the first that is another one is image 3")
    #expect(error.place == "reread")
  }

  @Test func `the first image that is another one is named`() throws {
    let source = try Reread.manySizes(13)
    func problem(resuming checkpoint: Checkpoint, _ images: Reread) throws -> String {
      try failure(.badData) {
        try Trainer(resuming: checkpoint, images: images, engine: makeEngine(.portable, 1))
      }.problem
    }
    let checkpoint = try Trainer(TinyRun.settings, images: source, engine: makeEngine(.portable, 1)).makeCheckpoint()
    var more = source
    more.images.insert(source.images[0], at: 5)
    more.fileNames = (0..<14).map { "\($0).png" }
    let named = "13 then, 14 now; the first that is another one is image 5, which now is 5.png"
    #expect(try problem(resuming: checkpoint, more).hasSuffix(named))
    var fewer = source
    fewer.images.removeLast()
    let same = "other images: 13 then, 12 now, of which the first are the same"
    #expect(try problem(resuming: checkpoint, fewer).hasSuffix(same))
    // Too few for the settings, too: that is no fault of theirs.
    (fewer.images, fewer.fileNames) = (Array(source.images[..<2]), ["0.png", "1.png"])
    #expect(try problem(resuming: checkpoint, fewer).hasSuffix("13 then, 2 now, of which the first are the same"))

    // Older checkpoints know the checksum of all images alone.
    let url = URL.temporary()
    defer { url.remove() }
    try checkpoint.write(to: url)
    var file = try CheckpointFile(contentsOf: url, newestVersion: 1)
    file.tensors.tensors["running_checksums"] = nil
    try file.write(to: url)
    let older = try Checkpoint(contentsOf: url)
    #expect(try problem(resuming: older, more).hasSuffix("13 then, 14 now"))
    var swapped = source
    swapped.images.swapAt(2, 9)
    let order = "13 then, as many now, but not the same or in another order"
    #expect(try problem(resuming: older, swapped).hasSuffix(order))
    _ = try Trainer(resuming: older, images: source, engine: makeEngine(.portable, 1))
  }

  @Test func `the same pixels in another shape are other images`() throws {
    let images = try TinyRun.images()
    let checkpoint = try Trainer(TinyRun.settings, images: images, engine: makeEngine(.portable, 1)).makeCheckpoint()
    let wide = try ImageSet(
      name: "wide", shape: ImageShape(height: 4, width: 9, channels: 1), pixels: images.pixels, labels: images.labels)
    let error = try failure(.badData) {
      try Trainer(resuming: checkpoint, images: wide, engine: makeEngine(.portable, 1))
    }
    #expect(error.problem.hasSuffix("was on other images: 13 then, as many now, but in another shape"), "\(error)")
  }

  @Test func `an image that can't be read ends the run with its error`() throws {
    var source = try Reread.manySizes(13)
    source.broken = [5, 9]
    let trainer = try Trainer(TinyRun.settings, images: source, engine: makeEngine(.portable, 2))
    let error = try failure(.badData) { try trainer.run() }
    #expect(error.problem == "broken")
  }
}
