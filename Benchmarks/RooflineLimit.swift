/// The least time that work can take on a machine, after S. Williams, A. Waterman and D. Patterson, "Roofline: An Insightful Visual
/// Performance Model for Multicore Architectures", Communications of the ACM 52(4), 2009:
///
///     limit = max( flops / peak, bytes / bandwidth )
///
/// The FLOPs are those that the chosen algorithm carries out, the bytes those of the tensors that each pass must read or write, the peak and the
/// bandwidth those measured for the same instruction set and threads. Work whose operands are still in a cache can be faster.
struct RooflineLimit: Equatable {
  var flops: Int
  var bytes: Int
  var seconds: Double
  /// Whether the multiply-add units are the limit, or else memory.
  var isComputeBound: Bool

  init(flops: Int, bytes: Int, peaks: MachinePeaks) {
    let compute = Double(flops) / peaks.allThreadsFlops, memory = Double(bytes) / peaks.copyBandwidth
    (self.flops, self.bytes) = (flops, bytes)
    seconds = max(compute, memory)
    isComputeBound = compute >= memory
  }

  /// FLOPs for each byte: the arithmetic intensity.
  var intensity: Double { Double(flops) / Double(max(1, bytes)) }

  /// What `seconds` take more than the limit, in seconds; 0 for those that beat it.
  func lost(_ median: Double) -> Double { max(0, median - seconds) }
}

extension Benchmark.Work {
  /// - Parameter executedFlops: those of the algorithm, where they differ from those of the definition.
  /// - Returns: nil for images.
  func limit(executedFlops: Int?, peaks: MachinePeaks) -> RooflineLimit? {
    counted.map { RooflineLimit(flops: executedFlops ?? $0.flops, bytes: $0.bytes, peaks: peaks) }
  }
}
