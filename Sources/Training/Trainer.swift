import Basics
import Clustering
import Imaging
import Kernels

/// The training loop: passes over the data, epochs, schedule, and everything that has to be remembered to go on after a stop; for one
/// thread at a time.
///
/// A step is a function of the state before it and of (seed, pass, position): views and orders come from counter-based
/// random numbers. A run that was stopped after any step and goes on from a `Checkpoint` therefore ends with the same bits as
/// one that was not, for any number of threads.
public final class Trainer {
  /// What decides the run, apart from the images.
  public let settings: TrainingSettings
  /// What it learns from.
  public let images: any ImageSource
  /// The head that metrics and evaluation look at; `EvaluatedHead` says how it is chosen.
  public let evaluatedHead: Int
  /// The encoder and the heads that it trains.
  package let learner: Learner
  let viewMaker: ViewMaker
  private let schedule: Schedule
  /// Where the run stands: before the next step.
  package private(set) var progress = Progress()
  /// Where the checkpoint stood that it goes on from; nil if it began anew.
  private(set) var resumedProgress: Progress?

  /// A run that has not begun.
  ///
  /// - Parameters:
  ///   - settings: what to do.
  ///   - images: what to learn from.
  ///   - initialWeights: what to start from; nil for random weights. It should be what the settings name.
  ///   - engine: what runs it.
  /// - Throws: `SeCuError` for settings out of range or that do not fit the images, for images whose labels or file names are not one an
  ///   image, for weights that don't fit the network, or for a run that needs more memory than there is.
  public convenience init(
    _ settings: TrainingSettings, images: any ImageSource, startingFrom initialWeights: InitialWeights? = nil,
    engine: Engine
  ) throws {
    try self.init(settings, images, engine, head: nil)
    try initialWeights?.apply(to: learner)
    guard settings.selfLabelling == nil || initialWeights?.hasCenters(for: settings) == true else {
      throw SeCuError(
        .usage,
        "self-labelling needs the encoder and the centers of a run with heads of "
          + settings.heads.map(String.init).joined(separator: ", ") + " clusters", at: initialWeights?.name,
        remedy: "Name such a run: --init RUN")
    }
  }

  /// - Parameter head: the one to be judged by; nil for the one that fits the images' classes.
  private init(_ settings: TrainingSettings, _ images: any ImageSource, _ engine: Engine, head: Int?) throws {
    try settings.validate(for: images)
    try settings.checkMemory(for: images, threads: engine.cores.threads)
    self.settings = settings
    self.images = images
    viewMaker = try ViewMaker(images, settings)
    learner = try Learner(settings, images: images.count, engine: engine)
    learner.initialize(seed: settings.seed)
    schedule = settings.schedule(images: images.count)
    evaluatedHead = head ?? EvaluatedHead.index(heads: settings.heads, classes: images.classCount)
  }

  /// Takes up the run of `checkpoint` where it stood. The head that it is judged by stays, whatever classes the images have by now.
  ///
  /// - Throws: `SeCuError` if the checkpoint is of another run: other settings, other images, other shapes.
  public convenience init(resuming checkpoint: Checkpoint, images: any ImageSource, engine: Engine) throws {
    // First, since settings that don't fit the images any more are no fault of the settings.
    let fingerprint = try ImageFingerprint(of: images)
    try checkpoint.check(fingerprint, of: images)
    try self.init(checkpoint.settings, images, engine, head: checkpoint.evaluatedHead)
    knownFingerprint = fingerprint
    progress = try checkpoint.restore(learner, images: images, evaluatedHead: evaluatedHead)
    resumedProgress = progress
  }

  /// Everything that `init(resuming:)` needs.
  ///
  /// - Throws: `SeCuError` of kind `.badData` if a weight or center is not finite; what reading an image throws.
  public func makeCheckpoint() throws -> Checkpoint {
    try Checkpoint(
      settings: settings, learner: learner, fingerprint: fingerprint(), evaluatedHead: evaluatedHead,
      progress: progress)
  }

  /// Taken once.
  private func fingerprint() throws -> ImageFingerprint {
    if let knownFingerprint { return knownFingerprint }
    let fingerprint = try ImageFingerprint(of: images)
    knownFingerprint = fingerprint
    return fingerprint
  }

  private var knownFingerprint: ImageFingerprint?

