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

  @Test func `threads are brought into their range`() {
    #expect([.min, 0, 1, 4096, 4097, .max].map { Cores(threads: $0).threads } == [1, 1, 1, 4096, 4096, 4096])
  }

  @Test(arguments: [1, 2, 7])
  func theFirstTaskToFailIsReported(threads: Int) throws {
    for _ in 0..<50 {
      let done = Mutex(Set<Int>())
      let error = #expect(throws: SeCuError.self) {
        try Cores(threads: threads).runThrowing(40) { task, _ in
          if [11, 12, 30].contains(task) { throw SeCuError(.badData, "\(task)") }
          _ = done.withLock { $0.insert(task) }
        }
      }
      #expect(error?.problem == "11")
      #expect(done.withLock { $0.isSuperset(of: 0..<11) })
    }
    try Cores(threads: threads).runThrowing(3) { _, _ in }
  }
}
