import Basics
import Foundation
import Interchange
import TestSupport
import Testing

@testable import Training

@Suite struct RunRecorderTests {
  private let files = FileManager.default

  @Test func `a resumed run continues its metrics where its checkpoint stands`() throws {
    let url = URL.temporary()
    defer { url.remove() }
    let folder = try RunFolder.create(at: url)
    try {
      let trainer = try TinyRun.trainer()
      let recorder = try RunRecorder(trainer, folder: folder)
      try trainer.run(steps: 7, handle: recorder.handle)
      try recorder.save()
      // Killed an epoch later, before a checkpoint of that was written.
      try trainer.run(steps: 6, handle: recorder.handle)
    }()
    #expect(try JSONLines<EpochReport>.read(contentsOf: folder.metrics).map(\.epoch) == [0, 1])
    try Data().write(to: url.appending(path: ".secu-\(UUID().uuidString).partial"))

    let trainer = try Trainer(
      resuming: folder.readCheckpoint(), images: TinyRun.images(), engine: makeEngine(TinyRun.widest, 1))
    let recorder = try RunRecorder(trainer, folder: folder)
    #expect(try JSONLines<EpochReport>.read(contentsOf: folder.metrics).map(\.epoch) == [0])
    try trainer.run(handle: recorder.handle)
    #expect(try JSONLines<EpochReport>.read(contentsOf: folder.metrics).map(\.epoch) == [0, 1, 2])
    #expect(try folder.readCheckpoint().epochsDone == 3)
    #expect(try files.contentsOfDirectory(atPath: url.path).allSatisfy { !$0.hasSuffix(".partial") })
  }

