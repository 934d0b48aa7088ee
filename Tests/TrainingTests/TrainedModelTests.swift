import Basics
import Foundation
import Imaging
import Interchange
import Kernels
import TestSupport
import Testing

@testable import Training

@Suite struct TrainedModelTests {
  private let engine = makeEngine(TinyRun.widest, 2)

  /// A run that has ended, and what it found.
  private struct FinishedRun {
    let folder: RunFolder
    let evaluation: Evaluation

    init(_ settings: TrainingSettings = TinyRun.settings) throws {
      folder = RunFolder(.temporary())
      (_, evaluation) = try TinyRun.finished(in: folder.url, settings)
    }
  }

  @Test func `a model clusters as its run did`() throws {
    let run = try FinishedRun()
    defer { run.folder.url.remove() }
    let folder = run.folder, evaluation = run.evaluation
    let model = try TrainedModel(folder, engine: engine)
    #expect(model.settings == TinyRun.settings)
    #expect(model.instructionSet == TinyRun.widest)
    let images = try TinyRun.images()
    #expect(model.head(for: images) == evaluation.head)
    let found = try model.evaluate(images)
    #expect(found.assignments == evaluation.assignments)
    #expect(found.scores == evaluation.scores)
    #expect(try model.evaluate(images.subset([7])).assignments == [evaluation.assignments[7]])
    #expect(try model.evaluate(images, head: 1).clusters == 5)
    // Images of other classes are judged by the head that fits them, and those without classes as the run was.
    let five = try ImageSet(name: "five", shape: images.shape, pixels: images.pixels, labels: (0..<13).map { $0 % 5 })
    #expect(try model.head(for: five) == 1 && model.evaluate(five).head == 1)
    #expect(try model.head(for: TinyRun.images(labelled: false)) == evaluation.head)
  }

  @Test func `a model has few images in memory, whatever the run's batch was`() throws {
    let run = try FinishedRun(TinyRun.settings { ($0.batch, $0.epochs, $0.warmupEpochs) = (13, 1, 0) })
    defer { run.folder.url.remove() }
    let folder = run.folder, evaluation = run.evaluation
    #expect(try TrainedModel(folder, engine: engine).evaluate(TinyRun.images()).assignments == evaluation.assignments)
    var forgery = try CheckpointTests.Forgery(Data(contentsOf: folder.checkpoint))
    forgery.settings["batch"] = 1_000_000
    try forgery.bytes().write(to: folder.checkpoint)
    try folder.write(TinyRun.settings { ($0.batch, $0.epochs, $0.warmupEpochs) = (1_000_000, 1, 0) })
    #expect(try TrainedModel(folder, engine: engine).evaluate(TinyRun.images()).assignments == evaluation.assignments)
  }

  /// Settings that no data has been seen for yet: `instance` with fewer clusters than a batch has images.
  @Test func `a model needs no constraint`() throws {
    let run = try FinishedRun()
    defer { run.folder.url.remove() }
    let folder = run.folder
    var forgery = try CheckpointTests.Forgery(Data(contentsOf: folder.checkpoint))
    forgery.settings["constraint"] = ["kind": "instance"]
    try forgery.bytes().write(to: folder.checkpoint)
    try folder.write(TinyRun.settings { $0.constraint = .instance })
    let model = try TrainedModel(folder, engine: engine)
    #expect(try model.evaluate(TinyRun.images()).assignments == run.evaluation.assignments)
  }

  @Test func `images without classes are judged by the run's head, whatever its place`() throws {
    let run = try FinishedRun(TinyRun.settings { $0.heads = [5, 3] })
    defer { run.folder.url.remove() }
    #expect(run.evaluation.head == 1)
    let model = try TrainedModel(run.folder, engine: engine)
    #expect(try model.evaluatedHead == 1 && model.head(for: TinyRun.images(labelled: false)) == 1)
  }

  @Test func `features are of the kind that is asked for`() throws {
    let run = try FinishedRun()
    defer { run.folder.url.remove() }
    let model = try TrainedModel(run.folder, engine: engine)
    #expect(try model.features(of: TinyRun.images(), .backbone).dimension == 6)
    #expect(try model.features(of: TinyRun.images()).dimension == 8)
  }

  @Test func `what is asked for must be there`() throws {
    let run = try FinishedRun()
    defer { run.folder.url.remove() }
    let folder = run.folder
    let model = try TrainedModel(folder, engine: engine)
    for head in [2, -1] {
      let error = try failure(.usage) { try model.evaluate(TinyRun.images(), head: head) }
      #expect(error.description == "--head: the run has no head \(head). Its heads are 0 to 1.")
    }
    let error = try failure(.usage) { try model.evaluate(TinyRun.images(channels: 3)) }
    #expect(error.problem == "the network takes 1 channels, the images have 3")
  }

  @Test func `a run that has not ended is no model`() throws {
    let run = try FinishedRun()
    defer { run.folder.url.remove() }
    let folder = run.folder
    try FileManager.default.removeItem(at: folder.encoder)
    let error = try failure(.noInput) { try TrainedModel(folder, engine: engine) }
    #expect(error.problem.contains("the run has not ended"))
    #expect(error.remedy?.contains("secu train --resume --output") == true)
  }

  @Test(arguments: ["checkpoint", "config.json"]) func `a missing file is no input`(name: String) throws {
    let run = try FinishedRun()
    defer { run.folder.url.remove() }
    let folder = run.folder
    try FileManager.default.removeItem(at: folder.url.appending(path: name))
    #expect(try failure(.noInput) { try TrainedModel(folder, engine: engine) }.place?.hasSuffix(name) == true)
  }

  @Test func `an encoder that is damaged, foreign or no numbers is refused`() throws {
    let run = try FinishedRun()
    defer { run.folder.url.remove() }
    let folder = run.folder
    let bytes = try Data(contentsOf: folder.encoder)
    func refusal(_ bytes: Data) throws -> String {
      try bytes.write(to: folder.encoder)
      return try failure(.badData) { try TrainedModel(folder, engine: engine) }.description
    }
    for length in [0, 7, 100, bytes.count / 2, bytes.count - 1] {
      #expect(try refusal(bytes.prefix(length)).contains("encoder.safetensors"))
    }
    for bit in stride(from: 3, to: bytes.count * 8, by: 4099) {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(try refusal(damaged).contains("encoder.safetensors"), "bit \(bit)")
    }
    var file = try SafeTensors(data: bytes, name: "encoder")
    var (shape, values) = try file.floats("fc.3.bias")
    values[1] = .nan
    file.tensors["fc.3.bias"] = try .init(values, shape: shape)
    #expect(try refusal(file.serialized()).contains("fc.3.bias holds numbers that are not finite"))
    file.tensors["fc.3.bias"] = nil
    #expect(try refusal(file.serialized()).contains("missing: fc.3.bias"))
    #expect(try refusal(SafeTensors().serialized()).contains("missing: conv1.weight"))

    // Numbers, but another network's: a weight, or a statistic alone.
    for name in ["conv1.weight", "bn1.running_mean"] {
      var other = try SafeTensors(data: bytes, name: "encoder")
      let (shape, values) = try other.floats(name)
      other.tensors[name] = try .init(values.map { $0 + 1 }, shape: shape)
      #expect(try refusal(other.serialized()).contains("the encoder is not that of the run's checkpoint"))
    }

    try bytes.write(to: folder.encoder)
    _ = try TrainedModel(folder, engine: engine)
  }
}
