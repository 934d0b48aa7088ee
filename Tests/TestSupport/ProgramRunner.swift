import Foundation
import Synchronization

/// What a program that ran left behind.
package struct ProgramResult: Sendable {
  /// The exit code; 128 + the signal's number for a program that a signal ended, as a shell reports it.
  package let exitCode: Int32
  /// Whether a signal ended the program, rather than the program itself.
  package let isKilled: Bool
  package let stdout: String
  package let stderr: String
}

/// A program that took longer than it was allowed.
package struct ProgramTimedOut: Error {
  package let arguments: [String]
  package let stdout: String
  package let stderr: String
}

/// A program that runs now.
package struct RunningProgram: Sendable {
  package enum Stream: Sendable { case stdout, stderr }

  package let processIdentifier: Int32
  fileprivate let captured = Captured()
  fileprivate let arguments: [String]
  fileprivate let deadline: ContinuousClock.Instant

  /// Sends a signal, such as `SIGINT`.
  package func send(_ signal: Int32) {
    kill(processIdentifier, signal)
  }

  /// Returns once the program has written `text`.
  ///
  /// - Throws: `ProgramTimedOut` if it doesn't in time, or ends without.
  package func wait(for text: String, on stream: Stream) throws {
    try wait {
      let isComplete = captured.isComplete
      if captured.text(of: stream).contains(text) { return true }
      if isComplete { throw timedOut }
      return false
    }
  }

  /// Returns once the condition, which is looked at every two milliseconds, is true.
  ///
  /// - Throws: `ProgramTimedOut` after the time limit, and what the condition throws.
  package func wait(until condition: () throws -> Bool) throws {
    while try !condition() {
      if .now > deadline { throw timedOut }
      Thread.sleep(forTimeInterval: 0.002)
    }
  }

  private var timedOut: ProgramTimedOut {
    ProgramTimedOut(arguments: arguments, stdout: captured.text(of: .stdout), stderr: captured.text(of: .stderr))
  }
}

/// Runs `secu` or another program the way a shell does, with nothing on its standard input.
///
/// A thread of its own runs and watches each program. Swift's tasks would not do: a task that waits a moment comes back after all tests that
/// have not begun yet, which can be minutes.
package enum ProgramRunner {
  /// What the program's standard output leads to.
  package enum Output: Sendable {
    /// This test: the text is in the result.
    case captured
    /// A pipe whose reader went away, as in `secu … | head` after `head` has ended.
    case abandoned
  }

  /// The program of this name that SwiftPM built beside this test bundle.
  package static func built(_ name: String) -> URL {
    #if os(macOS)
      let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") } ?? Bundle.main
      return bundle.bundleURL.deletingLastPathComponent().appending(path: name)
    #else
      let tests = Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])
      return tests.deletingLastPathComponent().appending(path: name)
    #endif
  }

  package static let secu = built("secu")

  /// The program of this name that PATH leads to.
  package static func installed(_ name: String) -> URL? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { URL(filePath: "\($0)/\(name)") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }

  /// How many programs may run now, so that each gets on while tests in this process keep the cores busy.
  ///
  /// No more than 16: among many that begin at the same moment some inherit another one's pipes, as Foundation has a program close the
  /// descriptors up to the highest that it has just seen.
  private static let places = DispatchSemaphore(
    value: min(16, max(4, ProcessInfo.processInfo.activeProcessorCount)))

  /// Runs a program to its end and returns what it left.
  ///
  /// - Parameters:
  ///   - arguments: those after the program's name.
  ///   - environment: added to this process's own.
  ///   - folder: the working directory; by default this process's own.
  ///   - timeLimit: after this the program is killed.
  ///   - whileRunning: called once the program was started, for tests that send signals or wait for text.
  /// - Throws: `ProgramTimedOut`, what `whileRunning` throws, or that the program can't be started. It is no longer
  ///   running then.
  package static func run(
    _ arguments: [String], environment: [String: String] = [:], folder: URL? = nil, output: Output = .captured,
    timeLimit: Duration = .seconds(240), executable: URL = secu,
    whileRunning: @escaping @Sendable (RunningProgram) throws -> Void = { _ in }
  ) async throws -> ProgramResult {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        places.wait()
        defer { places.signal() }
        continuation.resume(
          with: Result {
            try run(
              arguments, environment: environment, folder: folder, output: output, timeLimit: timeLimit,
              executable: executable, whileRunning: whileRunning)
          })
      }
    }
  }

  /// The same on this thread, as within another program's `whileRunning`.
  package static func run(
    _ arguments: [String], environment: [String: String] = [:], folder: URL? = nil, output: Output = .captured,
    timeLimit: Duration = .seconds(240), executable: URL = secu,
    whileRunning: (RunningProgram) throws -> Void = { _ in }
  ) throws -> ProgramResult {
    let (stdout, stderr) = (Pipe(), Pipe())
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
    if let folder { process.currentDirectoryURL = folder }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = stdout
    process.standardError = stderr
    if output == .abandoned { try stdout.fileHandleForReading.close() }
    try withoutBlockedSignals { try process.run() }

    let program = RunningProgram(
      processIdentifier: process.processIdentifier, arguments: arguments, deadline: .now + timeLimit)
    program.captured.read(output == .captured ? stdout.fileHandleForReading : nil, as: .stdout)
    program.captured.read(stderr.fileHandleForReading, as: .stderr)
    do {
      try whileRunning(program)
      try program.wait { !process.isRunning && program.captured.isComplete }
    } catch {
      if process.isRunning { program.send(SIGKILL) }
      process.waitUntilExit()
      throw error
    }
    let isKilled = process.terminationReason == .uncaughtSignal
    return ProgramResult(
      exitCode: isKilled ? 128 + process.terminationStatus : process.terminationStatus, isKilled: isKilled,
      stdout: program.captured.text(of: .stdout), stderr: program.captured.text(of: .stderr))
  }
}

/// Threads of Dispatch's block most signals, and so would programs that they start: dash takes that back, bash doesn't.
private func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
  #if os(Windows)
    try body()
  #else
    var (none, before) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try body()
  #endif
}

/// What a program has written so far. Each pipe has a thread that empties it, so that the program never waits for a
/// reader.
private final class Captured: Sendable {
  private struct State {
    var data: [RunningProgram.Stream: Data] = [:]
    var ended: Set<RunningProgram.Stream> = []
  }

  private let state = Mutex(State())

  /// Whether both streams have ended.
  var isComplete: Bool { state.withLock { $0.ended.count == 2 } }

  func text(of stream: RunningProgram.Stream) -> String {
    state.withLock { String(decoding: $0.data[stream] ?? Data(), as: UTF8.self) }
  }

  /// Collects what arrives at `handle` until its end; without a handle the stream has ended.
  func read(_ handle: FileHandle?, as stream: RunningProgram.Stream) {
    guard let handle else {
      state.withLock { _ = $0.ended.insert(stream) }
      return
    }
    Thread.detachNewThread { [self] in
      while case let data = handle.availableData, !data.isEmpty {
        state.withLock { $0.data[stream, default: Data()].append(data) }
      }
      // A thread that has ended may keep the handle, and with it a descriptor, of which a process may have 256 only.
      try? handle.close()
      state.withLock { _ = $0.ended.insert(stream) }
    }
  }
}
