import Basics
import Foundation

/// Standard output or standard error, and the terminal behind it, if there is one.
struct StandardStream: Sendable {
  /// Whether a person watches and a line can be drawn over: false for files, pipes and `TERM=dumb`.
  let isTerminal: Bool
  /// Whether escape sequences for colour and weight may be written: `isTerminal`, unless `NO_COLOR` (no-color.org) is
  /// set to something.
  let hasStyle: Bool
  /// The number of columns that the terminal has now, at least `minimumWidth`; `defaultWidth` without a terminal.
  let width: @Sendable () -> Int
  private let send: @Sendable (Data) throws -> Void

  static let defaultWidth = 80
  static let minimumWidth = 20

  /// - Parameters:
  ///   - isTerminal: what the system says of the stream.
  ///   - environment: where `NO_COLOR` and `TERM` are looked up.
  ///   - width: the terminal's columns, nil if unknown. Asked for again each time, since windows are resized.
  ///   - send: writes all bytes or throws.
  init(
    isTerminal: Bool, environment: [String: String] = [:], width: @escaping @Sendable () -> Int? = { nil },
    send: @escaping @Sendable (Data) throws -> Void
  ) {
    let isTerminal = isTerminal && environment["TERM"] != "dumb"
    self.isTerminal = isTerminal
    self.hasStyle = isTerminal && environment["NO_COLOR", default: ""].isEmpty
    self.width = {
      guard isTerminal, let width = width() else { return Self.defaultWidth }
      return max(width, Self.minimumWidth)
    }
    self.send = send
  }

  /// The process's own output.
  static let standardOutput = StandardStream(
    isTerminal: Platform.isTerminal(1), environment: ProcessInfo.processInfo.environment,
    width: { Platform.terminalWidth(1) }, send: { try FileHandle.standardOutput.writeAll($0) })

  /// The process's own stream of messages.
  static let standardError = StandardStream(
    isTerminal: Platform.isTerminal(2), environment: ProcessInfo.processInfo.environment,
    width: { Platform.terminalWidth(2) }, send: { try FileHandle.standardError.writeAll($0) })

  /// Writes `text` as it is, without a line's end of its own.
  ///
  /// - Throws: `SeCuError` (`.inputOutput`) when the reader is gone, the disk is full or the stream is closed.
  func write(_ text: String) throws {
    do {
      try send(Data(text.utf8))
    } catch {
      throw SeCuError(
        .inputOutput, "cannot write (\(systemReason(error)))", at: "standard output",
        remedy: "Make sure that its reader goes on, and that the disk has space left")
    }
  }

  /// Writes `text` if that is possible: a message that nobody can read is no reason to stop.
  func tell(_ text: String) {
    try? send(Data(text.utf8))
  }

  /// `text` in bold red where the stream has style, else as it is.
  func emphasized(_ text: String) -> String {
    hasStyle ? "\u{1B}[1;31m\(text)\u{1B}[0m" : text
  }
}
