import Basics
import Clustering
import Imaging
import Kernels
import Networks

/// The memory that a run takes at its height, part by part, known before any of it is taken.
///
/// What is there all the time adds up. Writing a checkpoint and scoring come one after the other and give back what they took: only
/// the larger of them counts.
public struct MemoryNeed: Sendable, Equatable {
  /// What memory is for, and how much.
  public struct Part: Sendable, Equatable {
    /// Such as `network`.
    public let name: String
    /// 0 or more.
    public let bytes: Double
  }

  /// What is there from the first step to the last.
  public let steady: [Part]
  /// What comes and goes, one at a time.
  public let passing: [Part]
  /// What reading the images took before the run, in bytes; it was given back.
  public internal(set) var reading = 0.0

  /// All parts that count, the largest first.
  public var parts: [Part] {
    let largest = passing.max { $0.bytes < $1.bytes }
    return (steady + [largest].compactMap(\.self)).sorted { $0.bytes > $1.bytes }
  }

  /// The most at once, in bytes.
  public var bytes: Double { parts.reduce(0) { $0 + $1.bytes } }

  /// From the first step to the last, in bytes.
  public var steadyBytes: Double { steady.reduce(0) { $0 + $1.bytes } }

  /// Such as `about 212 MB: network 159 MB, parameters 12 MB`.
  ///
  /// Where reading the images took more than that, it says so too.
  public var text: String {
    let read = reading > bytes ? "; reading the images took up to \(Machine.memoryText(reading)) (--memory)" : ""
    return "about \(Machine.memoryText(bytes)): \(list)\(read)"
  }

  /// The parts with their sizes; those below a fiftieth of the whole are left out.
  var list: String {
    parts.filter { $0.bytes >= bytes / 50 }.map { "\($0.name) \(Machine.memoryText($0.bytes))" }
      .joined(separator: ", ")
  }
}

extension TrainingSettings {
  /// The memory of a run with these settings.
  ///
  /// - Parameters:
  ///   - count: N, the images to learn from.
  ///   - imageBytes: what the images themselves take while the run goes on; nil for images of the network's size that all are in memory.
  ///   - shape: the shape that all images share, nil if they differ: k-means takes raw pixels of one shape, wherever they are.
  ///   - hasClasses: whether k-means is to be scored beside the run.
  ///   - threads: the cores of the run, each of which has some memory of its own.
  /// - Throws: `SeCuError` for settings out of range, or a network that needs more than 4 TB.
  public func memory(
    images count: Int, imageBytes: Double? = nil, shape: ImageShape? = nil, hasClasses: Bool = true, threads: Int
  ) throws -> MemoryNeed {
    try validate()
    let batch = min(self.batch, count), rows = 2 * Double(batch)
    let network = try NetworkSize(self.network, batch: viewsPerPass * batch, threads: threads)
    let parameters = 4 * Double(network.parameters)
    let pixels = Double(self.network.height) * Double(self.network.width) * Double(self.network.channels)
    let dimension = Double(self.network.dimension)
    let centers = 4 * dimension * heads.reduce(0) { $0 + Double($1) }
    let heads = ClusterHeads.bytes(
      clusters: self.heads, dimension: self.network.dimension, images: count, batch: batch,
      usesPredictions: self.network.predictor != nil)
    // Features and their gradients, of projections and predictions.
    let features = dimension * (self.network.predictor == nil ? 2 : 4)
    let images = imageBytes ?? Double(count) * pixels
    let valuesPerImage = shape.map { Double($0.count) } ?? (imageBytes == nil ? pixels : nil)
    // What the optimiser keeps of each weight and center: SGD its velocity, Adam two moments.
    let states: Double = selfLabelling == nil ? 1 : 2
    // A file of weights and centers, the optimiser's states, the frozen centers, and of each image 64 bits for every label, whether there is
    // one, and a checksum. While it is written it is there three times: the tensors, their bytes, and the file's.
    let file = (1 + states) * parameters + (2 + states) * centers + 8 * Double(count) * Double(self.heads.count + 2)
    return MemoryNeed(
      steady: [
        // The order of an epoch, `ClusterHeads.isAssigned` and checksums take 13 bytes an image.
        .init(name: "images", bytes: images + 13 * Double(count)),
        .init(name: "views", bytes: 4 * rows * (pixels + features)),
        .init(name: "network", bytes: network.bytes - 2 * parameters),
        // Weights and gradients.
        .init(name: "parameters", bytes: (2 + states) * parameters),
        .init(name: "heads", bytes: heads + states * centers),
        .init(name: "kernels", bytes: network.scratchBytes),
        .init(name: "program", bytes: Self.programBytes),
      ],
      passing: [
        .init(name: "checkpoints", bytes: 3 * file),
        .init(
          name: "k-means on pixels",
          bytes: hasClasses
            ? ImagePoints.bytes(images: count, valuesPerImage: valuesPerImage, channels: self.network.channels) : 0),
        // Clean views; of each image its result, and its line of `assignments.csv`, which is there three times as it is written.
        .init(name: "scoring", bytes: 4 * rows * pixels + (32 + 3 * 64) * Double(count)),
      ])
  }

