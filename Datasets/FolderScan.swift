import Basics
import Foundation
import Imaging

/// The image files under a folder, in an order that depends on their paths alone.
///
/// Content decides what is an image, never a name. Hidden files and folders are left out. Links are followed; a folder that was there
/// before under another name, such as by a link to a folder around it, is not entered again.
struct FolderScan: Sendable {
  /// A file that begins like an image.
  struct File: Sendable, Equatable {
    /// The path below the folder, or the whole path of a file that was named by itself.
    let path: String
    let size: Int
    /// Seconds since 1970.
    let modified: Double
  }

  /// Those that may be images, in order.
  private(set) var files: [File] = []
  /// The others, in order.
  private(set) var skipped: [SkippedFile] = []

  /// Looks through a folder with all that lies below it.
  ///
  /// - Parameters:
  ///   - root: a folder, by whose path the files are not called.
  ///   - cores: look at files.
  /// - Throws: `SeCuError` of kind `.inputOutput` if the folder itself can't be read.
  init(_ root: String, cores: Cores) throws {
    var paths: [String] = [], visited: Set<[UInt8]> = [], unread: [SkippedFile] = []
    try Self.list(root, "", &visited, &unread) { paths.append($0) }
    self.init(paths: paths, below: root, unread: unread, cores: cores)
  }

  /// Looks at files.
  ///
  /// - Parameter root: what the paths are below; nil for paths that stand for themselves.
  init(paths: [String], below root: String?, unread: [SkippedFile] = [], cores: Cores) {
    // Enough files in a piece to be worth a core.
    let perTask = 32, tasks = (paths.count + perTask - 1) / perTask
    let pieces = Results<[Result<File, Left>]>(tasks)
    cores.run(tasks) { task, _ in
      pieces[task] = paths[task * perTask..<min(paths.count, (task + 1) * perTask)].map { path in
        Self.look(at: path, root.map { Path.join($0, path) } ?? path)
      }
    }
    skipped = unread
    for case let results? in pieces.values {
      for result in results {
        switch result {
        case .success(let file): files.append(file)
        case .failure(let left): skipped.append(left.file)
        }
      }
    }
    skipped = SkippedFile.sorted(skipped)
  }

  private struct Left: Error { let file: SkippedFile }

  /// The order of names: by their bytes, the same in every language.
  static func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }

  /// Whether a picture lies somewhere below `root`; ends at the first, of a kind that is read or not.
  ///
  /// Folders that can't be read count as empty.
  static func findsPicture(below root: String) -> Bool {
    struct Found: Error {}
    var visited: Set<[UInt8]> = [], unread: [SkippedFile] = []
    do {
      try list(root, "", &visited, &unread) { path in
        if ImageFormat.ofFile(at: Path.join(root, path)) != nil { throw Found() }
      }
      return false
    } catch {
      return error is Found
    }
  }

  /// Calls `visit` with the path below `root` of each file below `root`/`below`, in order.
  ///
  /// - Throws: `SeCuError` if `root` can't be read; what `visit` throws.
  private static func list(
    _ root: String, _ below: String, _ visited: inout Set<[UInt8]>, _ unread: inout [SkippedFile],
    _ visit: (String) throws -> Void
  ) throws {
    let folder = Path.join(root, below)
    // By its bytes: as strings, two ways to write the same accent are equal, and yet two folders.
    let place = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
    guard visited.insert(Array(place.utf8)).inserted else { return }
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      let refusal = SeCuError.unreadable(error, at: below.isEmpty ? root : below, "folder")
      guard !below.isEmpty else { throw refusal }
      unread.append(SkippedFile(below, .unreadable, refusal.problem))
      return
    }
    for name in names.filter({ !$0.hasPrefix(".") }).sorted(by: precedes) {
      let path = Path.join(below, name)
      if Path.isFolder(Path.join(root, path)) {
        try list(root, path, &visited, &unread, visit)
      } else {
        try visit(path)
      }
    }
  }

  /// Names by which people expect an image.
  private static let endings: Set<String> = [
    "jpg", "jpeg", "jpe", "png", "bmp", "pnm", "ppm", "pgm", "pbm", "gif", "tif", "tiff", "webp", "heic",
  ]

  /// Whether a file begins like one of numpy's arrays, or like one of IDX bytes with at least two dimensions.
  private static func isArray(_ head: Data) -> Bool {
    head.starts(with: [0x93] + Array("NUMPY".utf8))
      || head.starts(with: [0, 0, 8]) && head.count > 3 && 2...4 ~= head[3]
  }

  private static let arrayReason = "an array, not an image: its images are read if --data names the file itself"

  private static func look(at path: String, _ whole: String) -> Result<File, Left> {
    func left(_ kind: SkippedFile.Kind, _ reason: String) -> Result<File, Left> {
      .failure(Left(file: SkippedFile(path, kind, reason)))
    }
    let url = URL(fileURLWithPath: whole), status: FileStatus
    do { status = try FileStatus(at: whole) } catch { return left(.unreadable, error.problem) }
    guard status.kind == .plain else { return left(.other, "not a plain file") }
    let head: Data
    do {
      let handle = try FileHandle(forReadingFrom: url)
      defer { handle.closeOnce() }
      head = try handle.read(upToCount: 12) ?? Data()
    } catch {
      return left(.unreadable, "the file can't be read (\(systemReason(error)))")
    }
    guard let format = ImageFormat.detect(head) else {
      let isMeant = endings.contains(url.pathExtension.lowercased())
      return isMeant
        ? left(
          .unreadable, head.isEmpty ? "the file is empty" : "it does not begin like an image, whatever its name says")
        : left(.other, head.isEmpty ? "the file is empty" : isArray(head) ? arrayReason : "not an image")
    }
    guard format.isReadable else {
      return left(.unreadable, "\(format.rawValue) files are not read: convert it to PNG")
    }
    return .success(File(path: path, size: status.size, modified: status.modified))
  }
}

/// Results of pieces of work that go on at the same time, each in its own place.
final class Results<Value: Sendable>: @unchecked Sendable {
  // Safe: a piece writes its own place only, and all are read when every piece is done.
  private let places: UnsafeMutablePointer<Value?>
  private let count: Int

  init(_ count: Int) {
    self.count = count
    places = .allocate(capacity: max(1, count))
    places.initialize(repeating: nil, count: max(1, count))
  }

  subscript(_ place: Int) -> Value? {
    get { places[place] }
    set { places[place] = newValue }
  }

  var values: [Value?] { Array(UnsafeBufferPointer(start: places, count: count)) }

  deinit {
    places.deinitialize(count: max(1, count))
    places.deallocate()
  }
}
