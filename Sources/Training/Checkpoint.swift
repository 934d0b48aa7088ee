import Basics
import Clustering
import Foundation
import Imaging
import Interchange
import Kernels
import Networks

/// All that a run needs to go on with the same bits: weights, velocities, statistics, centers, labels, duals, counts, and where
/// it stood.
///
/// On disk it is a `CheckpointFile` around a safetensors file: flat arrays as they lie in memory, and in the metadata the settings,
/// the position and a fingerprint of the images.
public struct Checkpoint: Sendable {
  /// The settings of the run.
  public let settings: TrainingSettings
  /// The instruction set that the run was on; another one rounds differently.
  public let instructionSet: String?
  /// The head that the run is judged by; nil in older files.
  public let evaluatedHead: Int?
  let progress: Trainer.Progress
  private let tensors: SafeTensors
  /// Where it was read from, for messages.
  private let name: String

  /// - Parameters:
  ///   - fingerprint: what identifies the images.
  ///   - evaluatedHead: the head that the run is judged by.
  init(
    settings: TrainingSettings, learner: Learner, fingerprint: ImageFingerprint, evaluatedHead: Int,
    progress: Trainer.Progress
  ) throws {
    if let broken = learner.firstNonFinite {
      let steps = settings.schedule(images: learner.heads.images).stepsPerEpoch
      throw SeCuError.divergence(
        "\(broken) holds numbers that are not finite; the checkpoint before stays as it is",
        at: progress.placeBefore(stepsPerEpoch: steps), settings)
    }
    var file = SafeTensors()
    for (key, buffer) in Self.floatBuffers(learner) {
      file.tensors[key] = try SafeTensors.Tensor(buffer.values, shape: [buffer.count])
    }
    for h in learner.heads.clusters.indices {
      file.tensors["labels_\(h)"] = try SafeTensors.Tensor(
        learner.heads.labels[h].map(Int64.init), shape: [learner.heads.images])
      file.tensors["counts_\(h)"] = try SafeTensors.Tensor(
        learner.heads.counts[h].map(Int64.init), shape: [learner.heads.clusters[h]])
    }
    file.tensors["assigned"] = try SafeTensors.Tensor(
      learner.heads.isAssigned.map { Int64($0 ? 1 : 0) }, shape: [learner.heads.images])
    file.tensors["running_checksums"] = try SafeTensors.Tensor(
      fingerprint.checksums.map(Int64.init), shape: [fingerprint.checksums.count])
    file.metadata = [
      "settings": String(decoding: try JSON.line(settings), as: UTF8.self),
      "progress": String(decoding: try JSON.line(progress), as: UTF8.self),
      "batches_tracked": String(learner.network.batchesTracked), "images": fingerprint.text,
      "evaluated_head": String(evaluatedHead),
      "isa": learner.engine.instructionSet.rawValue,
    ]
    if let state = learner.selfLabelling { file.metadata["adam_steps"] = "\(state.encoder.steps)" }
    self.settings = settings
    instructionSet = learner.engine.instructionSet.rawValue
    self.evaluatedHead = evaluatedHead
    self.progress = progress
    tensors = file
    name = "checkpoint"
  }

  /// Reads a checkpoint.
  ///
  /// - Throws: `SeCuError` that says whether the file is missing, foreign, of a newer version, truncated or damaged, or which
  ///   setting is out of range.
  public init(contentsOf url: URL) throws {
    name = url.relativePath
    tensors = try CheckpointFile(contentsOf: url, newestVersion: Self.version).tensors
    settings = try Self.decode(StoredSettings.self, "settings", of: tensors, name).settings
    progress = try Self.decode(Trainer.Progress.self, "progress", of: tensors, name)
    instructionSet = tensors.metadata["isa"]
    evaluatedHead = try tensors.metadata["evaluated_head"].map { [settings, name] text in
      guard let head = Int(text), settings.heads.indices.contains(head) else {
        throw Self.inconsistent("evaluated_head is '\(text)', expected a number below \(settings.heads.count)", name)
      }
      return head
    }
  }

