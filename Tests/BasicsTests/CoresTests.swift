import Synchronization
import Testing

@testable import Basics

@Suite struct CoresTests {
  @Test(arguments: [1, 2, 3, 7], [0, 1, 2, 100])
  func everyTaskRunsOnce(threads: Int, tasks: Int) {
    let counts = Mutex([Int](repeating: 0, count: tasks))
    let workers = Mutex(Set<Int>())
    Cores(threads: threads).run(tasks) { task, worker in
      counts.withLock { $0[task] += 1 }
      _ = workers.withLock { $0.insert(worker) }
    }
    #expect(counts.withLock { $0 } == [Int](repeating: 1, count: tasks))
    #expect(workers.withLock { $0.allSatisfy { $0 < threads } })
  }
}
