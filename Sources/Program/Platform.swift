import Foundation

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

/// What differs from one operating system to the next: terminals, their signals and paths.
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

  /// `path` with what stands before its last `..` as the system sees it: there `link/..` is the folder above the one that the link leads to,
  /// where Foundation takes the folder that the link lies in. A path that means the same to both stays as it was typed.
  static func throughLinks(_ path: String) -> String {
    #if os(Windows)
      path
    #else
      let parts = path.split(separator: "/")
      guard let last = parts.lastIndex(of: ".."), last > 0 else { return path }
      func real(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
      }
      let start = (path.hasPrefix("/") ? "/" : "") + parts[...last].joined(separator: "/")
      guard let place = real(start), place != real(URL(fileURLWithPath: start).standardizedFileURL.path) else {
        return path
      }
      return ([place] + parts[(last + 1)...].map(String.init)).joined(separator: "/")
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
