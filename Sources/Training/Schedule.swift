import Foundation

/// How the centers' learning rate changes over a run.
public enum CenterSchedule: String, Codable, CaseIterable, Sendable {
  /// The same rate from the first step to the last.
  case constant
  /// From 0 up to the full rate along half a cosine, rate · (1 − cos(π·t/T))/2 in step t of T, as the published ImageNet program has
  /// it with the entropy constraint.
  case cosineRise
}

/// The learning rates of the encoder and of the centers, step by step.
///
/// The encoder's is 0 in the first epoch, linear to the end of warm-up, then cosine to 0 (unless `isConstant`, as for self-labelling):
///
///     epoch 0                          0
///     epochs 1 ..< warmup              rate · (t − s)/((warmup − 1)·s)      at least one step's worth
///     epochs warmup ..< epochs         rate · (1 + cos(π·(t − warmup·s)/((epochs − warmup)·s)))/2
///
/// t counts steps from the start of the run, s is the number of steps in an epoch. In the first epoch the encoder stands still
/// while the centers find their places; momentum and batch-norm statistics move all the same. `CenterSchedule` says how the centers'
/// rate goes.
public struct Schedule: Sendable {
  /// The encoder's highest rate, 0 or more.
  public let rate: Float
  /// 1 or more.
  public let epochs: Int
  /// The epochs before the rate falls, 0 or more.
  public let warmupEpochs: Int
  /// 1 or more.
  public let stepsPerEpoch: Int
  /// The centers' highest rate, 0 or more.
  public let centerRate: Float
  /// How the centers' rate changes.
  public let centers: CenterSchedule
  /// Whether the encoder's rate is the same in every step, from the first on.
  public let isConstant: Bool

  /// - Parameters:
  ///   - rate: the encoder's highest rate.
  ///   - epochs: how many there are, 1 or more.
  ///   - warmupEpochs: the epochs before the cosine, epoch 0 among them.
  ///   - stepsPerEpoch: 1 or more.
  ///   - centerRate: the centers' highest rate.
  ///   - centers: how the centers' rate changes.
  ///   - isConstant: keeps the encoder at `rate` throughout.
  public init(
    rate: Float, epochs: Int, warmupEpochs: Int, stepsPerEpoch: Int, centerRate: Float,
    centers: CenterSchedule = .constant, isConstant: Bool = false
  ) {
    self.rate = rate
    self.epochs = epochs
    self.warmupEpochs = warmupEpochs
    self.stepsPerEpoch = stepsPerEpoch
    self.centerRate = centerRate
    self.centers = centers
    self.isConstant = isConstant
  }

  /// The encoder's rate in step `step` of epoch `epoch`, both counted from 0.
  public func rate(epoch: Int, step: Int) -> Float {
    if isConstant { return rate }
    if epoch == 0 { return 0 }
    let at = steps(epoch, step), warm = steps(warmupEpochs), last = steps(epochs)
    if epoch < warmupEpochs {
      return Float(Double(rate) * max(1, at - steps(1)) / (warm - steps(1)))
    }
    return Float(Double(rate) * (1 + cos(.pi * (at - warm) / (last - warm))) / 2)
  }

  /// The centers' rate in step `step` of epoch `epoch`, both counted from 0.
  public func centerRate(epoch: Int, step: Int) -> Float {
    switch centers {
    case .constant: return centerRate
    case .cosineRise:
      return Float(Double(centerRate) * (1 - cos(.pi * steps(epoch, step) / steps(epochs))) / 2)
    }
  }

  /// Steps of so many epochs, and so many more.
  private func steps(_ epochs: Int, _ more: Int = 0) -> Double { Double(epochs) * Double(stepsPerEpoch) + Double(more) }
}