  /// The folder of a run that was stopped holds one state of it, and goes on holding one when it goes on.
  @Test func `a stopped run's results are those of its checkpoint`() throws {
    let url = URL.temporary()
    defer { url.remove() }
    let folder = try RunFolder.create(at: url)
    let trainer = try TinyRun.trainer()
    let recorder = try RunRecorder(trainer, folder: folder)
    try trainer.run(steps: 9, handle: recorder.handle)
    let evaluation = try trainer.evaluate()
    try recorder.save(evaluation)
    let engine = makeEngine(TinyRun.widest, 1)
    let model = try TrainedModel(folder, engine: engine)
    #expect(try model.evaluate(TinyRun.images()).assignments == evaluation.assignments)

    try trainer.run(handle: recorder.handle)
    let error = try failure(.badData) { try TrainedModel(folder, engine: engine) }
    #expect(error.problem == "the encoder is not that of the run's checkpoint")
    try recorder.save(trainer.evaluate())
    #expect(
      try TrainedModel(folder, engine: engine).evaluate(TinyRun.images()).assignments == trainer.evaluate().assignments)
  }

  @Test func `an evaluation of other images is refused`() throws {
    let url = URL.temporary()
    defer { url.remove() }
    let folder = try RunFolder.create(at: url)
    let trainer = try TinyRun.trainer()
    let recorder = try RunRecorder(trainer, folder: folder)
    for count in [12, 14] {
      let other = try TinyRun.trainer(images: count).evaluate()
      #expect(
        try failure(.usage) { try recorder.save(other) }.problem == "expected the clusters of 13 images, found \(count)"
      )
    }
    #expect(!FileManager.default.fileExists(atPath: folder.assignments.path))
  }

  @Test func `only one recorder at a time`() throws {
    let url = URL.temporary()
    defer { url.remove() }
    let folder = try RunFolder.create(at: url)
    let trainer = try TinyRun.trainer()
    var lock: RunLock? = try RunLock(url)
    let error = try failure(.cannotCreate) { try RunRecorder(trainer, folder: folder) }
    #expect(error.problem == "another process, or another recorder of this one, is writing to this run")
    #expect(try files.contentsOfDirectory(atPath: url.path).isEmpty)
    #if !os(Windows)
      // A descriptor closed twice would close what another thread opened in between.
      errno = 0
      _ = try failure(.cannotCreate) { try RunLock(url) }
      #expect(errno != EBADF)
    #endif
    withExtendedLifetime(lock) {}
    lock = nil
    _ = try RunRecorder(trainer, folder: folder)
    #expect(FileManager.default.fileExists(atPath: folder.checkpoint.path))
    // The lock is free again, but a run that begins would overwrite this one.
    let refused = try failure(.cannotCreate) { try RunRecorder(trainer, folder: folder) }
    #expect(refused.problem == "the folder holds another run")
    let resumed = try Trainer(
      resuming: folder.readCheckpoint(), images: TinyRun.images(), engine: makeEngine(TinyRun.widest, 1))
    _ = try RunRecorder(resumed, folder: folder)
  }

  /// The lock is new when a recorder is made: what the trainer read may be long out of date.
  @Test func `a run that has gone on since it was read is left alone`() throws {
    let url = URL.temporary()
    defer { url.remove() }
    let folder = try RunFolder.create(at: url), engine = makeEngine(TinyRun.widest, 1)
    func resume() throws -> Trainer {
      try Trainer(resuming: folder.readCheckpoint(), images: TinyRun.images(), engine: engine)
    }
    _ = try RunRecorder(TinyRun.trainer(), folder: folder)
    let stale = try resume()
    try {
      let trainer = try resume(), recorder = try RunRecorder(trainer, folder: folder)
      try trainer.run(steps: 8, handle: recorder.handle)
      try recorder.save()
    }()
    let before = try contents(url)
    let error = try failure(.cannotCreate) { try RunRecorder(stale, folder: folder) }
    #expect(error.problem.hasPrefix("the run in the folder has gone on"), "\(error)")
    #expect(try contents(url) == before)
    _ = try RunRecorder(resume(), folder: folder)
    #expect(try contents(url) == before)
  }

  @Test func `a resumed run does not take another one's folder`() throws {
    let (url, other) = (URL.temporary(), URL.temporary())
    defer { for folder in [url, other] { folder.remove() } }
    try TinyRun.finished(in: url)
    try TinyRun.finished(in: other, TinyRun.settings { $0.seed = 8 })
    let before = try contents(other)
    let trainer = try Trainer(
      resuming: RunFolder(url).readCheckpoint(), images: TinyRun.images(), engine: makeEngine(TinyRun.widest, 1))
    let error = try failure(.cannotCreate) { try RunRecorder(trainer, folder: RunFolder(other)) }
    #expect(error.problem == "the folder holds another run")
    #expect(try contents(other) == before)
    // Nor one whose checkpoint somebody removed.
    try files.removeItem(at: RunFolder(other).checkpoint)
    let rest = try contents(other)
    for trainer in [trainer, try TinyRun.trainer()] {
      let error = try failure(.cannotCreate) { try RunRecorder(trainer, folder: RunFolder(other)) }
      #expect(error.problem == "the folder holds another run")
    }
    #expect(try contents(other) == rest)
    // A folder without a run will do.
    let copy = URL.temporary()
    defer { copy.remove() }
    _ = try RunRecorder(trainer, folder: RunFolder.create(at: copy))
    #expect(try RunFolder(copy).readCheckpoint().epochsDone == 3)
  }

  #if !os(Windows)
    @Test func `a run whose folder was moved writes nothing where another one may be`() throws {
      let (url, moved) = (URL.temporary(), URL.temporary())
      defer { for folder in [url, moved] { folder.remove() } }
      let folder = try RunFolder.create(at: url)
      let trainer = try TinyRun.trainer(), recorder = try RunRecorder(trainer, folder: folder)
      try trainer.run(steps: 6, handle: recorder.handle)
      #expect(recorder.hasFolder)
      try files.moveItem(at: url, to: moved)
      #expect(!recorder.hasFolder)
      let before = try contents(moved)
      let problem = "the run's folder was moved or removed while it went on"
      #expect(try failure(.cannotCreate) { try recorder.save() }.problem == problem)

      try TinyRun.finished(in: url, TinyRun.settings { $0.seed = 8 })
      let others = try contents(url)
      #expect(try failure(.cannotCreate) { try recorder.save() }.problem == problem)
      #expect(try failure(.cannotCreate) { try recorder.save(trainer.evaluate()) }.problem == problem)
      #expect(try failure(.cannotCreate) { try trainer.run(handle: recorder.handle) }.problem == problem)
      #expect(try contents(url) == others)
      #expect(try contents(moved) == before)
    }
  #endif

  private func contents(_ folder: URL) throws -> [String: Data] {
    let names = try files.contentsOfDirectory(atPath: folder.path)
    return try Dictionary(uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: folder.appending(path: $0))) })
  }

  /// Killed after every step there is, before anything else is written: no more than that step is lost, no line is lost or written twice, and
  /// the run ends with the same bits.
  @Test func `a crash within an epoch costs what was learnt since the last checkpoint`() throws {
    struct Crash: Error {}
    let straight = try TinyRun.trainer()
    var reports: [EpochReport] = []
    try straight.run { if case .epochEnded(let report) = $0 { reports.append(report.timeless) } }
    let end = RunState(straight)
    for stop in 1...18 {
      let url = URL.temporary()
      defer { url.remove() }
      let folder = try RunFolder.create(at: url)
      try {
        let trainer = try TinyRun.trainer()
        let recorder = try RunRecorder(trainer, folder: folder, longestInterval: .zero)
        #expect(throws: Crash.self) {
          try trainer.run { event in
            try recorder.handle(event)
            if case .stepped(let report) = event, report.stepsDone == stop { throw Crash() }
          }
        }
      }()
      let checkpoint = try folder.readCheckpoint()
      // The checkpoint of an epoch's last step waits for the epoch's line.
      let saved = stop % 6 == 0 ? stop - 1 : stop
      #expect(checkpoint.progress.epoch * 6 + checkpoint.progress.step == saved)
      let lines = try JSONLines<EpochReport>.read(contentsOf: folder.metrics)
      #expect(lines.map(\.epoch) == Array(0..<saved / 6))

      let trainer = try Trainer(resuming: checkpoint, images: TinyRun.images(), engine: makeEngine(TinyRun.widest, 1))
      let recorder = try RunRecorder(trainer, folder: folder, longestInterval: .zero)
      try trainer.run(handle: recorder.handle)
      #expect(RunState(trainer) == end, "killed after step \(stop)")
      #expect(try JSONLines<EpochReport>.read(contentsOf: folder.metrics).map(\.timeless) == reports)
      #expect(try folder.readCheckpoint().epochsDone == 3)
    }
  }

  /// A step takes less than a millisecond here: within minutes there are none but the first and the last.
  @Test func `short epochs have no checkpoint within`() throws {
    let url = URL.temporary()
    defer { url.remove() }
    let folder = try RunFolder.create(at: url), trainer = try TinyRun.trainer()
    let recorder = try RunRecorder(trainer, folder: folder)
    let first = try Data(contentsOf: folder.checkpoint)
    try trainer.run(steps: 5, handle: recorder.handle)
    #expect(try Data(contentsOf: folder.checkpoint) == first)
    #expect(RunRecorder.longestInterval == .seconds(300))
  }
}
