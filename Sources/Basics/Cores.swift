import Foundation
import Synchronization

/// The cores that a computation may use.
///
/// Work is cut into tasks whose number and bounds depend on the problem alone, never on `threads`; cores take the next
/// task when they are free. As long as a task writes only what no other task touches, the result has the same bits for
/// any number of threads.
public struct Cores: Sendable {
  /// How many cores share the work, 1…4,096.
  public let threads: Int

  /// - Parameter threads: brought into its range; the cores that are in use unless given.
  public init(threads: Int = ProcessInfo.processInfo.activeProcessorCount) {
    self.threads = min(max(1, threads), 1 + WorkerPool.mostHelpers)
  }

  /// Calls `body(task, worker)` once for every task in 0..<`tasks` and returns when all calls have returned.
  ///
  /// - Parameters:
  ///   - tasks: the number of pieces. Handing one over takes about 1 µs while the other cores are still watching for work
  ///     (`WorkerPool`) and some 30 µs when they sleep: pieces should take a few µs or more, and a computation that takes less than
  ///     10 µs in total should be one piece.
  ///   - body: runs concurrently with itself. `worker` is in 0..<`threads`, and no two calls that run at the same time
  ///     share one, so it may index scratch memory.
  package func run(_ tasks: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
    let workers = min(threads, tasks)
    if workers <= 1 {
      var task = 0
      while task < tasks {
        body(task, 0)
        task += 1
      }
      return
    }
    let next = Atomic<Int>(0)
    WorkerPool.shared.run(helpers: workers - 1) { worker in
      while true {
        let task = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if task >= tasks { return }
        body(task, worker)
      }
    }
  }

  /// As `run`, for tasks that may fail.
  ///
  /// - Throws: the error of the first task, by its number, that failed; later ones may not have been begun.
  package func runThrowing(_ tasks: Int, _ body: (_ task: Int, _ worker: Int) throws -> Void) throws {
    let failure = Mutex<(any Error)?>(nil)
    let firstToFail = Atomic<Int>(.max)
    run(tasks) { task, worker in
      // Tasks before the one that failed must run, whichever thread is late: the first error is to be the same each time.
      if task > firstToFail.load(ordering: .relaxed) { return }
      do {
        try body(task, worker)
      } catch {
        failure.withLock { first in
          guard task < firstToFail.load(ordering: .relaxed) else { return }
          firstToFail.store(task, ordering: .relaxed)
          first = error
        }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }
}
