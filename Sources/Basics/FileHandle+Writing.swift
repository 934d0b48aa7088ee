import Foundation

extension FileHandle {
  /// Writes all of `data`; where another program has made the terminal or pipe non-blocking, waits until it takes more.
  ///
  /// - Throws: what the system says, such as that nobody reads any more.
  package func writeAll(_ data: Data) throws {
    #if os(Windows)
      try write(contentsOf: data)
    #else
      let descriptor = fileDescriptor
      try data.withUnsafeBytes { bytes in
        var rest = bytes[...]
        while !rest.isEmpty {
          let written = Foundation.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
          if written >= 0 {
            rest = rest.dropFirst(written)
          } else if errno == EAGAIN {
            var place = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&place, 1, -1)
          } else if errno != EINTR {
            throw POSIXError(.init(rawValue: errno) ?? .EIO)
          }
        }
      }
    #endif
  }
}
