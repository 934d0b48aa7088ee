import Foundation

extension FileHandle {
  /// Closes the file once, whatever the system says to that.
  ///
  /// Network file systems report errors when a file is closed. Outside Apple's systems and Windows, `close()` then leaves the descriptor with
  /// the handle, which closes it again when it goes; by then the number may be that of another thread's file. There the handle closes the
  /// file itself, once, as it goes.
  package func closeOnce() {
    #if canImport(Darwin) || os(Windows)
      try? close()
    #endif
  }
}