  /// Whether all epochs are done.
  public var isFinished: Bool { progress.epoch >= settings.epochs || isExhausted }

  /// Whether the run ended early, as self-labelling found no image to learn from in a whole epoch.
  public var isExhausted: Bool { progress.isExhausted ?? false }

  /// Whether it ended with the error that a loss, weight or center is no longer a finite number.
  private(set) var hasDiverged = false

  /// Seconds of training so far, those before an interruption and the handling of events included.
  public var seconds: Double { progress.seconds }

  /// The share of these seconds in which steps waited for their views, 0 to 1: for images to be read and augmented. Nil before the first
  /// step, and for a run whose beginning was not measured.
  public var dataWait: Double? {
    guard let waited = progress.viewSeconds, progress.seconds > 0 else { return nil }
    return waited / progress.seconds
  }

  /// Steps since the start of the run.
  var stepsDone: Int { progress.epoch * schedule.stepsPerEpoch + progress.step }

  // MARK: - The loop

  /// Trains until the last epoch is done: `run(shouldStop:handle:)` without a stop.
  ///
  /// - Throws: as that.
  public func run(handle: (TrainingEvent) throws -> Void = { _ in }) throws {
    try run(shouldStop: { false }, handle: handle)
  }

  /// Trains until the last epoch is done or `shouldStop` says so, which is asked before every step.
  ///
  /// - Parameter handle: receives the events; what it throws ends the run.
  /// - Throws: `SeCuError` of kind `.badData` if a loss, or at the end of an epoch a weight, is no longer finite, with the epoch and step and
  ///   what to change; what reading an image throws.
  public func run(shouldStop: () -> Bool, handle: (TrainingEvent) throws -> Void = { _ in }) throws {
    let secondsBefore = progress.seconds
    var pace = Pace()
    while !isFinished {
      if shouldStop() { return }
      if progress.step == 0 {
        learner.beginEpoch()
        pace.beginEpoch()
      }
      let ids = Array(batch(epoch: progress.epoch, step: progress.step))
      let wait = try ContinuousClock().measure { try makeViews(ids) } / .seconds(1)
      try step(ids)
      pace.add(images: ids.count, wait: wait)
      progress.seconds = secondsBefore + pace.seconds
      progress.viewSeconds = progress.viewSeconds.map { $0 + wait }
      let epoch = progress.epoch
      progress.step += 1
      let done = stepsDone
      let ended = progress.step == schedule.stepsPerEpoch ? try endEpoch(pace) : nil
      try handle(
        .stepped(
          StepReport(
            epoch: epoch, epochs: settings.epochs, stepsDone: done,
            stepsInAll: settings.epochs * schedule.stepsPerEpoch, stepsHere: pace.steps, imagesDone: pace.images,
            seconds: pace.seconds)))
      if let ended { try handle(.epochEnded(ended)) }
    }
  }

  /// Goes on to the next epoch, and tells about the one whose last step is done.
  private func endEpoch(_ pace: Pace) throws -> EpochReport {
    try checkWeights()
    let ended = try report(pace)
    progress.epoch += 1
    progress.step = 0
    (progress.representationLoss, progress.centerLoss, progress.labelsMoved) = (0, 0, 0)
    if progress.keptIn?.allSatisfy({ $0 == 0 }) == true { progress.isExhausted = true }
    (progress.keptIn, progress.highest) = (nil, nil)
    return ended
  }

  /// The images of one step: a stretch of its pass's permutation.
  private func batch(epoch: Int, step: Int) -> ArraySlice<Int> {
    let perPass = settings.stepsPerPass(images: images.count)
    let pass = epoch * settings.passesPerEpoch + step / perPass
    if pass != orderedPass {
      var stream = RandomStream(seed: settings.seed, purpose: .order, UInt32(truncatingIfNeeded: pass))
      order = stream.permutation(images.count)
      orderedPass = pass
    }
    return stretch(step % perPass)
  }

  /// The images of a step of the pass that is in order.
  private func stretch(_ step: Int) -> ArraySlice<Int> {
    order[min(order.count, step * settings.batch)..<min(order.count, (step + 1) * settings.batch)]
  }

  private var order: [Int] = []
  private var orderedPass = -1

