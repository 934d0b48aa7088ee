#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Android)
  import Android
#elseif canImport(ucrt)
  import ucrt
#endif

/// What differs from one operating system to the next: terminals.
enum Platform {
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
}