  /// The memory that a run on `images` needs.
  ///
  /// - Throws: as `memory(images:imageBytes:shape:hasClasses:threads:)`.
  package func memory(for images: any ImageSource, threads: Int) throws -> MemoryNeed {
    var need = try memory(
      images: images.count, imageBytes: images.residentBytes, shape: images.commonShape,
      hasClasses: images.labels != nil, threads: threads)
    need.reading = images.readingBytes + images.residentBytes
    return need
  }

  /// The program itself with its libraries and the digits in it, as measured on Linux.
  private static let programBytes = 20e6

  /// Refuses a run on `images` that this machine, or its container, has not the memory for.
  ///
  /// - Throws: as `checkMemory(images:imageBytes:shape:hasClasses:threads:limit:)`.
  func checkMemory(for images: any ImageSource, threads: Int) throws {
    try checkMemory(
      images: images.count, imageBytes: images.residentBytes, shape: images.commonShape,
      hasClasses: images.labels != nil, threads: threads)
  }

  /// Refuses a run that this machine, or its container, has not the memory for.
  ///
  /// - Parameter limit: what there is; the others are as `memory` has them.
  /// - Throws: `SeCuError` of kind `.usage` with what is needed, what there is, and the largest batch that would fit in nine
  ///   tenths of that; what `memory` throws.
  package func checkMemory(
    images count: Int, imageBytes: Double? = nil, shape: ImageShape? = nil, hasClasses: Bool = true, threads: Int,
    limit: Machine.MemoryLimit = Machine.memoryLimit
  ) throws {
    // A network may be so large that to plan its memory takes long, or that the plan is refused.
    let parameters = 12 * Double(try Network.parameterCount(network))
    guard parameters <= limit.bytes else {
      throw SeCuError(
        .usage,
        "the network's parameters need \(Machine.memoryText(parameters)) of memory with their gradients and velocities, "
          + "and \(limit.text)", at: "network", remedy: "Take a smaller network")
    }
    func memory(_ settings: TrainingSettings) throws -> MemoryNeed {
      try settings.memory(
        images: count, imageBytes: imageBytes, shape: shape, hasClasses: hasClasses, threads: threads)
    }
    let need = Result { try memory(self) }
    if case .success(let need) = need, need.bytes <= limit.bytes { return }
    let batch = largestBatch(within: 0.9 * limit.bytes, images: count, memory)
    let remedy =
      batch.map { "A batch of \($0) would fit" }
      ?? "No batch would fit; take a smaller network, smaller images or fewer heads"
    switch need {
    case .success(let need):
      throw SeCuError(
        .usage,
        "\(heads.count) heads and batches of \(self.batch) images need \(Machine.memoryText(need.bytes)) of memory "
          + "(\(need.list)), and \(limit.text)", at: "batch", remedy: remedy)
    case .failure(var error as SeCuError):
      error.remedy = remedy
      throw error
    case .failure(let error): throw error
    }
  }

  /// The largest batch, of at least 2 images and at most the present one, with which a run needs no more than `bytes`; nil if there is
  /// none.
  ///
  /// - Parameters:
  ///   - count: N, the images to learn from.
  ///   - memory: what a run with other settings needs.
  private func largestBatch(
    within bytes: Double, images count: Int, _ memory: (TrainingSettings) throws -> MemoryNeed
  ) -> Int? {
    var fitting = 1, tooLarge = min(batch, count) + 1
    while tooLarge - fitting > 1 {
      var trial = self
      trial.batch = (fitting + tooLarge) / 2
      // What is too large even to be planned throws.
      let need = try? memory(trial)
      if let need, need.bytes <= bytes { fitting = trial.batch } else { tooLarge = trial.batch }
    }
    return fitting > 1 ? fitting : nil
  }
}
