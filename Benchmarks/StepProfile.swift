import Networks
import Training

/// Where the time of training steps goes: the clock is read whenever an operation ends, and the time since the last reading is that
/// operation's.
final class StepProfile {
  /// A piece of a step.
  enum Part: Hashable {
    case augmentation
    case network(NetworkOperation)
    case learner(Learner.StepPart)
  }

  /// The parts in the order in which they first ended.
  private(set) var parts: [Part] = []
  private var places: [Part: Int] = [:]
  /// Of each step, the seconds of each part and of the whole.
  private(set) var steps: [(parts: [Double], whole: Double)] = []
  private let clock: () -> Double
  private var start = 0.0
  private var last = 0.0
  private var current: [Double] = []

  init(clock: @escaping () -> Double = Measurement.uptime) {
    self.clock = clock
  }

  func beginStep() {
    current = [Double](repeating: 0, count: parts.count)
    start = clock()
    last = start
  }

  func ended(_ part: Part) {
    let now = clock()
    let place = places[part] ?? parts.count
    if place == parts.count {
      places[part] = place
      parts.append(part)
      current.append(0)
    }
    current[place] += now - last
    last = clock()
  }

  func endStep() {
    steps.append((current, clock() - start))
  }

  /// The mean over the middle half of the steps, by their whole time: of each part, and of the step. Slow and fast steps at both ends
  /// don't count, and the parts of what remains add up to the whole, which medians of parts would not.
  func average() -> (parts: [Double], whole: Double, count: Int) {
    let sorted = steps.sorted { $0.whole < $1.whole }
    let middle = sorted.dropFirst(steps.count / 4).dropLast(steps.count / 4), count = Double(middle.count)
    let sums = parts.indices.map { place in
      middle.reduce(0) { $0 + (place < $1.parts.count ? $1.parts[place] : 0) } / count
    }
    return (sums, middle.reduce(0) { $0 + $1.whole } / count, middle.count)
  }
}
