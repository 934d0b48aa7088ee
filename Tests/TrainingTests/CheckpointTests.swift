import Basics
import Foundation
import Interchange
import Kernels
import TestSupport
import Testing

@testable import Training

@Suite struct CheckpointTests {
  /// A checkpoint in the middle of the second epoch.
  private static func bytes(_ settings: TrainingSettings = TinyRun.settings) throws -> Data {
    let folder = URL.temporary()
    defer { folder.remove() }
    let file = try RunFolder.create(at: folder).checkpoint
    let trainer = try TinyRun.trainer(settings)
    try trainer.run(steps: 8)
    try trainer.makeCheckpoint().write(to: file)
    return try Data(contentsOf: file)
  }

  /// Reads `bytes` as a checkpoint and resumes with it.
  @discardableResult
  private static func resume(_ bytes: Data, images: Int = 13, seed: UInt64 = 1) throws -> Trainer {
    let folder = URL.temporary()
    defer { folder.remove() }
    let file = try RunFolder.create(at: folder).checkpoint
    try bytes.write(to: file)
    return try Trainer(
      resuming: Checkpoint(contentsOf: file), images: TinyRun.images(images, seed: seed),
      engine: makeEngine(TinyRun.widest, 1))
  }

  @Test func `a checkpoint says what it is`() throws {
    let folder = URL.temporary()
    defer { folder.remove() }
    let file = try RunFolder.create(at: folder).checkpoint
    let trainer = try TinyRun.trainer()
    try trainer.run(steps: 8)
    try trainer.makeCheckpoint().write(to: file)
    let checkpoint = try Checkpoint(contentsOf: file)
    #expect(checkpoint.settings == TinyRun.settings)
    #expect(checkpoint.epochsDone == 1)
    #expect(checkpoint.instructionSet == TinyRun.widest.rawValue)
    // The same state makes the same bytes.
    let bytes = try Data(contentsOf: file)
    try Trainer(resuming: checkpoint, images: TinyRun.images(), engine: makeEngine(TinyRun.widest, 1))
      .makeCheckpoint().write(to: file)
    #expect(try Data(contentsOf: file) == bytes)
  }

  // MARK: - Damage

  @Test func `a checkpoint cut anywhere is refused`() throws {
    let bytes = try Self.bytes()
    try Self.resume(bytes)
    let lengths = Array(0..<200) + stride(from: 200, to: bytes.count, by: 1009) + [bytes.count - 1]
    for length in lengths { try failure(.badData) { try Self.resume(bytes.prefix(length)) } }
  }

  @Test func `a flipped bit anywhere is refused`() throws {
    let bytes = try Self.bytes()
    // Every bit of the frame, and one of every 211 after it: all places in a byte, and header and data.
    for bit in Array(0..<24 * 8) + stride(from: 24 * 8, to: bytes.count * 8, by: 2111) {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      let error = try #require(throws: SeCuError.self, "bit \(bit)") { try Self.resume(damaged) }
      #expect(error.kind == .badData, "bit \(bit)")
    }
  }

  @Test func `a foreign file is called foreign`() throws {
    for text in ["hello, this is no checkpoint at all", "{}", "PK\u{3}\u{4} and the rest of an archive"] {
      #expect(try failure(.badData) { try Self.resume(Data(text.utf8)) }.problem.contains("another kind of file"))
    }
    let encoder = try SafeTensors(tensors: ["x": .init([1, 2] as [Float], shape: [2])]).serialized()
    #expect(try failure(.badData) { try Self.resume(encoder) }.problem.contains("another kind of file"))
  }

  @Test func `no file is no input`() throws {
    let folder = URL.temporary()
    defer { folder.remove() }
    let error = try failure(.noInput) { try Checkpoint(contentsOf: folder) }
    #expect(error.place == folder.relativePath)
  }

  // MARK: - Another run

  @Test func `other images are refused`() throws {
    let bytes = try Self.bytes()
    for (count, seed) in [(14, UInt64(1)), (13, 2)] {
      let error = try failure(.badData) { try Self.resume(bytes, images: count, seed: seed) }
      #expect(error.problem.contains("other images"), "\(error)")
    }
  }

