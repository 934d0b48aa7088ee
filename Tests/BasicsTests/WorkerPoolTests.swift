import Foundation
import Synchronization
import Testing

@testable import Basics

@Suite struct WorkerPoolTests {
  /// Far more jobs than the pool can keep up with, some so short that no helper comes, from an empty pool to a full one.
  @Test func everyTaskOfManyJobsRunsOnce() {
    for job in 0..<3000 {
      let tasks = 1 + job % 17
      let counts = (0..<tasks).map { _ in Counter() }
      Cores(threads: 1 + job % 5).run(tasks) { task, _ in counts[task].value.add(1, ordering: .relaxed) }
      #expect(counts.allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
    }
  }

  /// A worker's number belongs to one thread at a time, however many threads there are.
  @Test(arguments: [2, 3, 16])
  func workersDoNotShareNumbers(threads: Int) {
    let inUse = (0..<threads).map { _ in Counter() }
    for _ in 0..<200 {
      Cores(threads: threads).run(50) { _, worker in
        let before = inUse[worker].value.wrappingAdd(1, ordering: .relaxed).oldValue
        #expect(before == 0)
        inUse[worker].value.subtract(1, ordering: .relaxed)
      }
    }
  }

  /// Workers that have gone to sleep come back, and what they are waited for is done when `run` returns.
  @Test func slowTasksAreWaitedFor() async throws {
    for _ in 0..<5 {
      let done = Counter()
      Cores(threads: 3).run(3) { _, _ in
        Thread.sleep(forTimeInterval: 0.001)
        done.value.add(1, ordering: .relaxed)
      }
      #expect(done.value.load(ordering: .relaxed) == 3)
      try await Task.sleep(for: .milliseconds(2))
    }
  }

  /// Helpers do come, which everything that is tested on several threads relies on; each has its own number, job after job.
  @Test func helpersTakePart() {
    let pool = WorkerPool()
    for _ in 0..<20 {
      let calls = (0..<4).map { _ in Counter() }
      #expect(pool.meet(helpers: 3) { calls[$0].value.add(1, ordering: .relaxed) } == 4)
      #expect(calls.allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
    }
  }

  /// A task may hand out tasks itself; the pool is taken, so they run on its own thread.
  @Test func nestedJobsRun() {
    let pool = WorkerPool(), count = Counter()
    let workers = pool.meet(helpers: 2) { _ in
      pool.run(helpers: 2) { worker in
        #expect(worker == 0)
        count.value.add(1, ordering: .relaxed)
      }
    }
    #expect(workers == 3 && count.value.load(ordering: .relaxed) == 3)
  }

  /// Several computations at once: one has the pool, the others work alone.
  @Test func jobsOfSeveralThreadsRun() async {
    let count = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<500 {
            Cores(threads: 2).run(7) { _, _ in count.value.add(1, ordering: .relaxed) }
          }
        }
      }
    }
    #expect(count.value.load(ordering: .relaxed) == 4 * 500 * 7)
  }
}

private final class Counter: Sendable {
  let value = Atomic<Int>(0)
}
