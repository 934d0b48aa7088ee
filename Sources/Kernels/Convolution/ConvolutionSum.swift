import MicrokernelInterface

/// What computes forward or the input gradient, which are one sum: source and target are x and y, or dy and dx.
///
///     target[pixel, co] (+)= Σ over the taps that pair it with a pixel of the source, Σ over ci   source · weights
protocol ConvolutionSum {
  /// Computes the targets of the first `count` images of the batch.
  ///
  /// - Parameters:
  ///   - normalizing: what is put before the source, or nil.
  ///   - weights: w as it is, for both passes.
  ///   - accumulate: adds to the target instead of replacing it.
  ///   - statistics: receives the sums over what is written, in as many parts as `parts` says; without `accumulate`.
  func run(
    on engine: Engine, source: UnsafePointer<Float>, normalizing: InputNormalization?, weights: UnsafePointer<Float>,
    target: UnsafeMutablePointer<Float>, count: Int, accumulate: Bool, statistics: OutputStatistics?)

  /// How many tasks write to the target of `count` images in `groups` that have statistics of their own.
  func parts(count: Int, groups: Int, _ kernels: any MicrokernelTable.Type) -> Int
}

/// What computes the gradient with respect to w.
protocol WeightGradientSum {
  /// Computes dw over the first `count` images of the batch.
  ///
  /// - Parameters:
  ///   - normalizing: what is put before x, or nil.
  ///   - accumulate: adds to dw instead of replacing it.
  func run(
    on engine: Engine, x: UnsafePointer<Float>, normalizing: InputNormalization?, dy: UnsafePointer<Float>,
    dw: UnsafeMutablePointer<Float>, count: Int, accumulate: Bool)
}
