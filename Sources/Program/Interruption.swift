import Basics
import Foundation
import Synchronization

/// Requests to stop, from Ctrl-C (SIGINT), a supervisor (SIGTERM) or a terminal that is closed (SIGHUP).
///
/// A subcommand that can stop early and save its work calls `watch()` and polls `isRequested`; without `watch()` these
/// signals end the process at once, as usual. A SIGINT that follows any of them ends it at once, with 130.
enum Interruption {
  /// The signal that arrived first, or 0. Signal handlers may touch nothing but lock-free atomics.
  private static let requested = Atomic<Int32>(0)

  /// Whether the work should stop. Costs one relaxed load: cheap enough for every step.
  static var isRequested: Bool { requested.load(ordering: .relaxed) != 0 }

  /// 128 + the number of the signal that asked to stop, 129 for SIGHUP, 130 for SIGINT and 143 for SIGTERM; nil if none did.
  static var exitCode: Int32? {
    let signal = requested.load(ordering: .relaxed)
    return signal == 0 ? nil : 128 + signal
  }

  /// From now on, SIGINT, SIGTERM and, unless it was ignored, SIGHUP set `isRequested` and let the work go on.
  static func watch() {
    // Initialises the atomic here: a handler may not be the first to touch a Swift global.
    _ = isRequested
    signal(SIGINT) { Interruption.note($0) }
    signal(SIGTERM) { Interruption.note($0) }
    Platform.watchHangup { Interruption.note($0) }
    #if !os(Windows)
      // A process inherits the signals that its parent blocked, as the threads of a thread pool do.
      var signals = sigset_t()
      sigemptyset(&signals)
      sigaddset(&signals, SIGINT)
      sigaddset(&signals, SIGTERM)
      sigaddset(&signals, SIGHUP)
      pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    #endif
  }

  /// The body of the signal handler.
  private static func note(_ signal: Int32) {
    let isFirst = requested.compareExchange(expected: 0, desired: signal, ordering: .relaxed).exchanged
    if !isFirst && signal == SIGINT { CurrentProcess.leave(128 + SIGINT) }
  }
}
