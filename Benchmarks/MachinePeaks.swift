import Basics
import Kernels

/// What this machine can do at most, measured: the yardsticks of all cases.
struct MachinePeaks: Equatable {
  /// Multiply-adds on registers, in FLOP/s: of one core, and of all threads at once.
  let oneCoreFlops: Double
  let allThreadsFlops: Double
  /// Bytes a second that all threads copy between arrays too large for the caches, reads and writes counted.
  let copyBandwidth: Double
  /// Bytes of each of the two arrays.
  let copyBytes: Int

  /// Other programs can only slow a measurement down, so that the fastest run is the nearest to the truth. It counts once
  /// so many runs have not beaten it by half a percent.
  static let unbeaten = 15
  static let mostRuns = 100
  /// A run of multiply-adds is short, so that some of many fall between two turns of other programs, and they cost no more than the
  /// copies do.
  static let unbeatenProbes = 10 * unbeaten
  static let mostProbes = 10 * mostRuns

  /// Takes about a second.
  ///
  /// - Parameter clock: as `Measurement` has it, read before and after each run.
  static func measured(on engine: Engine, clock: () -> Double = Measurement.uptime) -> MachinePeaks {
    let threads = engine.cores.threads
    let oneCore = multiplyAddPeak(on: engine, threads: 1, clock)
    let allThreads = threads == 1 ? oneCore : multiplyAddPeak(on: engine, threads: threads, clock)
    let bytes = copyBytes(cacheBytes: Platform.lastLevelCacheBytes, memoryBytes: Int(Machine.memoryLimit.bytes))
    return MachinePeaks(
      oneCoreFlops: oneCore,
      // All threads can do what one of them does.
      allThreadsFlops: max(oneCore, allThreads),
      copyBandwidth: copyBandwidth(bytes: bytes, cores: engine.cores, clock), copyBytes: bytes)
  }

  /// Four times the cache, so that little of one copy is still there for the next; from 64 MiB to 1 GiB, and never more
  /// than an eighth of the memory.
  static func copyBytes(cacheBytes: Int?, memoryBytes: Int) -> Int {
    let (wanted, overflows) = (cacheBytes ?? 16 << 20).multipliedReportingOverflow(by: 4)
    return min(max(overflows ? .max : wanted, 64 << 20), 1 << 30, max(1 << 20, memoryBytes / 8))
  }

  private static func multiplyAddPeak(on engine: Engine, threads: Int, _ clock: () -> Double) -> Double {
    let cores = Cores(threads: threads), kernels = engine.kernels
    // About 1 ms on a core that does 100 GFLOP/s, and some of them on a slow one.
    let steps = 100_000_000 / kernels.peakFlopsPerStep
    let sums = FloatBuffer(threads)
    return best(unbeaten: unbeatenProbes, most: mostProbes, clock) {
      cores.run(threads) { task, _ in sums.base[task] = kernels.multiplyAddPeak(steps) }
      precondition(sums.values.allSatisfy(\.isFinite), "the sums of the peak measurement are finite by construction")
    } * Double(threads * steps * kernels.peakFlopsPerStep)
  }

  /// Each thread copies its own stretch with the system's `memcpy`.
  private static func copyBandwidth(bytes: Int, cores: Cores, _ clock: () -> Double) -> Double {
    let floats = bytes / 4
    let source = FloatBuffer(floats), target = FloatBuffer(floats)
    source.base.update(repeating: 1.5, count: floats)
    let stretch = (floats + cores.threads - 1) / cores.threads
    let copies = best(unbeaten: unbeaten, most: mostRuns, clock) {
      cores.run(cores.threads) { task, _ in
        let start = min(floats, task * stretch), end = min(floats, start + stretch)
        (target.base + start).update(from: source.base + start, count: end - start)
      }
      precondition(target.base[floats - 1] == source.base[floats - 1], "the copy is complete")
    }
    return copies * Double(2 * 4 * floats)
  }

  /// How often a second `work` runs at its fastest, after one run that doesn't count.
  private static func best(unbeaten: Int, most: Int, _ clock: () -> Double, _ work: () -> Void) -> Double {
    work()
    var fastest = Double.infinity, since = 0, runs = 0
    while since < unbeaten, runs < most {
      let start = clock()
      work()
      let seconds = clock() - start
      since = seconds < 0.995 * fastest ? 0 : since + 1
      fastest = min(fastest, seconds)
      runs += 1
    }
    return 1 / fastest
  }
}

/// Figures of the peaks, and doubts about them.
extension MachinePeaks {
  /// The fields of a JSON line.
  var fields: [(name: String, value: any Encodable)] {
    [("peak_gflops", rounded(allThreadsFlops / 1e9)), ("copy_gbs", rounded(copyBandwidth / 1e9))]
  }

  /// What a reader has to know who takes the peak of all threads for the machine's; nil where it is what the cores promise.
  func doubt(threads: Int, processors: Int) -> String? {
    let cores = min(threads, processors), times = allThreadsFlops / oneCoreFlops
    guard times < 0.8 * Double(cores) else { return nil }
    return "all threads reach \(Table.number(times)) times one core: the other processors are busy, or share its units"
  }
}
