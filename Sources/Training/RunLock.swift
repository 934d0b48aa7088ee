import Basics
import Foundation

/// Keeps two processes from writing to one run, as long as it lives.
///
/// It is the system's advisory lock on the run's folder, which leaves no file behind and ends with the process however that
/// ends. Where a file system knows no locks, and on Windows, nothing is kept from anything.
final class RunLock {
  private let folder: URL
  private let descriptor: Int32

  /// - Throws: `SeCuError` of kind `.cannotCreate` if another process holds the lock.
  init(_ folder: URL) throws {
    self.folder = folder
    #if os(Windows)
      descriptor = -1
    #else
      let descriptor = open(folder.path, O_RDONLY | O_CLOEXEC)
      if descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
        close(descriptor)
        throw SeCuError(
          .cannotCreate, "another process, or another recorder of this one, is writing to this run",
          at: folder.relativePath,
          remedy: "Wait until it has ended, or name another --output")
      }
      // Last, as `deinit` runs, and closes again, where an initialiser throws that has set every property.
      self.descriptor = descriptor
    #endif
  }

  /// Throws if the run's folder is elsewhere now, or gone: files that are written by its path would get among another run's.
  ///
  /// - Throws: `SeCuError` of kind `.cannotCreate`.
  func check() throws {
    #if !os(Windows)
      var (own, there) = (stat(), stat())
      guard descriptor >= 0, fstat(descriptor, &own) == 0 else { return }
      guard stat(folder.path, &there) == 0, (own.st_dev, own.st_ino) == (there.st_dev, there.st_ino) else {
        throw SeCuError(
          .cannotCreate, "the run's folder was moved or removed while it went on", at: folder.relativePath,
          remedy: "Go on with the run by --resume where its folder is now")
      }
    #endif
  }

  deinit {
    #if !os(Windows)
      guard descriptor >= 0 else { return }
      // Closing alone would leave the lock with a child process that has the descriptor until it runs its own program.
      flock(descriptor, LOCK_UN)
      close(descriptor)
    #endif
  }
}
