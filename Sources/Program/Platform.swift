#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(ucrt)
  import ucrt
#endif
import Foundation

/// What differs from one operating system to the next: terminals and memory.
enum Platform {
  /// The processor family that this program was built for, such as `x86-64`.
  static var architecture: String {
    #if arch(x86_64)
      "x86-64"
    #elseif arch(arm64)
      "arm64"
    #else
      "portable"
    #endif
  }

  /// Whether the open file `descriptor` (1: standard output, 2: standard error) is a terminal.
  static func isTerminal(_ descriptor: Int32) -> Bool {
    #if os(Windows)
      _isatty(descriptor) != 0
    #else
      isatty(descriptor) == 1
    #endif
  }

  /// The number of columns of the terminal behind `descriptor`; nil where there is no terminal or it doesn't tell.
  static func terminalWidth(_ descriptor: Int32) -> Int? {
    #if os(Windows)
      return nil
    #else
      var size = winsize()
      guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
      return Int(size.ws_col)
    #endif
  }

  /// The most memory that this process has held at once, in MB of 10⁶ bytes; nil where the system doesn't tell.
  static func peakResidentMegabytes() -> Double? {
    #if canImport(Darwin)
      var usage = rusage()
      guard getrusage(RUSAGE_SELF, &usage) == 0 else { return nil }
      return Double(usage.ru_maxrss) / 1e6
    #elseif os(Linux)
      // Not getrusage: its maximum survives exec, so that a small program reports what its parent held.
      guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
        let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
        let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) })
      else { return nil }
      return kibibytes * 1024 / 1e6
    #else
      return nil
    #endif
  }

  /// Ends the process at once with `code`: nothing is flushed and no exit handler runs. Safe inside a signal handler.
  static func leave(_ code: Int32) -> Never {
    _exit(code)
  }
}
