import Foundation
import Synchronization

/// One line on standard error that shows how far the work is.
///
/// On a terminal the line is redrawn in place, at most ten times a second and never wider than the terminal. Elsewhere,
/// as in a log file, it is written as a plain line, at most every five seconds.
///
/// Take the line away with `clear()` before anything else is written to the terminal, also after an error:
/// `defer { progress.clear() }`.
final class ProgressLine: Sendable {
  private struct State {
    /// The columns that the drawn line takes; 0 when there is none.
    var drawn = 0
    /// When the line was last drawn or written.
    var last: Duration?
    /// Whether a plain line was written that a later one should complete.
    var isOpen = false
  }

  private let stream: StandardStream
  private let now: @Sendable () -> Duration
  private let interval: Duration
  private let state = Mutex(State())

  /// - Parameters:
  ///   - stream: where to draw.
  ///   - isPatient: whether elsewhere than on a terminal the first line waits as long as later ones, for work that may be done by then.
  ///   - now: a clock that never runs backwards, from any start.
  init(
    on stream: StandardStream, isPatient: Bool = false, now: @escaping @Sendable () -> Duration = ProgressLine.uptime
  ) {
    self.stream = stream
    self.now = now
    interval = stream.isTerminal ? .milliseconds(100) : .seconds(5)
    if isPatient, !stream.isTerminal {
      let start = now()
      state.withLock { $0.last = start }
    }
  }

  /// The time since the machine was started.
  static let uptime: @Sendable () -> Duration = { .seconds(ProcessInfo.processInfo.systemUptime) }

  /// Shows `text`, one line, unless the last one is too recent.
  func update(_ text: String) {
    state.withLock { state in
      let time = now()
      if let last = state.last, time - last < interval { return }
      state.last = time
      if stream.isTerminal {
        // The last column stays free: some terminals start a new line as soon as it is filled.
        let line = String(printable(text).prefix(stream.width() - 1))
        stream.tell(redraw(line, over: state.drawn))
        state.drawn = line.count
      } else {
        stream.tell(text + "\n")
        state.isOpen = true
      }
    }
  }

  /// Writes `line` to stay, such as the summary of an epoch, whenever the last one was. The next `update` draws below
  /// it.
  func print(_ line: String) {
    state.withLock { state in
      state.last = now()
      stream.tell((stream.isTerminal ? redraw(line, over: state.drawn) : line) + "\n")
      state.drawn = 0
    }
  }

  /// Takes the drawn line away, for there is nothing left to do. Elsewhere than on a terminal `text` follows the lines that were
  /// written, if any were: a log must not end halfway.
  func end(_ text: String) {
    clear()
    state.withLock { state in
      if state.isOpen { stream.tell(text + "\n") }
      state.isOpen = false
    }
  }

  /// Takes the drawn line away.
  func clear() {
    state.withLock { state in
      if state.drawn > 0 { stream.tell(redraw("", over: state.drawn) + "\r") }
      state.drawn = 0
    }
  }

  /// `line` from the left edge, and spaces over what is left of a line of `drawn` columns. Spaces rather than an escape
  /// sequence, which not all terminals know.
  private func redraw(_ line: String, over drawn: Int) -> String {
    drawn == 0 ? line : "\r" + line + String(repeating: " ", count: max(0, drawn - line.count))
  }
}
