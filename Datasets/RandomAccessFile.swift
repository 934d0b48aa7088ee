import Basics
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file that several threads read from at any place, at the same time.
final class RandomAccessFile: Sendable {
  let size: Int
  private let path: String
  private let handle: FileHandle
  #if os(Windows)
    private let lock = NSLock()
  #endif

  /// - Throws: `SeCuError` of kind `.inputOutput` if it can't be opened.
  init(_ url: URL) throws {
    path = url.path
    do {
      handle = try FileHandle(forReadingFrom: url)
      size = Int(clamping: try handle.seekToEnd())
    } catch {
      throw SeCuError.unreadable(error, at: url.path)
    }
  }

  /// Reads `count` bytes from `offset` on to `target`.
  ///
  /// - Throws: `SeCuError` of kind `.inputOutput` for an error, or for the end of the file before that.
  func read(_ count: Int, at offset: Int, into target: UnsafeMutableRawPointer) throws {
    #if os(Windows)
      // There is one place in the file for all threads.
      try lock.withLock {
        let data: Data
        do {
          try handle.seek(toOffset: UInt64(offset))
          data = try handle.read(upToCount: count) ?? Data()
        } catch {
          throw failure(systemReason(error))
        }
        guard data.count == count else { throw failure("the file has become shorter") }
        data.copyBytes(to: target.assumingMemoryBound(to: UInt8.self), count: count)
      }
    #else
      var done = 0
      while done < count {
        let read = pread(handle.fileDescriptor, target + done, count - done, off_t(offset + done))
        if read < 0, errno == EINTR { continue }
        guard read > 0 else {
          throw failure(read == 0 ? "the file has become shorter" : String(cString: strerror(errno)))
        }
        done += read
      }
    #endif
  }

  /// Asks the system to bring `count` bytes from `offset` on into its cache of files, and does not wait for that.
  ///
  /// What is in the way of it shows when they are read; Windows has no such call.
  func readAhead(_ count: Int, at offset: Int) {
    #if canImport(Darwin)
      var advice = radvisory(ra_offset: off_t(offset), ra_count: Int32(clamping: count))
      _ = fcntl(handle.fileDescriptor, F_RDADVISE, &advice)
    #elseif !os(Windows)
      _ = posix_fadvise(handle.fileDescriptor, off_t(offset), off_t(count), POSIX_FADV_WILLNEED)
    #endif
  }

  private func failure(_ reason: String) -> SeCuError {
    SeCuError(
      .inputOutput, "reading failed (\(reason))", at: path,
      remedy: "Make sure that the disk works and the file stays as it is")
  }
}
