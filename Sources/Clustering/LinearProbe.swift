import Basics
import Foundation
import Kernels

/// A linear classifier on features that stand still: how much of the classes the features hold, in the simplest form.
///
/// Multinomial logistic regression, of n training images with class c_i, unit features x_i, weights W [C, d] and biases b:
///
///     f(W, b) = −(1/n) Σ_i ln softmax(W·x_i + b)[c_i]  +  (λ/2)·‖W‖²              biases are free, as in scikit-learn
///     ∂f/∂W = (1/n) Σ_i (softmax(W·x_i + b) − onehot(c_i))·x_iᵀ + λ·W
///
/// f is convex, so that its minimum depends on no random start; L-BFGS finds it. Products run in Float in blocks of rows, and blocks
/// are summed in Double, in order: the result has the same bits for any number of threads. Checked against scikit-learn's
/// LogisticRegression with C = 1/(λn).
public struct LinearProbe: Sendable, Equatable {
  /// λ, above 0 and finite.
  public var penalty: Double
  /// The most steps of L-BFGS, 0 or more.
  public var mostIterations: Int
  /// The largest component of the gradient to end at, 0 or more.
  public var tolerance: Double

  /// - Parameters: as the properties have them.
  public init(penalty: Double = 1e-4, mostIterations: Int = 500, tolerance: Double = 1e-5) {
    self.penalty = penalty
    self.mostIterations = mostIterations
    self.tolerance = tolerance
  }

  /// A classifier that was fitted.
  public struct Classifier: Sendable, Equatable {
    /// The classes that the training images had, ascending.
    public let classes: [Int]
    /// W, [C, d].
    public let weights: [Float]
    /// b, [C].
    public let biases: [Float]
    /// The steps it took.
    public let iterations: Int
    /// The largest component of the gradient in the end; above the tolerance if the steps ran out.
    public let largestGradient: Double
  }

  /// Fits a classifier.
  ///
  /// - Parameters:
  ///   - features: n × d.
  ///   - labels: the class of each image, 0 or more.
  /// - Returns: nil for fewer than two classes.
  /// - Throws: `SeCuError` of kind `.badData` unless there is a class for each image, of kind `.usage` for properties out of range.
  public func fit(_ features: Features, labels: [Int], on engine: Engine) throws -> Classifier? {
    guard penalty > 0, penalty.isFinite, mostIterations >= 0, tolerance >= 0 else {
      throw SeCuError(
        .usage,
        "expected a penalty above 0, and iterations and a tolerance of 0 or more, found \(penalty), \(mostIterations) "
          + "and \(tolerance)", at: "linear probe", remedy: "1e-4, 500 and 1e-5 are usual")
    }
    try features.check(labels, name: "class labels")
    let classes = Set(labels).sorted()
    guard classes.count >= 2 else { return nil }
    let places = Dictionary(uniqueKeysWithValues: zip(classes, classes.indices))
    let objective = ProbeObjective(
      features, labels: labels.map { places[$0] ?? 0 }, classes: classes.count, penalty: penalty, engine)
    let minimum = LBFGS(mostIterations: mostIterations, tolerance: tolerance).minimize(
      from: [Double](repeating: 0, count: classes.count * (features.dimension + 1)), objective.evaluate)
    let point = minimum.point.map { Float($0) }, weights = classes.count * features.dimension
    return Classifier(
      classes: classes, weights: Array(point[..<weights]), biases: Array(point[weights...]),
      iterations: minimum.iterations, largestGradient: minimum.largestGradient)
  }
}

extension LinearProbe.Classifier {
  /// The share of images that are told their class, 0 to 1; nil if there is no image.
  ///
  /// - Parameters:
  ///   - features: n × d, d that of the training images.
  ///   - labels: the class of each image; one that the training images didn't have is never told.
  /// - Throws: `SeCuError` of kind `.badData` unless there is a class for each image and d fits.
  public func accuracy(_ features: Features, labels: [Int], on engine: Engine) throws -> Double? {
    try features.check(labels, name: "class labels")
    let d = weights.count / classes.count
    guard features.dimension == d else {
      throw SeCuError(
        .badData, "expected features of \(d) numbers, found \(features.dimension)", at: "features",
        remedy: "Give features of the kind that the probe was fitted to")
    }
    var right = 0
    forEachBlockOfLogits(features, weights, biases, engine) { first, rows, logits in
      for row in 0..<rows {
        let scores = logits + row * classes.count
        let best = classes.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
        if classes[best] == labels[first + row] { right += 1 }
      }
    }
    return features.count == 0 ? nil : Double(right) / Double(features.count)
  }
}

