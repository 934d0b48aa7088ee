import Foundation

/// The encoder's learning rate, step by step: 0 in the first epoch, linear to the end of warm-up, then cosine to 0.
///
///     epoch 0                          0
///     epochs 1 ..< warmup              rate · (t − s)/((warmup − 1)·s)      at least one step's worth
///     epochs warmup ..< epochs         rate · (1 + cos(π·(t − warmup·s)/((epochs − warmup)·s)))/2
///
/// t counts steps from the start of the run, s is the number of steps in an epoch. In the first epoch the encoder stands still
/// while the centers find their places; momentum and batch-norm statistics move all the same. The centers' rate is constant.
public struct Schedule: Sendable {
  public let rate: Float
  public let epochs: Int
  public let warmupEpochs: Int
  public let stepsPerEpoch: Int

  /// - Parameters:
  ///   - rate: the highest rate.
  ///   - warmupEpochs: the epochs before the cosine, epoch 0 among them.
  public init(rate: Float, epochs: Int, warmupEpochs: Int, stepsPerEpoch: Int) {
    self.rate = rate
    self.epochs = epochs
    self.warmupEpochs = warmupEpochs
    self.stepsPerEpoch = stepsPerEpoch
  }

  /// The rate of step `step` of epoch `epoch`, both counted from 0.
  public func rate(epoch: Int, step: Int) -> Float {
    if epoch == 0 { return 0 }
    let at = Double(epoch * stepsPerEpoch + step), perEpoch = Double(stepsPerEpoch)
    let warm = Double(warmupEpochs) * perEpoch, last = Double(epochs) * perEpoch
    if epoch < warmupEpochs {
      return Float(Double(rate) * max(1, at - perEpoch) / (warm - perEpoch))
    }
    return Float(Double(rate) * (1 + cos(.pi * (at - warm) / (last - warm))) / 2)
  }
}
