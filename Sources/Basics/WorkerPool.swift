import Dispatch
import Foundation
import Synchronization

/// The threads that help a computation, kept between one piece of work and the next.
///
/// A training step hands out work some hundred times, often 20 µs after the last. Waking a sleeping thread takes longer
/// than that, so a worker that has run out of work watches for more during `patience` before it sleeps. There is one
/// pool for the process and it serves one caller at a time:
///
///     caller   ── open job ── body(0) ── close job ── wait until nobody is inside ──
///     worker   ── watch ─ enter ── body(1) ── leave ── watch ── … ── sleep ──
///
/// Nobody waits for a worker that has not entered: one that the system runs late finds the job closed. A job is therefore
/// done however few of its workers come, which is what more threads than processors amounts to. All of that is decided
/// by one atomic word, `JobState`.
final class WorkerPool: Sendable {
  static let shared = WorkerPool()
  /// Helpers of one job, at most.
  static let mostHelpers = JobState.most

  private let state = Atomic<UInt64>(0)
  private let isTaken = Atomic<Bool>(false)
  private let finished = DispatchSemaphore(value: 0)
  private let workers = Mutex<[Worker]>([])
  /// Safe: written by the caller that has taken the pool while its job is not open and nobody is inside, and read by
  /// workers that are inside.
  nonisolated(unsafe) private var job: Job?

  private struct Job {
    let body: UnsafePointer<(Int) -> Void>
    let flushesDenormals: Bool
  }

  /// What a caller must know of a worker.
  private final class Worker: Sendable {
    let isAsleep = Atomic<Bool>(false)
    let wakes = DispatchSemaphore(value: 0)
  }

  /// Calls `body(0)` on this thread and, at the same time, `body(1)` … `body(helpers)` on as many workers as come before
  /// it returns. If another thread is using the pool, only `body(0)` is called.
  ///
  /// The numbers given to workers are distinct and in 1...`helpers`, in the order in which they come; `helpers` is `mostHelpers` at most,
  /// as `Cores` sees to.
  func run(helpers: Int, _ body: (Int) -> Void) {
    guard isTaken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else {
      body(0)
      return
    }
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { pointer in
        job = Job(body: pointer, flushesDenormals: Denormals.areFlushed)
        open(helpers)
        body(0)
        close()
        job = nil
      }
    }
    isTaken.store(false, ordering: .releasing)
  }

  private func open(_ helpers: Int) {
    let last = JobState(state.load(ordering: .relaxed))
    state.store(JobState(number: last.number &+ 1, limit: helpers).word, ordering: .sequentiallyConsistent)
    workers.withLock { workers in
      while workers.count < helpers {
        let worker = Worker()
        workers.append(worker)
        let thread = Thread { [self] in serve(worker) }
        thread.qualityOfService = .userInitiated
        thread.start()
      }
      for worker in workers.prefix(helpers) where worker.isAsleep.load(ordering: .sequentiallyConsistent) {
        if worker.isAsleep.exchange(false, ordering: .sequentiallyConsistent) { worker.wakes.signal() }
      }
    }
  }

  /// Lets nobody in any more and returns when nobody is inside.
  private func close() {
    var now = JobState(state.bitwiseAnd(~JobState.open, ordering: .acquiringAndReleasing).newValue)
    var patience = Patience()
    while now.inside > 0 {
      if patience.isOver {
        now = JobState(state.bitwiseOr(JobState.waiting, ordering: .acquiringAndReleasing).newValue)
        if now.inside > 0 { finished.wait() }
        return
      }
      now = JobState(state.load(ordering: .acquiring))
    }
  }

  /// A worker's life.
  private func serve(_ worker: Worker) {
    var lastJob: UInt64 = 0
    var flushesDenormals = Denormals.areFlushed
    while true {
      let now = nextJob(after: lastJob, worker)
      guard state.compareExchange(expected: now.word, desired: now.entered.word, ordering: .acquiring).exchanged
      else { continue }
      lastJob = now.number
      if let job {
        if job.flushesDenormals != flushesDenormals {
          flushesDenormals = job.flushesDenormals
          Denormals.areFlushed = flushesDenormals
        }
        Self.call(job.body, now.entries + 1)
      }
      let left = JobState(state.subtract(JobState.oneInside, ordering: .acquiringAndReleasing).newValue)
      if left.inside == 0 && left.isWaitedFor { finished.signal() }
    }
  }

  /// A function of its own, so that it holds the body no longer than the call lasts.
  @inline(never)
  private static func call(_ body: UnsafePointer<(Int) -> Void>, _ number: Int) {
    body.pointee(number)
  }

  /// Watches, then sleeps, until there is a job to enter.
  private func nextJob(after last: UInt64, _ worker: Worker) -> JobState {
    var patience = Patience()
    while true {
      let now = JobState(state.load(ordering: .relaxed))
      if now.admits(after: last) { return now }
      guard patience.isOver else { continue }
      // Either this thread sees a job that was opened meanwhile, or the one who opened it sees that this thread sleeps.
      worker.isAsleep.store(true, ordering: .sequentiallyConsistent)
      let seen = JobState(state.load(ordering: .sequentiallyConsistent))
      if seen.admits(after: last), worker.isAsleep.exchange(false, ordering: .sequentiallyConsistent) { return seen }
      worker.wakes.wait()
      patience = Patience()
    }
  }
}

/// What everybody must agree on about a job, in one word:
///
///     bits   63 … 38   37        36     35 … 24   23 … 12   11 … 0
///            number    waiting   open   limit     entries   inside
private struct JobState {
  static let most = 4095
  static let oneInside: UInt64 = 1
  static let open: UInt64 = 1 << 36
  /// The caller sleeps until nobody is inside.
  static let waiting: UInt64 = 1 << 37

  let word: UInt64

  init(_ word: UInt64) { self.word = word }

  /// An open job that nobody has entered; `limit` is the most workers that may.
  init(number: UInt64, limit: Int) {
    word = number << 38 | Self.open | UInt64(limit) << 24
  }

  var number: UInt64 { word >> 38 }
  var isWaitedFor: Bool { word & Self.waiting != 0 }
  private var limit: Int { Int(word >> 24 & 0xFFF) }
  /// Workers that have entered so far.
  var entries: Int { Int(word >> 12 & 0xFFF) }
  var inside: Int { Int(word & 0xFFF) }

  var entered: JobState { JobState(word + (1 << 12) + Self.oneInside) }

  /// Whether a worker that was last in job `last` may enter.
  func admits(after last: UInt64) -> Bool {
    word & Self.open != 0 && number != last && entries < limit
  }
}

/// How long a thread that waits for another keeps its core: 50 µs, a little more than it takes to wake a thread.
private struct Patience {
  private static let nanoseconds: UInt64 = 50_000
  private var looks = 0
  private var end: UInt64 = 0

  /// Asked at every look; reads the clock at every 64th.
  var isOver: Bool {
    mutating get {
      looks += 1
      guard looks & 63 == 0 else { return false }
      let now = DispatchTime.now().uptimeNanoseconds
      if end == 0 { end = now + Self.nanoseconds }
      return now > end
    }
  }
}
