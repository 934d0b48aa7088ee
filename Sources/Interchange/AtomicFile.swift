import Basics
import Foundation

/// Replaces a file in one step, so that at any moment the old content or the new is there, never a part of either.
///
/// The content goes to a temporary in the same folder, reaches the disk, and is then renamed over the target: on POSIX
/// systems a process that opens the target sees one of both files, and a power cut leaves one of both. The new file has
/// the permissions of any new file. A symbolic link stays, and the file that it points to is replaced.
///
/// A process that is killed while it writes leaves its temporary behind: see `removeLeftovers(in:)`.
package enum AtomicFile {
  /// Replaces the file at `url`, or creates it, with `data`.
  ///
  /// - Throws: as `replace(_:content:)`.
  package static func write(_ data: Data, to url: URL) throws(SeCuError) {
    try replace(url) { try $0.write(contentsOf: data) }
  }

  /// Replaces the file at `url`, or creates it, with what `content` writes.
  ///
  /// - Parameters:
  ///   - url: the target, in a folder that exists.
  ///   - content: writes to the handle that it is given, and may throw.
  /// - Throws: `SeCuError` of kind `.cannotCreate` where a file can't be created or put in the target's place (no such
  ///   folder, no permission, the target is a folder or device), of kind `.inputOutput` where writing failed half-way (a
  ///   full disk), each with the system's reason; a `SeCuError` of `content` as it is. The old file is then as it was,
  ///   and no temporary is left.
  package static func replace(_ url: URL, content: (FileHandle) throws -> Void) throws(SeCuError) {
    let target = url.resolvingSymlinksInPath()
    try checkTarget(target, named: url.displayName)
    let temporary = try makeTemporary(beside: target, url)
    do {
      try fill(temporary, content, url)
      try moveIntoPlace(temporary, target, url)
    } catch {
      try? FileManager.default.removeItem(at: temporary)
      throw error
    }
  }

  /// Creates the file at `url` with `data`; a file that is there, perhaps since a moment ago, stays.
  ///
  /// - Throws: `SeCuError` of kind `.cannotCreate` where something is there, else as `replace(_:content:)`.
  package static func create(_ data: Data, at url: URL) throws(SeCuError) {
    let temporary = try makeTemporary(beside: url, url)
    defer { try? FileManager.default.removeItem(at: temporary) }
    try fill(temporary, { try $0.write(contentsOf: data) }, url)
    let isGiven: Bool
    do { isGiven = try give(url, to: temporary) } catch { throw cannotCreate(systemReason(error), url) }
    if !isGiven { throw isTaken(url) }
  }

  /// Gives the file at `url` the name `target` in one step. The old name may stay.
  ///
  /// - Returns: false if anything has that name: a file, a link that leads nowhere, what another program made just now.
  package static func give(_ target: URL, to url: URL) throws -> Bool {
    do {
      do {
        try FileManager.default.linkItem(at: url, to: target)
      } catch let error as CocoaError where error.code != .fileWriteFileExists {
        // Not every file system has links. The name is taken first, so that the file replaces nobody else's.
        try Data().write(to: target, options: .withoutOverwriting)
        do {
          try rename(url, over: target)
        } catch {
          try? FileManager.default.removeItem(at: target)
          throw error
        }
      }
      return true
    } catch CocoaError.fileWriteFileExists {
      return false
    }
  }

  /// Finds out whether the file at `url` can be replaced or created, before there is anything to write. What is there stays as it is.
  ///
  /// - Throws: `SeCuError` of kind `.cannotCreate`, as `replace(_:content:)`.
  package static func tryOut(_ url: URL) throws(SeCuError) {
    let target = url.resolvingSymlinksInPath()
    guard FileManager.default.fileExists(atPath: target.path) else {
      try makeEmpty(target, url)
      try? FileManager.default.removeItem(at: target)
      return
    }
    try checkTarget(target, named: url.displayName)
    let temporary = try makeTemporary(beside: target, url)
    do {
      try FileManager.default.removeItem(at: temporary)
    } catch {
      throw cannotCreate(systemReason(error), url)
    }
  }

  /// Removes the temporaries that killed processes have left in `folder`.
  ///
  /// Without `age`, call it when no other process writes to `folder`, such as at the start of a run that owns it: the
  /// temporaries of a write that is under way would go too, and that write would fail. One that can't be removed stays;
  /// it does no harm.
  ///
  /// - Parameters:
  ///   - folder: where to look.
  ///   - age: only those that were not written to for so many seconds; nil for all.
  package static func removeLeftovers(in folder: URL, olderThan age: TimeInterval? = nil) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    for name in names where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
      let identifier = name.dropFirst(prefix.count).dropLast(suffix.count)
      guard UUID(uuidString: String(identifier)) != nil else { continue }
      let leftover = folder.appendingPathComponent(name, isDirectory: false)
      if let age {
        let modified = (try? FileManager.default.attributesOfItem(atPath: leftover.path))?[.modificationDate] as? Date
        guard let modified, modified.timeIntervalSinceNow < -age else { continue }
      }
      try? FileManager.default.removeItem(at: leftover)
    }
  }

  /// A name in `folder` that no file has, for what is to become a file there in one step.
  ///
  /// It doesn't hold the target's name, which may already be as long as the file system allows.
  package static func temporary(in folder: URL) -> URL {
    folder.appendingPathComponent(prefix + UUID().uuidString + suffix, isDirectory: false)
  }

  /// An empty file that is to take the place of `target`, which the caller knows as `url`.
  private static func makeTemporary(beside target: URL, _ url: URL) throws(SeCuError) -> URL {
    let temporary = temporary(in: target.deletingLastPathComponent())
    try makeEmpty(temporary, url)
    return temporary
  }

  /// An empty file at `place`, where none is.
  private static func makeEmpty(_ place: URL, _ url: URL) throws(SeCuError) {
    do {
      try Data().write(to: place, options: .withoutOverwriting)
    } catch {
      throw cannotCreate(systemReason(error), url)
    }
  }

  private static let prefix = ".secu-"
  private static let suffix = ".partial"

  /// Refuses to rename over what is not a plain file: a device such as /dev/null would be gone.
  private static func checkTarget(_ target: URL, named name: String) throws(SeCuError) {
    guard let type = (try? FileManager.default.attributesOfItem(atPath: target.path))?[.type] as? FileAttributeType,
      type != .typeRegular
    else { return }
    let found = type == .typeDirectory ? "a folder" : "something else, such as a device"
    throw SeCuError(
      .cannotCreate, "expected a file to replace, found \(found)", at: name, remedy: "Choose another name")
  }

  private static func fill(_ temporary: URL, _ content: (FileHandle) throws -> Void, _ url: URL) throws(SeCuError) {
    do {
      let handle = try FileHandle(forWritingTo: temporary)
      // Also closed where writing throws: an open file can't be removed on Windows.
      defer { handle.closeOnce() }
      try content(handle)
      try handle.synchronize()
    } catch let error as SeCuError {
      throw error
    } catch {
      throw SeCuError(
        .inputOutput, "writing failed (\(systemReason(error))); what was there before is unchanged",
        at: url.displayName,
        remedy: "Make sure that the disk works and has space left")
    }
  }

  private static func moveIntoPlace(_ temporary: URL, _ target: URL, _ url: URL) throws(SeCuError) {
    do {
      try rename(temporary, over: target)
    } catch {
      throw cannotCreate(systemReason(error), url)
    }
  }

  /// Gives `file` the name `target`, in place of the file that has it, if one does.
  private static func rename(_ file: URL, over target: URL) throws {
    #if os(Windows)
      if FileManager.default.fileExists(atPath: target.path) {
        _ = try FileManager.default.replaceItemAt(target, withItemAt: file)
      } else {
        try FileManager.default.moveItem(at: file, to: target)
      }
    #else
      guard Foundation.rename(file.path, target.path) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    #endif
  }

  private static func cannotCreate(_ reason: String, _ url: URL) -> SeCuError {
    SeCuError(
      .cannotCreate, "the file can't be created (\(reason))", at: url.displayName,
      remedy: "Make sure that its folder exists and can be written to")
  }
}
