import Basics
import Kernels

/// Drives what the caches hold out of them, by reading something larger.
///
/// Every thread of the run reads all of a block of twice the last-level caches, a float of each cache line, so that its processor's own caches
/// and the shared one end up with the end of that block. It is only read: written lines would have to go back to memory during the call
/// that is measured. Translation buffers are emptied along the way; branch predictors and the instruction cache are not.
final class CacheEviction {
  private let block: FloatBuffer
  private let sums: FloatBuffer
  private let cores: Cores

  init(cacheBytes: Int? = Platform.lastLevelCacheBytes, cores: Cores) {
    block = FloatBuffer(Self.blockBytes(cacheBytes: cacheBytes, memoryBytes: Int(Machine.memoryLimit.bytes)) / 4)
    sums = FloatBuffer(cores.threads)
    self.cores = cores
  }

  /// Twice the caches (of 32 MiB, where the system doesn't tell), from 16 MiB to 1 GiB and at most an eighth of the memory.
  static func blockBytes(cacheBytes: Int?, memoryBytes: Int) -> Int {
    let (wanted, overflows) = (cacheBytes ?? 32 << 20).multipliedReportingOverflow(by: 2)
    return min(max(overflows ? .max : wanted, 16 << 20), 1 << 30, max(1 << 20, memoryBytes / 8))
  }

  func run() {
    let block = block, sums = sums
    cores.run(cores.threads) { task, _ in
      var sum: Float = 0
      for line in stride(from: 0, to: block.count, by: 16) { sum += block.base[line] }
      sums.base[task] = sum
    }
    precondition(sums.values.allSatisfy { $0 == 0 }, "the block holds zeros, and has been read")
  }
}
