import Foundation
import Synchronization

@testable import Basics

extension WorkerPool {
  /// Calls `body` on this thread and on all helpers at once: nobody is let go before all have come, for a minute at most.
  ///
  /// - Returns: how many came, the caller among them: all, on a pool that nobody else uses.
  func meet(helpers: Int, _ body: (_ worker: Int) -> Void) -> Int {
    let present = Atomic<Int>(0)
    let end = ContinuousClock.now + .seconds(60)
    run(helpers: helpers) { worker in
      body(worker)
      present.add(1, ordering: .relaxed)
      while present.load(ordering: .relaxed) <= helpers, .now < end { Thread.sleep(forTimeInterval: 0.0005) }
    }
    return present.load(ordering: .relaxed)
  }
}
