extension Trainer {
  /// How fast steps follow each other, in one call of `run` and in the epoch that it is in.
  struct Pace {
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var epochStart: ContinuousClock.Instant
    private var epochImages = 0, epochWait = 0.0
    /// What this call did.
    private(set) var steps = 0, images = 0
    /// To the end of the last step, from the start and from where its epoch began.
    private(set) var seconds = 0.0
    private var epochSeconds = 0.0

    /// Starts now, perhaps amid an epoch.
    init() {
      start = clock.now
      epochStart = start
    }

    mutating func beginEpoch() { (epochStart, epochImages, epochWait) = (clock.now, 0, 0) }

    /// Takes in a step that has just ended.
    ///
    /// - Parameters:
    ///   - count: the images that it learnt from.
    ///   - wait: the seconds in which it waited for their views.
    mutating func add(images count: Int, wait: Double) {
      let now = clock.now
      (seconds, epochSeconds) = ((now - start) / .seconds(1), (now - epochStart) / .seconds(1))
      steps += 1
      images += count
      epochImages += count
      epochWait += wait
    }

    /// Of this epoch, or as much of it as this call did.
    var imagesPerSecond: Double { Double(epochImages) / epochSeconds }
    /// The share of the epoch in which steps waited for their views, 0 to 1.
    var dataWait: Double { epochWait / epochSeconds }
  }
}