  /// Replaces the file at `url` by this checkpoint, atomically.
  ///
  /// - Throws: as `AtomicFile.write(_:to:)`.
  public func write(to url: URL) throws {
    try CheckpointFile(version: Self.version, tensors: tensors).write(to: url)
  }

  /// The version of the layout; raised when an older program could not read it.
  private static let version: UInt32 = 1

  /// The epochs that are done.
  public var epochsDone: Int { progress.epoch }

  /// Checks that the run was on `images`, which `now` identifies.
  ///
  /// - Throws: `SeCuError` of kind `.badData` with what differs.
  func check(_ now: ImageFingerprint, of images: any ImageSource) throws {
    let checksums = tensors.tensors["running_checksums"] == nil ? [] : try tensors.integers("running_checksums").values
    let before = ImageFingerprint(
      text: try Self.metadata("images", of: tensors, name), checksums: checksums.map(UInt32.init(truncatingIfNeeded:)))
    guard before.text == now.text else {
      throw SeCuError(
        .badData, "the run of \(name) was on other images: \(before.difference(to: images, now))",
        at: images.name, remedy: "Resume it with the images that it began with, or begin a new run")
    }
  }

  /// Puts everything but the settings into `learner`.
  ///
  /// - Parameters:
  ///   - images: what the run goes on with.
  ///   - evaluatedHead: the head that it is judged by.
  /// - Throws: `SeCuError` if a tensor does not fit; `learner` is then unusable.
  func restore(_ learner: Learner, images: any ImageSource, evaluatedHead: Int) throws -> Trainer.Progress {
    try checkProgress(images: images.count, evaluatedHead: evaluatedHead)
    try restoreModel(learner)
    let most = Int64(settings.passesPerEpoch) * Int64(images.count)
    for h in learner.heads.clusters.indices {
      let k = learner.heads.clusters[h]
      learner.heads.labels[h] = try integers("labels_\(h)", count: images.count, in: 0...Int64(k - 1)).map(Int32.init)
      learner.heads.counts[h] = try integers("counts_\(h)", count: k, in: 0...most).map(Int.init)
    }
    learner.heads.isAssigned = try integers("assigned", count: images.count, in: 0...1).map { $0 == 1 }
    switch settings.constraint {
    case .entropy: try checkCounts(learner.heads)
    case .instance where settings.selfLabelling == nil:
      for (h, labels) in learner.heads.labels.enumerated() where zip(labels, 0...).contains(where: { $0 != $1 }) {
        throw Self.inconsistent("tensor labels_\(h) does not give every image its own cluster", name)
      }
    // Self-labelling, which applies no constraint, labels images anew.
    case .size, .instance: break
    }
    return progress
  }

  /// Throws unless every cluster's count is the number of images assigned to it, as the entropy constraint keeps it.
  private func checkCounts(_ heads: ClusterHeads) throws {
    for (h, labels) in heads.labels.enumerated() {
      let assigned = zip(labels, heads.isAssigned).filter(\.1).map { Int($0.0) }
      guard heads.counts[h] == clusterSizes(assigned, clusters: heads.clusters[h]) else {
        throw Self.inconsistent("tensor counts_\(h) does not count the images that labels_\(h) has assigned", name)
      }
    }
  }

  /// Puts weights, statistics and centers into `learner`, which may be for other images: what evaluation needs.
  ///
  /// - Throws: `SeCuError` of kind `.badData` for a tensor that is missing or of another shape.
  package func restoreModel(_ learner: Learner) throws {
    for (key, buffer) in Self.floatBuffers(learner) { try fill(buffer, with: key) }
    learner.network.batchesTracked = try count("batches_tracked")
    if let state = learner.selfLabelling {
      state.encoder.steps = try count("adam_steps")
      state.centers.steps = state.encoder.steps
    }
  }

  /// The encoder under PyTorch's names, as `encoder.safetensors` has it when a run has ended.
  func encoder() throws -> SafeTensors {
    let network = try Network(settings.network, batch: 1, groups: 1)
    try fill(network.parameters, with: "parameters")
    try fill(network.statistics, with: "statistics")
    network.batchesTracked = try count("batches_tracked")
    return try SafeTensors(tensors: network.stateDictionary())
  }

