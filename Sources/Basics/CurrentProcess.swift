import Foundation

/// What a program does with its own process.
package enum CurrentProcess {
  /// Whether it was built without `-c release`, which is somewhat slower.
  package static var isDebugBuild: Bool {
    #if DEBUG
      true
    #else
      false
    #endif
  }

  /// Lets writes to a stream that nobody reads any more fail with an error, where the system would kill the process.
  package static func ignoreBrokenPipes() {
    #if !os(Windows)
      signal(SIGPIPE, SIG_IGN)
    #endif
  }

  /// Ends the process at once with `code`: nothing is flushed and no exit handler runs. Safe inside a signal handler.
  package static func leave(_ code: Int32) -> Never {
    _exit(code)
  }
}