  /// What a whole and undamaged file can say and no run can have written.
  static let forgeries: [(key: String, change: @Sendable (inout Forgery) throws -> Void)] = [
    ("epoch -1", { $0.progress["epoch"] = -1 }),
    ("epoch 4", { $0.progress["epoch"] = 4 }),
    ("epoch 9223372036854775807", { $0.progress["epoch"] = Int.max }),
    ("step -1", { $0.progress["step"] = -1 }),
    ("step 6", { $0.progress["step"] = 6 }),
    ("step 1 of epoch 3", { ($0.progress["epoch"], $0.progress["step"]) = (3, 1) }),
    ("step 9223372036854775807", { $0.progress["step"] = Int.max }),
    ("labels moved", { $0.progress["labelsMoved"] = Int.max }),
    ("labels moved", { $0.progress["labelsMoved"] = -1 }), ("27 labels moved", { $0.progress["labelsMoved"] = 27 }),
    ("step 2 of epoch 3", { $0.progress["epoch"] = 3 }),
    ("seconds", { $0.progress["seconds"] = -1 }),
    ("keptIn", { $0.progress["keptIn"] = [Int.max, Int.max, Int.max] }),
    ("keptIn", { $0.progress["keptIn"] = [0, -1, 0] }),
    ("keptIn", { $0.progress["keptIn"] = [1, 1] }),
    ("epoch", { $0.progress["epoch"] = 1.5 }),
    ("step is missing", { $0.progress["step"] = nil }),
    ("passesPerEpoch", { $0.settings["passesPerEpoch"] = Int.max }),
    ("epochs", { $0.settings["epochs"] = -3 }),
    ("batch", { $0.settings["batch"] = Int.max }),
    ("heads", { $0.settings["heads"] = [Int.max, Int.max] }),
    ("heads", { $0.settings["heads"] = "many" }),
    ("momentum", { $0.settings["momentum"] = 2 }),
    ("batches_tracked", { $0.file.metadata["batches_tracked"] = "many" }),
    ("batches_tracked", { $0.file.metadata["batches_tracked"] = "-1" }),
    ("batches_tracked", { $0.file.metadata["batches_tracked"] = "9223372036854775807" }),
    ("images", { $0.file.metadata["images"] = nil }),
    ("evaluated_head", { $0.file.metadata["evaluated_head"] = "2" }),
    ("evaluated_head", { $0.file.metadata["evaluated_head"] = "-1" }),
    ("evaluated_head", { $0.file.metadata["evaluated_head"] = "x" }),
    ("duals", { $0.file.tensors["duals"] = nil }),
    ("parameters", { try $0.setFloat("parameters", to: .nan) }),
    ("centers.velocity", { try $0.setFloat("centers.velocity", to: .infinity) }),
    ("centers", { $0.file.tensors["centers"] = try .init([1, 2, 3] as [Float], shape: [3]) }),
    ("parameters", { $0.file.tensors["parameters"] = try .init([1, 2, 3] as [Int64], shape: [3]) }),
    ("labels_0", { try $0.setInteger("labels_0", to: 3) }),
    ("labels_1", { try $0.setInteger("labels_1", to: -1) }),
    ("labels_1", { try $0.setInteger("labels_1", to: .max) }),
    ("counts_0", { try $0.setInteger("counts_0", to: 27) }),
    ("counts_1", { try $0.setInteger("counts_1", to: .max) }),
    ("labels_0", { $0.file.tensors["labels_0"] = nil }),
    ("assigned", { try $0.setInteger("assigned", to: 2) }),
    ("assigned", { $0.file.tensors["assigned"] = nil }),
  ]

  @Test(arguments: forgeries.indices) func `values that no run can have are refused and named`(index: Int) throws {
    let (key, change) = Self.forgeries[index]
    var forgery = try Forgery(Self.bytes())
    try change(&forgery)
    let error = try failure(.badData) { try Self.resume(forgery.bytes()) }
    #expect(error.description.contains(key), "\(error)")
  }

  /// The entropy constraint lives by its counts: they must be those of the labels.
  @Test(arguments: ["counts_0", "labels_0", "assigned"])
  func `counts that are not those of the labels are refused`(tensor: String) throws {
    let bytes = try Self.bytes(TinyRun.settings { $0.constraint = .entropy(.published) })
    try Self.resume(bytes)
    var forgery = try Forgery(bytes)
    let values = try forgery.file.integers(tensor).values
    try forgery.setInteger(tensor, to: values[values.count / 2] == 0 ? 1 : 0)
    let error = try failure(.badData) { try Self.resume(forgery.bytes()) }
    #expect(error.problem == "tensor counts_0 does not count the images that labels_0 has assigned")
  }

  @Test func `an image in another's cluster is refused where each has its own`() throws {
    let bytes = try Self.bytes(TinyRun.instanceDiscrimination)
    #expect(try Self.resume(bytes).learner.heads.labels == [(0..<13).map(Int32.init)])
    var forgery = try Forgery(bytes)
    try forgery.setInteger("labels_0", to: 5)
    let error = try failure(.badData) { try Self.resume(forgery.bytes()) }
    #expect(error.problem == "tensor labels_0 does not give every image its own cluster")
  }

  @Test func `a forgery that changes nothing is accepted`() throws {
    let trainer = try Self.resume(Forgery(Self.bytes()).bytes())
    #expect(trainer.progress.epoch == 1)
    #expect(trainer.progress.step == 2)
  }

  /// The parts of a checkpoint, to be changed and put together again with right checksums.
  struct Forgery {
    var file: SafeTensors
    var settings: [String: Any]
    var progress: [String: Any]

    init(_ bytes: Data) throws {
      let file = try CheckpointFile(data: bytes, name: "checkpoint", newestVersion: 1).tensors
      func object(_ key: String) throws -> [String: Any] {
        let text = try #require(file.metadata[key])
        return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      }
      (self.file, settings, progress) = (file, try object("settings"), try object("progress"))
    }

    func bytes() throws -> Data {
      var file = file
      for (key, object) in [("settings", settings), ("progress", progress)] {
        file.metadata[key] = String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
      }
      return try CheckpointFile(version: 1, tensors: file).serialized()
    }

    mutating func setFloat(_ name: String, to value: Float) throws {
      var (shape, values) = try file.floats(name)
      values[values.count / 2] = value
      file.tensors[name] = try .init(values, shape: shape)
    }

    mutating func setInteger(_ name: String, to value: Int64) throws {
      var (shape, values) = try file.integers(name)
      values[values.count / 2] = value
      file.tensors[name] = try .init(values, shape: shape)
    }
  }
}