  /// Makes the views of a batch, while the images of the next one begin to come from disk if that is where they are.
  ///
  /// All cores make views, and then all of them learn. To make the views of the next batch on a thread beside the step was tried: on two
  /// cores the steps of the compact network took as long or up to 6 % longer, by that thread's priority, because the others wait for
  /// the piece of work that it interrupts; and there is no more to win than the 2 % that views take.
  private func makeViews(_ ids: [Int]) throws {
    images.readAhead(stretch(progress.step % settings.stepsPerPass(images: images.count) + 1))
    try viewMaker.views(
      of: ids, seed: settings.seed, pass: orderedPass, cores: learner.engine.cores, into: learner.views.base)
  }

  /// Learns from the batch whose views are there.
  private func step(_ ids: [Int]) throws {
    let (epoch, step) = (progress.epoch, progress.step)
    let before = ids.map { learner.heads.labels[evaluatedHead][$0] }
    let (losses, found) = learner.learn(
      ids: ids, head: evaluatedHead, firstEpoch: epoch == 0, rate: schedule.rate(epoch: epoch, step: step),
      centerRate: schedule.centerRate(epoch: epoch, step: step))
    guard losses.representation.isFinite, losses.center.isFinite else {
      let loss = losses.representation.isFinite ? "center loss" : "representation loss"
      let tensor = learner.firstNonFinite.map { "; the first tensor that is not finite is \($0)" } ?? ""
      hasDiverged = true
      throw SeCuError.divergence("the \(loss) is no longer a finite number\(tensor)", at: progress.place, settings)
    }
    if let found {
      progress.keptIn = progress.keptIn.map { zip($0, found.keptIn).map(+) } ?? found.keptIn
      progress.highest = max(progress.highest ?? 0, found.highest)
    }
    progress.representationLoss += losses.representation
    progress.centerLoss += losses.center
    for (id, label) in zip(ids, before) where learner.heads.labels[evaluatedHead][id] != label {
      progress.labelsMoved += 1
    }
  }

  /// Throws if the step that was just done left a weight or center that is not finite, which no later loss may tell.
  private func checkWeights() throws {
    guard let broken = learner.firstNonFinite else { return }
    hasDiverged = true
    throw SeCuError.divergence(
      "\(broken) holds numbers that are not finite", at: progress.placeBefore(stepsPerEpoch: schedule.stepsPerEpoch),
      settings)
  }

  /// What this run's numbers say about its health.
  public var health: RunHealth { RunHealth(settings, images: images.count, evaluatedHead: evaluatedHead) }

  private func report(_ pace: Pace) throws -> EpochReport {
    let labels = learner.heads.labels[evaluatedHead].map(Int.init)
    let sizes = clusterSizes(labels, clusters: settings.heads[evaluatedHead])
    // Where every image is a cluster of its own there is nothing to score, and there may be more clusters than can be matched.
    let isClustering = settings.constraint.kind != .instance || settings.selfLabelling != nil
    let scores = try (isClustering ? images.labels : nil).map {
      try ClusteringScores(clusterLabels: labels, classLabels: $0)
    }
    let steps = Double(schedule.stepsPerEpoch)
    var report = EpochReport(
      epoch: progress.epoch, step: stepsDone, representationLoss: progress.representationLoss / steps,
      centerLoss: progress.centerLoss / steps,
      rate: schedule.rate(epoch: progress.epoch, step: schedule.stepsPerEpoch - 1), seconds: progress.seconds,
      imagesPerSecond: pace.imagesPerSecond, dataWait: pace.dataWait, smallestCluster: sizes.min() ?? 0,
      largestCluster: sizes.max() ?? 0,
      emptyClusters: sizes.count { $0 == 0 },
      labelsMoved: Double(progress.labelsMoved) / Double(images.count * settings.passesPerEpoch),
      centerMovement: learner.heads.centerMovement()[evaluatedHead],
      acc: scores?.accuracy, nmi: scores?.nmi, ari: scores?.ari)
    if case .size = settings.constraint, settings.selfLabelling == nil {
      report.dualSpread = learner.heads.dualSpread
    }
    report.unsureClusters = progress.keptIn?.count { $0 == 0 }
    report.kept = progress.keptIn.map { Double($0.reduce(0, +)) / Double(images.count * settings.passesPerEpoch) }
    report.highestConfidence = progress.highest.map(Double.init)
    report.warnings = health.warnings(report).map(\.kind)
    return report
  }
}