/// Calls `body` with W·x + b of every image, a block of rows [rows, C] at a time, which it may overwrite.
private func forEachBlockOfLogits(
  _ features: Features, _ weights: [Float], _ biases: [Float], _ engine: Engine,
  _ body: (_ first: Int, _ rows: Int, _ logits: UnsafeMutablePointer<Float>) -> Void
) {
  let d = features.dimension, classes = biases.count, most = max(1, min(features.count, 4096))
  let logits = FloatBuffer(most * classes)
  features.withPointer { x in
    weights.withUnsafeBufferPointer { weights in
      biases.withUnsafeBufferPointer { biases in
        guard let w = weights.baseAddress, let b = biases.baseAddress else { return }
        for first in stride(from: 0, to: features.count, by: most) {
          let rows = min(most, features.count - first)
          engine.gemm(
            Matrix(x + first * d, rows: rows, columns: d), Matrix(w, rows: classes, columns: d).t, into: logits.base,
            bias: b)
          body(first, rows, logits.base)
        }
      }
    }
  }
}

/// f and its gradient.
private final class ProbeObjective {
  private let features: Features
  private let labels: [Int]
  private let classes: Int
  private let penalty: Double
  private let engine: Engine
  private let blockGradient: FloatBuffer
  private var losses: [Double]

  init(_ features: Features, labels: [Int], classes: Int, penalty: Double, _ engine: Engine) {
    self.features = features
    self.labels = labels
    self.classes = classes
    self.penalty = penalty
    self.engine = engine
    blockGradient = FloatBuffer(classes * features.dimension)
    losses = [Double](repeating: 0, count: features.count)
  }

  /// The point is W, then b; so is the gradient.
  func evaluate(_ point: [Double], _ gradient: inout [Double]) -> Double {
    let d = features.dimension, count = classes * d, share = 1 / Double(features.count)
    let values = point.map { Float($0) }
    for i in gradient.indices { gradient[i] = 0 }
    features.withPointer { x in
      forEachBlockOfLogits(features, Array(values[..<count]), Array(values[count...]), engine) { first, rows, logits in
        softmax(first, rows, logits)
        engine.gemm(
          Matrix(logits, rows: rows, columns: classes).t, Matrix(x + first * d, rows: rows, columns: d),
          into: blockGradient.base)
        for i in 0..<count { gradient[i] += Double(blockGradient.base[i]) }
        for row in 0..<rows {
          for c in 0..<classes { gradient[count + c] += Double(logits[row * classes + c]) }
        }
      }
    }
    var squares = 0.0
    for i in 0..<count {
      gradient[i] = gradient[i] * share + penalty * point[i]
      squares += point[i] * point[i]
    }
    for i in count..<gradient.count { gradient[i] *= share }
    return losses.reduce(0, +) * share + penalty / 2 * squares
  }

  /// Turns logits into softmax − onehot and notes each image's −ln softmax[c].
  private func softmax(_ first: Int, _ rows: Int, _ logits: UnsafeMutablePointer<Float>) {
    let kernels = engine.kernels, classes = classes
    losses.withUnsafeMutableBufferPointer { losses in
      // Safe: every row writes its own place.
      nonisolated(unsafe) let losses = losses
      engine.runRows(rows, flopsPerRow: 60 * classes) { row in
        let scores = logits + row * classes, label = labels[first + row]
        let own = scores[label]
        let (most, sum) = kernels.exponentialsAndSum(scores, 1, classes, scores)
        kernels.scale(scores, 1 / sum, classes, scores)
        scores[label] -= 1
        losses[first + row] = log(Double(sum)) + Double(most) - Double(own)
      }
    }
  }
}

/// Halves of a data set, each class shared out evenly: what a probe is trained on and what it is tested on.
public struct StratifiedHalves: Sendable, Equatable {
  /// The images to fit to, ascending. A class with an odd number of images has one more here.
  public let training: [Int]
  /// The other images, ascending.
  public let test: [Int]

  /// - Parameters:
  ///   - labels: the class of each image.
  ///   - seed: decides which half an image is in.
  public init(_ labels: [Int], seed: UInt64 = 0) {
    var members: [Int: [Int]] = [:]
    for (image, label) in labels.enumerated() { members[label, default: []].append(image) }
    var training: [Int] = [], test: [Int] = []
    for (place, label) in members.keys.sorted().enumerated() {
      let images = members[label] ?? []
      var stream = RandomStream(seed: seed, purpose: .split, UInt32(truncatingIfNeeded: place))
      let order = stream.permutation(images.count).map { images[$0] }
      training += order[..<((images.count + 1) / 2)]
      test += order[((images.count + 1) / 2)...]
    }
    (self.training, self.test) = (training.sorted(), test.sorted())
  }
}