  /// Puts the centers into `heads`, which have as many clusters and the same length of features.
  func restoreCenters(_ heads: ClusterHeads) throws {
    try fill(heads.centers, with: "centers")
  }

  private func fill(_ buffer: FloatBuffer, with key: String) throws {
    let values = try tensors.floats(key).values
    guard values.count == buffer.count else { throw misfit(key, values.count, buffer.count) }
    guard values.allSatisfy(\.isFinite) else {
      throw Self.inconsistent("tensor \(key) holds numbers that are not finite", name)
    }
    buffer.fill(with: values)
  }

  private func count(_ key: String) throws -> Int {
    let text = try Self.metadata(key, of: tensors, name)
    guard let count = Int(text), (0...1 << 53).contains(count) else {
      throw Self.inconsistent("\(key) is '\(text)', expected a count", name)
    }
    return count
  }

  /// Throws unless a run of these settings on this many images can stand where this one says it does.
  private func checkProgress(images: Int, evaluatedHead: Int) throws {
    let steps = settings.schedule(images: images).stepsPerEpoch
    let isBetweenSteps = (0..<settings.epochs).contains(progress.epoch) && (0..<steps).contains(progress.step)
    let isAtEnd = progress.epoch == settings.epochs && progress.step == 0
    guard isBetweenSteps || isAtEnd else {
      throw Self.inconsistent(
        "step \(progress.step) of epoch \(progress.epoch) is not in a run of \(settings.epochs) epochs of \(steps) steps",
        name)
    }
    let looks = 0...images * settings.passesPerEpoch
    if let kept = progress.keptIn,
      kept.count != settings.heads[evaluatedHead] || !kept.allSatisfy(looks.contains)
    {
      throw Self.inconsistent(
        "keptIn \(kept.prefix(8)) counts no images of \(settings.heads[evaluatedHead]) clusters", name)
    }
    guard looks.contains(progress.labelsMoved), progress.seconds >= 0 else {
      throw Self.inconsistent(
        "\(progress.labelsMoved) labels moved in \(progress.seconds) seconds, which can't be", name)
    }
  }

  private static func floatBuffers(_ learner: Learner) -> [(String, FloatBuffer)] {
    [
      ("parameters", learner.network.parameters), ("parameters.velocity", learner.encoderOptimizer.velocity),
      ("statistics", learner.network.statistics), ("centers", learner.heads.centers),
      ("centers.velocity", learner.centerOptimizer.velocity), ("centers.frozen", learner.heads.frozenCenters),
      ("duals", learner.heads.duals),
    ]
      + (learner.selfLabelling.map {
        [
          ("parameters.moment1", $0.encoder.firstMoment), ("parameters.moment2", $0.encoder.secondMoment),
          ("centers.moment1", $0.centers.firstMoment), ("centers.moment2", $0.centers.secondMoment),
        ]
      } ?? [])
  }

  private func integers(_ key: String, count: Int, in range: ClosedRange<Int64>) throws -> [Int64] {
    let values = try tensors.integers(key).values
    guard values.count == count else { throw misfit(key, values.count, count) }
    guard values.allSatisfy(range.contains) else {
      throw Self.inconsistent("tensor \(key) holds values outside \(range.lowerBound) to \(range.upperBound)", name)
    }
    return values
  }

  private func misfit(_ key: String, _ found: Int, _ expected: Int) -> SeCuError {
    Self.inconsistent("tensor \(key) has \(found) values, expected \(expected)", name)
  }

  /// The error for a file that is whole and yet can't be the state of its run: somebody changed it.
  private static func inconsistent(_ problem: String, _ name: String) -> SeCuError {
    SeCuError(.badData, problem, at: name, remedy: "Put back the checkpoint as the run wrote it, or begin a new run")
  }

  private static func decode<Value: Decodable>(
    _ type: Value.Type, _ key: String, of file: SafeTensors, _ name: String
  ) throws -> Value {
    try JSON.decode(type, from: Data(metadata(key, of: file, name).utf8), name: name, position: key)
  }

  private static func metadata(_ key: String, of file: SafeTensors, _ name: String) throws -> String {
    guard let text = file.metadata[key] else { throw inconsistent("the metadata has no '\(key)'", name) }
    return text
  }
}
