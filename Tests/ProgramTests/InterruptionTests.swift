import Basics
import Foundation
import Testing

@testable import Program

/// Each in a process of its own: signals belong to the whole process.
@Suite struct InterruptionTests {
  @Test(arguments: [SIGHUP, SIGINT, SIGTERM]) func `a signal asks to stop and the run goes on`(signal: Int32) async {
    await #expect(processExitsWith: .exitCode(128 + signal)) { [signal] in
      Interruption.watch()
      #expect(!Interruption.isRequested)
      #expect(Interruption.exitCode == nil)
      send(signal)
      waitUntil { Interruption.isRequested }
      exit(Interruption.exitCode ?? 1)
    }
  }

  @Test(arguments: [SIGHUP, SIGINT, SIGTERM]) func `an interrupted subcommand ends with the signal's code`(
    signal: Int32
  ) async {
    await #expect(processExitsWith: .exitCode(128 + signal)) { [signal] in
      let subcommand = Subcommand(
        name: "train", summary: "", abstract: "", groups: [],
        run: { _, output in
          Interruption.watch()
          send(signal)
          waitUntil { Interruption.isRequested }
          try output.print("saved")
        })
      let output = Recorder()
      let dispatcher = Dispatcher(
        subcommands: [subcommand], isa: { "" }, output: output.stream(), errors: Recorder().stream())
      let code = dispatcher.run(["train"])
      exit(output.text == "saved\n" ? code : 1)
    }
  }

  @Test func `a second SIGINT leaves at once`() async {
    await #expect(processExitsWith: .exitCode(130)) {
      Interruption.watch()
      send(SIGINT)
      waitUntil { Interruption.isRequested }
      send(SIGINT)
      waitUntil { false }
    }
  }

  @Test func `SIGINT after SIGTERM leaves at once`() async {
    await #expect(processExitsWith: .exitCode(130)) {
      Interruption.watch()
      send(SIGTERM)
      waitUntil { Interruption.isRequested }
      send(SIGINT)
      waitUntil { false }
    }
  }

  @Test func `a second SIGTERM changes nothing`() async {
    await #expect(processExitsWith: .exitCode(143)) {
      Interruption.watch()
      send(SIGTERM)
      waitUntil { Interruption.isRequested }
      // On this very thread, so that its handler has returned when the call has.
      allow(SIGTERM)
      raise(SIGTERM)
      exit(Interruption.exitCode ?? 1)
    }
  }

  @Test func `a SIGHUP that was ignored stays so`() async {
    await #expect(processExitsWith: .success) {
      signal(SIGHUP, SIG_IGN)
      Interruption.watch()
      // On this very thread, so that a handler would have returned when the call has.
      allow(SIGHUP)
      raise(SIGHUP)
      exit(Interruption.exitCode ?? 0)
    }
  }

  @Test func `without watch a signal ends the process`() async {
    await #expect(processExitsWith: .signal(SIGTERM)) {
      send(SIGTERM)
      waitUntil { false }
    }
  }

  @Test func `a pipe without a reader is an error and not a signal`() async {
    await #expect(processExitsWith: .exitCode(SeCuError.Kind.inputOutput.exitCode)) {
      CurrentProcess.ignoreWriteSignals()
      let pipe = Pipe()
      let writing = pipe.fileHandleForWriting
      try pipe.fileHandleForReading.close()
      let stream = StandardStream(isTerminal: false) { try writing.write(contentsOf: $0) }
      stream.tell("ignored")
      do {
        try stream.write("reported")
      } catch let error as SeCuError {
        exit(error.description.contains("Broken pipe") ? error.kind.exitCode : 1)
      }
    }
  }
}

/// Sends `signal` to this process, whose main thread handles it: other threads block signals.
private func send(_ signal: Int32) {
  kill(getpid(), signal)
}

/// Lets `signal` arrive on the calling thread.
private func allow(_ signal: Int32) {
  var signals = sigset_t()
  sigemptyset(&signals)
  sigaddset(&signals, signal)
  pthread_sigmask(SIG_UNBLOCK, &signals, nil)
}

/// Returns once `condition` is true; ends the process with 1 if that takes half a minute.
private func waitUntil(_ condition: () -> Bool) {
  for _ in 0..<15_000 {
    if condition() { return }
    usleep(2000)
  }
  exit(1)
}
