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

/// What differs from one operating system to the next: terminals, standard streams and signals.
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

  /// Opens the null device in place of each standard stream that is closed, as daemons have them: the next file that is opened would
  /// get its number, and the program's text would go there.
  ///
  /// Standard output is opened for reading, so that writing results to it goes on to be an error.
  static func holdStandardStreams() {
    #if !os(Windows)
      for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) == -1 {
        // The lowest number that is free, which is this one.
        _ = open("/dev/null", descriptor == 2 ? O_WRONLY : O_RDONLY)
      }
    #endif
  }

  /// Calls `handler` when the terminal goes away (SIGHUP), unless whoever started the process had it ignored, as nohup does.
  static func watchHangup(_ handler: @escaping @convention(c) (Int32) -> Void) {
    #if !os(Windows)
      let before = signal(SIGHUP, SIG_IGN)
      if unsafeBitCast(before, to: Int.self) != unsafeBitCast(SIG_IGN, to: Int.self) { signal(SIGHUP, handler) }
    #endif
  }
}
