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

  /// What a program does first. Opens the null device in place of each standard stream that is closed, as daemons have them: the next file
  /// that is opened would get its number, and the program's text would go there. Standard output is opened for reading, so that writing
  /// results to it goes on to be an error.
  package static func holdStandardStreams() {
    #if !os(Windows)
      for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) == -1 {
        // The lowest number that is free, which is this one.
        _ = open("/dev/null", descriptor == 2 ? O_WRONLY : O_RDONLY)
      }
    #endif
  }

  /// Lets writes to a stream that nobody reads any more, and those past a limit to the size of files, fail with an error, where the system
  /// would kill the process.
  package static func ignoreWriteSignals() {
    #if !os(Windows)
      signal(SIGPIPE, SIG_IGN)
      signal(SIGXFSZ, SIG_IGN)
    #endif
  }

  /// Ends the process at once with `code`: nothing is flushed and no exit handler runs. Safe inside a signal handler.
  package static func leave(_ code: Int32) -> Never {
    _exit(code)
  }
}
